// SPDX-License-Identifier: Apache-2.0
#include <hat/core/int8.hpp>
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using hat::int8_scale;
using hat::to_int8;

TEST_SUITE("core/int8") {
    TEST_CASE("the largest of some numbers is 127 steps, and none is more") {
        hat::Random random(1);
        for (int i = 0; i < 1000; ++i) {
            const auto largest = static_cast<float>(std::exp(8 * random.normal()));
            const float scale = int8_scale(largest);
            CHECK(to_int8(largest, scale) == 127);
            CHECK(to_int8(-largest, scale) == -127);
            CHECK(static_cast<double>(scale) * 127 >= static_cast<double>(largest) * (1 - 1e-7));
            CHECK(static_cast<double>(scale) * 127 <= static_cast<double>(largest) * (1 + 0x1p-15));
        }
    }

    TEST_CASE("numbers go to the nearest step, of two to the even one") {
        CHECK(to_int8(2.4F, 1.0F) == 2);
        CHECK(to_int8(2.5F, 1.0F) == 2);
        CHECK(to_int8(3.5F, 1.0F) == 4);
        CHECK(to_int8(-3.5F, 1.0F) == -4);
        CHECK(to_int8(1000.0F, 1.0F) == 127);
        CHECK(to_int8(-1000.0F, 1.0F) == -127);
    }

    TEST_CASE("all steps of a scale are exact, and have the same scale") {
        hat::Random random(2);
        for (int i = 0; i < 1000; ++i) {
            const float scale = int8_scale(static_cast<float>(std::exp(8 * random.normal())));
            for (int q = 1; q <= 127; ++q) {
                const float step = static_cast<float>(q) * scale;
                CHECK(static_cast<double>(step) == q * static_cast<double>(scale));
                CHECK(to_int8(step, scale) == q);
            }
            CHECK(int8_scale(127.0F * scale) == scale);
        }
    }

    TEST_CASE("numbers that are nearly zero are zero") {
        CHECK(int8_scale(0.0F) == 0.0F);
        CHECK(int8_scale(std::numeric_limits<float>::denorm_min()) == 0.0F);
        CHECK(to_int8(std::numeric_limits<float>::denorm_min(), 0.0F) == 0);
    }

    TEST_CASE("rounded numbers are steps of their scale, none further away than half of one") {
        hat::Random random(3);
        std::vector<float> numbers(50);
        for (float& x : numbers) x = static_cast<float>(random.normal());
        std::vector<float> rounded(50);
        hat::round_to_int8(numbers.data(), 50, rounded.data());
        const float scale = int8_scale(hat::largest_magnitude(numbers.data(), 50));
        for (std::size_t i = 0; i < 50; ++i) {
            CHECK(rounded[i] == static_cast<float>(to_int8(rounded[i], scale)) * scale);
            CHECK(std::abs(rounded[i] - numbers[i]) <= 0.5F * scale * (1 + 1e-5F));
        }
    }

    TEST_CASE("the largest magnitude is found on either side of zero") {
        const std::vector<float> numbers{0.5F, -3.0F, 2.0F};
        CHECK(hat::largest_magnitude(numbers.data(), 3) == 3.0F);
        CHECK(hat::largest_magnitude(numbers.data(), 1) == 0.5F);
        CHECK(hat::largest_magnitude(numbers.data(), 0) == 0.0F);
    }
}
