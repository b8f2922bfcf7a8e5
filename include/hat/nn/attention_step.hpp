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
    int max_length;  ///< positions of a prefix

    constexpr void count_memory(MemoryCount& count, int heads, int qkv_dim) const noexcept {
        const int rows = count.rows();
        const int pages = PrefixTable::page_capacity(rows, std::span(&max_length, 1));
        const std::size_t own = kernels::bytes_of_scores(heads, rows, max_length);
        count.variable(qkv_dim);
        count.scratch(kernels::bytes_of_scores(heads, rows, pages * PrefixTable::page_columns) +
                      (rows == 1 ? 0 : own));
    }
};

/// The source of every row, projected once: an entry for every place of a sentence.
struct CachedMemory {
    const PrefixTable& table;
    std::span<const MemoryKeysValues> memory;
    /// If not empty: where to write how much each row attends to each position of its source, the
    /// mean over the heads. [rows, positions of the longest source]
    Matrix attention{};

    /// Shapes  queries [rows, qkv_dim] → [rows, qkv_dim]
    template <class Attention>
    Variable attend(autograd::Eval& context, const Attention& layer,
                    const Variable& queries) const {
        const Variable attended = context.variable(queries.rows(), queries.cols());
        for (const SentenceRows& rows : table.groups()) {
            const MemoryKeysValues& source = memory[static_cast<std::size_t>(rows.sentence)];
            kernels::attend_to_memory(
                layer.heads, queries.value.middle_rows(rows.first, rows.count), source.keys(),
                source.values(), attended.value.middle_rows(rows.first, rows.count),
                context.scratch());
            if (attention.empty()) continue;
            kernels::mean_attention_to_memory(
                layer.heads, queries.value.middle_rows(rows.first, rows.count), source.keys(),
                attention.middle_rows(rows.first, rows.count).left_cols(source.positions),
                context.scratch());
        }
        return attended;
    }
};

/// How large such a source may get.
struct MemoryLimits {
    int max_length;  ///< positions of a source

    constexpr void count_memory(MemoryCount& count, int heads, int qkv_dim) const noexcept {
        count.variable(qkv_dim);
        count.scratch(kernels::bytes_of_scores(heads, count.rows(), max_length));
    }
};

/// Bytes that a place for a sentence of `length` states takes.
template <class Weights, class... Extents>
[[nodiscard]] constexpr std::size_t
bytes_of_memory(const CrossAttention<Weights, Extents...>& layer, int length) noexcept {
    const int n = layer.key.weight.outputs();
    return Arena::bytes_of<float>(kernels::packed_size(length, n)) +
           Arena::bytes_of<float>(std::ptrdiff_t{length} * n + kernels::panel_width);
}

/// A place for what `cache_memory` makes of a sentence of up to `length` states.
template <class Weights, class... Extents>
[[nodiscard]] MemoryKeysValues place_for_memory(const CrossAttention<Weights, Extents...>& layer,
                                                int length, Arena& lasting) {
    const int n = layer.key.weight.outputs();
    float* const panels = lasting.allocate<float>(kernels::packed_size(length, n));
    float* const rows = lasting.allocate<float>(std::ptrdiff_t{length} * n + kernels::panel_width);
    return {.panels = panels, .rows = rows, .dim = n, .room = length};
}

/// Writes what the sentences of `states` are to cross-attention: their projected values, and their
/// keys turned into panels. `place(s)` is the `MemoryKeysValues` of sentence s.
///
/// Precondition: no sentence is longer than its place has room for.
///
/// Shapes  states [sentences.tokens(), memory_dim]
template <class Weights, class... Extents, class Place>
void cache_memory(autograd::Eval& context, const CrossAttention<Weights, Extents...>& layer,
                  const Variable& states, const Ragged& sentences, const Place& place) {
    const ArenaScope scope(context.memory());
    const auto [all_keys, all_values] = project_memory(context, layer, states);
    for (int s = 0; s < sentences.sentences(); ++s) {
        const int first = sentences.begin(s);
        const int length = sentences.length(s);
        MemoryKeysValues& memory = place(s);
        HAT_ASSERT(length <= memory.room);
        memory.positions = length;
        kernels::pack(all_keys.value().middle_rows(first, length), memory.panels);
        const Matrix values(memory.rows, length, memory.dim);
        kernels::add(all_values.value().middle_rows(first, length), values, false);
        // Kernels may read 16 numbers behind the last value.
        std::fill_n(values.data() + std::ptrdiff_t{length} * memory.dim, kernels::panel_width,
                    0.0F);
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
