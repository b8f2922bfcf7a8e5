// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/block.hpp>
#include <hat/nn/pack.hpp>

#include "support/reference.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <tuple>

namespace hat::support {

/// Layers with random weights, which it owns, as training sees them and as they are served.
class Layers {
public:
    using Trainable = nn::Trainable;
    using Packed = nn::Packed;

    explicit Layers(std::uint64_t seed) : random_(seed) {}

    /// A weight that is a slice of something wider.
    [[nodiscard]] autograd::Parameter parameter(int rows, int cols) {
        return {weights_.emplace_back(random_, rows, cols, 3, 0.5).view(), {}, nullptr};
    }
    [[nodiscard]] autograd::Variable variable(int rows, int cols) {
        return {weights_.emplace_back(random_, rows, cols).view(), nullptr};
    }

    [[nodiscard]] nn::Linear<Trainable> linear(int out, int in) {
        return {parameter(out, in), parameter(1, out)};
    }
    [[nodiscard]] nn::LayerNorm<Trainable> norm(int dim) {
        return {parameter(1, dim), parameter(1, dim)};
    }
    [[nodiscard]] nn::FeedForward<Trainable> feed_forward(int dim, int ffn_dim,
                                                          Activation activation) {
        return {linear(ffn_dim, dim), linear(dim, ffn_dim), activation};
    }
    /// Queries, keys and values are rows of one matrix.
    [[nodiscard]] nn::SelfAttention<Trainable> self_attention(int dim, int qkv_dim, int heads) {
        const auto [query, key, value] = projections(dim, qkv_dim);
        return {heads, query, key, value, linear(dim, qkv_dim)};
    }
    [[nodiscard]] nn::CrossAttention<Trainable> cross_attention(int dim, int memory_dim,
                                                                int qkv_dim, int heads) {
        nn::CrossAttention<Trainable> layer{heads, linear(qkv_dim, dim)};
        if (dim == memory_dim) {
            std::tie(layer.query, layer.key, layer.value) = projections(dim, qkv_dim);
        } else {
            layer.key = linear(qkv_dim, memory_dim);
            layer.value = linear(qkv_dim, memory_dim);
        }
        layer.out_proj = linear(dim, qkv_dim);
        return layer;
    }
    [[nodiscard]] nn::EncoderLayer<Trainable> encoder_layer(int dim) {
        return {self_attention(dim, 12, 3), norm(dim), feed_forward(dim, 21, Activation::relu),
                norm(dim)};
    }
    [[nodiscard]] nn::DecoderLayer<Trainable> decoder_layer(int dim, int memory_dim) {
        return {self_attention(dim, 12, 2),
                norm(dim),
                cross_attention(dim, memory_dim, 12, 4),
                norm(dim),
                feed_forward(dim, 21, Activation::gelu),
                norm(dim),
                1};
    }

    /// `layer` as it is served, such as `packed<nn::Linear<Packed>>(linear)`.
    template <class To, class From>
    [[nodiscard]] To packed(const From& layer) {
        packed_.emplace_back(std::make_shared<nn::PackedTree<To>>(layer));
        return std::static_pointer_cast<nn::PackedTree<To>>(packed_.back())->view();
    }

private:
    using Linear = nn::Linear<Trainable>;

    [[nodiscard]] std::tuple<Linear, Linear, Linear> projections(int dim, int qkv_dim) {
        const autograd::Parameter weight = parameter(3 * qkv_dim, dim);
        const autograd::Parameter bias = parameter(1, 3 * qkv_dim);
        const auto part = [&](int i) -> Linear {
            return {weight.middle_rows(i * qkv_dim, qkv_dim),
                    bias.middle_cols(i * qkv_dim, qkv_dim)};
        };
        return {part(0), part(1), part(2)};
    }

    Random random_;
    std::deque<Operand> weights_;
    std::deque<std::shared_ptr<void>> packed_;
};

/// Two arenas and an evaluation in them.
struct OwnEval {
    Arena memory;
    Arena scratch;
    autograd::Eval eval{memory, scratch};
};

}  // namespace hat::support
