// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/translate.hpp>
#include <hat/kernels/bfloat16.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/tile.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/trainable_int8.hpp>
#include <hat/nn/weights.hpp>

/// What runs whole networks, compiled here and nowhere else: for programs of several sources, each
/// of which would otherwise have a compiler go through a network for ten to twenty seconds.
///
/// Define HAT_SHARED_INSTANCES for all sources of the program, and include this header in exactly
/// one of them, which must be compiled for the same processor (and <hat/io/json_instances.hpp> if
/// some use nlohmann-json). Nothing else changes; without that one source, the linker misses
/// `loss`, `compute_panels`, `BasicTranslator` or the like.
namespace hat::kernels::detail {

template void compute_panels(const LeftOperand&, int, const RightOperand&, int, int, int,
                             const Output&) noexcept;
template void compute_panels(const LeftOperand&, int, const Bfloat16Operand&, int, int, int,
                             const Output&) noexcept;
template void compute_panels(const QuantisedRows&, int, const Int8Operand&, int, int, int,
                             const Output&) noexcept;

}  // namespace hat::kernels::detail

namespace hat::model {

HAT_VIEW_INSTANCES()
HAT_NETWORK_INSTANCES(, autograd::Tape, nn::Trainable)
HAT_NETWORK_INSTANCES(, autograd::Eval, nn::Trainable)
HAT_NETWORK_INSTANCES(, autograd::Eval, nn::Packed)
HAT_NETWORK_INSTANCES(, autograd::Eval, nn::PackedBf16)
HAT_NETWORK_INSTANCES(, autograd::Eval, nn::PackedInt8)
HAT_NETWORK_INSTANCES(, autograd::Tape, nn::TrainableInt8)
HAT_PACKED_INSTANCES(, nn::Packed)
HAT_PACKED_INSTANCES(, nn::PackedBf16)
HAT_PACKED_INSTANCES(, nn::PackedInt8)

}  // namespace hat::model

namespace hat::decode {

template class BasicCachedTransformer<model::PackedModel>;
template class BasicCachedTransformer<model::PackedModelOf<nn::PackedBf16>>;
template class BasicCachedTransformer<model::PackedModelOf<nn::PackedInt8>>;
template class BasicTranslator<model::PackedModel>;
template class BasicTranslator<model::PackedModelOf<nn::PackedBf16>>;
template class BasicTranslator<model::PackedModelOf<nn::PackedInt8>>;

}  // namespace hat::decode
