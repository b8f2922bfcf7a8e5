// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/recurrent_dropout.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>

using hat::Ragged;
using hat::RandomKey;
using hat::kernels::Dropout;
using hat::support::Operand;
using hat::support::same_bits;

namespace kernels = hat::kernels;

TEST_SUITE("kernels/recurrent_dropout") {
    TEST_CASE("the tokens of a sentence share their mask, whose element (s, c) is s · cols + c") {
        hat::Random random(1);
        const std::array offsets{0, 3, 3, 8, 9};  // the second sentence is empty
        const Ragged sentences(offsets.data(), 4);
        const Dropout drop(0.4F, RandomKey(2));
        for (const int cols : {1, 16, 37}) {
            const Operand x(random, 9, cols, 3);
            const Operand old(random, 9, cols, 5);
            Operand expected(9, cols);
            Operand expected_sum(9, cols);
            for (int s = 0; s < 4; ++s) {
                for (int t = sentences.begin(s); t < sentences.begin(s) + sentences.length(s);
                     ++t) {
                    for (int c = 0; c < cols; ++c) {
                        expected(t, c) =
                            x(t, c) * drop.factor(static_cast<std::uint32_t>(s * cols + c));
                        expected_sum(t, c) = expected(t, c) + old(t, c);
                    }
                }
            }
            Operand y = old;
            kernels::recurrent_dropout(drop, sentences, x.view(), y.view(), true);
            CHECK(same_bits(y.view(), expected_sum.view()));
            kernels::recurrent_dropout(drop, sentences, x.view(), y.view(), false);
            CHECK(same_bits(y.view(), expected.view()));
            CHECK(y.padding_is_untouched());
            Operand in_place = x;
            kernels::recurrent_dropout(drop, sentences, in_place.view(), in_place.view(), false);
            CHECK(same_bits(in_place.view(), expected.view()));
        }
    }

    TEST_CASE("a channel of a sentence lives with probability 1 − p, whole or not at all") {
        constexpr int length = 4;
        constexpr int count = 300;
        constexpr int cols = 64;
        std::array<int, count + 1> offsets{};
        for (std::size_t s = 0; s < offsets.size(); ++s) {
            offsets[s] = length * static_cast<int>(s);
        }
        const Operand ones(length * count, cols, 0, 1.0F);
        Operand y(length * count, cols);
        kernels::recurrent_dropout(Dropout(0.3F, RandomKey(3)), Ragged(offsets.data(), count),
                                   ones.view(), y.view(), false);
        int dropped = 0;
        bool all_alike = true;
        for (int s = 0; s < count; ++s) {
            for (int c = 0; c < cols; ++c) {
                if (y(length * s, c) == 0.0F) ++dropped;
                for (int t = 1; t < length; ++t)
                    all_alike = all_alike && y(length * s + t, c) == y(length * s, c);
            }
        }
        CHECK(all_alike);
        constexpr int n = count * cols;
        CHECK(std::abs(dropped - 0.3 * n) < 5 * std::sqrt(n * 0.21));
    }
}
