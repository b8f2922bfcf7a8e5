// SPDX-License-Identifier: Apache-2.0
#include <hat/data/text_rules.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace hat::data;

TEST_SUITE("data/text_rules") {
    TEST_CASE("rules come back from their file") {
        const TextRules rules{.normalize = NormalForm::nfkc,
                              .lowercase = true,
                              .stand_ins = true,
                              .protect = {"url", "<[^>]+>"}};
        CHECK(text_rules_from_json(text_rules_to_json(rules), "text.json") == rules);
        CHECK(text_rules_from_json(text_rules_to_json({}), "text.json") == TextRules{});
    }
    TEST_CASE("a file of another kind is refused") {
        const auto check = [](const char* text, const char* message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(text_rules_from_json(text, "m/text.json")),
                                 message, hat::Error);
        };
        check(R"({"format": "hat model"})", "m/text.json: format: expected \"hat text\"");
        check(R"({"format": "hat text", "format_version": 2})",
              "m/text.json: format_version = 2, expected 1: written by another version of hat");
        check(R"({"format": "hat text", "format_version": 1, "normalize": "nfd"})",
              "m/text.json: normalize: found \"nfd\", expected nfc, nfkc or identity");
    }

    TEST_CASE("text is brought into its normal form and case, and stays there") {
        const TextRules rules{.normalize = NormalForm::nfc, .lowercase = true};
        CHECK(rules.apply("A\u0308ra  \u2026") == "\u00E4ra  \u2026");
        CHECK(rules.apply(rules.apply("\u0130\u1E9E")) == rules.apply("\u0130\u1E9E"));
        CHECK(TextRules{}.apply("A\u0308") == "A\u0308");
    }

    TEST_CASE("what SentencePiece reserves comes back as it went in") {
        const std::string line("a\tb \u2581\u2585\0", 11);
        const TextRules rules{.stand_ins = true};
        const std::string inside = rules.to_model(line);
        CHECK(inside == "a\uFDD2b \uFDD0\uFDD1\uFDD3");
        CHECK(rules.from_model(inside) == line);
        CHECK(TextRules{}.to_model(line) == line);
        CHECK(TextRules{}.from_model(inside) == inside);
    }
}
