// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/weights_hash.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

using hat::deploy::weights_hash;

TEST_SUITE("deploy/weights_hash") {
    constexpr std::array<std::uint64_t, 3> words{1, 2, 3};

    TEST_CASE("every bit that differs is found, and so is the order, and how many there are") {
        std::set<std::uint64_t> hashes{weights_hash(words), weights_hash({}),
                                       weights_hash(std::span(words).first(2))};
        std::size_t different = 3;
        for (std::size_t i = 0; i < words.size(); ++i) {
            for (unsigned bit = 0; bit < 64; ++bit) {
                std::array<std::uint64_t, 3> damaged = words;
                damaged[i] ^= std::uint64_t{1} << bit;
                hashes.insert(weights_hash(damaged));
                ++different;
            }
        }
        hashes.insert(weights_hash(std::array<std::uint64_t, 3>{2, 1, 3}));
        hashes.insert(weights_hash(std::array<std::uint64_t, 4>{1, 2, 3, 0}));
        CHECK(hashes.size() == different + 2);
    }

    TEST_CASE("highest bits of two words do not make up for each other") {
        constexpr std::uint64_t high = std::uint64_t{1} << 63U;
        CHECK(weights_hash(std::array<std::uint64_t, 3>{1 ^ high, 2 ^ high, 3}) !=
              weights_hash(words));
    }
}
