// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/group_epilogue.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <utility>

using hat::Activation;
using hat::Arena;
using hat::kernels::apply_group_epilogue;
using hat::kernels::Dropout;
using hat::kernels::group_epilogue_backward;
using hat::kernels::GroupEpilogue;
using hat::kernels::GroupEpilogueKept;
using hat::support::dot;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::relative_error;
using hat::support::same_bits;

namespace {

// Sums of a few dozen terms, erf and exp that are good to some ULP, and the division by a
// deviation.
constexpr double tolerance = 3e-5;

struct Case {
    int rows = 7;
    int groups = 4;
    int size = 19;
    bool shuffle = true;
    bool norm = true;
    Activation activation = Activation::swish;
    float dropout = 0.0F;
};

/// The same in double precision.
Doubles reference_finish(const Case& c, const Dropout& drop, const Doubles& u, const Doubles& gain,
                         const Doubles& shift) {
    Doubles v = u;
    for (int i = 0; c.shuffle && i < v.rows; ++i) {
        for (int p = 0; p < v.cols; ++p) v(i, p) = u(i, p % c.groups * c.size + p / c.groups);
    }
    if (c.norm) {
        Doubles cut = v;
        cut.rows = c.rows * c.groups;
        cut.cols = c.size;
        v.data = hat::support::reference::layer_norm(cut, gain, shift).data;
    }
    for (int i = 0; i < v.rows; ++i) {
        for (int p = 0; p < v.cols; ++p) {
            const auto element = static_cast<std::uint32_t>(i * v.cols + p);
            v(i, p) = hat::support::reference::activation(c.activation, v(i, p)) *
                      (drop.active() ? static_cast<double>(drop.factor(element)) : 1.0);
        }
    }
    return v;
}

constexpr std::array cases{
    Case{},
    Case{.shuffle = false},
    Case{.groups = 8, .size = 32},
    Case{.rows = 3, .groups = 1, .size = 50},
    Case{.groups = 2, .size = 3},
    Case{.norm = false},
    Case{.norm = false, .activation = Activation::linear},
    Case{.activation = Activation::gelu},
    Case{.groups = 3, .size = 16, .activation = Activation::linear},
    Case{.dropout = 0.3F},
    Case{.groups = 1, .size = 76, .shuffle = false, .norm = false, .dropout = 0.3F},
    Case{.norm = false, .activation = Activation::linear, .dropout = 0.3F},
};

}  // namespace

TEST_SUITE("kernels/group_epilogue") {
    TEST_CASE("shuffle, norm, activation and dropout, and the way back, are the equations'") {
        hat::Random random(1);
        for (const Case& c : cases) {
            CAPTURE(c.groups);
            CAPTURE(c.size);
            CAPTURE(c.shuffle);
            CAPTURE(c.norm);
            CAPTURE(c.dropout);
            const int outputs = c.groups * c.size;
            const Dropout drop = c.dropout > 0 ? Dropout(c.dropout, hat::RandomKey(5)) : Dropout{};
            const Operand u(random, c.rows, outputs);
            Operand gain(random, 1, c.size);
            Operand shift(random, 1, c.size);
            GroupEpilogue epilogue{c.groups, c.shuffle, c.activation, {}, {}, drop};
            if (c.norm) {
                epilogue.norm_gain = gain.vector();
                epilogue.norm_bias = shift.vector();
            }
            Operand y(c.rows, outputs, 3);
            Operand features(c.rows, outputs, 5);
            Operand deviation(1, c.rows * c.groups);
            const GroupEpilogueKept kept{epilogue.keeps() ? features.view() : hat::Matrix{},
                                         deviation.vector()};
            if (!c.shuffle || c.groups == 1) hat::kernels::add(u.view(), y.view(), false);
            // In two blocks: dropout counts on.
            const bool moves = epilogue.moves();
            const int first = 2;
            apply_group_epilogue(epilogue,
                                 moves ? u.view().top_rows(first) : y.view().top_rows(first), 0,
                                 kept, y.view().top_rows(first));
            const int rest = c.rows - first;
            apply_group_epilogue(epilogue,
                                 moves ? u.view().middle_rows(first, rest)
                                       : y.view().middle_rows(first, rest),
                                 first, kept, y.view().middle_rows(first, rest));
            CHECK(y.padding_is_untouched());
            CHECK(features.padding_is_untouched());

            Doubles du(u);
            Doubles dgain(gain);
            Doubles dshift(shift);
            const auto expected = [&] { return reference_finish(c, drop, du, dgain, dshift); };
            CHECK(relative_error(y.view(), expected()) < tolerance);

            Operand dy(random, c.rows, outputs, 3);
            const Doubles upstream(dy);
            const auto loss = [&] { return dot(expected(), upstream); };
            Operand found_gain(1, c.size);
            Operand found_shift(1, c.size);
            Operand found_bias(1, outputs, 0, 1.0F);
            Arena scratch;
            group_epilogue_backward(epilogue, kept, dy.view(), found_gain.vector(),
                                    found_shift.vector(), found_bias.vector(), scratch);
            CHECK(dy.padding_is_untouched());
            const Doubles slope = finite_differences(du, loss);
            CHECK(relative_error(dy.view(), slope) < tolerance);
            Doubles bias_slope(1, outputs, 1.0);  // added to what was there
            for (int i = 0; i < c.rows; ++i) {
                for (int p = 0; p < outputs; ++p) bias_slope(0, p) += slope(i, p);
            }
            CHECK(relative_error(found_bias.view(), bias_slope) < tolerance);
            if (!c.norm) continue;
            CHECK(relative_error(found_gain.view(), finite_differences(dgain, loss)) < tolerance);
            CHECK(relative_error(found_shift.view(), finite_differences(dshift, loss)) < tolerance);
        }
    }

    TEST_CASE("one group without shuffle is a layer norm, bit by bit") {
        hat::Random random(2);
        const Operand x(random, 6, 45);
        const Operand gain(random, 1, 45);
        const Operand shift(random, 1, 45);
        Operand y = x;
        Operand expected(6, 45);
        apply_group_epilogue({.norm_gain = gain.vector(), .norm_bias = shift.vector()}, y.view(), 0,
                             {}, y.view());
        hat::kernels::layer_norm(x.view(), gain.vector(), shift.vector(), expected.view());
        CHECK(same_bits(y.view(), expected.view()));
    }
}
