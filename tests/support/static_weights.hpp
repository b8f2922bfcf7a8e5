// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/model/network.hpp>
#include <hat/model/static_model.hpp>

#include <cstddef>
#include <span>

namespace hat::support {

/// The weights of a network as one of fixed sizes reads them in place.
template <model::Architecture A>
AlignedArray<float> packed_weights(const model::Network& network) {
    AlignedArray<float> weights(model::static_weight_count<A>);
    model::pack_weights<A>(network.view(),
                           {weights.data(), static_cast<std::size_t>(weights.size())});
    return weights;
}

/// The same for any kind of weights.
template <model::Architecture A, class Weights>
AlignedArray<std::byte> packed_bytes(const model::Network& network) {
    constexpr std::size_t bytes = model::static_weight_bytes<A, Weights>;
    AlignedArray<std::byte> weights(static_cast<std::ptrdiff_t>(bytes));
    model::pack_weights<A, Weights>(network.view(), std::span(weights.data(), bytes));
    return weights;
}

}  // namespace hat::support
