// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/architecture_source.hpp>
#include <hat/model/architecture.hpp>

#include "support/architectures.hpp"

#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>

using hat::deploy::architecture_source;
using hat::model::Architecture;

namespace {

/// What is set: member → value.
std::map<std::string, std::string> members_of(const Architecture& a) {
    std::map<std::string, std::string> members;
    std::istringstream lines(architecture_source(a, "space"));
    for (std::string line; std::getline(lines, line);) {
        constexpr const char* begin = "    to.";
        if (!line.starts_with(begin)) continue;
        const std::size_t equals = line.find(" = ");
        REQUIRE(line.ends_with(';'));
        members[line.substr(7, equals - 7)] = line.substr(equals + 3, line.size() - equals - 4);
    }
    return members;
}

}  // namespace

TEST_SUITE("deploy/architecture_source") {
    TEST_CASE("an architecture is what differs from the usual one") {
        CHECK(architecture_source({}, "space") ==
              "namespace space {\n"
              "inline constexpr hat::model::Architecture architecture = [] {\n"
              "    hat::model::Architecture to;\n    return to;\n}();\n}  // namespace space\n");
        auto members =
            members_of(hat::support::uneven_translator(hat::model::Sharing::decoder_input_output));
        CHECK(members["source_vocab_size"] == "40");
        CHECK(members["target_vocab_size"] == "36");
        CHECK(members["encoder.embed_dim"] == "24");
        CHECK(members["decoder.embed_dim"] == "20");
        CHECK(members["encoder.layer_shapes[2].ffn_dim"] == "40");
        CHECK(members["decoder.layer_shapes[1].attended_layers"] == "2");
        CHECK(members["sharing"] == "hat::model::Sharing(1)");
        CHECK(members.count("encoder.layer_shapes[3].ffn_dim") == 0);
        CHECK(members.count("norm") == 0);
    }

    TEST_CASE("different architectures have different texts") {
        const auto all = hat::support::varied_architectures();
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t k = 0; k < i; ++k) CHECK(members_of(all[i]) != members_of(all[k]));
    }
}
