// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/model/transformer.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

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
        for (const auto& layer : model.encoder_layers) {
            packed.encoder_layers.push_back({self_attention(layer.self_attn),
                                             norm(layer.self_attn_layer_norm),
                                             feed_forward(layer.feed_forward),
                                             norm(layer.final_layer_norm), unit(layer.dextra)});
        }
        packed.encoder_layer_norm = norm(model.encoder_layer_norm);
        for (const auto& layer : model.decoder_layers) {
            packed.decoder_layers.push_back(
                {self_attention(layer.self_attn), norm(layer.self_attn_layer_norm),
                 cross_attention(layer.encoder_attn), norm(layer.encoder_attn_layer_norm),
                 feed_forward(layer.feed_forward), norm(layer.final_layer_norm),
                 layer.attended_layers, unit(layer.dextra)});
        }
        packed.decoder_layer_norm = norm(model.decoder_layer_norm);
        if (!model.output.value.empty()) packed.output = panels(model.output.value);
        packed.source_unit = unit(model.source_unit);
        packed.target_unit = unit(model.target_unit);
        if (a.projects_output()) packed.project_out = linear(model.project_out);
        packed.adaptive_softmax = adaptive_softmax(model.adaptive_softmax);
        packed.adaptive_input = adaptive_input(model.adaptive_input);
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

    /// Linear layers of equal inputs as one: their outputs one below the other, which need not be
    /// whole panels.
    template <std::size_t Count>
    nn::Linear<nn::Packed>
    joined(const std::array<nn::Linear<nn::Trainable>, Count>& layers) noexcept {
        const int inputs = layers[0].weight.value.cols();
        int outputs = 0;
        for (const auto& layer : layers) outputs += layer.weight.value.rows();
        const std::ptrdiff_t stride = std::ptrdiff_t{inputs} * kernels::panel_width;
        float* const to = take(kernels::packed_size(outputs, inputs));
        float* const bias = take(outputs);
        int output = 0;
        for (const auto& layer : layers) {
            if (to == nullptr) break;
            copy(layer.bias.value, bias + output);
            for (int i = 0; i < layer.weight.value.rows(); ++i, ++output) {
                const float* const from = layer.weight.value.row_data(i);
                float* const lane =
                    to + output / kernels::panel_width * stride + output % kernels::panel_width;
                for (int k = 0; k < inputs; ++k) lane[k * kernels::panel_width] = from[k];
            }
        }
        return {{to, outputs, inputs, stride}, {bias, outputs}};
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
        return {nn::is_stored_apart(layer) ? joined<3>({layer.in_proj, layer.key, layer.value})
                                           : linear(layer.in_proj),
                linear(layer.out_proj), layer.heads, layer.qkv_dim};
    }
    nn::CrossAttention<nn::Packed>
    cross_attention(const nn::CrossAttention<nn::Trainable>& layer) noexcept {
        nn::CrossAttention<nn::Packed> packed;
        packed.heads = layer.heads;
        packed.qkv_dim = layer.qkv_dim;
        if (layer.qkv_dim == 0) return packed;  // a language model
        packed.query = linear(layer.query);
        packed.out_proj = linear(layer.out_proj);
        packed.key_value = nn::is_stored_apart(layer) ? joined<2>({layer.key_value, layer.value})
                                                      : linear(layer.key_value);
        return packed;
    }
    kernels::PackedView group_panels(ConstMatrix from, int groups) noexcept {
        if (from.empty()) return {};
        float* const to = take(kernels::packed_groups_size(from.rows(), from.cols(), groups));
        return to == nullptr ? kernels::PackedView{} : kernels::pack_groups(from, groups, to);
    }
    nn::GroupLinear<nn::Packed> group_linear(const nn::GroupLinear<nn::Trainable>& layer) noexcept {
        return {group_panels(layer.weight.value, layer.groups),
                group_panels(layer.second_weight.value, layer.groups),
                vector(layer.bias),
                vector(layer.gain),
                vector(layer.shift),
                layer.out_dim,
                layer.groups,
                layer.shuffle,
                layer.activation};
    }
    std::optional<nn::DExTra<nn::Packed>>
    unit(const std::optional<nn::DExTra<nn::Trainable>>& from) noexcept {
        if (!from) return std::nullopt;
        nn::DExTra<nn::Packed> packed;
        packed.input = group_linear(from->input);
        for (const auto& layer : from->layers) packed.layers.push_back(group_linear(layer));
        packed.output = group_linear(from->output);
        return packed;
    }

    /// Panels of `from` transposed.
    kernels::PackedView transposed_panels(ConstMatrix from) noexcept {
        const int outputs = from.cols();
        const int inputs = from.rows();
        const std::ptrdiff_t stride = std::ptrdiff_t{inputs} * kernels::panel_width;
        float* const to = take(kernels::packed_size(outputs, inputs));
        for (int o = 0; to != nullptr && o < outputs; ++o) {
            float* const lane = to + o / kernels::panel_width * stride + o % kernels::panel_width;
            for (int k = 0; k < inputs; ++k) lane[k * kernels::panel_width] = from(k, o);
        }
        return {to, outputs, inputs, stride};
    }
    std::optional<nn::AdaptiveInput<nn::Packed>>
    adaptive_input(const std::optional<nn::AdaptiveInput<nn::Trainable>>& from) noexcept {
        if (!from) return std::nullopt;
        nn::AdaptiveInput<nn::Packed> packed;
        packed.bands = from->bands;
        packed.scaled = from->scaled;
        for (std::size_t i = 0; i < static_cast<std::size_t>(from->bands.count); ++i) {
            packed.tables[i] = table(from->tables[i].value);
            packed.projections[i] = panels(from->projections[i].value);
        }
        return packed;
    }
    std::optional<nn::AdaptiveSoftmax<nn::Packed>>
    adaptive_softmax(const std::optional<nn::AdaptiveSoftmax<nn::Trainable>>& from) noexcept {
        if (!from) return std::nullopt;
        nn::AdaptiveSoftmax<nn::Packed> packed;
        packed.bands = from->bands;
        packed.head = panels(from->head.value);
        if (!from->classes.value.empty()) packed.classes = panels(from->classes.value);
        for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(from->bands.count); ++i) {
            const ConstMatrix projection = from->projections[i].value;
            packed.projections[i] =
                from->has_tied_projections ? transposed_panels(projection) : panels(projection);
            packed.tails[i] = panels(from->tails[i].value);
        }
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
