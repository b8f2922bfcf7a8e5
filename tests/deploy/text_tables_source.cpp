// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/text_tables_source.hpp>

#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using hat::data::NormalForm;
using hat::data::Subword;
using hat::data::TextRules;
using hat::deploy::detail::TableSource;

// That what is written compiles, and is the tables, tests/embedded/text.cpp shows.
TEST_SUITE("deploy/text_tables_source") {
    TEST_CASE("arrays and texts by hand") {
        TableSource source;
        source.add("none", "int", std::vector<int>());
        source.add("two", "int", std::vector<int>{1, -2});
        source.add("runs", "R",
                   std::vector<hat::deploy::PieceRun>{{7, hat::deploy::PieceKind::user}});
        source.add("empty", std::string_view());
        source.add("text", std::string_view("a\"\\?\0\xFF", 6));
        CHECK(source.text() == "inline constexpr int two[] = {\n1,-2,};\n"
                               "inline constexpr R runs[] = {\n{7,hat::deploy::PieceKind(3)},};\n"
                               "inline constexpr char empty[] = \"\";\n"
                               "inline constexpr char text[] =\n\"a\\042\\134\\077\\000\\377\";\n");
    }

    TEST_CASE("long lines are broken") {
        for (const std::size_t size : {99U, 100U, 101U, 200U, 250U}) {
            TableSource source;
            source.add("text", std::string(size, 'x'));
            const std::string& text = source.text();
            std::size_t letters = 0;
            std::size_t longest = 0;
            for (std::size_t begin = 0; begin < text.size();) {
                const std::size_t end = text.find('\n', begin);
                longest = end - begin > longest ? end - begin : longest;
                begin = end + 1;
            }
            for (std::size_t i = text.find('"'); i < text.size(); ++i) letters += text[i] == 'x';
            CHECK(letters == size);
            CHECK(longest <= 103);
        }
    }

    TEST_CASE("tables are constants of a namespace, what is not there is left out") {
        const Subword subword = hat::support::trained_subword(
            {{"normalization_rule_name", "identity"}, {"model_type", "bpe"}});
        const auto source = [&](const TextRules& rules) {
            return text_tables_source(hat::deploy::make_text_tables(
                                          subword.bytes(), subword.special(), rules, 9, "model"),
                                      "mine");
        };
        const auto has = [](const std::string& text, std::string_view part) {
            return text.find(part) != std::string::npos;
        };
        const std::string plain = source({});
        CHECK(plain.starts_with("namespace mine {\n"));
        CHECK(plain.ends_with("}  // namespace mine\n"));
        CHECK(has(plain, "    to.whole_tokens = 9;\n"));
        CHECK(has(plain, "    to.subwords.is_bpe = true;\n"));
        CHECK(has(plain, "    to.subwords.sorted = sorted;\n"));
        for (const std::string_view no : {"classes", "rules", "scores", "composes"})
            CHECK_FALSE(has(plain, no));
        const std::string nfc = source({.normalize = NormalForm::nfc});
        CHECK(has(nfc, "    to.composition.narrow = {narrow_whole, narrow_first, narrow_second, "));
        CHECK(has(nfc, "    to.composes = true;\n"));
    }
}
