// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/reference.hpp"

/// The slow, obvious version of group-linear layers.
namespace hat::support {

namespace reference {

/// All that a group-linear layer is given; `second` and what belongs to it, bias, gain and shift
/// may be empty.
///
/// Shapes  first [rows, in],  first_weight [outputs, in / groups],  bias [1, outputs],
///         gain, shift [1, outputs / groups]
struct GroupOperands {
    Doubles first{};
    Doubles first_weight{};
    Doubles second{};
    Doubles second_weight{};
    Doubles bias{};
    Doubles gain{};
    Doubles shift{};
};

/// The layer as the reference writes it: chunks of both inputs laid side by side, a product per
/// group, the shuffle as a permutation, the norm of every group. `factor(row, output)` is what
/// dropout multiplies with.
template <class Factor>
[[nodiscard]] Doubles group_linear(const GroupOperands& o, int groups, bool shuffle, Activation f,
                                   const Factor& factor) {
    const int outputs = o.first_weight.rows;
    const int size = outputs / groups;
    Doubles y(o.first.rows, outputs);
    for (int i = 0; i < y.rows; ++i) {
        Doubles v(1, outputs);
        for (int p = 0; p < outputs; ++p) {
            const int from = shuffle ? p % groups * size + p / groups : p;
            const int k = from / size;
            double sum = o.bias.rows > 0 ? o.bias(0, from) : 0.0;
            const auto add = [&](const Doubles& x, const Doubles& weight) {
                for (int j = 0; j < weight.cols; ++j)
                    sum += x(i, k * weight.cols + j) * weight(from, j);
            };
            add(o.first, o.first_weight);
            add(o.second, o.second_weight);
            v(0, p) = sum;
        }
        if (o.gain.rows > 0) {
            Doubles cut = v;
            cut.rows = groups;
            cut.cols = size;
            v.data = layer_norm(cut, o.gain, o.shift).data;
        }
        for (int p = 0; p < outputs; ++p) y(i, p) = activation(f, v(0, p)) * factor(i, p);
    }
    return y;
}

}  // namespace reference

}  // namespace hat::support
