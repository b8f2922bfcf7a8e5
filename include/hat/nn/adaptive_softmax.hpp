// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/rows.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/softmax.hpp>
#include <hat/nn/adaptive_bands.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/weights.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace hat::nn {

/// Adaptive softmax (Grave et al., arXiv:1609.04309): one softmax over the words of band 0 and a
/// class for each other band, and one softmax in every other band,
///
///     log p(w) = log softmax(head · x)[w]                                       in band 0
///     log p(w) = log softmax(head · x)[class i] + log softmax(tails_i · projections_i · x)[w]
///
/// with words counted from the first of their band. Tied to an `AdaptiveInput`, `head` is its
/// table 0, `classes` the only weight of its own, and band i has the table and the projection
/// [dim, dim_i] of the input, which is used the other way round. Untied, the rows of `classes` are
/// the last ones of `head`.
///
/// Shapes  head [size of band 0, dim], untied [head_size, dim],  classes [bands − 1, dim] or empty,
///         of band i in slot i − 1: projections [dim_i, dim], tied [dim, dim_i] (packed weights:
///         always [dim_i, dim]),  tails [size of band i, dim_i]
template <class Weights>
struct AdaptiveSoftmax {
    static_assert(
        KindOfWeights<Weights>,
        "AdaptiveSoftmax: its first argument is a kind of weights, such as Trainable or Packed");

    using Matrix = typename Weights::template Matrix<int, int>;

    AdaptiveBands bands{};
    Matrix head{};
    Matrix classes{};
    std::array<Matrix, AdaptiveBands::most - 1> projections{};
    std::array<Matrix, AdaptiveBands::most - 1> tails{};
    bool has_tied_projections = false;

    /// Tied, all but the classes are called as in the input.
    static constexpr void members(const auto& f, auto&... self) {
        const bool tied = leading(self...).has_tied_projections;
        f("bands", self.bands...);
        f("has_tied_projections", self.has_tied_projections...);
        const auto own = f.in("adaptive_softmax");
        const auto input = f.in("embed_tokens");
        const auto tails = tied ? input.in("embeddings") : own.in("tail");
        const auto projections = tied ? input.in("projections") : own.in("tail");
        for (std::size_t i = 0; i + 1 < AdaptiveBands::most; ++i) {
            const std::size_t number = tied ? i + 1 : i;
            tails.at(number)(tied ? "weight" : "2.weight", self.tails[i]...);
            projections.at(number)(tied ? "weight" : "0.weight", {.transposed = tied},
                                   self.projections[i]...);
        }
        if (tied)
            input(("embeddings.0.weight"), self.head...);
        else
            own("head.weight", self.head...);
        own("head.class_proj.weight", self.classes...);
    }

    /// Throws  `Error` if the head or a tail is not as wide as its band.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        const auto check = [&](const char* name, const Matrix& weight, int dim) {
            if (weight.inputs() != dim)
                fail(detail::place_text(path), "AdaptiveSoftmax: a ", name, " is ",
                     detail::shape_text(weight), ", expected [.., ", dim, "]");
        };
        check("head", head, bands.dim);
        for (int i = 1; i < bands.count; ++i)
            check("tail", tails[static_cast<std::size_t>(i - 1)], bands.band_dim(i));
    }
};

/// What the loss is besides the words' own.
struct AdaptiveLossOptions {
    float dropout = 0;  ///< on x, and on what the projections of the tails make of it
    /// The second word of every tail counts in the head alone: DeLighT's reference implementation
    /// takes its number in the band for that of padding.
    bool skips_second_tail_word = false;
};

