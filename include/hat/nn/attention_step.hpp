// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/cache.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

/// A decoder layer for one more position of every live hypothesis; what came before is in caches.
namespace hat::nn {

/// x [rows, in_dim] → [rows, dim]; the keys and values of the new positions go into `cache`.
inline Variable step(autograd::Eval& context, const SelfAttention<Packed>& layer, const Variable& x,
                     const PrefixTable& table, const KeyValueCache& cache) {
    const int n = layer.qkv_dim;
    const Variable qkv = forward(context, layer.in_proj, x);
    cache.write(table, qkv.value.middle_cols(n, n), qkv.value.middle_cols(2 * n, n));
    const Variable attended = context.variable(x.rows(), n);
    for (const SentenceRows& rows : table.groups()) {
        kernels::attend_to_prefixes(
            layer.heads, qkv.value.left_cols(n).middle_rows(rows.first, rows.count),
            table.prefixes(rows), cache.keys, cache.values,
            attended.value.middle_rows(rows.first, rows.count), context.scratch());
    }
    return forward(context, layer.out_proj, attended);
}

/// x [rows, dim] → [rows, dim]; `memory` has an entry for every sentence.
inline Variable step(autograd::Eval& context, const CrossAttention<Packed>& layer,
                     const Variable& x, const PrefixTable& table,
                     std::span<const MemoryKeysValues> memory) {
    const Variable q = forward(context, layer.query, x);
    const Variable attended = context.variable(x.rows(), layer.qkv_dim);
    for (const SentenceRows& rows : table.groups()) {
        const auto& [keys, values] = memory[static_cast<std::size_t>(rows.sentence)];
        kernels::attend_to_memory(layer.heads, q.value.middle_rows(rows.first, rows.count), keys,
                                  values, attended.value.middle_rows(rows.first, rows.count),
                                  context.scratch());
    }
    return forward(context, layer.out_proj, attended);
}

/// What the sentences of `states` are to cross-attention, computed once: their projected values,
/// and their keys turned into panels, in memory that lasts.
///
/// Shapes  states [sentences.tokens(), memory dim],  memory [sentences.sentences()]
inline void project_memory(const CrossAttention<Packed>& layer, ConstMatrix states,
                           const Ragged& sentences, std::span<MemoryKeysValues> memory,
                           Arena& lasting, Arena& scratch) {
    const int n = layer.qkv_dim;
    const ArenaScope scope(scratch);
    const Matrix projected = scratch.matrix(states.rows(), 2 * n);
    kernels::packed_gemm(states, layer.key_value.weight,
                         {.y = projected, .bias = layer.key_value.bias.data()});
    for (int s = 0; s < sentences.sentences(); ++s) {
        const ConstMatrix own = projected.middle_rows(sentences.begin(s), sentences.length(s));
        float* const panels = lasting.allocate<float>(kernels::packed_size(own.rows(), n));
        const std::ptrdiff_t size = std::ptrdiff_t{own.rows()} * n;
        const Matrix values(lasting.allocate<float>(size + kernels::panel_width), own.rows(), n);
        kernels::add(own.middle_cols(n, n), values, false);
        std::fill_n(values.data() + size, kernels::panel_width, 0.0F);
        memory[static_cast<std::size_t>(s)] = {kernels::pack(own.left_cols(n), panels), values};
    }
}

/// x [rows, dim] → [rows, dim]
inline Variable step(autograd::Eval& context, const DecoderLayer<Packed>& layer, bool pre_norm,
                     Variable x, const PrefixTable& table, const KeyValueCache& cache,
                     std::span<const MemoryKeysValues> memory) {
    x = residual_block(context, layer.self_attn_layer_norm, pre_norm, 0.0F, x,
                       [&](const Variable& in) {
                           const Variable z = transform(context, layer.dextra, in, 0.0F);
                           return step(context, layer.self_attn, z, table, cache);
                       });
    if (layer.attended_layers > 0) {
        x = residual_block(context, layer.encoder_attn_layer_norm, pre_norm, 0.0F, x,
                           [&](const Variable& in) {
                               return step(context, layer.encoder_attn, in, table, memory);
                           });
    }
    return residual_block(
        context, layer.final_layer_norm, pre_norm, 0.0F, x,
        [&](const Variable& in) { return forward(context, layer.feed_forward, in, 0.0F); });
}

}  // namespace hat::nn
