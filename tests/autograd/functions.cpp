// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/functions.hpp>
#include <hat/autograd/gradient_check.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

using namespace hat::autograd;
using hat::Activation;
using hat::Arena;
using hat::Matrix;
using hat::Ragged;
using hat::Random;
using hat::RandomKey;
using hat::support::dot;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::same_bits;

namespace {

// Finite differences of single-precision functions: with steps of 1e-2, rounding leaves about
// 1e-7 / 1e-2 and the third derivative about 1e-4, both times a few.
constexpr double tolerance = 2e-3;

/// A function with everything it is given, to be differentiated by all of it.
class Subject {
public:
    explicit Subject(std::uint64_t seed) : random_(seed) {}

    /// Inputs: a variable of the tape, or a parameter that is a slice of something wider.
    std::size_t variable(int rows, int cols, double deviation = 1.0) {
        variables_.emplace_back(random_, rows, cols, 0, deviation);
        return variables_.size() - 1;
    }
    std::size_t parameter(int rows, int cols, double deviation = 1.0) {
        weights_.push_back({Operand(random_, rows, cols, 3, deviation), Operand(rows, cols, 3)});
        return weights_.size() - 1;
    }

    /// What a function's body sees: its inputs by the numbers above.
    struct Inputs {
        std::vector<Variable> x;
        std::vector<Parameter> w;
    };

    /// Compares the gradients of `body(context, inputs)`, applied twice to the same inputs so that
    /// gradients are added up, and without dropout the bits of `Tape` with those of `Eval`.
    template <class Body>
    void check(const Body& body, bool drops = false) {
        const auto run = [&](auto& context, bool trains) {
            const Inputs inputs = bind(context, trains);
            const Variable first = body(context, inputs);
            const Variable y = residual(context, 0.0F, first, body(context, inputs));
            return std::pair(inputs, y);
        };
        const RandomKey key(99);
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, key);
        const auto [inputs, y] = run(tape, true);
        const Operand upstream(random_, y.rows(), y.cols());
        hat::kernels::add(upstream.view(), tape.gradient(y), false);
        tape.backward();

        if (!drops) {
            Arena eval_memory;
            Eval eval(eval_memory, scratch);
            CHECK(same_bits(run(eval, false).second.value, y.value));
        }
        const auto loss = [&] {
            Arena loss_memory;
            Tape again(loss_memory, scratch, key);
            return dot(Doubles(run(again, false).second.value), Doubles(upstream));
        };
        for (std::size_t i = 0; i < variables_.size(); ++i) {
            CAPTURE(i);
            CHECK(
                check_gradient(variables_[i].view(), tape.gradient(inputs.x[i]), loss).relative() <
                tolerance);
        }
        for (std::size_t i = 0; i < weights_.size(); ++i) {
            CAPTURE(i);
            Weight& w = weights_[i];
            CHECK(check_gradient(w.value.view(), w.gradient.view(), loss).relative() < tolerance);
            CHECK(w.has_gradient == 1);
            CHECK(w.gradient.padding_is_untouched());
        }
    }

    Operand& weight(std::size_t i) { return weights_[i].value; }

private:
    struct Weight {
        Operand value;
        Operand gradient;
        std::uint8_t has_gradient = 0;
    };

    template <class Context>
    Inputs bind(Context& context, bool trains) {
        Inputs inputs;
        for (Operand& x : variables_) {
            inputs.x.push_back(context.variable(x.view().rows(), x.view().cols()));
            hat::kernels::add(x.view(), inputs.x.back().value, false);
        }
        for (Weight& w : weights_) {
            inputs.w.push_back({w.value.view(), trains ? w.gradient.view() : Matrix{},
                                trains ? &w.has_gradient : nullptr});
        }
        return inputs;
    }

    Random random_;
    std::deque<Operand> variables_;
    std::deque<Weight> weights_;
};

constexpr std::array offsets{0, 3, 4, 9};
constexpr Ragged three_sentences(offsets.data(), 3);
constexpr std::array memory_offsets{0, 5, 7, 8};
constexpr Ragged memories(memory_offsets.data(), 3);
constexpr std::array words{3, 0, 3, 5, 1, 2, 3, 0, 1};  // of the three sentences

}  // namespace

