// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/core/tree.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/weights.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hat::model {

namespace detail {

/// The unit of a shape of fixed sizes, or none.
template <class Weights, bool HasUnit, nn::DExTraShape Shape>
struct FixedUnit {
    using type = Absent;
};
template <class Weights, nn::DExTraShape Shape>
struct FixedUnit<Weights, true, Shape> {
    using type = nn::DExTra<Weights, nn::FixedPlan<Shape>>;
};

/// The unit of a layer of `architecture`; of no shape where it has none.
template <auto Layer>
[[nodiscard]] constexpr nn::DExTraShape unit_or_none(const Architecture& architecture,
                                                     int dim) noexcept {
    return Layer.dextra_depth > 0 ? architecture.unit_of(Layer, dim) : nn::DExTraShape{};
}

}  // namespace detail

/// What the parts of a Transformer are whose architecture the compiler knows: every layer is a type
/// of its own, and so are its sizes.
template <Architecture A>
struct FixedArchitecture {
    static_assert(!A.has_adaptive_softmax(),
                  "StaticTransformer: adaptive softmaxes are for architectures of run time");
    // Other numbers would keep compilers busy for ever.
    static constexpr bool has_slots =
        A.encoder.layer_count >= 0 && A.encoder.layer_count <= max_layers &&
        A.decoder.layer_count >= 0 && A.decoder.layer_count <= max_layers;
    static_assert(has_slots, "StaticTransformer: a layer_count is not from 0 to max_layers");

    using SourceVocab = Fixed<A.source_vocab_size>;
    using TargetVocab = Fixed<A.target_vocab_size>;
    using EncoderDim = Fixed<A.encoder.embed_dim>;
    using DecoderDim = Fixed<A.decoder.embed_dim>;
    using SourceTableDim = Fixed<(A.embedding.dim > 0 ? A.embedding.dim : A.encoder.embed_dim)>;
    using TargetTableDim = Fixed<(A.embedding.dim > 0 ? A.embedding.dim : A.decoder.embed_dim)>;
    using OutputDim = Fixed<A.output_dim()>;

    template <class Weights>
    using SourceUnit = typename detail::FixedUnit<Weights, (A.embedding.dim > 0 && A.has_encoder()),
                                                  A.embedding_unit(A.encoder.embed_dim)>::type;
    template <class Weights>
    using TargetUnit = typename detail::FixedUnit<Weights, (A.embedding.dim > 0),
                                                  A.embedding_unit(A.decoder.embed_dim)>::type;
    template <class Weights>
    using Units = Absent;  // they stand where they are used
    template <class Weights>
    using AdaptiveInput = Absent;
    template <class Weights>
    using AdaptiveSoftmax = Absent;

    // Public, as Clang 14 looks through the aliases below from outside.
    template <class Weights, EncoderLayerShape L>
    using Encoder = nn::EncoderLayer<
        Weights, EncoderDim, Fixed<A.qkv_dim_of(L)>, Fixed<L.heads>, Fixed<L.ffn_dim>,
        typename detail::FixedUnit<Weights, (L.dextra_depth > 0),
                                   detail::unit_or_none<L>(A, A.encoder.embed_dim)>::type,
        Fixed<Architecture::attention_input_dim(L, A.encoder.embed_dim)>>;

    template <class Weights, DecoderLayerShape L>
    using Decoder = nn::DecoderLayer<
        Weights, DecoderDim, EncoderDim, Fixed<A.qkv_dim_of(L)>, Fixed<L.heads>,
        Fixed<(L.cross_heads > 0 ? L.cross_heads : 1)>, Fixed<L.ffn_dim>,
        typename detail::FixedUnit<Weights, (L.dextra_depth > 0),
                                   detail::unit_or_none<L>(A, A.decoder.embed_dim)>::type,
        Fixed<Architecture::attention_input_dim(L, A.decoder.embed_dim)>>;

    /// The types of all layers of the encoder.
    template <class Weights, std::size_t... I>
    static std::tuple<Encoder<Weights, A.encoder.layer_shapes[I]>...>
        encoders(std::index_sequence<I...>);
    /// Those of the decoder.
    template <class Weights, std::size_t... I>
    static std::tuple<Decoder<Weights, A.decoder.layer_shapes[I]>...>
        decoders(std::index_sequence<I...>);

    template <class Weights>
    using EncoderLayers = decltype(encoders<Weights>(
        std::make_index_sequence < has_slots ? A.encoder.layers().size() : 0 > {}));
    template <class Weights>
    using DecoderLayers = decltype(decoders<Weights>(
        std::make_index_sequence < has_slots ? A.decoder.layers().size() : 0 > {}));
};

/// A Transformer all of whose sizes the compiler knows, heterogeneous layers included: the same
/// definition, the same functions, the same bits as `Transformer<Weights>`.
///
///     constexpr Architecture small = …;
///     const PackedTransformer<FixedArchitecture<small>> packed(network.view());
///     const StaticTransformer<small, nn::Packed>& model = packed.view();
///     encode(eval, model, {}, tokens, sentences);
///
/// Sizes that cannot be (heads or groups that do not divide, …) are told by `static_assert`.
template <Architecture A, class Weights>
using StaticTransformer = Transformer<Weights, FixedArchitecture<A>>;

/// Views of the whole of `network` as a network of fixed sizes; gradients go to `gradients`,
/// nowhere if it is null.
///
/// Throws  `Error` naming the first size that is another one in `network`.
template <Architecture A>
[[nodiscard]] StaticTransformer<A, nn::Trainable> static_view(const Network& network,
                                                              Gradients* gradients = nullptr) {
    StaticTransformer<A, nn::Trainable> model;
    network.bind(network.architecture(), gradients, model);
    return model;
}

}  // namespace hat::model
