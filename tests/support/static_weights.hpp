// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/model/network.hpp>
#include <hat/model/static_model.hpp>

#include <cstddef>

namespace hat::support {

/// The weights of a network as one of fixed sizes reads them in place.
template <model::Architecture A>
AlignedArray<float> packed_weights(const model::Network& network) {
    AlignedArray<float> weights(model::static_weight_count<A>);
    model::pack_weights<A>(network.view(),
                           {weights.data(), static_cast<std::size_t>(weights.size())});
    return weights;
}

}  // namespace hat::support
