// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/linear.hpp>

#include <type_traits>

namespace hat::nn {

/// Multi-head attention of a sequence to itself (spec/hat.md, section 4). The inner width `qkv_dim`
/// is apart from the width of the sequence; fewer heads are wider heads.
///
/// Shapes  in_proj [3·qkv_dim, in_dim] in the order query, key, value;  out_proj [dim, qkv_dim].
///         Where `key` and `value` [qkv_dim, in_dim] are stored apart, as in a slice of fewer rows,
///         `in_proj` has the queries alone; else both are empty.
template <class Weights>
struct SelfAttention {
    Linear<Weights> in_proj;
    Linear<Weights> out_proj;
    int heads = 1;
    int qkv_dim = 0;
    Linear<Weights> key{};
    Linear<Weights> value{};
};

/// Multi-head attention of one sequence to another.
///
/// Shapes  query [qkv_dim, dim],  key_value [2·qkv_dim, memory dim] (keys first),
///         out_proj [dim, qkv_dim]. Where keys and values are stored apart, `key_value` has the
///         keys alone and `value` [qkv_dim, memory dim] the values; else `value` is empty.
template <class Weights>
struct CrossAttention {
    Linear<Weights> query;
    Linear<Weights> key_value;
    Linear<Weights> value;
    Linear<Weights> out_proj;
    int heads = 1;
    int qkv_dim = 0;
};

/// Whether queries, keys and values have matrices of their own instead of parts of a joint one.
template <template <class> class Attention>
[[nodiscard]] bool is_stored_apart(const Attention<Trainable>& layer) noexcept {
    return !layer.value.weight.value.empty();
}
template <template <class> class Attention>
[[nodiscard]] constexpr bool is_stored_apart(const Attention<Packed>& /*layer*/) noexcept {
    return false;
}

/// x [tokens, in_dim] → [tokens, dim]
template <class Context, class Weights>
Variable forward(Context& context, const SelfAttention<Weights>& layer, const Variable& x,
                 const Ragged& sentences, bool causal, float dropout) {
    const int n = layer.qkv_dim;
    const bool apart = is_stored_apart(layer);
    const Variable q = forward(context, layer.in_proj, x);
    const Variable k = apart ? forward(context, layer.key, x) : q;
    const Variable v = apart ? forward(context, layer.value, x) : q;
    const Variable attended =
        autograd::attention(context, {sentences, sentences, layer.heads, causal}, dropout,
                            {q, 0, n}, {k, apart ? 0 : n, n}, {v, apart ? 0 : 2 * n, n});
    return forward(context, layer.out_proj, attended);
}

/// x [target tokens, dim], memory [memory tokens, memory dim] → [target tokens, dim]
template <class Context, class Weights>
Variable forward(Context& context, const CrossAttention<Weights>& layer, const Variable& x,
                 const Ragged& sentences, const Variable& memory, const Ragged& memory_sentences,
                 float dropout) {
    const int n = layer.qkv_dim;
    const Variable q = forward(context, layer.query, x);
    const Variable k = forward(context, layer.key_value, memory);
    const bool apart = is_stored_apart(layer);
    const Variable v = apart ? forward(context, layer.value, memory) : k;
    const Variable attended =
        autograd::attention(context, {sentences, memory_sentences, layer.heads, false}, dropout,
                            {q, 0, n}, {k, 0, n}, {v, apart ? 0 : n, n});
    return forward(context, layer.out_proj, attended);
}

}  // namespace hat::nn
