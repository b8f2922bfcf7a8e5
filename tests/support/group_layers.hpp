// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/dextra.hpp>

#include "support/layers.hpp"

namespace hat::support {

/// Random group-linear layers and units, which own their weights.
class GroupLayers : public Layers {
public:
    using Layers::Layers;

    [[nodiscard]] nn::GroupLinear<Trainable>
    group_linear(int in, int second_in, int out, int groups, bool shuffle, Activation activation) {
        nn::GroupLinear<Trainable> layer;
        layer.weight = parameter(out, in / groups);
        if (second_in > 0) layer.second_weight = parameter(out, second_in / groups);
        layer.bias = parameter(1, out);
        layer.norm = {parameter(1, out / groups), parameter(1, out / groups)};
        layer.groups = groups;
        layer.shuffle = shuffle;
        layer.activation = activation;
        return layer;
    }
    [[nodiscard]] nn::DExTra<Trainable> dextra(const nn::DExTraShape& shape,
                                               Activation activation) {
        const nn::DExTraPlan plan = nn::dextra_plan(shape);
        nn::DExTra<Trainable> unit;
        unit.input = group_linear(shape.in_dim, 0, shape.inner_dim, 1, false, activation);
        for (const auto& layer : plan.layers()) {
            unit.layers.push_back(group_linear(shape.inner_dim, layer.in_dim - shape.inner_dim,
                                               layer.out_dim, layer.groups, plan.shuffles,
                                               activation));
        }
        unit.output =
            group_linear(shape.inner_dim, shape.out_dim, shape.out_dim, 1, false, activation);
        return unit;
    }
};

}  // namespace hat::support
