// SPDX-License-Identifier: Apache-2.0
#include <hat/search/text_set.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_SUITE("search/text_set") {
    TEST_CASE("a text set tells new texts from those it has") {
        hat::search::TextSet texts;
        CHECK_FALSE(texts.contains("3-128"));
        CHECK(texts.add("3-128"));
        CHECK_FALSE(texts.add("3-128"));
        CHECK(texts.contains("3-128"));
        CHECK(texts.add("3-1280"));
        CHECK_FALSE(texts.contains("3"));
    }
}
