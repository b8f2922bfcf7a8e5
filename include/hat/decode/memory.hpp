// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/top_candidates.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/attention_step.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/cache.hpp>
#include <hat/nn/memory_count.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

/// What decoding needs of memory with packed weights: of caches as a `Transformer` of any weights
/// tells it, of encoding and steps as its `Sizes` do.
namespace hat::decode {

/// Layers that a decoder has.
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

namespace detail {

/// Embedded tokens, with their positions.
constexpr void count_embedding(nn::MemoryCount& count, const auto& embedding, const auto& unit,
                               int dim, model::Positions positions) {
    count.variable(embedding.weight.inputs());
    nn::count_unit(count, unit);
    if (hat::detail::is_present(unit) && positions != model::Positions::none) count.variable(dim);
}

/// A layer, of which the result stays.
constexpr void count_layer(nn::MemoryCount& count, int dim, const auto& layer) {
    count.variable(dim);
    count.scope(layer);
}

}  // namespace detail

/// What encoding a source of `tokens` tokens takes, and caching what cross-attention reads of it.
template <class Weights = nn::Packed, class Parts>
[[nodiscard]] constexpr nn::ComputingMemory
memory_of_encoding(const model::Transformer<nn::Sizes, Parts>& model, int tokens) {
    const model::Architecture& a = model.architecture;
    if (!a.has_encoder()) return {};
    const int dim = a.encoder.embed_dim;
    const std::array offsets{0, tokens};
    const nn::WholeSequences whole{Ragged(offsets.data(), 1)};
    nn::MemoryCount count(tokens, Weights::Format::bytes_of_rows);
    count.objects<int>(2);
    detail::count_embedding(count, model.source_embedding,
                            hat::detail::found_in(model.units, model.source_unit), dim,
                            a.encoder.positions);
    for_each_layer(model.encoder_layers, [&](const auto& layer, int) {
        detail::count_layer(count, dim, [&] {
            count_memory(count, layer, a.norm == model::Norm::pre, whole, model.units);
        });
    });
    if (a.encoder.final_norm) count_memory(count, model.encoder_layer_norm);
    bool has_memory[model::max_attended_layers + 1]{};
    for_each_layer(model.decoder_layers, [&](const auto& layer, int) {
        const int attended = layer.attended_layers;
        if (attended > 1 && !std::exchange(has_memory[attended], true)) {
            count.objects<int>(2);
            count.matrix(attended * tokens, dim);
            count.objects<nn::Variable>(attended);
        }
        count_cached_memory(count, layer.encoder_attn, attended * tokens);
    });
    return count.most();
}

/// What a step takes whose `rows` hypotheses of one source of `source_tokens` tokens have up to
/// `target_tokens` tokens, and of which `candidates` next ones are wanted of each.
template <class Weights = nn::Packed, class Parts>
[[nodiscard]] constexpr nn::ComputingMemory
memory_of_step(const model::Transformer<nn::Sizes, Parts>& model, int rows, int source_tokens,
               int target_tokens, int candidates) {
    const model::Architecture& a = model.architecture;
    const int dim = a.decoder.embed_dim;
    nn::MemoryCount count(rows, Weights::Format::bytes_of_rows);
    count.objects<int>(rows);
    count.objects<int>(rows + 1);
    detail::count_embedding(count, model.target_embedding,
                            hat::detail::found_in(model.units, model.target_unit), dim,
                            a.decoder.positions);
    for_each_layer(model.decoder_layers, [&](const auto& layer, int) {
        detail::count_layer(count, dim, [&] {
            count_memory(count, layer, a.norm == model::Norm::pre, nn::PrefixLimits{target_tokens},
                         nn::MemoryLimits{layer.attended_layers * source_tokens}, model.units);
        });
    });
    if (a.decoder.final_norm) count_memory(count, model.decoder_layer_norm);
    if (a.projects_output()) count_memory(count, model.project_out);
    count.scratch(count.bytes_of_rows(rows, model.output.inputs()) +
                  kernels::bytes_of_top_candidates(rows, candidates));
    return count.most();
}

}  // namespace hat::decode
