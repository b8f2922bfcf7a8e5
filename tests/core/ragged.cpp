// SPDX-License-Identifier: Apache-2.0
#include <hat/core/ragged.hpp>

#include <doctest/doctest.h>

#include <array>

using hat::Ragged;

TEST_SUITE("core/ragged") {
    constexpr std::array offsets{0, 3, 3, 8};

    TEST_CASE("sentences lie one behind the other") {
        constexpr Ragged batch(offsets.data(), 3);
        static_assert(batch.sentences() == 3 && batch.tokens() == 8);
        static_assert(batch.begin(0) == 0 && batch.length(0) == 3);
        static_assert(batch.begin(1) == 3 && batch.length(1) == 0);
        static_assert(batch.begin(2) == 3 && batch.length(2) == 5);
        static_assert(batch.max_length() == 5);
    }

    TEST_CASE("the first sentences are a batch of their own") {
        constexpr Ragged batch(offsets.data(), 1);
        static_assert(batch.tokens() == 3 && batch.max_length() == 3);
    }

    TEST_CASE("an empty batch has no tokens") {
        static_assert(Ragged{}.sentences() == 0 && Ragged{}.tokens() == 0);
        static_assert(Ragged{}.max_length() == 0);
    }
}