TEST_SUITE("autograd/functions") {
    TEST_CASE("linear is differentiated, with and without bias") {
        Subject plain(1);
        plain.variable(7, 19);
        plain.parameter(21, 19);
        plain.check(
            [](auto& context, const auto& in) { return linear(context, in.x[0], in.w[0]); });
        Subject biased(2);
        biased.variable(7, 19);
        biased.parameter(21, 19);
        biased.parameter(1, 21);
        biased.check([](auto& context, const auto& in) {
            return linear(context, in.x[0], in.w[0], in.w[1]);
        });
    }

    TEST_CASE("linear is differentiated through its activation") {
        for (const Activation f : {Activation::relu, Activation::tanh}) {
            CAPTURE(static_cast<int>(f));
            Subject subject(3);
            subject.variable(7, 19, 0.2);
            subject.parameter(21, 19, 0.2);
            const std::size_t bias = subject.parameter(1, 21);
            // Away from the kink of relu, on either side of it.
            for (int j = 0; j < 21; ++j) subject.weight(bias)(0, j) = j % 2 == 0 ? 2.0F : -2.0F;
            subject.check([f](auto& context, const auto& in) {
                return linear(context, in.x[0], in.w[0], in.w[1], f);
            });
        }
    }

    TEST_CASE("every smooth activation is differentiated") {
        for (const Activation f : {Activation::linear, Activation::tanh, Activation::gelu,
                                   Activation::gelu_tanh, Activation::swish}) {
            CAPTURE(static_cast<int>(f));
            Subject subject(4);
            subject.variable(5, 19);
            subject.check(
                [f](auto& context, const auto& in) { return activation(context, f, in.x[0]); });
        }
    }

    TEST_CASE("a function of one's own is differentiated by its slope") {
        Subject subject(8);
        const auto x = subject.variable(3, 5);
        subject.check([&](auto& context, const auto& in) {
            return elementwise(
                context, in.x[x], [](float v) { return v * v * v; },
                [](float v) { return 3 * v * v; });
        });
    }

    TEST_CASE("a function of one's own that is known has the values of that") {
        Subject subject(9);
        const auto x = subject.variable(3, 5);
        subject.check([&](auto& context, const auto& in) {
            const Variable own = elementwise(
                context, in.x[x], [](float v) { return v > 0 ? v : 0.0F; },
                [](float v) { return v > 0 ? 1.0F : 0.0F; });
            CHECK(same_bits(own.value, activation(context, Activation::relu, in.x[x]).value));
            return own;
        });
    }

    TEST_CASE("dropout is differentiated with the mask it has drawn") {
        Subject subject(5);
        subject.variable(5, 19);
        subject.check([](auto& context, const auto& in) { return dropout(context, 0.4F, in.x[0]); },
                      true);
    }

    TEST_CASE("a residual connection is differentiated, with and without dropout") {
        for (const float probability : {0.0F, 0.4F}) {
            Subject subject(6);
            subject.variable(5, 19);
            subject.variable(5, 19);
            subject.check(
                [=](auto& context, const auto& in) {
                    return residual(context, probability, in.x[0], in.x[1]);
                },
                probability > 0);
        }
    }

    TEST_CASE("a variable may be both sides of a residual connection") {
        Subject subject(7);
        subject.variable(5, 19);
        subject.check([](auto& context, const auto& in) {
            return residual(context, 0.0F, in.x[0], in.x[0]);
        });
    }

    TEST_CASE("layer norm is differentiated, alone and behind a residual connection") {
        Subject alone(8);
        alone.variable(5, 19);
        alone.parameter(1, 19);
        alone.parameter(1, 19);
        alone.check([](auto& context, const auto& in) {
            return layer_norm(context, in.x[0], in.w[0], in.w[1]);
        });
        for (const float probability : {0.0F, 0.4F}) {
            Subject subject(9);
            subject.variable(5, 19);
            subject.variable(5, 19);
            subject.parameter(1, 19);
            subject.parameter(1, 19);
            subject.check(
                [=](auto& context, const auto& in) {
                    return residual_layer_norm(context, probability, in.x[0], in.x[1], in.w[0],
                                               in.w[1]);
                },
                probability > 0);
        }
    }

    TEST_CASE("self-attention is differentiated where one variable holds queries, keys, values") {
        for (const bool causal : {false, true}) {
            Subject subject(10);
            subject.variable(9, 3 * 12);
            subject.check([=](auto& context, const auto& in) {
                return attention(context, {three_sentences, three_sentences, 3, causal}, 0.0F,
                                 {in.x[0], 0, 12}, {in.x[0], 12, 12}, {in.x[0], 24, 12});
            });
        }
    }

    TEST_CASE("cross-attention is differentiated, with keys and values together or apart") {
        Subject together(11);
        together.variable(9, 12);
        together.variable(8, 24);
        together.check([](auto& context, const auto& in) {
            return attention(context, {three_sentences, memories, 2, false}, 0.0F, {in.x[0], 0, 12},
                             {in.x[1], 0, 12}, {in.x[1], 12, 12});
        });
        Subject apart(12);
        apart.variable(9, 12);
        apart.variable(8, 12);
        apart.variable(8, 12);
        apart.check([](auto& context, const auto& in) {
            return attention(context, {three_sentences, memories, 2, false}, 0.0F, {in.x[0], 0, 12},
                             {in.x[1], 0, 12}, {in.x[2], 0, 12});
        });
    }

    TEST_CASE("attention is differentiated through dropout of its probabilities") {
        Subject subject(13);
        subject.variable(9, 3 * 12);
        subject.check(
            [](auto& context, const auto& in) {
                return attention(context, {three_sentences, three_sentences, 3, true}, 0.3F,
                                 {in.x[0], 0, 12}, {in.x[0], 12, 12}, {in.x[0], 24, 12});
            },
            true);
    }

    TEST_CASE("embeddings and learned positions are differentiated") {
        for (const float probability : {0.0F, 0.4F}) {
            Subject subject(14);
            subject.parameter(6, 19);
            subject.parameter(hat::first_position + 5, 19);
            subject.check(
                [=](auto& context, const auto& in) {
                    return embed(context, words, three_sentences, in.w[0], 1.5F, in.w[1],
                                 probability);
                },
                probability > 0);
        }
    }

    TEST_CASE("variables joined sentence by sentence are differentiated, one of them twice there") {
        Subject subject(15);
        subject.variable(9, 19);
        subject.variable(9, 19);
        subject.check([](auto& context, const auto& in) {
            const std::array parts{in.x[0], in.x[1], in.x[0]};
            return concatenate(context, std::span(parts), three_sentences);
        });
    }

    TEST_CASE("variables are joined along time within each sentence") {
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        const std::array parts{eval.variable(9, 1), eval.variable(9, 1)};
        for (int t = 0; t < 9; ++t) {
            parts[0].value(t, 0) = static_cast<float>(t);
            parts[1].value(t, 0) = static_cast<float>(10 + t);
        }
        const Variable y = concatenate(eval, std::span(parts), three_sentences);
        const std::vector<float> found(y.value.data(), y.value.data() + 18);
        CHECK(found ==
              std::vector<float>{0, 1, 2, 10, 11, 12, 3, 13, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18});
    }

    TEST_CASE("the fused linear and cross entropy is differentiated") {
        constexpr std::array targets{0, 20, 3, 3, 7};
        Random random(16);
        Operand x(random, 5, 19);
        Operand weight(random, 21, 19, 3, 0.3);
        Operand dweight(21, 19, 3);
        std::uint8_t has_gradient = 0;
        Arena scratch;
        Arena memory;
        const auto loss = [&](auto& context, const Parameter& w) {
            const Variable in = context.variable(5, 19);
            hat::kernels::add(x.view(), in.value, false);
            return std::pair(cross_entropy(context, in, w, targets, 0.1F), in);
        };
        Tape tape(memory, scratch, RandomKey(1));
        const auto [entropy, in] = loss(tape, {weight.view(), dweight.view(), &has_gradient});
        tape.backward();
        CHECK(has_gradient == 1);
        const auto eval_loss = [&] {
            Arena eval_memory;
            Eval eval(eval_memory, scratch);
            return loss(eval, {weight.view(), {}, nullptr}).first.loss;
        };
        CHECK(eval_loss() == entropy.loss);
        CHECK(check_gradient(x.view(), tape.gradient(in), eval_loss).relative() < tolerance);
        CHECK(check_gradient(weight.view(), dweight.view(), eval_loss).relative() < tolerance);
    }

    TEST_CASE("frozen parameters and constants stay as they are, the rest is differentiated") {
        constexpr std::array targets{0, 4, 2, 1, 3};
        Random random(17);
        Operand constant(random, 5, 6);
        Operand weight(random, 6, 6);
        Operand bias(random, 1, 6);
        Operand gain(random, 1, 6);
        Operand dweight(6, 6);
        std::uint8_t has_gradient = 0;
        Arena memory;
        Arena scratch;
        const auto loss = [&](auto& context, const Parameter& trained) {
            const Parameter frozen{weight.view(), {}, nullptr};
            const Parameter frozen_bias{bias.view(), {}, nullptr};
            const Variable h = layer_norm(context, linear(context, {constant.view()}, trained),
                                          {gain.view(), {}, nullptr}, frozen_bias);
            const Variable y =
                residual(context, 0.0F, {constant.view()}, linear(context, h, frozen, frozen_bias));
            return cross_entropy(context, y, frozen, targets, 0.1F).loss;
        };
        Tape tape(memory, scratch, RandomKey(1));
        static_cast<void>(loss(tape, {weight.view(), dweight.view(), &has_gradient}));
        tape.backward();
        CHECK(has_gradient == 1);

        // Only the first use of the matrix counts: a copy of it stands for that one.
        Operand first = weight;
        const auto loss_of_first = [&] {
            Arena eval_memory;
            Eval eval(eval_memory, scratch);
            return loss(eval, {first.view(), {}, nullptr});
        };
        CHECK(check_gradient(first.view(), dweight.view(), loss_of_first).relative() < tolerance);
    }
}
