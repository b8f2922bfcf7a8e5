// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/adaptive_input.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/embedding.hpp>
#include <hat/nn/pack.hpp>

#include "support/group_layers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <span>
#include <string>

using namespace hat::nn;
using hat::Error;
using hat::Ragged;
using hat::support::GroupLayers;
using hat::support::OwnEval;

namespace {

/// The message of a layer that is run by hand, and the same of one that is packed.
template <class Run>
std::string message_of(const Run& run) {
    try {
        run();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}
template <class PackedLayer, class Layer>
std::string message_of_packing(const Layer& layer) {
    return message_of([&] { const PackedTree<PackedLayer> packed(layer); });
}

template <class Weights>
struct Pair {
    hat::InplaceVector<Linear<Weights>, 2> layers{};

    static constexpr void members(const auto& f, auto&... self) { f("layers", self.layers...); }
};

QueriesKeysValues all_of(const Variable& x) {
    return {{x, 0, x.cols()}, {x, 0, x.cols()}, {x, 0, x.cols()}};
}

constexpr std::array offsets{0, 5};
constexpr Ragged sentences(offsets.data(), 1);

}  // namespace

// Compiled for release, too, where assertions are off.
TEST_SUITE("nn/check") {
    TEST_CASE("a bias that is not the weight's, and an input of another width") {
        GroupLayers layers(1);
        OwnEval own;
        auto layer = layers.linear(12, 8);
        CHECK(message_of([&] { forward(own.eval, layer, layers.variable(2, 7)); }) ==
              "Linear: the input is 7 wide, expected 8");
        const auto packed = layers.packed<Linear<Packed>>(layer);
        CHECK(message_of([&] { forward(own.eval, packed, layers.variable(2, 9)); }) ==
              "Linear: the input is 9 wide, expected 8");
        layer.bias = layers.parameter(1, 10);
        const std::string wrong = "Linear: the bias has 10 numbers, expected 12";
        CHECK(message_of([&] { forward(own.eval, layer, layers.variable(2, 8)); }) == wrong);
        CHECK(message_of_packing<Linear<Packed>>(layer) == wrong);
    }

    TEST_CASE("heads that do not divide, projections that do not fit together") {
        GroupLayers layers(2);
        OwnEval own;
        const auto run = [&](const auto& layer) {
            return message_of([&] {
                forward(own.eval, layer, layers.variable(5, 16), WholeSequences{sentences});
            });
        };
        const auto three = layers.self_attention(16, 16, 3);
        const std::string heads = "SelfAttention: heads = 3 do not divide qkv_dim = 16";
        CHECK(run(three) == heads);
        CHECK(message_of_packing<SelfAttention<Packed>>(three) == heads);

        auto apart = layers.self_attention(16, 16, 4);
        apart.value = layers.linear(12, 16);
        CHECK(run(apart) ==
              "SelfAttention: the query is [16, 16], the key [16, 16] and the value [12, 16], "
              "expected [16, ..], key and value alike");
        apart = layers.self_attention(16, 16, 4);
        apart.out_proj = layers.linear(16, 12);
        CHECK(run(apart) == "SelfAttention: out_proj is [16, 12], expected [.., 16]");

        const auto cross = layers.cross_attention(16, 12, 16, 5);
        const std::string of_cross = "CrossAttention: heads = 5 do not divide qkv_dim = 16";
        const WholeMemory memory{sentences, layers.variable(5, 12), sentences};
        CHECK(message_of([&] { forward(own.eval, cross, layers.variable(5, 16), memory); }) ==
              of_cross);
        CHECK(message_of_packing<CrossAttention<Packed>>(cross) == of_cross);
        const auto right = layers.cross_attention(16, 12, 16, 4);
        const WholeMemory narrow{sentences, layers.variable(5, 11), sentences};
        CHECK(message_of([&] { forward(own.eval, right, layers.variable(5, 16), narrow); }) ==
              "Linear: the input is 11 wide, expected 12");
    }

    TEST_CASE("a second layer that does not take what the first one makes") {
        GroupLayers layers(3);
        OwnEval own;
        auto layer = layers.feed_forward(8, 20, hat::Activation::relu);
        layer.second = layers.linear(8, 24);
        const std::string wrong =
            "FeedForward: the first layer is [20, 8], the second [8, 24], expected [.., 20]";
        CHECK(message_of([&] { forward(own.eval, layer, layers.variable(2, 8), 0.0F); }) == wrong);
        CHECK(message_of_packing<FeedForward<Packed>>(layer) == wrong);
    }

    TEST_CASE("a norm of another width, branches that are not alike") {
        GroupLayers layers(4);
        OwnEval own;
        auto norm = layers.norm(8);
        CHECK(message_of([&] { forward(own.eval, norm, layers.variable(2, 12)); }) ==
              "LayerNorm: the input is 12 wide, expected 8");
        CHECK(message_of([&] {
                  add_and_norm(own.eval, norm, 0.0F, layers.variable(2, 8), layers.variable(3, 8));
              }) == "residual connection: x is [2, 8], but its branch is [3, 8]");
        norm.bias = layers.parameter(1, 6);
        CHECK(message_of_packing<LayerNorm<Packed>>(norm) ==
              "LayerNorm: the bias has 6 numbers, expected 8");
    }

    TEST_CASE("groups that do not divide, inputs that groups do not take") {
        GroupLayers layers(5);
        OwnEval own;
        auto layer = layers.group_linear(32, 0, 24, 4, true, hat::Activation::swish);
        CHECK(message_of([&] { forward(own.eval, layer, layers.variable(2, 36), 0.0F); }) ==
              "GroupLinear: the input is 36 wide, expected 32");
        CHECK(message_of([&] {
                  forward(own.eval, layer, layers.variable(2, 32), layers.variable(2, 8), 0.0F);
              }) == "GroupLinear, second input: the input is 8 wide, expected 0");
        layer.groups = 5;
        const std::string groups = "GroupLinear: out = 24 is not a multiple of groups = 5";
        CHECK(message_of([&] { forward(own.eval, layer, layers.variable(2, 40), 0.0F); }) ==
              groups);
        layer.groups = 4;
        layer.norm = layers.norm(24);
        CHECK(message_of_packing<GroupLinear<Packed>>(layer) ==
              "GroupLinear: the gain of the norm has 24 numbers, expected 6");
    }

    TEST_CASE("a unit whose layers do not take what comes before") {
        GroupLayers layers(6);
        OwnEval own;
        constexpr DExTraShape shape{
            .in_dim = 32, .inner_dim = 16, .out_dim = 16, .depth = 3, .max_groups = 4};
        auto unit = layers.dextra(shape, hat::Activation::swish);
        CHECK(message_of_packing<DExTra<Packed>>(unit) == "no error");
        const int out = unit.layers[0].weight.outputs();
        unit.layers[1] = layers.group_linear(16, out + 8, 32, 4, true, hat::Activation::swish);
        const std::string wrong = "DExTra: layer 1 takes 16 and " + std::to_string(out + 8) +
                                  " features, expected 16 and " + std::to_string(out);
        CHECK(message_of([&] { forward(own.eval, unit, layers.variable(2, 32), 0.0F); }) == wrong);
        CHECK(message_of_packing<DExTra<Packed>>(unit) == wrong);
    }

    TEST_CASE("embeddings without positions enough, or of another width") {
        GroupLayers layers(7);
        OwnEval own;
        const Embedding<Trainable> layer{layers.parameter(9, 6)};
        constexpr std::array tokens{1, 2, 3, 4, 5};
        const auto run = [&](const hat::autograd::Parameter& positions) {
            return message_of(
                [&] { forward(own.eval, layer, tokens, sentences, 1.0F, positions); });
        };
        CHECK(run(layers.parameter(7, 6)) == "no error");
        CHECK(run(layers.parameter(7, 5)) == "Embedding: the positions are 5 wide, expected 6");
        CHECK(run(layers.parameter(6, 6)) ==
              "Embedding: a sentence of 5 tokens, but positions for 4");
        CHECK(message_of([&] {
                  forward(own.eval, layer, std::span(tokens).first(4), sentences, 1.0F);
              }) == "Embedding: 4 tokens, but the sentences have 5");
    }

    TEST_CASE("layers whose widths do not chain") {
        GroupLayers layers(8);
        OwnEval own;
        auto encoder = layers.encoder_layer(16);
        encoder.feed_forward = layers.feed_forward(20, 8, hat::Activation::relu);
        CHECK(message_of_packing<EncoderLayer<Packed>>(encoder) ==
              "the input of the feed-forward layer is 20 wide, but the final layer norm 16: all of "
              "a layer is alike");
        CHECK(message_of([&] {
                  forward(own.eval, encoder, false, {}, layers.variable(5, 16), sentences);
              }) == "Linear: the input is 16 wide, expected 20");
        auto decoder = layers.decoder_layer(16, 12);
        decoder.encoder_attn = layers.cross_attention(12, 12, 12, 2);
        CHECK(message_of_packing<DecoderLayer<Packed>>(decoder) ==
              "the input of cross-attention is 12 wide, but the final layer norm 16: all of a "
              "layer is alike");
    }

    TEST_CASE("what a walk makes inside a tree is told with its place") {
        GroupLayers layers(9);
        Pair<Trainable> from;
        from.layers.push_back(layers.linear(4, 4));
        from.layers.push_back(layers.linear(4, 4)).bias = layers.parameter(1, 3);
        CHECK(message_of_packing<Pair<Packed>>(from) ==
              "layers.1: Linear: the bias has 3 numbers, expected 4");
    }

    TEST_CASE("vectors of a norm without each other, and inputs of unlike rows") {
        GroupLayers layers(8);
        OwnEval own;
        auto norm = layers.norm(8);
        norm.bias = {};
        CHECK(message_of([&] { forward(own.eval, norm, layers.variable(2, 8)); }) ==
              "LayerNorm: the bias has 0 numbers, expected 8");
        auto layer = layers.group_linear(32, 16, 24, 4, true, hat::Activation::swish);
        CHECK(message_of([&] {
                  forward(own.eval, layer, layers.variable(3, 32), layers.variable(2, 16), 0.0F);
              }) == "GroupLinear: the inputs have 3 and 2 rows");
        layer.norm = layers.norm(6);
        layer.norm.bias = layers.parameter(1, 3);
        CHECK(message_of([&] {
                  forward(own.eval, layer, layers.variable(2, 32), layers.variable(2, 16), 0.0F);
              }) == "LayerNorm: the bias has 3 numbers, expected 6");
    }

    TEST_CASE("rows that are not the tokens of the sentences") {
        GroupLayers layers(9);
        OwnEval own;
        const auto attention = layers.self_attention(16, 16, 4);
        CHECK(message_of([&] {
                  forward(own.eval, attention, layers.variable(4, 16), WholeSequences{sentences});
              }) == "attention: 4 rows, but sentences of 5 tokens in all");
        const auto cross = layers.cross_attention(16, 12, 16, 4);
        const WholeMemory few{sentences, layers.variable(4, 12), sentences};
        CHECK(message_of([&] { forward(own.eval, cross, layers.variable(5, 16), few); }) ==
              "attention to a memory: 4 rows, but sentences of 5 tokens in all");
        constexpr std::array halves{0, 2, 5};
        const WholeMemory two{Ragged(halves.data(), 2), layers.variable(5, 12), sentences};
        CHECK(message_of([&] { forward(own.eval, cross, layers.variable(5, 16), two); }) ==
              "attention: 2 sentences, but memories of 1");
    }

    TEST_CASE("a token without a row in its table") {
        GroupLayers layers(10);
        OwnEval own;
        const Embedding<Trainable> embedding{layers.parameter(10, 8)};
        const std::array tokens{1, 2, 10, 3, 4};
        CHECK(message_of([&] { forward(own.eval, embedding, tokens, sentences, 1.0F); }) ==
              "Embedding: a sentence has token 10, expected 0 to 9");
    }

    TEST_CASE("sentences that do not lie one behind the other") {
        GroupLayers layers(1);
        OwnEval own;
        const Variable x = layers.variable(3, 16);
        const auto attend = [&](std::span<const int> bad) {
            const WholeSequences past{Ragged(bad.data(), static_cast<int>(bad.size()) - 1)};
            return message_of([&] { static_cast<void>(past.attend(own.eval, 2, all_of(x))); });
        };
        CHECK(attend(std::array{0, 100, 3}) ==
              "attention: sentence 1 has -97 tokens, expected offsets that do not fall");
        CHECK(attend(std::array{0, -5, 3}) ==
              "attention: sentence 0 has -5 tokens, expected offsets that do not fall");
        CHECK(attend(std::array{1, 3}) == "attention: the sentences begin at row 1, expected 0");
        CHECK(attend(std::array{0, 1, 1, 3}) == "no error");

        const Embedding<Trainable> table{layers.parameter(4, 16)};
        constexpr std::array tokens{1, 2, 3};
        constexpr std::array falling{0, 100, 3};
        CHECK(message_of([&] {
                  forward(own.eval, table, tokens, Ragged(falling.data(), 2), 1.0F);
              }) == "Embedding: sentence 1 has -97 tokens, expected offsets that do not fall");
    }

    TEST_CASE("an embedding without weights") {
        OwnEval own;
        constexpr std::array tokens{1, 2, 3, 0, 1};
        const auto message = [&](const auto& empty) {
            return message_of([&] { forward(own.eval, empty, tokens, sentences, 1.0F); });
        };
        CHECK(message(Embedding<Packed>{}) == "Embedding: it has no weights");
        CHECK(message(Embedding<Packed, hat::Fixed<8>, hat::Fixed<16>>{}) ==
              "Embedding: it has no weights");
    }
}
