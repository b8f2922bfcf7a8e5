// SPDX-License-Identifier: Apache-2.0
// Expect: a layer of one's own has set_sizes\(architecture, shape\)

#include <hat/model/presets.hpp>
#include <hat/model/sizes.hpp>

namespace model = hat::model;
using hat::nn::DecoderLayer;
using hat::nn::PooledUnit;

template <class Weights>
struct Layer : DecoderLayer<Weights, int, int, int, int, int, int, PooledUnit> {
#if 1  // wrong
    constexpr void set_sizes(const model::Architecture&, model::EncoderLayerShape) {
    }
#else   // wrong
    constexpr void set_sizes(const model::Architecture&, model::DecoderLayerShape) {
    }
#endif  // wrong
};
struct Parts : model::AnyArchitecture {
    template <class Weights>
    using DecoderLayers = hat::InplaceVector<Layer<Weights>, model::max_layers>;
};

const auto sizes = model::sizes_of<Parts>(model::transformer_tiny(9));
