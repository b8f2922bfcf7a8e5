// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/embedding.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

using hat::Matrix;
using hat::Ragged;
using hat::RandomKey;
using hat::kernels::Dropout;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::relative_error;

namespace kernels = hat::kernels;

namespace {

constexpr std::array offsets{0, 3, 4, 9};
constexpr std::array tokens{4, 0, 4, 1, 2, 2, 4, 0, 1};
constexpr int vocab_size = 5;
constexpr int positions = 7;  // the longest sentence and the two rows before the first token

Ragged sentences() {
    return {offsets.data(), 3};
}

Doubles naive(const Doubles& table, double scale, const Doubles& places, const Dropout& drop) {
    Doubles y(9, table.cols);
    for (int t = 0; t < 9; ++t) {
        const int begin = t < 3 ? 0 : t < 4 ? 3 : 4;
        for (int j = 0; j < table.cols; ++j) {
            y(t, j) =
                scale * table(tokens[static_cast<std::size_t>(t)], j) + places(2 + t - begin, j);
            y(t, j) *=
                static_cast<double>(drop.factor(static_cast<std::uint32_t>(t * table.cols + j)));
        }
    }
    return y;
}

/// A product, a sum and a mask.
constexpr double tolerance = 3e-7;

}  // namespace

TEST_SUITE("kernels/embedding") {
    TEST_CASE("a token is its scaled row and the row of its place in its sentence") {
        hat::Random random(1);
        for (const int dim : {4, 16, 19}) {
            for (const float probability : {0.0F, 0.5F}) {
                const Dropout drop(probability, RandomKey(3));
                const Operand table(random, vocab_size, dim, 2);
                const Operand places(random, positions, dim, 1);
                Operand y(9, dim, 3);
                kernels::embed(tokens, sentences(), table.view(), 1.5F, places.view(), drop,
                               y.view());
                CHECK(relative_error(y.view(), naive(Doubles(table), 1.5, Doubles(places), drop)) <
                      tolerance);
                kernels::embed(tokens, sentences(), table.view(), 1.5F, {}, drop, y.view());
                CHECK(relative_error(y.view(), naive(Doubles(table), 1.5, Doubles(positions, dim),
                                                     drop)) < tolerance);
                CHECK(y.padding_is_untouched());
            }
        }
    }

    TEST_CASE("gradients are finite differences, added to what is there") {
        hat::Random random(2);
        for (const int dim : {5, 16}) {
            const Dropout drop(0.3F, RandomKey(4));
            const Operand dy(random, 9, dim, 1);
            const Operand old_table(random, vocab_size, dim, 2);
            const Operand old_places(random, positions, dim);
            Operand dtable = old_table;
            Operand dplaces = old_places;
            kernels::embed_backward(tokens, sentences(), dy.view(), 1.5F, drop, dtable.view(),
                                    dplaces.view());
            Doubles table(vocab_size, dim);
            Doubles places(positions, dim);
            const auto loss = [&] { return dot(naive(table, 1.5, places, drop), Doubles(dy)); };
            CHECK(relative_error(dtable.view(), finite_differences(table, loss) +
                                                    Doubles(old_table)) < 4 * tolerance);
            CHECK(relative_error(dplaces.view(), finite_differences(places, loss) +
                                                     Doubles(old_places)) < 4 * tolerance);
            CHECK(dtable.padding_is_untouched());

            // Either alone gets the same.
            Operand table_alone = old_table;
            kernels::embed_backward(tokens, sentences(), dy.view(), 1.5F, drop, table_alone.view(),
                                    Matrix());
            CHECK(hat::support::same_bits(table_alone.view(), dtable.view()));
            Operand places_alone = old_places;
            kernels::embed_backward(tokens, sentences(), dy.view(), 1.5F, drop, Matrix(),
                                    places_alone.view());
            CHECK(hat::support::same_bits(places_alone.view(), dplaces.view()));
        }
    }

    TEST_CASE("only the rows of tokens and places that occur get a gradient") {
        hat::Random random(3);
        const Operand dy(random, 9, 6);
        Operand dtable(vocab_size, 6);
        Operand dplaces(positions, 6);
        kernels::embed_backward(tokens, sentences(), dy.view(), 1.0F, Dropout(), dtable.view(),
                                dplaces.view());
        for (int j = 0; j < 6; ++j) {
            CHECK(dtable(3, j) == 0.0F);
            CHECK(dtable(4, j) != 0.0F);
            CHECK(dplaces(0, j) == 0.0F);
            CHECK(dplaces(1, j) == 0.0F);
            CHECK(dplaces(hat::first_position, j) != 0.0F);
        }
    }

    TEST_CASE("sinusoidal positions equal their formula") {
        for (const int dim : {4, 7, 32}) {
            Operand table(60, dim, 2);
            kernels::sinusoidal_positions(table.view());
            const int half = dim / 2;
            double worst = 0;
            for (int p = 0; p < 60; ++p) {
                for (int k = 0; k < half; ++k) {
                    const double angle = p * std::exp(-k * std::log(10000.0) / (half - 1));
                    const auto error = [&](int column, double expected) {
                        return std::abs(static_cast<double>(table(p, column)) - expected);
                    };
                    worst = std::max(
                        {worst, error(k, std::sin(angle)), error(half + k, std::cos(angle))});
                }
                if (dim % 2 == 1) CHECK(table(p, dim - 1) == 0.0F);
            }
            // Angles up to 60 are rounded to float, and so are the exponents of the frequencies.
            CHECK(worst < 60 * 10 * hat::support::float_rounding);
            CHECK(table.padding_is_untouched());
        }
    }
}
