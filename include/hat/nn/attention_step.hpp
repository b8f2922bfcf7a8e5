// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/cache.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

/// What a decoder layer attends to for one more position of every live hypothesis; what came before
/// is in caches.
namespace hat::nn {

/// The prefix of every row, in the cache of a layer: the keys and values of the new positions go
/// there first.
struct CachedPrefixes {
    const PrefixTable& table;
    KeyValueCache cache;

    /// Shapes  queries, keys, values [rows, qkv_dim] → [rows, qkv_dim]
    Variable attend(autograd::Eval& context, int heads, const QueriesKeysValues& x) const {
        cache.write(table, x.keys.value(), x.values.value());
        const Variable attended = context.variable(x.queries.of.rows(), x.queries.width);
        for (const SentenceRows& rows : table.groups()) {
            kernels::attend_to_prefixes(
                heads, x.queries.value().middle_rows(rows.first, rows.count), table.prefixes(rows),
                cache.keys, cache.values, attended.value.middle_rows(rows.first, rows.count),
                context.scratch());
        }
        return attended;
    }
};

/// How large such a prefix may get, for one sentence.
struct PrefixLimits {
    int max_length;

    constexpr void count_memory(MemoryCount& count, int heads, int qkv_dim) const noexcept {
        const int rows = count.rows();
        const int pages = PrefixTable::page_capacity(rows, std::span(&max_length, 1));
        const std::size_t own = kernels::bytes_of_scores(heads, rows, max_length);
        count.variable(qkv_dim);
        count.scratch(kernels::bytes_of_scores(heads, rows, pages * PrefixTable::page_columns) +
                      (rows == 1 ? 0 : own));
    }
};

/// The source of every row, projected once: an entry for every sentence.
struct CachedMemory {
    const PrefixTable& table;
    std::span<const MemoryKeysValues> memory;

    /// Shapes  queries [rows, qkv_dim] → [rows, qkv_dim]
    template <class Attention>
    Variable attend(autograd::Eval& context, const Attention& layer,
                    const Variable& queries) const {
        const Variable attended = context.variable(queries.rows(), queries.cols());
        for (const SentenceRows& rows : table.groups()) {
            const auto& [keys, values] = memory[static_cast<std::size_t>(rows.sentence)];
            kernels::attend_to_memory(
                layer.heads, queries.value.middle_rows(rows.first, rows.count), keys, values,
                attended.value.middle_rows(rows.first, rows.count), context.scratch());
        }
        return attended;
    }
};

/// How large such a source may get.
struct MemoryLimits {
    int max_length;

    constexpr void count_memory(MemoryCount& count, int heads, int qkv_dim) const noexcept {
        count.variable(qkv_dim);
        count.scratch(kernels::bytes_of_scores(heads, count.rows(), max_length));
    }
};

/// Bytes that a sentence of `length` states takes in `cache_memory`.
template <class Weights, class... Extents>
[[nodiscard]] constexpr std::size_t
bytes_of_memory(const CrossAttention<Weights, Extents...>& layer, int length) noexcept {
    const int n = layer.key.weight.outputs();
    return Arena::bytes_of<float>(kernels::packed_size(length, n)) +
           Arena::bytes_of<float>(std::ptrdiff_t{length} * n + kernels::panel_width);
}

/// What the sentences of `states` are to cross-attention: their projected values, and their keys
/// turned into panels, in memory that lasts.
///
/// Shapes  states [sentences.tokens(), memory_dim],  memory [sentences.sentences()]
template <class Weights, class... Extents>
void cache_memory(autograd::Eval& context, const CrossAttention<Weights, Extents...>& layer,
                  const Variable& states, const Ragged& sentences,
                  std::span<MemoryKeysValues> memory, Arena& lasting) {
    const int n = layer.key.weight.outputs();
    const ArenaScope scope(context.memory());
    const auto [all_keys, all_values] = project_memory(context, layer, states);
    for (int s = 0; s < sentences.sentences(); ++s) {
        const int first = sentences.begin(s);
        const int length = sentences.length(s);
        float* const panels = lasting.allocate<float>(kernels::packed_size(length, n));
        const std::ptrdiff_t size = std::ptrdiff_t{length} * n;
        const Matrix values(lasting.allocate<float>(size + kernels::panel_width), length, n);
        kernels::add(all_values.value().middle_rows(first, length), values, false);
        std::fill_n(values.data() + size, kernels::panel_width, 0.0F);
        memory[static_cast<std::size_t>(s)] = {
            kernels::pack(all_keys.value().middle_rows(first, length), panels), values};
    }
}

/// What `cache_memory` allocates but for what lasts.
template <class... Extents>
constexpr void count_cached_memory(MemoryCount& count,
                                   const CrossAttention<Sizes, Extents...>& layer,
                                   int states) noexcept {
    const int n = layer.key.weight.outputs();
    count.scope([&] { count.matrix(states, Packed::distance(n) + n); });
    count.scratch(count.bytes_of_rows(states, layer.key.weight.inputs()));
}

}  // namespace hat::nn
