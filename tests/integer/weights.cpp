// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/weights.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <type_traits>

using namespace hat::integer;

TEST_SUITE("integer/weights") {
    TEST_CASE("weights are read where they are constants and written where they are made") {
        static_assert(
            std::is_same_v<Constants::Vector<std::int32_t>, hat::VectorView<const std::int32_t>>);
        static_assert(std::is_same_v<Variables::Matrix<std::int8_t>, hat::MatrixView<std::int8_t>>);
        std::int8_t numbers[] = {1, 2, 3, 4, 5, 6};
        const Variables::Matrix<std::int8_t> made{numbers, 2, 3};
        made(1, 0) = 7;
        const Constants::Matrix<std::int8_t> read = made;
        CHECK(read(1, 0) == 7);
    }

    TEST_CASE("sizes that are nothing are empty") {
        static_assert(Sizes::matrix<std::int8_t>(2, 3).cols == 3);
        static_assert(Sizes::vector<std::int32_t>(3).rows == 1);
        static_assert(Sizes::vector<std::int32_t>(0).empty());
        static_assert(Sizes::Matrix<std::int8_t>{}.empty());
        CHECK(!Sizes::matrix<std::int8_t>(2, 3).empty());
    }
}
