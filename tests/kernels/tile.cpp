// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/tile.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstddef>

using hat::Activation;
using hat::kernels::Output;
using hat::support::Operand;
using hat::support::same_bits;

namespace detail = hat::kernels::detail;

TEST_SUITE("kernels/tile") {
    constexpr int inputs = 19;
    constexpr int most_panels = 11;

    // The right operand as panels: row k · panels + p holds 16 outputs.
    struct Panels {
        Operand numbers;
        int count;

        Panels(hat::Random& random, int panels)
            : numbers(random, panels * inputs, hat::kernels::panel_width), count(panels) {}

        [[nodiscard]] hat::kernels::RightOperand view() const {
            return {numbers.view().data(), std::ptrdiff_t{inputs} * hat::kernels::panel_width,
                    hat::kernels::panel_width};
        }
        /// Row-major [outputs, inputs].
        [[nodiscard]] Operand weights() const {
            Operand w(count * hat::kernels::panel_width, inputs);
            for (int j = 0; j < w.view().rows(); ++j) {
                for (int k = 0; k < inputs; ++k) {
                    w(j, k) = numbers(j / hat::kernels::panel_width * inputs + k,
                                      j % hat::kernels::panel_width);
                }
            }
            return w;
        }
    };

    TEST_CASE("every tile gives the bits of one scalar chain per output") {
        hat::Random random(1);
        for (int panels = 1; panels <= most_panels; ++panels) {
            const Panels right(random, panels);
            const int outputs = panels * hat::kernels::panel_width - 3;
            const Operand weights = right.weights();
            for (int rows = 1; rows <= detail::max_tile_rows; ++rows) {
                const Operand x(random, rows, inputs, 4);
                Operand y(rows, outputs, 5);
                detail::compute_rows(rows, {x.view().data(), x.view().stride(), 1}, right.view(),
                                     inputs, 0, 0, panels, {.y = y.view()});
                const Operand zero(1, outputs);
                CAPTURE(rows);
                CAPTURE(panels);
                CHECK(same_bits(y.view(),
                                hat::support::fma_chains(x.view(), weights.view().top_rows(outputs),
                                                         zero.view())
                                    .view()));
                CHECK(y.padding_is_untouched());
            }
        }
    }

    TEST_CASE("rows are shared out among tiles, each computed once") {
        hat::Random random(2);
        const Panels right(random, 3);
        const Operand weights = right.weights();
        const Operand zero(1, 48);
        for (int rows = 0; rows <= 60; ++rows) {
            const Operand x(random, rows, inputs);
            // A row that is computed twice has its sum twice.
            Operand y(rows, 48);
            detail::compute_panels({x.view().data(), x.view().stride(), 1}, rows, right.view(),
                                   inputs, 0, 3, {.y = y.view(), .accumulate = true});
            CHECK(same_bits(
                y.view(), hat::support::fma_chains(x.view(), weights.view(), zero.view()).view()));
        }
    }

    TEST_CASE("what a tile asks for makes no difference to its bits") {
        hat::Random random(6);
        constexpr int panels = 8;
        const Panels right(random, panels);
        constexpr int outputs = panels * hat::kernels::panel_width;
        for (int rows = 1; rows <= 4 * detail::max_tile_rows; rows += 3) {
            const Operand x(random, rows, inputs);
            const hat::kernels::LeftOperand left{x.view().data(), x.view().stride(), 1};
            const auto product = [&](bool asks) {
                Operand y(rows, outputs);
                hat::kernels::RightOperand weights = right.view();
                for (const int first : {0, panels / 2}) {
                    if (asks)
                        weights.ahead.panels =
                            first == 0 ? panels / 2 : hat::kernels::Ahead::next_tile;
                    detail::compute_panels(left, rows, weights, inputs, first, first + panels / 2,
                                           {.y = y.view()});
                }
                return y;
            };
            CHECK(same_bits(product(false).view(), product(true).view()));
        }
    }

    TEST_CASE("only the panels asked for are computed") {
        hat::Random random(3);
        const Panels right(random, 4);
        const Operand x(random, 5, inputs);
        Operand y(5, 64, 0, -1.0F);
        detail::compute_panels({x.view().data(), x.view().stride(), 1}, 5, right.view(), inputs, 1,
                               3, {.y = y.view()});
        for (int i = 0; i < 5; ++i) {
            for (int j = 0; j < 64; ++j) CHECK((y(i, j) == -1.0F) == (j < 16 || j >= 48));
        }
    }

    TEST_CASE("an output starts from what is there, else from the bias, else from 0") {
        hat::Random random(4);
        const Operand old(random, 2, 20);
        const Operand bias(random, 1, 20);
        Operand y = old;
        const auto start = [&](const Output& output, int row, int panel) {
            alignas(64) float sixteen[hat::simd::lanes];
            hat::simd::store(output.start(row, panel), sixteen);
            return sixteen[3];
        };
        CHECK(start({.y = y.view()}, 1, 1) == 0.0F);
        CHECK(start({.y = y.view(), .bias = bias.vector().data()}, 1, 1) == bias(0, 19));
        CHECK(start({.y = y.view(), .bias = bias.vector().data(), .accumulate = true}, 1, 1) ==
              old(1, 19));
    }

    TEST_CASE("an output ends with its activation") {
        Operand y(1, 5, 14);
        const Output output{.y = y.view(), .activation = Activation::relu};
        output.finish(0, 0, hat::simd::broadcast(-2.0F));
        for (int j = 0; j < 5; ++j) CHECK(y(0, j) == 0.0F);
        Output{.y = y.view(), .activation = Activation::tanh}.finish(0, 0,
                                                                     hat::simd::broadcast(-20.0F));
        for (int j = 0; j < 5; ++j) CHECK(y(0, j) == -1.0F);
        CHECK(y.padding_is_untouched());
    }
}
