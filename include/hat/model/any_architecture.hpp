// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/inplace_vector.hpp>
#include <hat/core/tree.hpp>
#include <hat/model/architecture_parts.hpp>
#include <hat/nn/adaptive_input.hpp>
#include <hat/nn/adaptive_softmax.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/unit_pool.hpp>

#include <optional>

namespace hat::model {

/// What the parts of a Transformer are whose architecture is known when it runs.
struct AnyArchitecture {
    template <class Weights>
    using EncoderLayers =
        InplaceVector<nn::EncoderLayer<Weights, int, int, int, int, nn::PooledUnit>, max_layers>;
    template <class Weights>
    using DecoderLayers =
        InplaceVector<nn::DecoderLayer<Weights, int, int, int, int, int, int, nn::PooledUnit>,
                      max_layers>;
    template <class Weights>
    using SourceUnit = nn::PooledUnit;
    template <class Weights>
    using TargetUnit = nn::PooledUnit;
    template <class Weights>
    using Units = nn::UnitPool<Weights>;
    template <class Weights>
    using AdaptiveInput = std::optional<nn::AdaptiveInput<Weights>>;
    template <class Weights>
    using AdaptiveSoftmax = std::optional<nn::AdaptiveSoftmax<Weights>>;

    using SourceVocab = int;
    using TargetVocab = int;
    using EncoderDim = int;
    using DecoderDim = int;
    using SourceTableDim = int;
    using TargetTableDim = int;
    using OutputDim = int;
};

/// The same of networks without DExTra units, such as HAT's: there is no room for them.
///
///     Transformer<nn::Trainable, WithoutUnits> model;  // a third of Transformer<nn::Trainable>
///     network.bind(network.architecture(), nullptr, model);
struct WithoutUnits : AnyArchitecture {
    template <class Weights>
    using EncoderLayers =
        InplaceVector<nn::EncoderLayer<Weights, int, int, int, int, Absent>, max_layers>;
    template <class Weights>
    using DecoderLayers =
        InplaceVector<nn::DecoderLayer<Weights, int, int, int, int, int, int, Absent>, max_layers>;
    template <class Weights>
    using SourceUnit = Absent;
    template <class Weights>
    using TargetUnit = Absent;
    template <class Weights>
    using Units = Absent;
};

}  // namespace hat::model
