// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/linear.hpp>
#include <hat/nn/memory_count.hpp>

namespace hat::nn {

using autograd::Columns;

namespace detail {

/// That heads divide the inner width, keys are as wide as values and queries, and the projection
/// takes what they make.
template <class Attention>
constexpr void check_attention(const Path& path, const char* name, const Attention& layer) {
    const auto& [heads, query, key, value, out_proj] = layer;
    if (query.weight.empty()) return;
    const int qkv = query.weight.outputs();
    const int count = heads;
    if (count < 1 || qkv % count != 0)
        fail(place_text(path), name, ": heads = ", count, " do not divide qkv_dim = ", qkv);
    if (int{key.weight.outputs()} != qkv || int{value.weight.outputs()} != qkv ||
        int{key.weight.inputs()} != int{value.weight.inputs()})
        fail(place_text(path), name, ": the query is ", shape_text(query.weight), ", the key ",
             shape_text(key.weight), " and the value ", shape_text(value.weight), ", expected [",
             qkv, ", ..], key and value alike");
    if (int{out_proj.weight.inputs()} != qkv)
        fail(place_text(path), name, ": out_proj is ", shape_text(out_proj.weight),
             ", expected [.., ", qkv, "]");
}

}  // namespace detail

/// Multi-head attention of a sequence to itself. The inner width `qkv_dim` is apart from the width
/// of the sequence; fewer heads are wider heads.
///
/// Shapes  query, key, value [qkv_dim, in_dim];  out_proj [dim, qkv_dim]
/// See     Vaswani et al. (arXiv:1706.03762), section 3.2; HAT (arXiv:2005.14187), section 3.1
template <class Weights, Extent Dim = int, Extent Qkv = int, Extent Heads = int, Extent In = Dim>
struct SelfAttention {
    static_assert(may_divide<Qkv, Heads>, "SelfAttention: heads do not divide qkv_dim");

    [[no_unique_address]] Heads heads = size_or<Heads>(1);
    Linear<Weights, Qkv, In> query{};
    Linear<Weights, Qkv, In> key{};
    Linear<Weights, Qkv, In> value{};
    Linear<Weights, Dim, Qkv> out_proj{};

    static constexpr void members(const auto& f, auto&... self) {
        f("heads", self.heads...);
        f("in_proj_weight", self.query.weight...);
        f("in_proj_weight", {.joint = Joint::below}, self.key.weight...);
        f("in_proj_weight", {.joint = Joint::below}, self.value.weight...);
        f("in_proj_bias", self.query.bias...);
        f("in_proj_bias", {.joint = Joint::beside}, self.key.bias...);
        f("in_proj_bias", {.joint = Joint::beside}, self.value.bias...);
        f("out_proj", self.out_proj...);
    }

    /// Throws  `Error` if heads do not divide qkv_dim, or the projections do not fit together.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        detail::check_attention(path, "SelfAttention", *this);
    }
};

/// Multi-head attention of one sequence to another.
///
/// Shapes  query [qkv_dim, dim],  key, value [qkv_dim, memory_dim],  out_proj [dim, qkv_dim]
template <class Weights, Extent Dim = int, Extent Memory = int, Extent Qkv = int,
          Extent Heads = int>
struct CrossAttention {
    static_assert(may_divide<Qkv, Heads>, "CrossAttention: heads do not divide qkv_dim");

    [[no_unique_address]] Heads heads = size_or<Heads>(1);
    Linear<Weights, Qkv, Dim> query{};
    Linear<Weights, Qkv, Memory> key{};
    Linear<Weights, Qkv, Memory> value{};
    Linear<Weights, Dim, Qkv> out_proj{};

    /// Matrices of unequal widths are stored apart, keys and values first, as the reference has it.
    static constexpr void members(const auto& f, auto&... self) {
        const auto& lead = leading(self...);
        f("heads", self.heads...);
        if (int{lead.query.weight.inputs()} == int{lead.key.weight.inputs()}) {
            f("in_proj_weight", self.query.weight...);
            f("in_proj_weight", {.joint = Joint::below}, self.key.weight...);
            f("in_proj_weight", {.joint = Joint::below}, self.value.weight...);
        } else {
            f("k_proj_weight", self.key.weight...);
            f("v_proj_weight", self.value.weight...);
            f("q_proj_weight", self.query.weight...);
        }
        f("in_proj_bias", self.query.bias...);
        f("in_proj_bias", {.joint = Joint::beside}, self.key.bias...);
        f("in_proj_bias", {.joint = Joint::beside}, self.value.bias...);
        f("out_proj", self.out_proj...);
    }

    /// Throws  `Error` if heads do not divide qkv_dim, or the projections do not fit together.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        detail::check_attention(path, "CrossAttention", *this);
    }
};

/// What attention reads: queries, keys and values, maybe columns of one variable.
struct QueriesKeysValues {
    Columns queries;
    Columns keys;
    Columns values;
};
/// What attention takes of another sequence: keys and values alone.
struct KeysValues {
    Columns keys;
    Columns values;
};

namespace detail {

[[nodiscard]] inline Columns all_columns(const Variable& x) noexcept {
    return {x, 0, x.cols()};
}

/// Whether the weights and biases of `b` are stored behind those of `a`: one product does for both.
template <class Weights, class... A, class... B>
[[nodiscard]] bool follows(const Linear<Weights, A...>& a,
                           const Linear<Weights, B...>& b) noexcept {
    return Weights::follows(a.weight, b.weight) && Weights::vector_follows(a.bias, b.bias);
}
template <class Weights, class... A, class... B>
[[nodiscard]] auto joined(const Linear<Weights, A...>& a, const Linear<Weights, B...>& b) {
    const auto weight = Weights::joined(a.weight, b.weight);
    using Both = Linear<Weights, decltype(weight.outputs()), decltype(weight.inputs())>;
    return Both{weight, Weights::joined_vectors(a.bias, b.bias)};
}

}  // namespace detail

