// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/core/simd_dot.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

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

#if defined(__ARM_FEATURE_MATMUL_INT8)
    TEST_CASE("sums of two rows at once are those of each") {
        hat::Random random(2);
        const auto byte = [&](int most) {
            return static_cast<int>(random.below(static_cast<std::uint64_t>(most) + 1));
        };
        std::uint8_t weights[2 * 64];
        dot::Input rows[2][8];
        dot::Sums expected[2];
        dot::Sums found[2];
        for (auto& w : weights) w = static_cast<std::uint8_t>(byte(255));
        for (int r = 0; r < 2; ++r) {
            for (auto& x : rows[r]) x = static_cast<dot::Input>(byte(254) - 127);
            for (int i = 0; i < dot::parts; ++i) {
                auto& sum = expected[r].part[i];
                sum = dot::add(dot::start(r), dot::load(weights, i), dot::broadcast(rows[r]));
                sum = dot::add(sum, dot::load(weights + 64, i), dot::broadcast(rows[r] + 4));
            }
        }
        auto sums = dot::pair_starts(dot::start(0), dot::start(1));
        for (int i = 0; i < dot::parts; ++i)
            dot::add(sums, i, dot::pair_weights(dot::load(weights, i), dot::load(weights + 64, i)),
                     dot::pair_rows(rows[0], rows[1]));
        dot::take_apart(sums, found[0], found[1]);
        CHECK(std::memcmp(found, expected, sizeof found) == 0);
    }
#endif

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
