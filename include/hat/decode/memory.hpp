// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/group_linear.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/top_candidates.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/attention_step.hpp>
#include <hat/nn/cache.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

/// What decoding needs of memory, as the sizes of a network tell it: a `Transformer` of any
/// weights, constant or not.
namespace hat::decode {

template <class Weights, class Parts>
[[nodiscard]] constexpr int
decoder_layer_count(const model::Transformer<Weights, Parts>& model) noexcept {
    return hat::detail::size_of(model.decoder_layers);
}

/// The widest keys of a layer of the decoder.
template <class Weights, class Parts>
[[nodiscard]] constexpr int widest_keys(const model::Transformer<Weights, Parts>& model) noexcept {
    int widest = 0;
    for_each_layer(model.decoder_layers, [&](const auto& layer, int) {
        widest = std::max(widest, int{layer.self_attn.query.weight.outputs()});
    });
    return widest;
}

/// Bytes of the caches of a batch: of keys and values of `rows_per_sentence` hypotheses of up to
/// `max_lengths[i]` positions, and of what cross-attention reads of the sources.
template <class Weights, class Parts>
[[nodiscard]] constexpr std::size_t bytes_of_caches(const model::Transformer<Weights, Parts>& model,
                                                    const Ragged& sources, int rows_per_sentence,
                                                    std::span<const int> max_lengths) noexcept {
    const int layers = decoder_layer_count(model);
    std::size_t bytes =
        nn::PrefixTable::bytes(rows_per_sentence, max_lengths) +
        nn::KeyValueCaches::bytes(layers, widest_keys(model),
                                  nn::PrefixTable::page_capacity(rows_per_sentence, max_lengths)) +
        Arena::bytes_of<nn::MemoryKeysValues>(std::ptrdiff_t{layers} * sources.sentences());
    for_each_layer(model.decoder_layers, [&](const auto& layer, int) {
        for (int s = 0; layer.attended_layers > 0 && s < sources.sentences(); ++s)
            bytes +=
                nn::bytes_of_memory(layer.encoder_attn, layer.attended_layers * sources.length(s));
    });
    return bytes;
}

/// Bytes of the two arenas that a network computes in: what it makes, and what its kernels need for
/// a moment.
struct ComputingMemory {
    std::size_t activations = 0;
    std::size_t scratch = 0;
};

namespace detail {

/// Counts, as layers do, what packed weights make of `rows` rows in evaluation.
class CountActivations {
public:
    constexpr explicit CountActivations(int rows) noexcept : rows_(rows) {}

    [[nodiscard]] constexpr ComputingMemory most() const noexcept { return most_; }

    constexpr void matrix(int rows, int cols) noexcept {
        used_ += Arena::bytes_of<float>(std::ptrdiff_t{rows} * cols);
        most_.activations = std::max(most_.activations, used_);
    }
    constexpr void variable(int cols) noexcept { matrix(rows_, cols); }
    constexpr void ints(int n) noexcept { used_ += Arena::bytes_of<int>(n); }
    constexpr void scratch(std::size_t bytes) noexcept {
        most_.scratch = std::max(most_.scratch, bytes);
    }
    /// What `f()` counts is free again.
    template <class F>
    constexpr void scope(const F& f) {
        const std::size_t before = used_;
        f();
        used_ = before;
    }

    constexpr void norm(int dim) noexcept {
        variable(dim);
        matrix(1, rows_);
    }
    /// A unit, if there is one.
    template <class Unit>
    constexpr void unit(const Unit& unit) {
        if constexpr (!std::same_as<Unit, Absent>) {
            if (!hat::detail::is_present(unit)) return;
            const auto& layers = hat::detail::inside(unit);
            group_linear(layers.input);
            for_each_layer(layers.layers, [&](const auto& layer, int) { group_linear(layer); });
            group_linear(layers.output);
        }
    }

    /// `attend(self)` counts what is made between projections.
    template <class Layer, class Attend, class Cross>
    constexpr void layer(const Layer& layer, bool pre_norm, const Attend& attend,
                         const Cross& cross) {
        const int dim = layer.final_layer_norm.gain.inputs();
        variable(dim);
        scope([&] {
            block(dim, pre_norm, [&] {
                unit(layer.dextra);
                const int qkv = layer.self_attn.query.weight.outputs();
                variable(2 * nn::Packed::distance(qkv) + qkv);
                attend();
                variable(dim);
            });
            cross();
            block(dim, pre_norm, [&] {
                variable(layer.feed_forward.first.weight.outputs());
                variable(dim);
            });
        });
    }
    /// A sublayer in its residual connection.
    template <class Sublayer>
    constexpr void block(int dim, bool pre_norm, const Sublayer& sublayer) {
        if (pre_norm) norm(dim);
        sublayer();
        if (pre_norm)
            variable(dim);
        else
            norm(dim);
    }

private:
    template <class Layer>
    constexpr void group_linear(const Layer& layer) {
        const int outputs = layer.weight.outputs();
        variable(outputs);
        const int block_rows = std::min(kernels::detail::group_block_rows(outputs), rows_);
        if (layer.shuffle && layer.groups > 1)
            scratch(Arena::bytes_of<float>(std::ptrdiff_t{block_rows} * outputs));
    }

