// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/python_random.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using hat::elastic::PythonRandom;

TEST_SUITE("elastic/python_random") {
    TEST_CASE("random.seed(5) and the numbers that Python gives then") {
        PythonRandom random(5);
        for (const std::uint32_t expected :
             {2675342405U, 1097127993U, 3185950873U, 1539898300U, 3415330359U})
            CHECK(random.bits32() == expected);
        CHECK(random.uniform() == 0.6904468457583358);
    }

    TEST_CASE("the numbers that follow after the state was renewed, as Python gives them") {
        PythonRandom random(5);
        std::array<std::uint32_t, 10000> numbers{};
        for (auto& number : numbers) number = random.bits32();
        CHECK(numbers[623] == 2959306914U);
        CHECK(numbers[624] == 3041615143U);
        CHECK(numbers[9999] == 3189280669U);
    }

    TEST_CASE("a seed of two words seeds by both, as in Python") {
        PythonRandom random((std::uint64_t{1} << 32U) + 5);
        CHECK(random.bits32() == 675479763U);
    }

    TEST_CASE("a choice keeps as many top bits as the number of items has") {
        PythonRandom bits(7);
        PythonRandom choices(7);
        for (int i = 0; i < 100; ++i) {
            std::uint32_t expected = bits.bits32() >> 29U;  // 6 has three bits
            while (expected >= 6) expected = bits.bits32() >> 29U;
            CHECK(choices.below(6) == expected);
        }
    }

    TEST_CASE("one item uses up numbers until a bit is zero") {
        PythonRandom bits(9);
        PythonRandom choices(9);
        for (int i = 0; i < 20; ++i) {
            while (bits.bits32() >> 31U != 0) {
            }
            CHECK(choices.below(1) == 0);
        }
        CHECK(choices.bits32() == bits.bits32());
    }
}
