// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/pack.hpp>

#include <cstddef>

namespace hat::model {

namespace detail {

/// The widest of the embedding tables of both sides if they are one.
[[nodiscard]] inline ConstMatrix shared_table(ConstMatrix source, ConstMatrix target) noexcept {
    if (source.empty() || source.data() != target.data()) return {};
    return source.cols() < target.cols() ? target : source;
}

}  // namespace detail

/// A Transformer ready to be served: all its weights in one buffer of its own, matrices as panels
/// of 16 outputs. What it was made from may change or vanish.
///
/// Embedding tables that are shared stay shared, and the output projection has its panels beside
/// them.
///
///     const hat::model::PackedModel packed(network.view());
///     encode(context, packed.view(), {}, tokens, sentences);
///
/// Its weights are `nn::Packed`, or of fewer bits: `nn::PackedBf16`, `nn::PackedInt8`.
template <class Parts, class PackedWeights = nn::Packed>
class PackedTransformer {
public:
    using Weights = PackedWeights;

    /// Throws  `Error` if sizes that are fixed here are not those of `model`, or are too large for
    ///         its kind of weights.
    template <class Others>
    explicit PackedTransformer(const Transformer<nn::Trainable, Others>& model)
        : packed_(model, detail::shared_table(model.source_embedding.weight.value,
                                              model.target_embedding.weight.value)) {}

    /// Valid as long as this lives, even if it is moved.
    [[nodiscard]] const Transformer<Weights, Parts>& view() const noexcept {
        return packed_.view();
    }
    [[nodiscard]] const Architecture& architecture() const noexcept { return view().architecture; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return packed_.size_bytes(); }

private:
    nn::PackedTree<Transformer<Weights, Parts>> packed_;
};

/// A sub-network of a packed network, as views: no weight is copied.
///
///     const hat::model::PackedModel whole(super.network().view());
///     const hat::model::PackedSlice small(whole.view(), super.architecture_of(genes));
///     hat::decode::BasicTranslator translator(small, special_tokens);
template <class PackedWeights>
class PackedSlice {
public:
    using Weights = PackedWeights;

    /// What `whole` views must outlive this.
    ///
    /// Throws  `Error` if `sub` is not valid, or no part of `whole`
    PackedSlice(const Transformer<Weights>& whole, const Architecture& sub) {
        validate_fits_in(sub, whole.architecture);
        validate(sub);
        view_ = nn::slice_packed<Transformer<Weights>>(whole, sizes_of(sub));
        // Sinusoids are no weights: sizes do not tell of them.
        if (sub.encoder.positions == Positions::sinusoidal && !whole.source_positions.empty())
            view_.source_positions = whole.source_positions.left_cols(sub.encoder.embed_dim);
        if (sub.decoder.positions == Positions::sinusoidal)
            view_.target_positions = whole.target_positions.left_cols(sub.decoder.embed_dim);
    }

    [[nodiscard]] const Transformer<Weights>& view() const noexcept { return view_; }
    [[nodiscard]] const Architecture& architecture() const noexcept { return view_.architecture; }

private:
    Transformer<Weights> view_;
};

template <class Weights>
using PackedModelOf = PackedTransformer<AnyArchitecture, Weights>;
using PackedModel = PackedModelOf<nn::Packed>;

}  // namespace hat::model
