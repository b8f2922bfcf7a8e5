// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/model`: networks as values.
///
/// `Architecture` says what a network is, `Network` owns its parameters (one slab), `Transformer`
/// is a view of it or of any smaller network inside; `encode`, `decode` and `loss` run it.
/// `sizes_of` says how large every weight is; layouts, views, packed and static networks
/// (`StaticTransformer`, whose sizes the compiler knows) are walks of that tree. `counts.hpp`
/// counts parameters and multiply-adds; `presets.hpp` and `delight.hpp` have the published
/// networks.
///
///     hat::model::Network network(hat::model::transformer_tiny(10000));
///     network.initialize(seed);
///     const auto model = network.view(&gradients);
///     const auto sum = loss(tape, model, {.residual = 0.3F}, batch, 0.1F);
///
/// Limits: at most 16 layers a side; sinusoidal positions for 1,024 tokens a sentence.

#include <hat/model/any_architecture.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/architecture_parts.hpp>
#include <hat/model/block_scaling.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/encoded.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/parameters.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/static_model.hpp>
#include <hat/model/static_transformer.hpp>
#include <hat/model/transformer.hpp>
