// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/attention.hpp>
#include <hat/nn/feed_forward.hpp>
#include <hat/nn/group_linear.hpp>
#include <hat/nn/layer_norm.hpp>

#include "support/operands.hpp"

#include <cmath>
#include <cstdint>
#include <deque>

/// What benchmarks of layers are about.
namespace hat::support {

using autograd::Eval;
using nn::Packed;
using nn::Trainable;
using nn::Variable;

/// Random layers and activations, which it owns. Rows of weights lie side by side, so that rivals
/// can read them in place.
class Layers {
public:
    [[nodiscard]] Variable variable(int rows, int cols) { return {matrix(rows, cols, 1.0), {}}; }
    /// Outputs are about as large as inputs.
    [[nodiscard]] autograd::Parameter weight(int out, int in) {
        return {matrix(out, in, 1.0 / std::sqrt(in)), {}, nullptr};
    }
    [[nodiscard]] autograd::Parameter vector(int size) {
        return {matrix(1, size, 0.5), {}, nullptr};
    }
    [[nodiscard]] nn::Linear<Trainable> linear(int out, int in) {
        return {weight(out, in), vector(out)};
    }
    [[nodiscard]] nn::LayerNorm<Trainable> norm(int dim) { return {vector(dim), vector(dim)}; }
    [[nodiscard]] nn::FeedForward<Trainable> feed_forward(int dim, int ffn_dim) {
        return {linear(ffn_dim, dim), linear(dim, ffn_dim), Activation::relu};
    }
    [[nodiscard]] nn::SelfAttention<Trainable> self_attention(int dim, int qkv_dim, int heads) {
        return {heads, linear(qkv_dim, dim), linear(qkv_dim, dim), linear(qkv_dim, dim),
                linear(dim, qkv_dim)};
    }
    [[nodiscard]] nn::CrossAttention<Trainable> cross_attention(int dim, int memory_dim,
                                                                int qkv_dim, int heads) {
        return {heads, linear(qkv_dim, dim), linear(qkv_dim, memory_dim),
                linear(qkv_dim, memory_dim), linear(dim, qkv_dim)};
    }
    /// As DExTra has them: with a norm of every group and swish.
    [[nodiscard]] nn::GroupLinear<Trainable> group_linear(int out, int in, int second_in,
                                                          int groups, bool shuffle) {
        nn::GroupLinear<Trainable> layer;
        layer.groups = groups;
        layer.weight = weight(out, in / groups);
        if (second_in > 0) layer.second_weight = weight(out, second_in / groups);
        layer.bias = vector(out);
        layer.norm = norm(out / groups);
        layer.shuffle = shuffle;
        return layer;
    }

private:
    [[nodiscard]] Matrix matrix(int rows, int cols, double deviation) {
        const auto seed = std::uint64_t{1} << 40U;  // numbers of their own for every matrix
        return matrices_.emplace_back(rows, cols, deviation, seed * matrices_.size()).view();
    }

    std::deque<RandomMatrix> matrices_;
};

}  // namespace hat::support
