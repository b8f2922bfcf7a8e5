// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/amalgamation.hpp>

#include "support/rejected.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

using hat::deploy::Amalgamation;

namespace {

using Headers = std::map<std::string, std::string>;

std::string amalgam_of(const Headers& headers, const std::string& root) {
    Amalgamation amalgam([&](const std::string& name) { return headers.at(name); });
    amalgam.add(root);
    return amalgam.text();
}

}  // namespace

TEST_SUITE("deploy/amalgamation") {
    TEST_CASE("headers stand behind those that they include, once, without their includes") {
        const Headers headers{
            {"hat/a.hpp",
             "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n#include <hat/b.hpp>\n"
             "#include <hat/c.hpp>\n\n#include <vector>\n\nint a;\n"},
            {"hat/b.hpp", "#pragma once\n#include <hat/c.hpp>\n#include <cmath>\n/// b\nint b;\n"},
            {"hat/c.hpp", "#pragma once\n  #  include <vector>\nint c;"},
        };
        CHECK(
            amalgam_of(headers, "hat/a.hpp") ==
            "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n#include <cmath>\n"
            "#include <vector>\n"
            "\n// ---- hat/c.hpp\n#ifndef HAT_PART_C_HPP\n#define HAT_PART_C_HPP\nint c;\n#endif\n"
            "\n// ---- hat/b.hpp\n#ifndef HAT_PART_B_HPP\n#define HAT_PART_B_HPP\n"
            "/// b\nint b;\n#endif\n"
            "\n// ---- hat/a.hpp\n#ifndef HAT_PART_A_HPP\n#define HAT_PART_A_HPP\n"
            "int a;\n#endif\n");
    }

    TEST_CASE("what is included within a condition stays there") {
        const Headers headers{{"hat/a.hpp", "#if X\n#include <arm_neon.h>\n#else\n#ifdef Y\n"
                                            "#include <immintrin.h>\n#endif\n#endif\n"
                                            "#include <cmath>\n"}};
        CHECK(amalgam_of(headers, "hat/a.hpp")
                  .find("#include <cmath>\n\n// ---- hat/a.hpp\n"
                        "#ifndef HAT_PART_A_HPP\n#define HAT_PART_A_HPP\n#if X\n"
                        "#include <arm_neon.h>\n#else\n#ifdef Y\n"
                        "#include <immintrin.h>\n#endif\n#endif\n") != std::string::npos);
    }

    TEST_CASE("a header of ours within a condition or in quotes, and a circle, are told") {
        const Headers headers{{"hat/a.hpp", "#if X\n#include <hat/b.hpp>\n#endif\n"},
                              {"hat/b.hpp", ""},
                              {"hat/c.hpp", "#include <hat/d.hpp>\n"},
                              {"hat/d.hpp", "#include <hat/c.hpp>\n"},
                              {"hat/e.hpp", "#include \"hat/d.hpp\"\n"}};
        const auto check_rejected = [&](const char* root, const char* by, const char* part) {
            hat::support::check_rejected_at(by, part, [&] { amalgam_of(headers, root); });
        };
        check_rejected("hat/a.hpp", "hat/a.hpp", "includes hat/b.hpp within a condition");
        check_rejected("hat/c.hpp", "hat/c.hpp", "includes itself by way of hat/d.hpp");
        check_rejected("hat/e.hpp", "amalgamation", "found \"hat/d.hpp\"");
    }

    TEST_CASE("the static translator is one text that includes nothing of ours") {
        Amalgamation amalgam([](const std::string& name) {
            std::ifstream file(HAT_SOURCE_DIR "/include/" + name);
            REQUIRE_MESSAGE(file.good(), name);
            return std::string(std::istreambuf_iterator<char>(file), {});
        });
        amalgam.add("hat/decode/static_translator.hpp");
        CHECK(amalgam.text().find("#include <hat/") == std::string::npos);
        REQUIRE(amalgam.headers().size() > 50);
        CHECK(amalgam.headers().back() == "hat/decode/static_translator.hpp");
    }
}
