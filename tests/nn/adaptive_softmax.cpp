// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/adaptive_softmax.hpp>

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

constexpr AdaptiveBands bands = adaptive_bands(std::array{270, 280}, 300, 6, 2);
/// Both tails, their first and second words, and band 0 on both sides of a block of words.
const std::vector<int> targets{3, 280, 255, 256, 269, 270, 271, 281, 271, 299};

/// An adaptive softmax with weights and gradients of its own, in this order: head, classes (if
/// tied), projection and table of each tail.
struct Case {
    Random random{1};
    std::deque<Operand> values{}, gradients{};
    std::deque<std::uint8_t> marks{};
    AdaptiveSoftmax<Trainable> layer{};
    Operand features{random, static_cast<int>(targets.size()), bands.dim};

    explicit Case(bool tied) {
        layer.bands = bands;
        layer.has_tied_projections = tied;
        layer.head = parameter(tied ? bands.size(0) : bands.head_size(), bands.dim);
        if (tied) layer.classes = parameter(bands.count - 1, bands.dim);
        for (int i = 1; i < bands.count; ++i) {
            const auto slot = static_cast<std::size_t>(i - 1);
            const int dim = bands.band_dim(i);
            layer.projections[slot] = tied ? parameter(bands.dim, dim) : parameter(dim, bands.dim);
            layer.tails[slot] = parameter(bands.size(i), dim);
        }
    }
    Parameter parameter(int rows, int cols) {
        values.emplace_back(random, rows, cols, 0, 0.5);
        gradients.emplace_back(rows, cols);
        marks.push_back(0);
        return {values.back().view(), gradients.back().view(), &marks.back()};
    }
    [[nodiscard]] std::vector<Doubles> doubles() const {
        std::vector<Doubles> all{Doubles(features)};
        for (const Operand& value : values) all.emplace_back(value);
        return all;
    }
    [[nodiscard]] Variable input(Tape& tape) const {
        const Variable x = tape.variable(features.view().rows(), bands.dim);
        hat::kernels::add(features.view(), x.value, false);
        return x;
    }
};

/// log p of every word, softmax by softmax in double precision; `weights` begins with x.
Doubles slow_log_probabilities(const std::vector<Doubles>& weights, bool tied) {
    const Doubles& x = weights[0];
    Doubles head = hat::support::reference::multiply_nt(x, weights[1]);
    if (tied) {
        const Doubles words = head;
        const Doubles classes = hat::support::reference::multiply_nt(x, weights[2]);
        head = Doubles(x.rows, bands.head_size());
        for (int i = 0; i < x.rows; ++i) {
            for (int j = 0; j < head.cols; ++j)
                head(i, j) = j < words.cols ? words(i, j) : classes(i, j - words.cols);
        }
    }
    Doubles y(x.rows, bands.vocab_size());
    for (int i = 0; i < x.rows; ++i) {
        hat::support::reference::softmax_row(head, i, head.cols);
        for (int j = 0; j < bands.size(0); ++j) y(i, j) = std::log(head(i, j));
    }
    for (int band = 1; band < bands.count; ++band) {
        const auto at = static_cast<std::size_t>((tied ? 3 : 2) + 2 * (band - 1));
        Doubles hidden(x.rows, bands.band_dim(band));
        for (int i = 0; i < x.rows; ++i) {
            for (int j = 0; j < hidden.cols; ++j) {
                for (int k = 0; k < x.cols; ++k)
                    hidden(i, j) += x(i, k) * (tied ? weights[at](k, j) : weights[at](j, k));
            }
        }
        Doubles tail = hat::support::reference::multiply_nt(hidden, weights[at + 1]);
        for (int i = 0; i < x.rows; ++i) {
            hat::support::reference::softmax_row(tail, i, tail.cols);
            for (int j = 0; j < tail.cols; ++j)
                y(i, bands.first(band) + j) =
                    std::log(head(i, bands.size(0) + band - 1)) + std::log(tail(i, j));
        }
    }
    return y;
}

double slow_loss(const std::vector<Doubles>& weights, bool tied) {
    const Doubles y = slow_log_probabilities(weights, tied);
    double sum = 0;
    for (int i = 0; i < y.rows; ++i) sum -= y(i, targets[static_cast<std::size_t>(i)]);
    return sum;
}

}  // namespace

