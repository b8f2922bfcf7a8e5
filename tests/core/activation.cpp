// SPDX-License-Identifier: Apache-2.0
#include <hat/core/activation.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using hat::Activation;

TEST_SUITE("core/activation") {
    TEST_CASE("one that nobody chose changes nothing") {
        static_assert(Activation{} == Activation::linear);
    }
    TEST_CASE("an activation is not mistaken for a number") {
        static_assert(!std::is_convertible_v<Activation, int>);
        static_assert(!std::is_convertible_v<int, Activation>);
    }
}
