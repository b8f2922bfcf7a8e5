// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/adaptive_softmax.hpp>
#include <hat/nn/embedding.hpp>
#include <hat/nn/pack.hpp>
#include <hat/nn/trainable_int8.hpp>

#include "support/group_layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

using namespace hat::nn;
using hat::Activation;
using hat::Arena;
using hat::ConstMatrix;
using hat::Random;
using hat::RandomKey;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::support::Doubles;
using hat::support::GroupLayers;
using hat::support::Operand;
using hat::support::OwnEval;

namespace {

/// The largest difference, in parts of the largest number.
double difference(ConstMatrix a, ConstMatrix b) {
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < a.rows(); ++i) {
        for (int j = 0; j < a.cols(); ++j) {
            largest = std::max(largest, std::abs(static_cast<double>(b(i, j))));
            worst = std::max(worst, std::abs(static_cast<double>(a(i, j) - b(i, j))));
        }
    }
    return worst / largest;
}
constexpr double rounding_of_sums = 1e-5;

/// Whether `layer` computes as its `Int8` does, which is served in 8 bits.
template <class Int8, class Rounded, class Layer, class... Inputs>
void check_as_served(const Layer& layer, const Inputs&... inputs) {
    OwnEval own;
    const PackedTree<Int8> served(layer);
    const RoundedTree<Rounded> rounded(layer);
    CHECK(difference(forward(own.eval, rounded.view(layer), inputs...).value,
                     forward(own.eval, served.view(), inputs...).value) < rounding_of_sums);
}

/// x, rounded number by number, in doubles.
Doubles rounded_rows(const Doubles& x, bool has_short_scale) {
    Doubles y = x;
    for (int i = 0; i < x.rows; ++i) {
        double largest = 0;
        for (int j = 0; j < x.cols; ++j) largest = std::max(largest, std::abs(x(i, j)));
        const double scale = has_short_scale
                                 ? static_cast<double>(hat::int8_scale(static_cast<float>(largest)))
                                 : largest / 127;
        for (int j = 0; j < x.cols; ++j) y(i, j) = std::nearbyint(x(i, j) / scale) * scale;
    }
    return y;
}
/// a · b, either turned around first if told so.
Doubles product(const Doubles& a, bool turns_a, const Doubles& b, bool turns_b) {
    const int n = turns_a ? a.rows : a.cols;
    Doubles y(turns_a ? a.cols : a.rows, turns_b ? b.rows : b.cols);
    for (int i = 0; i < y.rows; ++i) {
        for (int j = 0; j < y.cols; ++j) {
            for (int k = 0; k < n; ++k)
                y(i, j) += (turns_a ? a(k, i) : a(i, k)) * (turns_b ? b(j, k) : b(k, j));
        }
    }
    return y;
}

}  // namespace

