// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/attention_step.hpp>
#include <hat/nn/cache.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

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

}  // namespace hat::decode
