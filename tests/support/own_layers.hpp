// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/core/ragged.hpp>
#include <hat/model/any_architecture.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/sizes.hpp>
#include <hat/nn/block.hpp>

namespace hat::support {

/// An encoder layer that has nothing of the library's: y = x + mix(norm(x)).
template <class Weights>
struct MixingLayer {
    nn::LayerNorm<Weights> norm{};
    nn::Linear<Weights> mix{};

    static constexpr void members(const auto& f, auto&... self) {
        f("norm", self.norm...);
        f("mix", self.mix...);
    }
    constexpr void set_sizes(const model::Architecture& a,
                             const model::EncoderLayerShape& /*shape*/) {
        norm = model::norm_sizes(a.encoder.embed_dim);
        mix = model::linear_sizes(a.encoder.embed_dim, a.encoder.embed_dim);
    }
};
template <class Context, class Weights>
nn::Variable forward(Context& context, const MixingLayer<Weights>& layer, bool /*pre_norm*/,
                     const nn::BlockDropout& /*dropout*/, const nn::Variable& x,
                     const Ragged& /*sentences*/, const auto& /*units*/) {
    return autograd::residual(context, 0.0F, x,
                              forward(context, layer.mix, forward(context, layer.norm, x)));
}

template <class Weights>
using PlainDecoderLayer = nn::DecoderLayer<Weights, int, int, int, int, int, int, nn::PooledUnit>;

/// The library's decoder layer with something beside it: y = layer(x) + bypass(x).
template <class Weights>
struct BypassedLayer : PlainDecoderLayer<Weights> {
    nn::Linear<Weights> bypass{};

    static constexpr void members(const auto& f, auto&... self) {
        PlainDecoderLayer<Weights>::members(f, self...);
        f("bypass", self.bypass...);
    }
    constexpr void set_sizes(const model::Architecture& a,
                             const model::DecoderLayerShape& /*shape*/) {
        bypass = model::linear_sizes(a.decoder.embed_dim, a.decoder.embed_dim);
    }
};
template <class Context, class Weights>
nn::Variable forward(Context& context, const BypassedLayer<Weights>& layer, bool pre_norm,
                     const nn::BlockDropout& dropout, const nn::Variable& x, const auto& past,
                     const auto& memory, const auto& units) {
    const PlainDecoderLayer<Weights>& plain = layer;
    return autograd::residual(context, 0.0F,
                              forward(context, plain, pre_norm, dropout, x, past, memory, units),
                              forward(context, layer.bypass, x));
}

/// A network of those.
struct OwnLayers : model::AnyArchitecture {
    template <class Weights>
    using EncoderLayers = InplaceVector<MixingLayer<Weights>, model::max_layers>;
    template <class Weights>
    using DecoderLayers = InplaceVector<BypassedLayer<Weights>, model::max_layers>;
};

}  // namespace hat::support
