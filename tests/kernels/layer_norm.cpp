// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/layer_norm.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using hat::Matrix;
using hat::RandomKey;
using hat::kernels::Dropout;
using hat::support::Doubles;
using hat::support::finite_differences;
using hat::support::Operand;
using hat::support::relative_error;
using hat::support::same_bits;

namespace kernels = hat::kernels;
namespace reference = hat::support::reference;

namespace {

/// Mean, variance and result are each rounded a few times; sums have few terms.
constexpr double tolerance = 1e-6;

/// Operands of `residual_layer_norm`, its results, and its double-precision twin.
struct Case {
    Operand x;
    Operand branch;
    Operand gain;
    Operand bias;
    Operand normalized;
    Operand inverse_deviation;
    Operand y;
    Dropout drop;

    Case(hat::Random& random, int rows, int cols, float probability)
        : x(random, rows, cols, 3), branch(random, rows, cols, 1), gain(random, 1, cols),
          bias(random, 1, cols), normalized(rows, cols, 2), inverse_deviation(1, rows),
          y(rows, cols, 4), drop(probability, RandomKey(7)) {}

    void run(bool with_branch) {
        kernels::residual_layer_norm(
            drop, x.view(), with_branch ? branch.view() : hat::ConstMatrix(), gain.vector(),
            bias.vector(), normalized.view(), inverse_deviation.vector(), y.view());
    }

    /// x + branch ∘ mask.
    [[nodiscard]] Doubles sums(const Doubles& xs, const Doubles& branches) const {
        Doubles sum = xs;
        for (std::size_t i = 0; i < sum.data.size(); ++i) {
            sum.data[i] +=
                branches.data[i] * static_cast<double>(drop.factor(static_cast<std::uint32_t>(i)));
        }
        return sum;
    }
};

}  // namespace

