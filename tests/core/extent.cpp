// SPDX-License-Identifier: Apache-2.0
#include <hat/core/extent.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using hat::Extent;
using hat::Fixed;
using hat::FixedExtent;
using hat::may_divide;

TEST_SUITE("core/extent") {
    TEST_CASE("an extent is an int or a Fixed, and nothing else") {
        static_assert(Extent<int> && Extent<Fixed<3>>);
        static_assert(!Extent<long> && !Extent<unsigned> && !Extent<float> && !Extent<const int>);
        static_assert(FixedExtent<Fixed<3>> && !FixedExtent<int>);
    }

    TEST_CASE("a fixed size takes no room and converts to int") {
        static_assert(std::is_empty_v<Fixed<128>>);
        static_assert(Fixed<128>{} == 128 && Fixed<128>::value == 128);
        static_assert(std::is_convertible_v<Fixed<128>, int>);
    }

    TEST_CASE("arithmetic stays fixed if both operands are") {
        static_assert(std::is_same_v<decltype(add(Fixed<6>{}, Fixed<4>{})), Fixed<10>>);
        static_assert(std::is_same_v<decltype(multiply(Fixed<6>{}, Fixed<4>{})), Fixed<24>>);
        static_assert(std::is_same_v<decltype(divide(Fixed<6>{}, Fixed<4>{})), Fixed<1>>);
    }

    TEST_CASE("arithmetic with a size of run time gives an int") {
        static_assert(std::is_same_v<decltype(add(6, Fixed<4>{})), int>);
        static_assert(hat::add(6, Fixed<4>{}) == 10);
        static_assert(hat::multiply(Fixed<6>{}, 4) == 24);
        static_assert(hat::divide(6, 4) == 1);
    }

    TEST_CASE("only two fixed sizes can be known not to divide") {
        static_assert(may_divide<Fixed<12>, Fixed<4>>);
        static_assert(!may_divide<Fixed<510>, Fixed<4>>);
        static_assert(!may_divide<Fixed<8>, Fixed<0>> && !may_divide<Fixed<8>, Fixed<-2>>);
        static_assert(may_divide<int, Fixed<4>> && may_divide<Fixed<510>, int>);
    }

    TEST_CASE("round_up gives the next multiple") {
        static_assert(hat::round_up(0, 16) == 0);
        static_assert(hat::round_up(1, 16) == 16);
        static_assert(hat::round_up(16, 16) == 16);
        static_assert(hat::round_up(17, 16) == 32);
    }
}