TEST_SUITE("nn/adaptive_softmax") {
    TEST_CASE("loss and gradients equal those of the softmaxes written out, tied and untied") {
        for (const bool tied : {true, false}) {
            CAPTURE(tied);
            Case c(tied);
            Arena memory;
            Arena scratch;
            Tape tape(memory, scratch, RandomKey(1));
            const Variable x = c.input(tape);
            const auto sum = cross_entropy(tape, c.layer, x, targets);
            tape.backward();
            std::vector<Doubles> weights = c.doubles();
            CHECK(sum.loss == doctest::Approx(slow_loss(weights, tied)).epsilon(1e-6));
            CHECK(sum.nll == sum.loss);
            for (std::size_t i = 0; i < weights.size(); ++i) {
                CAPTURE(i);
                const Doubles expected =
                    finite_differences(weights[i], [&] { return slow_loss(weights, tied); });
                const hat::ConstMatrix found =
                    i == 0 ? tape.gradient(x) : c.gradients[i - 1].view();
                CHECK(relative_error(found, expected) < 1e-5);
                if (i > 0) CHECK(c.marks[i - 1] == 1);
            }
        }
    }

    TEST_CASE("log-probabilities are those of the loss, and make one in all") {
        for (const bool tied : {true, false}) {
            Case c(tied);
            Arena memory;
            Arena scratch;
            Eval context(memory, scratch);
            const Variable x{c.features.view(), nullptr};
            Operand y(x.rows(), bands.vocab_size(), 5);
            log_probabilities(context, c.layer, x, y.view());
            CHECK(y.padding_is_untouched());
            CHECK(relative_error(y.view(), slow_log_probabilities(c.doubles(), tied)) < 1e-6);
            double nll = 0;
            for (int i = 0; i < x.rows(); ++i) {
                double all = 0;
                for (const float p : y.view().row(i)) all += std::exp(static_cast<double>(p));
                CHECK(all == doctest::Approx(1).epsilon(1e-5));
                nll -= static_cast<double>(y(i, targets[static_cast<std::size_t>(i)]));
            }
            CHECK(cross_entropy(context, c.layer, x, targets).nll ==
                  doctest::Approx(nll).epsilon(1e-5));
        }
    }

    TEST_CASE("packed weights give the same log-probabilities") {
        for (const bool tied : {true, false}) {
            Case c(tied);
            std::deque<std::vector<float>> panels;
            const auto pack = [&](hat::ConstMatrix weight) {
                panels.emplace_back(static_cast<std::size_t>(
                    hat::kernels::packed_size(weight.rows(), weight.cols())));
                return hat::kernels::pack(weight, panels.back().data());
            };
            AdaptiveSoftmax<Packed> packed{.bands = bands};
            packed.head = pack(c.layer.head.value);
            if (tied) packed.classes = pack(c.layer.classes.value);
            std::deque<Operand> turned;
            for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(bands.count); ++i) {
                hat::ConstMatrix projection = c.layer.projections[i].value;
                if (tied) {
                    turned.emplace_back(projection.cols(), projection.rows());
                    for (int k = 0; k < projection.rows(); ++k) {
                        for (int j = 0; j < projection.cols(); ++j)
                            turned.back()(j, k) = projection(k, j);
                    }
                    projection = turned.back().view();
                }
                packed.projections[i] = pack(projection);
                packed.tails[i] = pack(c.layer.tails[i].value);
            }
            Arena memory;
            Arena scratch;
            Eval context(memory, scratch);
            const Variable x{c.features.view(), nullptr};
            Operand expected(x.rows(), bands.vocab_size());
            Operand found(x.rows(), bands.vocab_size());
            log_probabilities(context, c.layer, x, expected.view());
            log_probabilities(context, packed, x, found.view());
            CHECK(relative_error(found.view(), Doubles(expected)) < 1e-6);
        }
    }

    TEST_CASE("a tail without a target gets no gradient") {
        Case c(true);
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const std::vector<int> without_last(targets.size(), 271);
        (void)cross_entropy(tape, c.layer, c.input(tape), without_last);
        tape.backward();
        CHECK(std::vector(c.marks.begin(), c.marks.end()) ==
              std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0});
    }

    TEST_CASE("the second word of a tail is skipped there if one asks for it, and only there") {
        Case c(true);
        Arena memory;
        Arena scratch;
        Eval context(memory, scratch);
        const Variable x{c.features.view(), nullptr};
        const Doubles p = slow_log_probabilities(c.doubles(), true);
        double expected = slow_loss(c.doubles(), true);
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const int band = bands.band_of(targets[i]);
            if (band == 0 || targets[i] - bands.first(band) != 1) continue;
            // The band's own probability stays: the sum of all its words'.
            double of_band = 0;
            for (int w = bands.first(band); w < bands.first(band) + bands.size(band); ++w)
                of_band += std::exp(p(static_cast<int>(i), w));
            expected += p(static_cast<int>(i), targets[i]) - std::log(of_band);
        }
        const auto sum =
            cross_entropy(context, c.layer, x, targets, {.skips_second_tail_word = true});
        CHECK(sum.loss == doctest::Approx(expected).epsilon(1e-6));
        CHECK(sum.loss < cross_entropy(context, c.layer, x, targets).loss - 0.1);
    }

    TEST_CASE("dropout is for training alone, and changes the loss there") {
        Case c(false);
        Arena memory;
        Arena scratch;
        Eval context(memory, scratch);
        const Variable x{c.features.view(), nullptr};
        const double exact = cross_entropy(context, c.layer, x, targets).loss;
        CHECK(cross_entropy(context, c.layer, x, targets, {.dropout = 0.5F}).loss == exact);
        Tape tape(memory, scratch, RandomKey(2));
        CHECK(cross_entropy(tape, c.layer, c.input(tape), targets, {.dropout = 0.5F}).loss !=
              exact);
    }

    TEST_CASE("one band is an ordinary softmax") {
        Random random(3);
        const Operand weight(random, 40, 12);
        const Operand features(random, 6, 12);
        const std::vector<int> words{0, 39, 7, 7, 20, 1};
        Arena memory;
        Arena scratch;
        Eval context(memory, scratch);
        AdaptiveSoftmax<Trainable> layer{.bands = adaptive_bands({}, 40, 12, 2)};
        Operand copy = weight;
        layer.head = {copy.view(), {}, nullptr};
        Operand x = features;
        CHECK(cross_entropy(context, layer, {x.view(), nullptr}, words).loss ==
              doctest::Approx(hat::support::reference::cross_entropy(Doubles(features),
                                                                     Doubles(weight), words, 0))
                  .epsilon(1e-6));
    }
}
