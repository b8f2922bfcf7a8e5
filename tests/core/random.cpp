// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

using hat::Random;
using hat::RandomKey;

namespace {

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;

/// χ² of `counts` against equal shares; its mean is counts.size() − 1, its variance twice that.
template <class Counts>
double chi_squared(const Counts& counts) {
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    const double expected = total / static_cast<double>(counts.size());
    double sum = 0;
    for (const auto n : counts) sum += (n - expected) * (n - expected) / expected;
    return sum;
}

/// Five standard deviations above the mean: by chance, less than once in a million.
double chi_squared_limit(std::size_t cells) {
    const auto freedom = static_cast<double>(cells - 1);
    return freedom + 5 * std::sqrt(2 * freedom);
}

}  // namespace

TEST_SUITE("core/random") {
    TEST_CASE("a stream is that of SplitMix64") {
        // The published first outputs for the seeds 0 and 1234567.
        static_assert(hat::mix64(golden) == 0xe220a8397b1dcdafU);
        static_assert(hat::mix64(2 * golden) == 0x6e789e6aa1b965f4U);
        static_assert(hat::mix64(1234567 + golden) == 6457827717110365317U);
        static_assert(hat::mix64(1234567 + 2 * golden) == 3203168211198807973U);
        static_assert(RandomKey(0).value() == 0xe220a8397b1dcdafU);
        static_assert(RandomKey(7).bits(4) == hat::mix64(RandomKey(7).value() + 5 * golden));
    }

    TEST_CASE("the numbers are the same on every machine") {
        static_assert(RandomKey(1).bits(0) == 0x5e41ab087439611eU);
        static_assert(RandomKey(1).bits(1) == 0xf18d6ce93d6cf1eeU);
        static_assert(RandomKey(1).split(2).split(3).bits(4) == 0x2a2b6d8408abc2a8U);
        static_assert(hat::mix32(1) == 0x86d2fa73U && hat::mix32(0xdeadbeefU) == 0x2a2acaf2U);
        Random uniform(42);
        CHECK(uniform.uniform() == 0x1.5f87eae99441cp-2);
        CHECK(uniform.uniform() == 0x1.e957a287fd648p-1);
        Random below(42);
        for (const unsigned expected : {668U, 317U, 802U, 696U, 881U}) {
            CHECK(below.below(1000) == expected);
        }
        // The logarithm and the cosine are those of the C library: a few ULP.
        Random normal(42);
        CHECK(std::abs(normal.normal() - 0.88185458735732214) < 1e-14);
        CHECK(std::abs(normal.normal() - 1.0524628562387559) < 1e-14);
    }

    TEST_CASE("a random sequence is the stream of its key, number by number") {
        Random random(99);
        for (std::uint64_t i = 0; i < 100; ++i) CHECK(random.bits() == RandomKey(99).bits(i));
    }

    TEST_CASE("different indices split into keys that share nothing") {
        std::set<std::uint64_t> keys;
        std::set<std::uint64_t> numbers;
        const RandomKey root(5);
        for (std::uint64_t step = 0; step < 30; ++step) {
            for (std::uint64_t layer = 0; layer < 30; ++layer) {
                const RandomKey key = root.split(step).split(layer);
                keys.insert(key.value());
                for (std::uint64_t i = 0; i < 10; ++i) numbers.insert(key.bits(i));
            }
        }
        CHECK(keys.size() == 30U * 30U);
        CHECK(numbers.size() == 30U * 30U * 10U);
        CHECK(root.split(1).split(2).value() != root.split(2).split(1).value());
        CHECK(root.split(0).value() != root.value());
    }

    TEST_CASE("the bits of neighbouring streams are independent") {
        // The bits in which two independent words differ are 32 of 64 on average.
        const auto mean_distance = [](auto first, auto second) {
            double sum = 0;
            constexpr int pairs = 4000;
            for (std::uint64_t i = 0; i < pairs; ++i) sum += std::popcount(first(i) ^ second(i));
            return sum / pairs;
        };
        // The standard deviation of one distance is 4, that of the mean 0.063.
        constexpr double tolerance = 0.32;
        const RandomKey root(11);
        const auto close_to_half = [&](double distance) {
            return std::abs(distance - 32) < tolerance;
        };
        CHECK(close_to_half(mean_distance([&](auto i) { return root.split(0).bits(i); },
                                          [&](auto i) { return root.split(1).bits(i); })));
        CHECK(close_to_half(mean_distance([&](auto i) { return root.split(i).bits(0); },
                                          [&](auto i) { return root.split(i + 1).bits(0); })));
        CHECK(close_to_half(mean_distance([&](auto i) { return RandomKey(i).bits(0); },
                                          [&](auto i) { return RandomKey(i + 1).bits(0); })));
        CHECK(close_to_half(mean_distance([&](auto i) { return root.bits(i); },
                                          [&](auto i) { return root.bits(i + 1); })));
    }

    TEST_CASE("mix32 is a bijection whose high and low bits are uniform") {
        std::array<int, 64> high{};
        std::array<int, 64> low{};
        std::set<std::uint32_t> seen;
        for (std::uint32_t i = 0; i < 64 * 500; ++i) {
            const std::uint32_t x = hat::mix32(i);
            seen.insert(x);
            ++high[x >> 26U];
            ++low[x & 63U];
        }
        CHECK(seen.size() == 64U * 500U);
        CHECK(chi_squared(high) < chi_squared_limit(high.size()));
        CHECK(chi_squared(low) < chi_squared_limit(low.size()));
    }

    TEST_CASE("uniform numbers fill [0, 1) evenly") {
        Random random(3);
        std::array<int, 100> counts{};
        double sum = 0;
        constexpr int n = 100'000;
        for (int i = 0; i < n; ++i) {
            const double x = random.uniform();
            REQUIRE((x >= 0 && x < 1));
            ++counts[static_cast<std::size_t>(100 * x)];
            sum += x;
        }
        CHECK(chi_squared(counts) < chi_squared_limit(counts.size()));
        CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
        for (int i = 0; i < 1000; ++i) {
            const double x = random.uniform(-3, 5);
            CHECK((x >= -3 && x < 5));
        }
    }

    TEST_CASE("below(n) is uniform over 0 … n − 1") {
        Random random(4);
        for (const std::uint64_t n : {1U, 2U, 3U, 7U, 10U, 100U}) {
            std::vector<int> counts(n);
            for (int i = 0; i < 20'000; ++i) {
                const std::uint64_t x = random.below(n);
                REQUIRE(x < n);
                ++counts[x];
            }
            if (n > 1) CHECK(chi_squared(counts) < chi_squared_limit(counts.size()));
        }
    }

    TEST_CASE("below(n) has no bias even where n is most of the range") {
        // A plain remainder by 3/4 of 2^64 would hit the lowest third twice as often.
        constexpr std::uint64_t n = std::uint64_t{3} << 62U;
        Random random(5);
        std::array<int, 3> thirds{};
        for (int i = 0; i < 30'000; ++i) ++thirds[random.below(n) >> 62U];
        CHECK(chi_squared(thirds) < chi_squared_limit(thirds.size()));
        for (int i = 0; i < 100; ++i) {
            constexpr auto most = std::numeric_limits<std::uint64_t>::max();
            CHECK(random.below(most) < most);
        }
    }

    TEST_CASE("normal numbers have mean 0, variance 1 and the right tails") {
        Random random(6);
        constexpr int n = 100'000;
        double sum = 0;
        double squares = 0;
        int beyond_two = 0;
        for (int i = 0; i < n; ++i) {
            const double x = random.normal();
            REQUIRE(std::isfinite(x));
            sum += x;
            squares += x * x;
            if (std::abs(x) > 2) ++beyond_two;
        }
        CHECK(std::abs(sum / n) < 5 / std::sqrt(n));
        CHECK(std::abs(squares / n - 1) < 5 * std::sqrt(2.0 / n));
        const double share = std::erfc(std::sqrt(2.0));  // P(|x| > 2) = 0.0455
        CHECK(std::abs(beyond_two - n * share) < 5 * std::sqrt(n * share));
    }

    TEST_CASE("shuffle permutes, every order equally often") {
        std::array<int, 24> counts{};
        Random random(7);
        for (int repeat = 0; repeat < 24'000; ++repeat) {
            std::array<int, 4> items{0, 1, 2, 3};
            random.shuffle(items);
            int rank = 0;  // of the permutation among all 24
            for (std::size_t i = 0; i < 4; ++i) {
                int smaller = 0;
                for (std::size_t j = i + 1; j < 4; ++j) smaller += items[j] < items[i] ? 1 : 0;
                rank = rank * static_cast<int>(4 - i) + smaller;
            }
            ++counts[static_cast<std::size_t>(rank)];
            std::sort(items.begin(), items.end());
            REQUIRE(items == std::array<int, 4>{0, 1, 2, 3});
        }
        CHECK(chi_squared(counts) < chi_squared_limit(counts.size()));
        std::vector<int> none;
        random.shuffle(none);
        CHECK(none.empty());
    }
}
