// SPDX-License-Identifier: Apache-2.0
#include <hat/report/language_name.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using hat::report::language_name;

TEST_SUITE("report/language_name") {
    TEST_CASE("codes have the names that a reader knows") {
        CHECK(language_name("en") == "English");
        CHECK(language_name("de") == "German");
        CHECK(language_name("zu") == "Zulu");
        CHECK(language_name("aa") == "Afar");
        CHECK(language_name("hsb") == "Upper Sorbian");
    }

    TEST_CASE("a region stands behind the name") {
        CHECK(language_name("pt-BR") == "Portuguese (BR)");
        CHECK(language_name("zh_TW") == "Chinese (TW)");
    }

    TEST_CASE("an unknown code has no name") {
        CHECK(language_name("xx").empty());
        CHECK(language_name("").empty());
        CHECK(language_name("English").empty());
    }

    TEST_CASE("the codes are in order, each once") {
        const auto& names = hat::report::detail::language_names;
        CHECK(std::is_sorted(names.begin(), names.end(),
                             [](const auto& a, const auto& b) { return a.first < b.first; }));
        CHECK(std::adjacent_find(names.begin(), names.end(), [](const auto& a, const auto& b) {
                  return a.first == b.first;
              }) == names.end());
    }
}
