// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/core/simd_dot.hpp>

#include <doctest/doctest.h>

#include <cstdint>

namespace dot = hat::simd::dot;
namespace simd = hat::simd;

TEST_SUITE("core/simd_dot") {
    TEST_CASE("a sum is that of the signed products, for any weights and activations") {
        hat::Random random(1);
        const auto between = [&](int low, int high) {
            return low + static_cast<int>(random.uniform() * (high - low + 1));
        };
        for (int trial = 0; trial < 200; ++trial) {
            constexpr int fours = 5;
            alignas(64) std::uint8_t weights[fours * 64];
            alignas(64) dot::Input activations[fours * 4];
            // The ends of both ranges, where instructions that saturate would show.
            for (auto& w : weights)
                w = static_cast<std::uint8_t>(trial == 0 ? 255 : between(1, 255));
            int sum = 0;
            for (auto& x : activations) {
                x = static_cast<dot::Input>(trial < 2 ? 127 : between(-127, 127));
                sum += x;
            }
            dot::Sums sums;
            for (auto& part : sums.part) part = dot::start(sum);
            for (int k = 0; k < fours; ++k) {
                const auto x = dot::broadcast(activations + 4 * k);
                for (int i = 0; i < dot::parts; ++i)
                    sums.part[i] = dot::add(sums.part[i], dot::load(weights + 64 * k, i), x);
            }
            alignas(64) float found[simd::lanes];
            simd::store(dot::finish(sums), found);
            for (int output = 0; output < simd::lanes; ++output) {
                int expected = 0;
                for (int k = 0; k < 4 * fours; ++k)
                    expected += (weights[k / 4 * 64 + output * 4 + k % 4] - 128) * activations[k];
                CHECK(found[output] == static_cast<float>(expected));
            }
        }
    }

    TEST_CASE("rounded numbers are stored and summed") {
        alignas(64) float numbers[simd::lanes];
        for (int i = 0; i < simd::lanes; ++i) numbers[i] = static_cast<float>(i * 16 - 120) + 0.3F;
        dot::Input stored[simd::lanes];
        dot::Rounded total;
        for (int round = 0; round < 2; ++round)
            dot::store_rounded(simd::load(numbers) + simd::broadcast(12582912.0F), stored, total);
        int sum = 0;
        for (int i = 0; i < simd::lanes; ++i) {
            CHECK(stored[i] == i * 16 - 120);
            sum += i * 16 - 120;
        }
        CHECK(dot::sum(total) == 2 * sum);
    }

    TEST_CASE("the instructions have a name") {
        CHECK(dot::instruction_set[0] != '\0');
    }
}