TEST_SUITE("kernels/layer_norm") {
    TEST_CASE("layer norm equals its definition for every width") {
        hat::Random random(1);
        for (int n = 2; n <= 50; ++n) {
            CAPTURE(n);
            const Operand x(random, 4, n, 5);
            const Operand gain(random, 1, n);
            const Operand bias(random, 1, n);
            Operand y(4, n, 2);
            kernels::layer_norm(x.view(), gain.vector(), bias.vector(), y.view());
            CHECK(relative_error(y.view(), reference::layer_norm(Doubles(x), Doubles(gain),
                                                                 Doubles(bias))) < tolerance);
            CHECK(y.padding_is_untouched());
            Operand in_place = x;
            kernels::layer_norm(in_place.view(), gain.vector(), bias.vector(), in_place.view());
            CHECK(same_bits(in_place.view(), y.view()));
        }
    }

    TEST_CASE(
        "a constant row becomes the bias, and a mean far from 0 costs only its own rounding") {
        hat::Random random(2);
        const Operand gain(random, 1, 35);
        const Operand bias(random, 1, 35);
        Operand x(1, 35, 0, 3.0F);
        Operand y(1, 35);
        kernels::layer_norm(x.view(), gain.vector(), bias.vector(), y.view());
        CHECK(same_bits(y.view(), bias.view()));

        for (int j = 0; j < 35; ++j) x(0, j) = 1000.0F + static_cast<float>(random.normal());
        kernels::layer_norm(x.view(), gain.vector(), bias.vector(), y.view());
        // The mean, 1000, is rounded to 6e-5 at a deviation of 1, after sums that round as much.
        CHECK(relative_error(y.view(), reference::layer_norm(Doubles(x), Doubles(gain),
                                                             Doubles(bias))) < 2e-4);
    }

    TEST_CASE("a residual norm keeps what the backward pass needs") {
        hat::Random random(3);
        for (const int cols : {2, 15, 16, 33}) {
            for (const float probability : {0.0F, 0.4F}) {
                CAPTURE(cols);
                Case c(random, 5, cols, probability);
                c.run(true);
                const Doubles sum = c.sums(Doubles(c.x), Doubles(c.branch));
                const Doubles one(1, cols, 1.0);
                const Doubles zero(1, cols);
                CHECK(relative_error(c.y.view(),
                                     reference::layer_norm(sum, Doubles(c.gain), Doubles(c.bias))) <
                      tolerance);
                CHECK(relative_error(c.normalized.view(), reference::layer_norm(sum, one, zero)) <
                      tolerance);
                Doubles inverse(1, 5);
                for (int i = 0; i < 5; ++i) {
                    double mean = 0;
                    double squares = 0;
                    for (int j = 0; j < cols; ++j) mean += sum(i, j) / cols;
                    for (int j = 0; j < cols; ++j) {
                        squares += (sum(i, j) - mean) * (sum(i, j) - mean);
                    }
                    inverse(0, i) = 1 / std::sqrt(squares / cols + 1e-5);
                }
                CHECK(relative_error(c.inverse_deviation.view(), inverse) < 4 * tolerance);
                CHECK(c.y.padding_is_untouched());
                CHECK(c.normalized.padding_is_untouched());
            }
        }
    }

    TEST_CASE("without a branch a residual norm has the bits of the plain norm") {
        hat::Random random(4);
        Case c(random, 3, 29, 0.5F);
        c.run(false);
        Operand plain(3, 29);
        kernels::layer_norm(c.x.view(), c.gain.vector(), c.bias.vector(), plain.view());
        CHECK(same_bits(c.y.view(), plain.view()));
    }

    TEST_CASE("gradients are finite differences of the definition, added where told to") {
        hat::Random random(5);
        for (const int cols : {3, 16, 21}) {
            for (const float probability : {0.0F, 0.4F}) {
                CAPTURE(cols);
                Case c(random, 4, cols, probability);
                c.run(true);
                const Operand dy(random, 4, cols, 6);
                const Operand old_x(random, 4, cols, 1);
                const Operand old_branch(random, 4, cols);
                const Operand old_gain(random, 1, cols);
                const Operand old_bias(random, 1, cols);

                Doubles x(c.x);
                Doubles branch(c.branch);
                Doubles gain(c.gain);
                Doubles bias(c.bias);
                const auto loss = [&] {
                    return dot(reference::layer_norm(c.sums(x, branch), gain, bias), Doubles(dy));
                };
                const Doubles x_slope = finite_differences(x, loss);
                const Doubles branch_slope = finite_differences(branch, loss);

                // Three columns can lie close together: the deviation divides the roundings.
                constexpr double gradient_tolerance = 2e-5;
                for (const bool accumulate : {false, true}) {
                    Operand dx = old_x;
                    Operand dbranch = old_branch;
                    Operand dgain = old_gain;
                    Operand dbias = old_bias;
                    kernels::residual_layer_norm_backward(
                        c.drop, c.normalized.view(), c.inverse_deviation.vector(), c.gain.vector(),
                        dy.view(), dx.view(), accumulate, dbranch.view(), !accumulate,
                        dgain.vector(), dbias.vector());
                    const Doubles none(4, cols);
                    CHECK(
                        relative_error(dx.view(), x_slope + (accumulate ? Doubles(old_x) : none)) <
                        gradient_tolerance);
                    CHECK(relative_error(dbranch.view(),
                                         branch_slope + (accumulate ? none : Doubles(old_branch))) <
                          gradient_tolerance);
                    CHECK(relative_error(dgain.view(), finite_differences(gain, loss) +
                                                           Doubles(old_gain)) < gradient_tolerance);
                    CHECK(relative_error(dbias.view(), finite_differences(bias, loss) +
                                                           Doubles(old_bias)) < gradient_tolerance);
                    CHECK(dx.padding_is_untouched());
                    CHECK(dbranch.padding_is_untouched());
                }
            }
        }
    }

    TEST_CASE("without a branch only the other gradients are written") {
        hat::Random random(6);
        Case c(random, 4, 18, 0.3F);
        c.run(false);
        const Operand dy(random, 4, 18);
        Operand dx(4, 18);
        Operand dgain(1, 18);
        Operand dbias(1, 18);
        kernels::residual_layer_norm_backward(
            c.drop, c.normalized.view(), c.inverse_deviation.vector(), c.gain.vector(), dy.view(),
            dx.view(), false, Matrix(), false, dgain.vector(), dbias.vector());
        Doubles x(c.x);
        const Doubles slope = finite_differences(x, [&] {
            return dot(reference::layer_norm(x, Doubles(c.gain), Doubles(c.bias)), Doubles(dy));
        });
        CHECK(relative_error(dx.view(), slope) < 2e-6);
    }
}
