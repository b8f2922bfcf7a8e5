// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/core/simd.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace simd = hat::simd;

namespace {

using Sixteen = std::array<float, simd::lanes>;

}  // namespace

TEST_SUITE("core/simd") {
    TEST_CASE("fma rounds once, as std::fma does, bit by bit") {
        hat::Random random(1);
        for (int repeat = 0; repeat < 2000; ++repeat) {
            Sixteen a{};
            Sixteen b{};
            Sixteen c{};
            Sixteen y{};
            for (std::size_t i = 0; i < a.size(); ++i) {
                a[i] = static_cast<float>(random.normal());
                b[i] = static_cast<float>(random.normal());
                c[i] = -a[i] * b[i] * static_cast<float>(1.0 + 1e-6 * random.normal());
            }
            simd::store(simd::fma(simd::load(a.data()), simd::load(b.data()), simd::load(c.data())),
                        y.data());
            for (std::size_t i = 0; i < a.size(); ++i) {
                REQUIRE(std::bit_cast<std::uint32_t>(y[i]) ==
                        std::bit_cast<std::uint32_t>(std::fma(a[i], b[i], c[i])));
            }
        }
    }

    TEST_CASE("division and square root round once, as the scalar ones do, bit by bit") {
        hat::Random random(3);
        for (int repeat = 0; repeat < 2000; ++repeat) {
            Sixteen a{};
            Sixteen b{};
            for (std::size_t i = 0; i < a.size(); ++i) {
                a[i] = static_cast<float>(std::exp(5 * random.normal()));
                b[i] = static_cast<float>(random.normal());
            }
            Sixteen quotient{};
            Sixteen root{};
            simd::store(simd::load(a.data()) / simd::load(b.data()), quotient.data());
            simd::store(simd::sqrt(simd::load(a.data())), root.data());
            for (std::size_t i = 0; i < a.size(); ++i) {
                REQUIRE(quotient[i] == a[i] / b[i]);
                REQUIRE(root[i] == std::sqrt(a[i]));
            }
        }
    }

    TEST_CASE("the smallest numbers are numbers") {
        alignas(64) float small[simd::lanes];
        alignas(64) float found[simd::lanes];
        const volatile float step = 1e-39F;  // not known to a compiler
        for (int i = 0; i < simd::lanes; ++i) small[i] = step * static_cast<float>(i);
        const auto check = [&](const simd::Lanes& lanes, float factor) {
            simd::store(lanes, found);
            for (int i = 0; i < simd::lanes; ++i) CHECK(found[i] == factor * small[i]);
        };
        const simd::Lanes x = simd::load(small);
        const simd::Lanes zero = simd::zero();
        const simd::Lanes one = simd::broadcast(1.0F);
        check(x + x, 2.0F);
        check(zero - x, -1.0F);
        check(x * one, 1.0F);
        check(simd::fma(x, one, zero), 1.0F);
        check(simd::max(x, zero), 1.0F);
        check(simd::min(zero - x, zero), -1.0F);
    }

    TEST_CASE("sum folds the lanes 8, 4, 2 and 1 apart") {
        hat::Random random(2);
        Sixteen x{};
        for (auto& v : x) v = static_cast<float>(random.normal());
        Sixteen tree = x;
        for (std::size_t width = 8; width > 0; width /= 2) {
            for (std::size_t i = 0; i < width; ++i) tree[i] += tree[i + width];
        }
        CHECK(simd::sum(simd::load(x.data())) == tree[0]);
        CHECK(simd::largest(simd::load(x.data())) == *std::max_element(x.begin(), x.end()));
    }

    TEST_CASE("partial loads and stores touch only what they may") {
        const Sixteen x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        for (int n = 0; n <= simd::lanes; ++n) {
            Sixteen loaded{};
            simd::store(simd::load_first(x.data(), n), loaded.data());
            Sixteen stored{};
            stored.fill(-1);
            simd::store_first(simd::load(x.data()), stored.data(), n);
            Sixteen kept{};
            simd::store(simd::keep_first(simd::load(x.data()), n, -7), kept.data());
            for (std::size_t i = 0; i < x.size(); ++i) {
                const bool inside = static_cast<int>(i) < n;
                CHECK(loaded[i] == (inside ? x[i] : 0));
                CHECK(stored[i] == (inside ? x[i] : -1));
                CHECK(kept[i] == (inside ? x[i] : -7));
            }
        }
    }

    TEST_CASE("mix32 equals its scalar twin") {
        alignas(64) std::array<std::uint32_t, simd::lanes> words{};
        const auto mixed = simd::mix32(simd::count_from(4294967290U) ^ 0x1234567U);
        for (int i = 0; i < simd::parts; ++i) {
            mixed.part[i].store_unaligned(words.data() + i * simd::native_lanes);
        }
        for (std::uint32_t i = 0; i < simd::lanes; ++i) {
            CHECK(words[i] == hat::mix32((4294967290U + i) ^ 0x1234567U));
        }
    }

    TEST_CASE("a value stays where the word reaches the threshold") {
        Sixteen y{};
        simd::store(simd::value_if_at_least(simd::count_from(0), 10, 2.5F), y.data());
        for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == (i >= 10 ? 2.5F : 0.0F));
    }
}