namespace detail {

/// What the words of tail `slot` are told apart by.  Shapes  x [tokens, dim] → [tokens, dim_i]
template <class Context, class Weights>
Variable project_tail(Context& context, const AdaptiveSoftmax<Weights>& layer, std::size_t slot,
                      const Variable& x) {
    return layer.has_tied_projections
               ? Weights::multiply_transposed(context, x, layer.projections[slot])
               : Weights::multiply(context, x, layer.projections[slot]);
}

/// y = x · weightᵀ
template <class Weights>
void multiply_to(autograd::Eval& context, const typename AdaptiveSoftmax<Weights>::Matrix& weight,
                 const Variable& x, Matrix y) {
    const ArenaScope scope(context.memory());
    kernels::add(Weights::multiply(context, x, weight).value, y, false);
}

/// Shapes  x [tokens, dim],  y [tokens, head_size]
template <class Weights>
void head_logits(autograd::Eval& context, const AdaptiveSoftmax<Weights>& layer, const Variable& x,
                 Matrix y) {
    const int words = layer.head.outputs();
    const int classes = layer.bands.head_size() - words;
    multiply_to<Weights>(context, layer.head, x, y.left_cols(words));
    if (classes > 0) multiply_to<Weights>(context, layer.classes, x, y.middle_cols(words, classes));
}

/// Shapes  x [tokens, dim],  y [tokens, size of the band]
template <class Weights>
void tail_logits(autograd::Eval& context, const AdaptiveSoftmax<Weights>& layer, int band,
                 const Variable& x, Matrix y) {
    const auto slot = static_cast<std::size_t>(band - 1);
    multiply_to<Weights>(context, layer.tails[slot], project_tail(context, layer, slot, x), y);
}

/// x ← x − log Σ exp(x), row by row.
inline void log_softmax(Matrix x) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        const float sum = kernels::row_log_sum_exp(x.row_data(i), x.cols());
        for (float& value : x.row(i)) value -= sum;
    }
}

}  // namespace detail

/// The summed −log p of `targets`, exact. Like `autograd::cross_entropy` it is the end of a tape
/// and stores no logits; `targets` must live until the backward pass is done. A tail without a word
/// among the targets gets no gradient.
///
/// Shapes  x [tokens, dim],  targets [tokens]
template <class Context, class Weights>
kernels::CrossEntropy cross_entropy(Context& context, const AdaptiveSoftmax<Weights>& layer,
                                    const Variable& x, std::span<const int> targets,
                                    const AdaptiveLossOptions& options = {}) {
    detail::check_context<Context, Weights>();
    layer.check_sizes();
    detail::check_width("AdaptiveSoftmax", x.cols(), layer.bands.dim);
    const AdaptiveBands& bands = layer.bands;
    const Variable features = autograd::dropout(context, options.dropout, x);
    int* const classes =
        context.memory().template allocate<int>(static_cast<std::ptrdiff_t>(targets.size()));
    for (std::size_t i = 0; i < targets.size(); ++i) classes[i] = bands.head_class(targets[i]);
    kernels::CrossEntropy sum = Weights::cross_entropy(
        context, features, layer.head, {classes, targets.size()}, 0.0F, layer.classes);
    for (int band = 1; band < bands.count; ++band) {
        const auto [words, places] = words_of_band(bands, band, targets, context.memory(),
                                                   options.skips_second_tail_word ? 1 : -1);
        if (words.empty()) continue;
        const auto slot = static_cast<std::size_t>(band - 1);
        const Variable own = autograd::gather_rows(context, features, places);
        const Variable hidden = autograd::dropout(context, options.dropout,
                                                  detail::project_tail(context, layer, slot, own));
        sum += Weights::cross_entropy(context, hidden, layer.tails[slot], words, 0.0F);
    }
    return sum;
}

/// The log-probabilities of all words: for evaluation, and as the logits of the next token.
///
/// Shapes  x [tokens, dim],  y [tokens, vocab_size]
template <class Weights>
void log_probabilities(autograd::Eval& context, const AdaptiveSoftmax<Weights>& layer,
                       const Variable& x, Matrix y) {
    layer.check_sizes();
    detail::check_width("AdaptiveSoftmax", x.cols(), layer.bands.dim);
    const AdaptiveBands& bands = layer.bands;
    const ArenaScope scope(context.memory());
    const Matrix head = context.memory().matrix(x.rows(), bands.head_size());
    detail::head_logits(context, layer, x, head);
    detail::log_softmax(head);
    kernels::add(head.left_cols(bands.size(0)), y.left_cols(bands.size(0)), false);
    for (int band = 1; band < bands.count; ++band) {
        const Matrix words = y.middle_cols(bands.first(band), bands.size(band));
        detail::tail_logits(context, layer, band, x, words);
        detail::log_softmax(words);
        for (int i = 0; i < x.rows(); ++i) {
            const float of_band = head(i, bands.size(0) + band - 1);
            for (float& value : words.row(i)) value += of_band;
        }
    }
}

}  // namespace hat::nn
