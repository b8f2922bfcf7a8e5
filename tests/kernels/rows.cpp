// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/rows.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::support::Operand;
using hat::support::same_bits;

namespace kernels = hat::kernels;

TEST_SUITE("kernels/rows") {
    TEST_CASE("rows are taken from their places and put back there") {
        hat::Random random(1);
        constexpr std::array places{4, 0, 2};
        for (const int cols : {1, 16, 21}) {
            const Operand x(random, 5, cols, 2);
            Operand y(random, 3, cols, 4);
            const Operand before = y;
            kernels::gather_rows(x.view(), places, y.view(), true);
            for (int i = 0; i < 3; ++i) {
                for (int j = 0; j < cols; ++j) {
                    CHECK(y(i, j) == x(places[static_cast<std::size_t>(i)], j) + before(i, j));
                }
            }
            kernels::gather_rows(x.view(), places, y.view(), false);
            CHECK(y.padding_is_untouched());

            Operand back(5, cols, 1, 7.0F);
            kernels::scatter_rows(y.view(), places, back.view(), false);
            for (const int i : places)
                CHECK(same_bits(back.view().middle_rows(i, 1), x.view().middle_rows(i, 1)));
            for (const int i : {1, 3}) CHECK(back(i, 0) == 7.0F);
            kernels::scatter_rows(y.view(), places, back.view(), true);
            CHECK(back(4, 0) == 2 * x(4, 0));
            CHECK(back(1, 0) == 7.0F);
            CHECK(back.padding_is_untouched());
        }
    }

    TEST_CASE("no places, nothing to do") {
        Operand x(2, 3, 0, 1.0F);
        kernels::scatter_rows({}, {}, x.view(), false);
        kernels::gather_rows(x.view(), {}, {}, false);
        CHECK(x(1, 2) == 1.0F);
    }
}
