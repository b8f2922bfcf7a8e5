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
template <class Weights, bool has_unit, nn::DExTraShape shape>
struct FixedUnit {
    using type = Absent;
};
template <class Weights, nn::DExTraShape shape>
struct FixedUnit<Weights, true, shape> {
    using type = nn::DExTra<Weights, nn::FixedPlan<shape>>;
};

/// The unit of a layer of `architecture`; of no shape where it has none.
template <auto layer>
[[nodiscard]] constexpr nn::DExTraShape unit_or_none(const Architecture& architecture,
                                                     int dim) noexcept {
    return layer.dextra_depth > 0 ? architecture.unit_of(layer, dim) : nn::DExTraShape{};
}

}  // namespace detail

/// What the parts of a Transformer are whose architecture the compiler knows: every layer is a type
/// of its own, and so are its sizes.
template <Architecture architecture>
struct FixedArchitecture {
    static_assert(!architecture.has_adaptive_softmax(),
                  "StaticTransformer: adaptive softmaxes are for architectures of run time");

    using SourceVocab = Fixed<architecture.source_vocab_size>;
    using TargetVocab = Fixed<architecture.target_vocab_size>;
    using EncoderDim = Fixed<architecture.encoder_embed_dim>;
    using DecoderDim = Fixed<architecture.decoder_embed_dim>;
    using SourceTableDim = Fixed<(architecture.embedding_dim > 0 ? architecture.embedding_dim
                                                                 : architecture.encoder_embed_dim)>;
    using TargetTableDim = Fixed<(architecture.embedding_dim > 0 ? architecture.embedding_dim
                                                                 : architecture.decoder_embed_dim)>;
    using OutputDim = Fixed<architecture.output_dim()>;

    template <class Weights>
    using SourceUnit = typename detail::FixedUnit<
        Weights, (architecture.embedding_dim > 0 && architecture.has_encoder()),
        architecture.embedding_unit(architecture.encoder_embed_dim)>::type;
    template <class Weights>
    using TargetUnit = typename detail::FixedUnit<Weights, (architecture.embedding_dim > 0),
                                                  architecture.embedding_unit(
                                                      architecture.decoder_embed_dim)>::type;
    template <class Weights>
    using AdaptiveInput = Absent;
    template <class Weights>
    using AdaptiveSoftmax = Absent;

private:
    template <class Weights, EncoderLayerShape layer>
    using Encoder = nn::EncoderLayer<
        Weights, EncoderDim, Fixed<architecture.qkv_dim_of(layer)>, Fixed<layer.heads>,
        Fixed<layer.ffn_dim>,
        typename detail::FixedUnit<Weights, (layer.dextra_depth > 0),
                                   detail::unit_or_none<layer>(
                                       architecture, architecture.encoder_embed_dim)>::type,
        Fixed<Architecture::attention_input_dim(layer, architecture.encoder_embed_dim)>>;

    template <class Weights, DecoderLayerShape layer>
    using Decoder = nn::DecoderLayer<
        Weights, DecoderDim, EncoderDim, Fixed<architecture.qkv_dim_of(layer)>, Fixed<layer.heads>,
        Fixed<(layer.cross_heads > 0 ? layer.cross_heads : 1)>, Fixed<layer.ffn_dim>,
        typename detail::FixedUnit<Weights, (layer.dextra_depth > 0),
                                   detail::unit_or_none<layer>(
                                       architecture, architecture.decoder_embed_dim)>::type,
        Fixed<Architecture::attention_input_dim(layer, architecture.decoder_embed_dim)>>;

    template <class Weights, std::size_t... I>
    static std::tuple<Encoder<Weights, architecture.encoder_layer_shapes[I]>...>
        encoders(std::index_sequence<I...>);
    template <class Weights, std::size_t... I>
    static std::tuple<Decoder<Weights, architecture.decoder_layer_shapes[I]>...>
        decoders(std::index_sequence<I...>);

public:
    template <class Weights>
    using EncoderLayers = decltype(encoders<Weights>(
        std::make_index_sequence<architecture.encoder_layers().size()>{}));
    template <class Weights>
    using DecoderLayers = decltype(decoders<Weights>(
        std::make_index_sequence<architecture.decoder_layers().size()>{}));
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
template <Architecture architecture, class Weights>
using StaticTransformer = Transformer<Weights, FixedArchitecture<architecture>>;

/// Views of the whole of `network` as a network of fixed sizes; gradients go to `gradients`,
/// nowhere if it is null.
///
/// Throws  `Error` naming the first size that is another one in `network`.
template <Architecture architecture>
[[nodiscard]] StaticTransformer<architecture, nn::Trainable>
static_view(const Network& network, Gradients* gradients = nullptr) {
    StaticTransformer<architecture, nn::Trainable> model;
    network.bind(network.architecture(), gradients, model);
    return model;
}

}  // namespace hat::model
