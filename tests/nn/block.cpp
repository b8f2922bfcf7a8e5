// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/block.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

using hat::Ragged;
using hat::nn::BlockDropout;
using hat::nn::DecoderLayer;
using hat::nn::EncoderLayer;
using hat::nn::Linear;
using hat::nn::Packed;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::nn::WholeMemory;
using hat::nn::WholeSequences;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

namespace {

constexpr std::array offsets{0, 3, 4, 9};
constexpr Ragged sentences(offsets.data(), 3);
constexpr std::array memory_offsets{0, 5, 7, 8};
constexpr Ragged memories(memory_offsets.data(), 3);

/// Weights of `Layers` may be written to.
hat::Vector numbers(hat::ConstVector weights) {
    return {const_cast<float*>(weights.data()), weights.size()};
}

/// Makes a layer give `c` whatever it is given.
void make_constant(const Linear<Trainable>& layer, std::array<float, 2> c) {
    for (int i = 0; i < layer.weight.value.rows(); ++i)
        std::ranges::fill(numbers(layer.weight.value.row(i)), 0.0F);
    std::ranges::copy(c, numbers(layer.bias.vector()).begin());
}

/// Makes a norm that only normalises.
void make_plain(const hat::nn::LayerNorm<Trainable>& norm) {
    std::ranges::fill(numbers(norm.gain.vector()), 1.0F);
    std::ranges::fill(numbers(norm.bias.vector()), 0.0F);
}

/// A layer of two features: attention adds (0, 4), the feed-forward layer (6, 0).
EncoderLayer<Trainable> constant_encoder_layer(Layers& layers) {
    auto layer = layers.encoder_layer(2);
    make_constant(layer.self_attn.out_proj, {0.0F, 4.0F});
    make_constant(layer.feed_forward.second, {6.0F, 0.0F});
    make_plain(layer.self_attn_layer_norm);
    make_plain(layer.final_layer_norm);
    return layer;
}

/// The same, and cross-attention adds (0, 2).
DecoderLayer<Trainable> constant_decoder_layer(Layers& layers) {
    const auto like = constant_encoder_layer(layers);
    auto layer = layers.decoder_layer(2, 21);
    layer.self_attn = like.self_attn;
    layer.self_attn_layer_norm = like.self_attn_layer_norm;
    layer.feed_forward = like.feed_forward;
    layer.final_layer_norm = like.final_layer_norm;
    make_constant(layer.encoder_attn.out_proj, {0.0F, 2.0F});
    make_plain(layer.encoder_attn_layer_norm);
    return layer;
}

/// What a norm makes of (a, b): ∓ half the distance over √(its square + ε).
double normalized(double a, double b) {
    const double half = (a - b) / 2;
    return half / std::sqrt(half * half + 1e-5);
}

constexpr BlockDropout no_dropout{};

}  // namespace

