// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/gradient_check.hpp>
#include <hat/nn/adaptive_input.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

using namespace hat::nn;
using hat::Arena;
using hat::Random;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::support::Doubles;
using hat::support::finite_differences;
using hat::support::Operand;
using hat::support::relative_error;

namespace {

constexpr AdaptiveBands bands = adaptive_bands(std::array{5, 9}, 20, 12, 2);
const std::vector<int> words{3, 19, 5, 0, 8, 5, 3, 12};

/// An adaptive input with weights and gradients of its own.
struct Case {
    Random random{1};
    std::deque<Operand> values{}, gradients{};
    std::deque<std::uint8_t> marks{};
    AdaptiveInput<Trainable> layer{};

    explicit Case(bool scaled) {
        layer.bands = bands;
        layer.scaled = scaled;
        for (int i = 0; i < bands.count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            layer.tables[slot] = parameter(bands.size(i), bands.band_dim(i));
            layer.projections[slot] = parameter(bands.dim, bands.band_dim(i));
        }
    }
    Parameter parameter(int rows, int cols) {
        values.emplace_back(random, rows, cols);
        gradients.emplace_back(rows, cols);
        marks.push_back(0);
        return {values.back().view(), gradients.back().view(), &marks.back()};
    }
    /// In the order in which they were made.
    [[nodiscard]] std::vector<Doubles> doubles() const {
        std::vector<Doubles> all;
        for (const Operand& value : values) all.emplace_back(value);
        return all;
    }
};

/// Word by word, in double precision. `weights`: table and projection of each band.
Doubles slow_input(const std::vector<Doubles>& weights, bool scaled) {
    Doubles y(static_cast<int>(words.size()), bands.dim);
    for (int t = 0; t < y.rows; ++t) {
        const int word = words[static_cast<std::size_t>(t)];
        const int band = word < 5 ? 0 : word < 9 ? 1 : 2;
        const int first = band == 0 ? 0 : band == 1 ? 5 : 9;
        const Doubles& table = weights[static_cast<std::size_t>(2 * band)];
        const Doubles& projection = weights[static_cast<std::size_t>(2 * band + 1)];
        for (int j = 0; j < y.cols; ++j) {
            for (int k = 0; k < table.cols; ++k) {
                y(t, j) += projection(j, k) * table(word - first, k) *
                           (scaled ? std::sqrt(table.cols) : 1.0);
            }
        }
    }
    return y;
}

}  // namespace

TEST_SUITE("nn/adaptive_input") {
    TEST_CASE("forward and backward equal the words taken one by one") {
        for (const bool scaled : {true, false}) {
            Case c(scaled);
            Arena memory;
            Arena scratch;
            Tape tape(memory, scratch, RandomKey(1));
            const Variable y = forward(tape, c.layer, words);
            std::vector<Doubles> weights = c.doubles();
            CHECK(relative_error(y.value, slow_input(weights, scaled)) < 1e-6);

            const Operand upstream(c.random, y.rows(), y.cols());
            hat::kernels::add(upstream.view(), tape.gradient(y), false);
            tape.backward();
            for (std::size_t i = 0; i < weights.size(); ++i) {
                CAPTURE(i);
                const Doubles expected = finite_differences(weights[i], [&] {
                    return dot(slow_input(weights, scaled), Doubles(upstream));
                });
                CHECK(relative_error(c.gradients[i].view(), expected) < 1e-5);
                CHECK(c.marks[i] == 1);
            }
        }
    }

    TEST_CASE("a band without a word gets no gradient") {
        Case c(true);
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const std::vector<int> frequent{1, 7, 2};
        const Variable y = forward(tape, c.layer, frequent);
        CHECK(y.rows() == 3);
        for (float& x : tape.gradient(y).row(0)) x = 1;
        tape.backward();
        CHECK(std::vector(c.marks.begin(), c.marks.end()) ==
              std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0});
    }

    TEST_CASE("packed weights give the same") {
        Case c(true);
        AdaptiveInput<Packed> packed{.bands = bands};
        std::deque<std::vector<float>> panels;
        for (int i = 0; i < bands.count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            const hat::ConstMatrix projection = c.layer.projections[slot].value;
            packed.tables[slot] = c.layer.tables[slot].value;
            panels.emplace_back(static_cast<std::size_t>(
                hat::kernels::packed_size(projection.rows(), projection.cols())));
            packed.projections[slot] = hat::kernels::pack(projection, panels.back().data());
        }
        Arena memory;
        Arena scratch;
        Eval context(memory, scratch);
        CHECK(hat::support::same_bits(forward(context, packed, words).value,
                                      forward(context, c.layer, words).value));
    }
}
