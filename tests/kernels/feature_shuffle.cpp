// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/feature_shuffle.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <numeric>

using hat::kernels::shuffle_features;
using hat::kernels::unshuffle_features;
using hat::support::Operand;
using hat::support::same_bits;

TEST_SUITE("kernels/feature_shuffle") {
    TEST_CASE("every new group gets its features from all old ones in turn, and they go back") {
        for (const int groups : {1, 2, 3, 4, 6, 8, 16, 32, 64}) {
            for (const int size : {1, 2, 5, 15, 16, 17, 31, 32, 50, 64, 75}) {
                CAPTURE(groups);
                CAPTURE(size);
                Operand u(1, groups * size);
                std::iota(u.vector().begin(), u.vector().end(), 0.0F);
                Operand v(1, groups * size);
                shuffle_features(u.vector().data(), groups, size, v.vector().data());
                CHECK(v.padding_is_untouched());
                bool right = true;
                for (int p = 0; p < groups * size; ++p) {
                    const int from = p % groups * size + p / groups;
                    right = right && v(0, p) == static_cast<float>(from);
                }
                CHECK(right);
                Operand back(1, groups * size);
                unshuffle_features(v.vector().data(), groups, size, back.vector().data());
                CHECK(back.padding_is_untouched());
                CHECK(same_bits(back.view(), u.view()));
            }
        }
    }
}
