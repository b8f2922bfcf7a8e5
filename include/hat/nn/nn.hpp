// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/nn`: the layers of the Transformer and of DeLighT, each a struct of weights and a
/// `forward`.
///
/// `Weights` says what they are for: `Trainable` are views on a slab and its gradients, `Packed`
/// are panels for serving, `TrainableInt8` are trained for panels of 8 bits. `forward(context,
/// layer, x, …)` runs in a `Tape` or in `Eval`. Each size of a layer is a number of run time, or
/// one that the compiler knows: `Linear<Packed, Fixed<256>, Fixed<128>>`. A layer names its members
/// once, for walks of trees
/// (<hat/core/tree.hpp>).
///
///     const hat::nn::Linear<hat::nn::Trainable> layer{weight, bias};
///     const auto y = forward(tape, layer, x, hat::Activation::relu);
///
/// Limits: layers own nothing; what they view must outlive them.

#include <hat/nn/adaptive_bands.hpp>
#include <hat/nn/adaptive_input.hpp>
#include <hat/nn/adaptive_softmax.hpp>
#include <hat/nn/attention.hpp>
#include <hat/nn/attention_step.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/cache.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/dextra_shape.hpp>
#include <hat/nn/embedding.hpp>
#include <hat/nn/feed_forward.hpp>
#include <hat/nn/group_linear.hpp>
#include <hat/nn/layer_norm.hpp>
#include <hat/nn/linear.hpp>
#include <hat/nn/memory_count.hpp>
#include <hat/nn/pack.hpp>
#include <hat/nn/trainable_int8.hpp>
#include <hat/nn/unit_pool.hpp>
#include <hat/nn/weights.hpp>
