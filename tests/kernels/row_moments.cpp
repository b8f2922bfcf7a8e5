// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/row_moments.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

namespace detail = hat::kernels::detail;

TEST_SUITE("kernels/row_moments") {
    TEST_CASE("sixteen rows at once have the same bits as each alone") {
        hat::Random random(1);
        for (const int n : {1, 2, 7, 15, 16, 17, 37, 64, 100}) {
            CAPTURE(n);
            const hat::support::Operand x(random, 16, n, 3, 2.0);
            detail::MomentsOf16 moments;
            detail::moments_of_16(x.view().data(), x.view().stride(), n, moments);
            for (int i = 0; i < 16; ++i) {
                detail::RowMoments alone[1];
                detail::row_moments<1>(x.view().row_data(i), 0, n, alone);
                CHECK(moments[i].mean == alone[0].mean);
                CHECK(moments[i].inverse_deviation == alone[0].inverse_deviation);
            }
        }
    }

    TEST_CASE("sixteen sums over lanes at once have the same bits as each alone") {
        hat::Random random(2);
        const hat::support::Operand x(random, 16, 16);
        hat::simd::Lanes lanes[16];
        for (int i = 0; i < 16; ++i) lanes[i] = hat::simd::load(x.view().row_data(i));
        float sums[16];
        hat::simd::store(detail::sums_of(lanes), sums);
        for (int i = 0; i < 16; ++i) CHECK(sums[i] == hat::simd::sum(lanes[i]));
    }
}
