// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/model/transformer.hpp>

#include <cstddef>
#include <cstring>

namespace hat::model {

namespace detail {

/// Copies the weights of a Transformer, one after the other, to where they are served from. Without
/// a place to copy to it only counts.
class Packer {
public:
    explicit Packer(float* to = nullptr) noexcept : to_(to) {}

    /// Floats taken so far.
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return size_; }

    [[nodiscard]] Transformer<nn::Packed> pack(const Transformer<nn::Trainable>& model) noexcept {
        const Architecture& a = model.architecture;
        Transformer<nn::Packed> packed;
        packed.architecture = a;
        pack_embeddings(model, packed);
        packed.source_positions = table(model.source_positions.value);
        packed.target_positions = table(model.target_positions.value);
        for (int i = 0; i < a.encoder_layer_count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            const auto& layer = model.encoder_layers[slot];
            packed.encoder_layers[slot] = {
                self_attention(layer.self_attn), norm(layer.self_attn_layer_norm),
                feed_forward(layer.feed_forward), norm(layer.final_layer_norm)};
        }
        packed.encoder_layer_norm = norm(model.encoder_layer_norm);
        for (int i = 0; i < a.decoder_layer_count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            const auto& layer = model.decoder_layers[slot];
            packed.decoder_layers[slot] = {self_attention(layer.self_attn),
                                           norm(layer.self_attn_layer_norm),
                                           cross_attention(layer.encoder_attn),
                                           norm(layer.encoder_attn_layer_norm),
                                           feed_forward(layer.feed_forward),
                                           norm(layer.final_layer_norm),
                                           layer.attended_layers};
        }
        packed.decoder_layer_norm = norm(model.decoder_layer_norm);
        packed.output = panels(model.output.value);
        return packed;
    }

private:
    float* take(std::ptrdiff_t floats) noexcept {
        constexpr std::ptrdiff_t line = alignment / sizeof(float);
        float* const place = to_ == nullptr ? nullptr : to_ + size_;
        size_ += (floats + line - 1) / line * line;
        return place;
    }

    static void copy(ConstMatrix from, float* to) noexcept {
        const auto bytes = static_cast<std::size_t>(from.cols()) * sizeof(float);
        for (int i = 0; i < from.rows(); ++i) {
            std::memcpy(to + std::ptrdiff_t{i} * from.cols(), from.row_data(i), bytes);
        }
    }

    ConstMatrix table(ConstMatrix from) noexcept {
        if (from.empty()) return {};
        float* const to = take(std::ptrdiff_t{from.rows()} * from.cols());
        if (to != nullptr) copy(from, to);
        return {to, from.rows(), from.cols()};
    }

    /// Tables that are one stay one; each side sees its columns.
    void pack_embeddings(const Transformer<nn::Trainable>& model,
                         Transformer<nn::Packed>& packed) noexcept {
        const ConstMatrix source = model.source_embedding.value;
        const ConstMatrix target = model.target_embedding.value;
        if (source.data() != target.data()) {
            packed.source_embedding = table(source);
            packed.target_embedding = table(target);
            return;
        }
        const ConstMatrix both = table(source.cols() < target.cols() ? target : source);
        packed.source_embedding = {both.data(), source.rows(), source.cols(), both.stride()};
        packed.target_embedding = {both.data(), target.rows(), target.cols(), both.stride()};
    }

    ConstVector vector(const autograd::Parameter& from) noexcept {
        if (from.value.empty()) return {};
        return {table(from.value).data(), from.value.cols()};
    }

    kernels::PackedView panels(ConstMatrix from) noexcept {
        float* const to = take(kernels::packed_size(from.rows(), from.cols()));
        if (to != nullptr) return kernels::pack(from, to);
        return {};
    }

    /// One below the other; `top` need not be whole panels.
    kernels::PackedView panels(ConstMatrix top, ConstMatrix bottom) noexcept {
        const int inputs = top.cols();
        const int rows = top.rows() + bottom.rows();
        const std::ptrdiff_t stride = std::ptrdiff_t{inputs} * kernels::panel_width;
        float* const to = take(kernels::packed_size(rows, inputs));
        for (int i = 0; to != nullptr && i < rows; ++i) {
            const float* const from =
                i < top.rows() ? top.row_data(i) : bottom.row_data(i - top.rows());
            float* const lane = to + i / kernels::panel_width * stride + i % kernels::panel_width;
            for (int k = 0; k < inputs; ++k) lane[k * kernels::panel_width] = from[k];
        }
        return {to, rows, inputs, stride};
    }

    nn::Linear<nn::Packed> linear(const nn::Linear<nn::Trainable>& layer) noexcept {
        return {panels(layer.weight.value), vector(layer.bias)};
    }
    nn::LayerNorm<nn::Packed> norm(const nn::LayerNorm<nn::Trainable>& layer) noexcept {
        return {vector(layer.gain), vector(layer.bias)};
    }
    nn::FeedForward<nn::Packed> feed_forward(const nn::FeedForward<nn::Trainable>& layer) noexcept {
        return {linear(layer.first), linear(layer.second), layer.activation};
    }
    nn::SelfAttention<nn::Packed>
    self_attention(const nn::SelfAttention<nn::Trainable>& layer) noexcept {
        return {linear(layer.in_proj), linear(layer.out_proj), layer.heads, layer.qkv_dim};
    }
    nn::CrossAttention<nn::Packed>
    cross_attention(const nn::CrossAttention<nn::Trainable>& layer) noexcept {
        nn::CrossAttention<nn::Packed> packed;
        packed.heads = layer.heads;
        packed.qkv_dim = layer.qkv_dim;
        if (layer.qkv_dim == 0) return packed;  // a language model
        packed.query = linear(layer.query);
        packed.out_proj = linear(layer.out_proj);
        if (!nn::detail::is_stored_apart(layer)) {
            packed.key_value = linear(layer.key_value);
            return packed;
        }
        packed.key_value.weight = panels(layer.key_value.weight.value, layer.value.weight.value);
        float* const bias = take(2 * std::ptrdiff_t{layer.qkv_dim});
        if (bias != nullptr) {
            copy(layer.key_value.bias.value, bias);
            copy(layer.value.bias.value, bias + layer.qkv_dim);
        }
        packed.key_value.bias = {bias, 2 * layer.qkv_dim};
        return packed;
    }

    float* to_;
    std::ptrdiff_t size_ = 0;
};

}  // namespace detail

/// A Transformer ready to be served: all its weights in one buffer of its own, matrices as panels
/// of 16 outputs. What it was made from may change or vanish.
///
/// Keys and values of cross-attention are always one projection here. Embedding tables that are
/// shared stay shared, and the output projection has its panels beside them.
///
///     const hat::model::PackedModel packed(network.view());
///     encode(context, packed.view(), {}, tokens, sentences);
class PackedModel {
public:
    explicit PackedModel(const Transformer<nn::Trainable>& model) {
        detail::Packer count;
        static_cast<void>(count.pack(model));
        weights_ = AlignedArray<float>(count.size());
        view_ = detail::Packer(weights_.data()).pack(model);
    }
    PackedModel(PackedModel&&) noexcept = default;
    PackedModel& operator=(PackedModel&&) noexcept = default;

    /// Valid as long as the `PackedModel` lives, even if it is moved.
    [[nodiscard]] const Transformer<nn::Packed>& view() const noexcept { return view_; }
    [[nodiscard]] const Architecture& architecture() const noexcept { return view_.architecture; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return weights_.size_bytes(); }

private:
    AlignedArray<float> weights_;
    Transformer<nn::Packed> view_;
};

}  // namespace hat::model
