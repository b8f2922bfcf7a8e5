// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/pack.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace hat::model {

namespace detail {

/// The widest of the embedding tables of both sides if they are one.
[[nodiscard]] inline ConstMatrix shared_table(ConstMatrix source, ConstMatrix target) noexcept {
    if (source.empty() || source.data() != target.data()) return {};
    return source.cols() < target.cols() ? target : source;
}

}  // namespace detail

/// The sizes of all that is packed of a whole `Network`: of its weights, and of its sinusoids.
[[nodiscard]] constexpr Transformer<nn::Sizes> packed_sizes(const Architecture& architecture) {
    constexpr int rows = Network::max_tokens + first_position;
    Transformer<nn::Sizes> sizes = sizes_of(architecture);
    if (architecture.has_encoder() && architecture.encoder.positions == Positions::sinusoidal)
        sizes.source_positions = nn::Sizes::table(rows, architecture.encoder.embed_dim);
    if (architecture.decoder.positions == Positions::sinusoidal)
        sizes.target_positions = nn::Sizes::table(rows, architecture.decoder.embed_dim);
    return sizes;
}

namespace detail {

/// The sizes of all that a sub-network has of a packed one.
///
/// Throws  `Error` if it is not valid, or no part of it
template <class Weights>
[[nodiscard]] Transformer<nn::Sizes> sizes_of_part(const Transformer<Weights>& whole,
                                                   const Architecture& sub) {
    validate_fits_in(sub, whole.architecture);
    validate(sub);
    Transformer<nn::Sizes> sizes = packed_sizes(sub);
    // Sinusoids are no weights: there are as many as the whole was given.
    sizes.source_positions.rows =
        std::min(sizes.source_positions.rows, int{whole.source_positions.rows()});
    sizes.target_positions.rows =
        std::min(sizes.target_positions.rows, int{whole.target_positions.rows()});
    return sizes;
}

}  // namespace detail

/// A Transformer ready to be served: all its weights in one buffer, matrices as panels of 16
/// outputs. Made from a network, the buffer is its own, and the network may change or vanish.
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
    explicit PackedTransformer(const Transformer<nn::Trainable, Others>& model);

    /// Refers to weights that lie packed: `bytes` of one that was made from a whole network of this
    /// architecture. They must outlive this.
    ///
    /// Throws  `Error` unless they are as many as it has, from a cache line on
    PackedTransformer(const Architecture& architecture, std::span<const std::byte> weights);

    /// Refers to the weights of a sub-network of `whole`, of which none is copied. What `whole`
    /// views must outlive this.
    ///
    ///     const hat::model::PackedModel whole(super.network().view());
    ///     const hat::model::PackedModel small(whole.view(), super.architecture_of(genes));
    ///
    /// Throws  `Error` if `sub` is not valid, or no part of `whole`
    PackedTransformer(const Transformer<Weights>& whole, const Architecture& sub);

    /// The weights it views stay in place when this is moved, the view itself does not.
    [[nodiscard]] const Transformer<Weights, Parts>& view() const noexcept {
        return packed_.view();
    }
    [[nodiscard]] const Architecture& architecture() const noexcept { return view().architecture; }
    /// All weights, in `nn::packed_layout`; none of a sub-network of another.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return packed_.bytes(); }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return packed_.size_bytes(); }

private:
    nn::PackedTree<Transformer<Weights, Parts>> packed_;
};

// Not inside the class, as of BasicCachedTransformer.

template <class Parts, class PackedWeights>
template <class Others>
PackedTransformer<Parts, PackedWeights>::PackedTransformer(
    const Transformer<nn::Trainable, Others>& model)
    : packed_(model, detail::shared_table(model.source_embedding.weight.value,
                                          model.target_embedding.weight.value)) {
}

template <class Parts, class PackedWeights>
PackedTransformer<Parts, PackedWeights>::PackedTransformer(const Architecture& architecture,
                                                           std::span<const std::byte> weights)
    : packed_(weights, packed_sizes(architecture)) {
}

template <class Parts, class PackedWeights>
PackedTransformer<Parts, PackedWeights>::PackedTransformer(const Transformer<Weights>& whole,
                                                           const Architecture& sub)
    : packed_(nn::PackedTree<Transformer<Weights, Parts>>::part_of(
          whole, detail::sizes_of_part(whole, sub))) {
}

/// A packed network of any architecture, its weights of a kind; `PackedModel` is fp32.
template <class Weights>
using PackedModelOf = PackedTransformer<AnyArchitecture, Weights>;
using PackedModel = PackedModelOf<nn::Packed>;

/// The constructors of packed networks of a kind of weights; `how` as of `HAT_NETWORK_INSTANCES`.
// NOLINTBEGIN(bugprone-macro-parentheses): types and keywords bear none
#define HAT_PACKED_INSTANCES(how, Weights)                                                         \
    how template PackedModelOf<Weights>::PackedTransformer(const Transformer<nn::Trainable>&);     \
    how template PackedModelOf<Weights>::PackedTransformer(const Architecture&,                    \
                                                           std::span<const std::byte>);            \
    how template PackedModelOf<Weights>::PackedTransformer(const Transformer<Weights>&,            \
                                                           const Architecture&);
// NOLINTEND(bugprone-macro-parentheses)

#ifdef HAT_SHARED_INSTANCES  // they are in <hat/decode/instances.hpp>
HAT_PACKED_INSTANCES(extern, nn::Packed)
HAT_PACKED_INSTANCES(extern, nn::PackedBf16)
HAT_PACKED_INSTANCES(extern, nn::PackedInt8)
#endif

}  // namespace hat::model
