// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>

#include <string_view>

namespace hat::model {

/// The numbers of the points that a network marks in front of its layers on a tape
/// (`autograd::Milestones`): when the way back passes that of a layer, its gradients are complete.
[[nodiscard]] constexpr int encoder_layer_point(int layer) noexcept {
    return layer;
}
[[nodiscard]] constexpr int decoder_layer_point(int layer) noexcept {
    return max_layers + layer;
}
/// How many points a network has at most.
inline constexpr int layer_points = 2 * max_layers;

/// The point of the layer whose tensor has this name; −1: of none, as embeddings are.
[[nodiscard]] constexpr int layer_point_of(std::string_view tensor) noexcept {
    constexpr std::string_view encoder = "encoder.layers.";
    constexpr std::string_view decoder = "decoder.layers.";
    const bool encodes = tensor.starts_with(encoder);
    if (!encodes && !tensor.starts_with(decoder)) return -1;
    tensor.remove_prefix(encoder.size());
    static_assert(encoder.size() == decoder.size());
    int layer = 0;
    for (; !tensor.empty() && tensor.front() >= '0' && tensor.front() <= '9';
         tensor.remove_prefix(1)) {
        layer = 10 * layer + (tensor.front() - '0');
        if (layer >= max_layers) return -1;
    }
    return encodes ? encoder_layer_point(layer) : decoder_layer_point(layer);
}

}  // namespace hat::model
