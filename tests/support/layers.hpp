// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/nn/block.hpp>

#include "support/reference.hpp"

#include <cstdint>
#include <deque>

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
    [[nodiscard]] nn::SelfAttention<Trainable> self_attention(int dim, int qkv_dim, int heads) {
        return {linear(3 * qkv_dim, dim), linear(dim, qkv_dim), heads, qkv_dim};
    }
    [[nodiscard]] nn::CrossAttention<Trainable> cross_attention(int dim, int memory_dim,
                                                                int qkv_dim, int heads) {
        return {linear(qkv_dim, dim),
                linear(2 * qkv_dim, memory_dim),
                {},
                linear(dim, qkv_dim),
                heads,
                qkv_dim};
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

    [[nodiscard]] nn::Linear<Packed> pack(const nn::Linear<Trainable>& layer) {
        const ConstMatrix w = layer.weight.value;
        auto& memory = panels_.emplace_back(kernels::packed_size(w.rows(), w.cols()));
        return {kernels::pack(w, memory.data()), pack(layer.bias)};
    }
    [[nodiscard]] nn::LayerNorm<Packed> pack(const nn::LayerNorm<Trainable>& norm) {
        return {pack(norm.gain), pack(norm.bias)};
    }
    [[nodiscard]] nn::FeedForward<Packed> pack(const nn::FeedForward<Trainable>& layer) {
        return {pack(layer.first), pack(layer.second), layer.activation};
    }
    [[nodiscard]] nn::SelfAttention<Packed> pack(const nn::SelfAttention<Trainable>& layer) {
        return {pack(layer.in_proj), pack(layer.out_proj), layer.heads, layer.qkv_dim};
    }
    [[nodiscard]] nn::CrossAttention<Packed> pack(const nn::CrossAttention<Trainable>& layer) {
        return {pack(layer.query),    pack(layer.key_value), {},
                pack(layer.out_proj), layer.heads,           layer.qkv_dim};
    }
    [[nodiscard]] nn::EncoderLayer<Packed> pack(const nn::EncoderLayer<Trainable>& layer) {
        return {pack(layer.self_attn), pack(layer.self_attn_layer_norm), pack(layer.feed_forward),
                pack(layer.final_layer_norm)};
    }
    [[nodiscard]] nn::DecoderLayer<Packed> pack(const nn::DecoderLayer<Trainable>& layer) {
        return {pack(layer.self_attn),    pack(layer.self_attn_layer_norm),
                pack(layer.encoder_attn), pack(layer.encoder_attn_layer_norm),
                pack(layer.feed_forward), pack(layer.final_layer_norm),
                layer.attended_layers};
    }

private:
    static ConstVector pack(const autograd::Parameter& vector) {
        return vector.value.empty() ? ConstVector{} : ConstVector(vector.vector());
    }

    Random random_;
    std::deque<Operand> weights_;
    std::deque<AlignedArray<float>> panels_;
};

/// Two arenas and an evaluation in them.
struct OwnEval {
    Arena memory;
    Arena scratch;
    autograd::Eval eval{memory, scratch};
};

}  // namespace hat::support
