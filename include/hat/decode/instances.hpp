// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/core/ragged.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/weights.hpp>

#include <span>

/// What runs whole networks, compiled here and nowhere else: for programs of several sources, each
/// of which would otherwise have a compiler go through a network for ten to twenty seconds.
///
/// Define HAT_SHARED_INSTANCES for all sources of the program, and include this header in exactly
/// one of them, which must be compiled for the same processor. Nothing else changes; without that
/// one source, the linker misses `loss`, `encode` or `BasicCachedTransformer`.
namespace hat::model {

template Encoded encode(autograd::Tape&, const Transformer<nn::Trainable>&, const nn::DropoutRates&,
                        std::span<const int>, const Ragged&);
template Encoded encode(autograd::Eval&, const Transformer<nn::Trainable>&, const nn::DropoutRates&,
                        std::span<const int>, const Ragged&);
template Encoded encode(autograd::Eval&, const Transformer<nn::Packed>&, const nn::DropoutRates&,
                        std::span<const int>, const Ragged&);
template Decoded decode(autograd::Tape&, const Transformer<nn::Trainable>&, const nn::DropoutRates&,
                        const Encoded&, std::span<const int>, const Ragged&);
template Decoded decode(autograd::Eval&, const Transformer<nn::Trainable>&, const nn::DropoutRates&,
                        const Encoded&, std::span<const int>, const Ragged&);
template kernels::CrossEntropy loss(autograd::Tape&, const Transformer<nn::Trainable>&,
                                    const nn::DropoutRates&, const Batch&, float);
template kernels::CrossEntropy loss(autograd::Eval&, const Transformer<nn::Trainable>&,
                                    const nn::DropoutRates&, const Batch&, float);

}  // namespace hat::model

namespace hat::decode {

template class BasicCachedTransformer<model::PackedModel>;

}  // namespace hat::decode
