// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/kernels/group_linear.hpp>
#include <hat/nn/dextra.hpp>

#include "support/layers.hpp"

#include <cstddef>
#include <deque>

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
        layer.gain = parameter(1, out / groups);
        layer.shift = parameter(1, out / groups);
        layer.out_dim = out;
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

    [[nodiscard]] nn::GroupLinear<Packed> pack(const nn::GroupLinear<Trainable>& layer) {
        const auto vector = [](const autograd::Parameter& p) {
            return p.value.empty() ? ConstVector{} : ConstVector(p.vector());
        };
        return {panels(layer.weight.value, layer.groups),
                panels(layer.second_weight.value, layer.groups),
                vector(layer.bias),
                vector(layer.gain),
                vector(layer.shift),
                layer.out_dim,
                layer.groups,
                layer.shuffle,
                layer.activation};
    }
    [[nodiscard]] nn::DExTra<Packed> pack(const nn::DExTra<Trainable>& unit) {
        nn::DExTra<Packed> packed;
        packed.input = pack(unit.input);
        for (const auto& layer : unit.layers) packed.layers.push_back(pack(layer));
        packed.output = pack(unit.output);
        return packed;
    }

private:
    kernels::PackedView panels(ConstMatrix weight, int groups) {
        if (weight.empty()) return {};
        auto& memory = group_panels_.emplace_back(
            kernels::packed_groups_size(weight.rows(), weight.cols(), groups));
        return kernels::pack_groups(weight, groups, memory.data());
    }

    std::deque<AlignedArray<float>> group_panels_;
};

}  // namespace hat::support