TEST_SUITE("nn/block") {
    TEST_CASE("a pre-norm layer adds what its sublayers give") {
        Layers layers(1);
        const Variable x = layers.variable(9, 2);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        const Variable y =
            forward(own.eval, constant_encoder_layer(layers), true, no_dropout, x, sentences);
        const Variable z =
            forward(own.eval, constant_decoder_layer(layers), true, no_dropout, x,
                    WholeSequences{sentences, true}, WholeMemory{sentences, memory, memories});
        for (int t = 0; t < 9; ++t) {
            CHECK(y.value(t, 0) == x.value(t, 0) + 6.0F);
            CHECK(y.value(t, 1) == x.value(t, 1) + 4.0F);
            CHECK(z.value(t, 0) == x.value(t, 0) + 6.0F);
            CHECK(z.value(t, 1) == (x.value(t, 1) + 4.0F) + 2.0F);
        }
    }

    TEST_CASE("a post-norm layer normalises every sum") {
        Layers layers(2);
        const Variable x = layers.variable(9, 2);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        const Variable y =
            forward(own.eval, constant_encoder_layer(layers), false, no_dropout, x, sentences);
        const Variable z =
            forward(own.eval, constant_decoder_layer(layers), false, no_dropout, x,
                    WholeSequences{sentences, true}, WholeMemory{sentences, memory, memories});
        for (int t = 0; t < 9; ++t) {
            const auto a = static_cast<double>(x.value(t, 0));
            const auto b = static_cast<double>(x.value(t, 1));
            const double attended = normalized(a, b + 4);  // (attended, −attended)
            CHECK(static_cast<double>(y.value(t, 0)) ==
                  doctest::Approx(normalized(attended + 6, -attended)).epsilon(1e-5));
            const double crossed = normalized(attended, -attended + 2);
            CHECK(static_cast<double>(z.value(t, 0)) ==
                  doctest::Approx(normalized(crossed + 6, -crossed)).epsilon(1e-5));
        }
    }

    TEST_CASE("a pre-norm layer shows its sublayers normalised input") {
        Layers layers(3);
        const auto layer = layers.encoder_layer(19);
        const Variable x = layers.variable(9, 19);
        OwnEval own;
        const Variable attended = residual(own.eval, 0.0F, x,
                                           forward(own.eval, layer.self_attn,
                                                   forward(own.eval, layer.self_attn_layer_norm, x),
                                                   WholeSequences{sentences}));
        const Variable expected =
            residual(own.eval, 0.0F, attended,
                     forward(own.eval, layer.feed_forward,
                             forward(own.eval, layer.final_layer_norm, attended), 0.0F));
        CHECK(same_bits(forward(own.eval, layer, true, no_dropout, x, sentences).value,
                        expected.value));
    }

    TEST_CASE("a decoder layer of a language model has no cross-attention") {
        Layers layers(4);
        auto layer = layers.decoder_layer(19, 21);
        layer.attended_layers = 0;
        const EncoderLayer<Trainable> same_but_causal{layer.self_attn, layer.self_attn_layer_norm,
                                                      layer.feed_forward, layer.final_layer_norm};
        const Variable x = layers.variable(1, 19);
        constexpr std::array one{0, 1};
        const Ragged sentence(one.data(), 1);
        OwnEval own;
        CHECK(same_bits(forward(own.eval, layer, false, no_dropout, x,
                                WholeSequences{sentence, true}, WholeMemory{})
                            .value,
                        forward(own.eval, same_but_causal, false, no_dropout, x, sentence).value));
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        Layers layers(5);
        const auto encoder = layers.encoder_layer(19);
        const auto decoder = layers.decoder_layer(19, 21);
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        for (const bool pre_norm : {false, true}) {
            CHECK(same_bits(forward(own.eval, layers.packed<EncoderLayer<Packed>>(encoder),
                                    pre_norm, no_dropout, x, sentences)
                                .value,
                            forward(own.eval, encoder, pre_norm, no_dropout, x, sentences).value));
            CHECK(same_bits(forward(own.eval, layers.packed<DecoderLayer<Packed>>(decoder),
                                    pre_norm, no_dropout, x, WholeSequences{sentences, true},
                                    WholeMemory{sentences, memory, memories})
                                .value,
                            forward(own.eval, decoder, pre_norm, no_dropout, x,
                                    WholeSequences{sentences, true},
                                    WholeMemory{sentences, memory, memories})
                                .value));
        }
    }

    TEST_CASE("each dropout rate acts in training, and only there") {
        Layers layers(6);
        const auto encoder = layers.encoder_layer(19);
        const auto decoder = layers.decoder_layer(19, 21);
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        const auto run = [&](auto& context, const BlockDropout& rates) {
            return std::array{forward(context, encoder, false, rates, x, sentences).value,
                              forward(context, decoder, false, rates, x,
                                      WholeSequences{sentences, true, rates.attention},
                                      WholeMemory{sentences, memory, memories, rates.attention})
                                  .value};
        };
        const auto expected = run(own.eval, no_dropout);
        const auto same = [&](const auto& found) {
            return std::array{same_bits(found[0], expected[0]), same_bits(found[1], expected[1])};
        };
        constexpr std::array both{true, true};
        constexpr std::array neither{false, false};
        for (const BlockDropout& rates :
             {BlockDropout{.self_attention = 0.4F}, BlockDropout{.scaled = 0.4F},
              BlockDropout{.attention = 0.4F}, BlockDropout{.activation = 0.4F}}) {
            hat::autograd::Tape tape(own.memory, own.scratch, hat::RandomKey(1));
            CHECK(same(run(tape, rates)) == neither);
            CHECK(same(run(own.eval, rates)) == both);
        }
        hat::autograd::Tape tape(own.memory, own.scratch, hat::RandomKey(1));
        CHECK(same(run(tape, no_dropout)) == both);
    }
}
