// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/variable.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using hat::autograd::Parameter;

TEST_SUITE("autograd/variable") {
    TEST_CASE("a slice of a parameter slices value and gradient alike and shares the flag") {
        std::array<float, 12> value{};
        std::array<float, 12> gradient{};
        std::uint8_t has_gradient = 0;
        const Parameter whole{{value.data(), 3, 4}, {gradient.data(), 3, 4}, &has_gradient};

        const Parameter slice = whole.middle_rows(1, 2).middle_cols(2, 2);
        value[11] = 5.0F;
        slice.gradient()(1, 1) = 7.0F;
        CHECK(slice.value(1, 1) == 5.0F);
        CHECK(gradient[11] == 7.0F);

        const Parameter corner = whole.top_left(2, 3);
        CHECK(corner.value.rows() == 2);
        CHECK(corner.gradient().cols() == 3);
        CHECK(corner.gradient().stride() == 4);
        CHECK(has_gradient == 0);
        corner.mark();
        CHECK(has_gradient == 1);
    }

    TEST_CASE("a frozen parameter stays frozen when it is sliced") {
        std::array<float, 12> value{};
        const Parameter frozen{{value.data(), 3, 4}, {}, nullptr};
        CHECK_FALSE(frozen.trainable());
        CHECK_FALSE(frozen.top_left(2, 2).trainable());
        CHECK_FALSE(frozen.middle_rows(1, 1).trainable());
        CHECK_FALSE(frozen.middle_cols(1, 1).trainable());
        frozen.mark();
    }
}