TEST_SUITE("nn/trainable_int8") {
    TEST_CASE("layers compute as those that are served in 8 bits") {
        GroupLayers layers(1);
        check_as_served<Linear<PackedInt8>, Linear<TrainableInt8>>(
            layers.linear(37, 19), layers.variable(5, 19), Activation::swish);
        check_as_served<GroupLinear<PackedInt8>, GroupLinear<TrainableInt8>>(
            layers.group_linear(32, 40, 88, 8, true, Activation::swish), layers.variable(11, 32),
            layers.variable(11, 40), 0.0F);
        check_as_served<GroupLinear<PackedInt8>, GroupLinear<TrainableInt8>>(
            layers.group_linear(24, 0, 40, 2, false, Activation::gelu), layers.variable(3, 24),
            0.0F);
        check_as_served<FeedForward<PackedInt8>, FeedForward<TrainableInt8>>(
            layers.feed_forward(24, 50, Activation::relu), layers.variable(7, 24), 0.0F);
    }

    TEST_CASE(
        "of shared tables, words have the scale of the widest, an output that of its inputs") {
        Random random(2);
        Operand table(random, 20, 12);
        for (int i = 0; i < 20; ++i) table(i, 11) = 9;
        const Parameter all{table.view(), {}, nullptr};
        const Parameter part = all.top_left(20, 8);
        const std::array tokens{3, 0, 19};
        const std::array offsets{0, 3};
        const hat::Ragged sentences(offsets.data(), 1);
        OwnEval own;
        const Embedding<Trainable> narrow{part};
        const PackedTree<Embedding<PackedInt8>> served(narrow, table.view());
        const RoundedTree<Embedding<TrainableInt8>> rounded(narrow, table.view());
        CHECK(hat::support::same_bits(
            forward(own.eval, rounded.view(narrow, table.view()), tokens, sentences, 2.0F).value,
            forward(own.eval, served.view(), tokens, sentences, 2.0F).value));
        Operand x(random, 4, 8);
        check_as_served<Linear<PackedInt8>, Linear<TrainableInt8>>(Linear<Trainable>{part, {}},
                                                                   Variable{x.view(), nullptr});
    }

    TEST_CASE("gradients are those of rounded numbers, as if rounding had the slope 1") {
        constexpr int rows = 6;
        constexpr int dim = 10;
        constexpr int inner = 17;
        Random random(3);
        Operand first(random, inner, dim);
        Operand second(random, dim, inner);
        Operand first_bias(random, 1, inner);
        Operand second_bias(random, 1, dim);
        std::deque<Operand> gradients;
        std::uint8_t mark = 0;
        const auto parameter = [&](const Operand& of) -> Parameter {
            const ConstMatrix value = of.view();
            return {value, gradients.emplace_back(value.rows(), value.cols()).view(), &mark};
        };
        const FeedForward<Trainable> layer{{parameter(first), parameter(first_bias)},
                                           {parameter(second), parameter(second_bias)},
                                           Activation::relu};
        const RoundedTree<FeedForward<TrainableInt8>> rounded(layer);
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Operand input(random, rows, dim);
        const Operand upstream(random, rows, dim);
        const Variable x = tape.variable(rows, dim);
        hat::kernels::add(input.view(), x.value, false);
        const Variable y = forward(tape, rounded.view(layer), x, 0.0F);
        hat::kernels::add(upstream.view(), tape.gradient(y), false);
        tape.backward();

        const Doubles dy(upstream.view());
        const Doubles rounded_x = rounded_rows(Doubles(input.view()), false);
        const Doubles w1 = rounded_rows(Doubles(first.view()), true);
        const Doubles w2 = rounded_rows(Doubles(second.view()), true);
        Doubles h = product(rounded_x, false, w1, true);
        for (int i = 0; i < rows; ++i) {
            for (int j = 0; j < inner; ++j)
                h(i, j) = std::max(h(i, j) + static_cast<double>(first_bias(0, j)), 0.0);
        }
        Doubles dh = product(dy, false, w2, false);
        for (int i = 0; i < rows; ++i) {
            for (int j = 0; j < inner; ++j)
                if (h(i, j) == 0) dh(i, j) = 0;
        }
        const Doubles ones(1, rows, 1.0);
        const std::array expected{
            product(dh, true, rounded_x, false), product(ones, false, dh, false),
            product(dy, true, rounded_rows(h, false), false), product(ones, false, dy, false)};
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(hat::support::relative_error(gradients[i].view(), expected[i]) <
                  rounding_of_sums);
        CHECK(hat::support::relative_error(tape.gradient(x), product(dh, false, w1, false)) <
              rounding_of_sums);
        CHECK(mark == 1);
    }

    TEST_CASE("weights are rounded when told to; views stay good") {
        std::array weight{1.0F, 0.5F};
        const Linear<Trainable> layer{{{weight.data(), 1, 2}, {}, nullptr}, {}};
        RoundedTree<Linear<TrainableInt8>> rounded(layer);
        const Linear<TrainableInt8> view = rounded.view(layer);
        const float half = view.weight.value(0, 1);
        CHECK(half == doctest::Approx(0.5F).epsilon(0.01));
        CHECK(half != 0.5F);
        weight[1] = 0.25F;
        CHECK(view.weight.value(0, 1) == half);
        rounded.round(layer);
        CHECK(view.weight.value(0, 1) == doctest::Approx(0.25F).epsilon(0.01));
    }

    TEST_CASE("a weight that is used the other way round has a scale for each of its columns") {
        constexpr AdaptiveBands bands = adaptive_bands(std::array{270}, 300, 6, 2);
        Random random(4);
        std::deque<Operand> values;
        const auto parameter = [&](int rows, int cols) -> Parameter {
            return {values.emplace_back(random, rows, cols).view(), {}, nullptr};
        };
        AdaptiveSoftmax<Trainable> layer{.bands = bands, .has_tied_projections = true};
        layer.head = parameter(bands.size(0), bands.dim);
        layer.classes = parameter(1, bands.dim);
        layer.projections[0] = parameter(bands.dim, bands.band_dim(1));
        layer.tails[0] = parameter(bands.size(1), bands.band_dim(1));
        const PackedTree<AdaptiveSoftmax<PackedInt8>> served(layer);
        const RoundedTree<AdaptiveSoftmax<TrainableInt8>> rounded(layer);
        Operand x(random, 4, bands.dim);
        const Variable states{x.view(), nullptr};
        const std::vector<int> words{3, 280, 299, 271};
        OwnEval own;
        Operand expected(4, 300);
        Operand found(4, 300);
        log_probabilities(own.eval, served.view(), states, expected.view());
        log_probabilities(own.eval, rounded.view(layer), states, found.view());
        CHECK(difference(found.view(), expected.view()) < rounding_of_sums);
        CHECK(cross_entropy(own.eval, rounded.view(layer), states, words).loss ==
              doctest::Approx(cross_entropy(own.eval, served.view(), states, words).loss));
    }
}