/// Keys and values of the sequence that is attended to: one product where the weights lie so.
///
/// Shapes  memory [tokens, memory_dim] → [tokens, qkv_dim] each
template <class Context, class Weights, class... Extents>
KeysValues project_memory(Context& context, const CrossAttention<Weights, Extents...>& layer,
                          const Variable& memory) {
    if (!detail::follows(layer.key, layer.value))
        return {detail::all_columns(forward(context, layer.key, memory)),
                detail::all_columns(forward(context, layer.value, memory))};
    const int n = layer.key.weight.outputs();
    const Variable both = forward(context, detail::joined(layer.key, layer.value), memory);
    return {{both, 0, n}, {both, Weights::distance(n), n}};
}

/// Queries, keys and values of a sequence: one product where the weights lie so.
///
/// Shapes  x [tokens, in_dim] → [tokens, qkv_dim] each
template <class Context, class Weights, class... Extents>
QueriesKeysValues project(Context& context, const SelfAttention<Weights, Extents...>& layer,
                          const Variable& x) {
    const auto& [heads, query, key, value, out_proj] = layer;
    if (!detail::follows(query, key) || !detail::follows(key, value))
        return {detail::all_columns(forward(context, query, x)),
                detail::all_columns(forward(context, key, x)),
                detail::all_columns(forward(context, value, x))};
    const int n = query.weight.outputs();
    const int distance = Weights::distance(n);
    const Variable all = forward(context, detail::joined(detail::joined(query, key), value), x);
    return {{all, 0, n}, {all, distance, n}, {all, 2 * distance, n}};
}

/// Attention to whole sequences: all positions at once, in training and in the encoder.
struct WholeSequences {
    Ragged sentences;
    bool causal = false;
    float dropout = 0;

    template <class Context>
    Variable attend(Context& context, int heads, const QueriesKeysValues& x) const {
        detail::check_rows("attention", x.queries.of.rows(), sentences);
        return autograd::attention(context, {sentences, sentences, heads, causal}, dropout,
                                   x.queries, x.keys, x.values);
    }
    constexpr void count_memory(MemoryCount& count, int heads, int qkv_dim) const noexcept {
        const kernels::AttentionShape shape{sentences, sentences, heads, causal};
        count.variable(qkv_dim);
        count.objects<float>(kernels::attention_probabilities_size(shape));
        count.scratch(kernels::bytes_of_attention(shape, qkv_dim));
    }
};

/// Attention to what the encoder made of whole sequences.
///
/// Shapes  states [memory_sentences.tokens(), memory_dim]
struct WholeMemory {
    Ragged sentences;
    Variable states;
    Ragged memory_sentences;
    float dropout = 0;

    template <class Context, class Attention>
    Variable attend(Context& context, const Attention& layer, const Variable& queries) const {
        detail::check_rows("attention", queries.rows(), sentences);
        detail::check_rows("attention to a memory", states.rows(), memory_sentences);
        if (memory_sentences.sentences() != sentences.sentences())
            fail("attention: ", sentences.sentences(), " sentences, but memories of ",
                 memory_sentences.sentences());
        const auto [keys, values] = project_memory(context, layer, states);
        return autograd::attention(context, {sentences, memory_sentences, layer.heads, false},
                                   dropout, detail::all_columns(queries), keys, values);
    }
};

/// x [tokens, in_dim] → [tokens, dim]; `past` is what each token may look at: `WholeSequences`, or
/// the cached prefixes of attention_step.hpp.
///
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class... Extents, class Past>
Variable forward(Context& context, const SelfAttention<Weights, Extents...>& layer,
                 const Variable& x, const Past& past) {
    layer.check_sizes();
    const QueriesKeysValues projected = project(context, layer, x);
    return forward(context, layer.out_proj, past.attend(context, layer.heads, projected));
}

/// x [target tokens, dim] → [target tokens, dim]; `memory` is what each token may look at:
/// `WholeMemory`, or the projected one of attention_step.hpp.
///
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class... Extents, class Memory>
Variable forward(Context& context, const CrossAttention<Weights, Extents...>& layer,
                 const Variable& x, const Memory& memory) {
    layer.check_sizes();
    const Variable queries = forward(context, layer.query, x);
    return forward(context, layer.out_proj, memory.attend(context, layer, queries));
}

/// `past` counts what is made between the projections.
template <class... Extents, class Past>
constexpr void count_memory(MemoryCount& count, const SelfAttention<Sizes, Extents...>& layer,
                            const Past& past) noexcept {
    const int qkv = layer.query.weight.outputs();
    count.variable(2 * Packed::distance(qkv) + qkv);
    count.product(layer.query.weight.inputs());
    past.count_memory(count, layer.heads, qkv);
    count_memory(count, layer.out_proj);
}
template <class... Extents, class Memory>
constexpr void count_memory(MemoryCount& count, const CrossAttention<Sizes, Extents...>& layer,
                            const Memory& memory) noexcept {
    count_memory(count, layer.query);
    memory.count_memory(count, layer.heads, int{layer.query.weight.outputs()});
    count_memory(count, layer.out_proj);
}

}  // namespace hat::nn
