// SPDX-License-Identifier: Apache-2.0
#include <hat/data/unknown_text.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace hat::data;

TEST_SUITE("data/unknown_text") {
    TEST_CASE("letters are what is no white space, punctuation or symbol") {
        CHECK(has_letters("a."));
        CHECK(has_letters("文"));
        CHECK(has_letters("7"));
        CHECK_FALSE(has_letters(" .,!»– "));
        CHECK_FALSE(has_letters("😀€"));
        CHECK(has_symbols("a😀"));
        CHECK_FALSE(has_symbols("a."));
    }

    TEST_CASE("words and symbols that a translation lacks stand behind it") {
        const std::vector<UnknownText> unknown{{"文", true, false},
                                               {"件", true, true},
                                               {"ñ", false, false},
                                               {"😀", false, false},
                                               {"–", true, false}};
        CHECK(with_dropped_words("Öffnen.", unknown, 0) == "Öffnen. 文件 😀");
        CHECK(with_dropped_words("Öffnen.", unknown, 1) == "Öffnen. 件 😀");
        CHECK(with_dropped_words("Öffnen.", unknown, 4) == "Öffnen.");
        CHECK(with_dropped_words("", unknown, 2) == "😀");
        CHECK(with_dropped_words("Öffnen.", {}, 3) == "Öffnen.");
        CHECK(with_dropped_words("Öffnen.", unknown, 0, "⁇") == "Öffnen. ⁇ ⁇");
        CHECK(with_dropped_words("", unknown, 1, "⁇") == "⁇ ⁇");
    }
}