    int rows_;
    std::size_t used_ = 0;
    ComputingMemory most_{};
};

/// Embedded tokens, with their positions.
constexpr void count_embedding(CountActivations& count, const auto& embedding, const auto& unit,
                               int dim, bool has_positions) {
    count.variable(embedding.weight.inputs());
    count.unit(unit);
    if (hat::detail::is_present(unit) && has_positions) count.variable(dim);
}

constexpr std::size_t bytes_of_scores(int rows, int keys) noexcept {
    return Arena::bytes_of<float>(std::ptrdiff_t{rows} * round_up(keys, kernels::panel_width));
}

}  // namespace detail

/// What encoding a source of `tokens` tokens takes, and caching what cross-attention reads of it.
template <class Parts>
[[nodiscard]] constexpr ComputingMemory
memory_of_encoding(const model::Transformer<nn::Sizes, Parts>& model, int tokens) {
    const model::Architecture& a = model.architecture;
    if (!a.has_encoder()) return {};
    const bool pre_norm = a.norm == model::Norm::pre;
    const int dim = a.encoder_embed_dim;
    detail::CountActivations count(tokens);
    count.ints(2);
    detail::count_embedding(count, model.source_embedding, model.source_unit, dim,
                            a.encoder_positions != model::Positions::none);
    for_each_layer(model.encoder_layers, [&](const auto& layer, int) {
        const int qkv = layer.self_attn.query.weight.outputs();
        const int heads = layer.self_attn.heads;
        const auto attend = [&] {
            count.variable(qkv);
            count.matrix(heads * tokens, round_up(tokens, kernels::panel_width));
            const int head_dim = qkv / heads;
            const std::size_t keys = Arena::bytes_of<float>(kernels::packed_size(tokens, head_dim));
            const std::size_t values =
                Arena::bytes_of<float>(kernels::packed_size(head_dim, tokens));
            count.scratch(keys + (head_dim % kernels::panel_width == 0 ? 0 : values));
        };
        count.layer(layer, pre_norm, attend, [] {});
    });
    if (a.encoder_final_norm) count.norm(dim);
    bool has_memory[4]{};
    for_each_layer(model.decoder_layers, [&](const auto& layer, int) {
        const int attended = layer.attended_layers;
        if (attended > 1 && !std::exchange(has_memory[attended], true)) {
            count.ints(2);
            count.matrix(attended * tokens, dim);
            count.matrix(attended, sizeof(nn::Variable) / sizeof(float));
        }
        const int qkv = layer.encoder_attn.key.weight.outputs();
        count.scope([&] { count.matrix(attended * tokens, nn::Packed::distance(qkv) + qkv); });
    });
    return count.most();
}

/// What a step takes whose `rows` hypotheses of one source of `source_tokens` tokens have up to
/// `target_tokens` tokens, and of which `candidates` next ones are wanted of each.
template <class Parts>
[[nodiscard]] constexpr ComputingMemory
memory_of_step(const model::Transformer<nn::Sizes, Parts>& model, int rows, int source_tokens,
               int target_tokens, int candidates) {
    const model::Architecture& a = model.architecture;
    const bool pre_norm = a.norm == model::Norm::pre;
    const int dim = a.decoder_embed_dim;
    const int columns = nn::PrefixTable::page_columns *
                        nn::PrefixTable::page_capacity(rows, std::span(&target_tokens, 1));
    detail::CountActivations count(rows);
    count.ints(rows);
    count.ints(rows + 1);
    detail::count_embedding(count, model.target_embedding, model.target_unit, dim,
                            a.decoder_positions != model::Positions::none);
    for_each_layer(model.decoder_layers, [&](const auto& layer, int) {
        const int qkv = layer.self_attn.query.weight.outputs();
        const auto attend = [&] {
            count.variable(qkv);
            const int scores = layer.self_attn.heads * rows;
            count.scratch(detail::bytes_of_scores(scores, columns) +
                          (rows == 1 ? 0 : detail::bytes_of_scores(scores, target_tokens)));
        };
        const auto cross = [&] {
            if (layer.attended_layers == 0) return;
            count.block(dim, pre_norm, [&] {
                count.variable(qkv);
                count.variable(qkv);
                count.scratch(detail::bytes_of_scores(layer.encoder_attn.heads * rows,
                                                      layer.attended_layers * source_tokens));
                count.variable(dim);
            });
        };
        count.layer(layer, pre_norm, attend, cross);
    });
    if (a.decoder_final_norm) count.norm(dim);
    if (a.projects_output()) count.variable(a.output_dim());
    count.scratch(kernels::bytes_of_top_candidates(rows, candidates));
    return count.most();
}

}  // namespace hat::decode
