// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/autograd/tape.hpp>
#include <hat/autograd/variable.hpp>
#include <hat/kernels/group_linear.hpp>

#include <cstddef>

namespace hat::autograd {

/// An input of a group-linear layer and its weight; both empty where there is no second input.
///
/// Shapes  x [tokens, inputs],  weight [outputs, inputs / groups]
struct GroupInput {
    Variable x{};
    Parameter weight{};
};

namespace detail {

/// The source as the kernel wants it: its weight packed in `scratch`.
inline kernels::GroupSource packed_source(const GroupInput& input, int groups, Arena& scratch) {
    const ConstMatrix weight = input.weight.value;
    if (weight.empty()) return {};
    float* const panels =
        scratch.allocate<float>(kernels::packed_groups_size(weight.rows(), weight.cols(), groups));
    return {input.x.value, kernels::pack_groups(weight, groups, panels)};
}

inline void group_input_backward(Tape& tape, const GroupInput& input, ConstMatrix du, int groups) {
    if (input.weight.value.empty()) return;
    if (input.x.gradient != nullptr) {
        bool accumulate = false;
        const Matrix dx = tape.gradient_to_write(input.x, accumulate);
        kernels::group_gemm_nn(du, input.weight.value, groups, dx, accumulate, tape.scratch());
    }
    if (input.weight.trainable()) {
        kernels::group_gemm_tn(du, input.x.value, groups, input.weight.gradient, tape.scratch());
        input.weight.mark();
    }
}

}  // namespace detail

/// drop(act(norm(shuffle(h ∘ W + y ∘ V + b)))), group by group; see `kernels::group_linear`.
/// `y`, `bias`, `gain` and `shift` (both or none) may be empty; those of `finish` are not used, nor
/// is its dropout.
///
/// Shapes  bias [outputs],  gain, shift [outputs / groups],  result [tokens, outputs]
template <class Context>
Variable group_linear(Context& context, kernels::GroupFinish finish, float probability,
                      const GroupInput& h, const GroupInput& y, const Parameter& bias,
                      const Parameter& gain, const Parameter& shift) {
    const int tokens = h.x.rows();
    const int outputs = h.weight.value.rows();
    if (!gain.value.empty()) {
        finish.gain = gain.vector();
        finish.shift = shift.vector();
    }
    finish.drop = context.dropout(probability);
    const ConstVector bias_vector = bias.value.empty() ? ConstVector{} : ConstVector(bias.vector());
    const Variable result = context.variable(tokens, outputs);
    kernels::GroupFinishKept kept;
    if (Context::records && finish.keeps()) {
        kept.features = context.memory().matrix(tokens, outputs);
        if (finish.has_norm()) {
            kept.inverse_deviation = context.memory().vector(tokens * finish.groups);
        }
    }
    {
        const ArenaScope scope(context.scratch());
        kernels::group_linear(detail::packed_source(h, finish.groups, context.scratch()),
                              detail::packed_source(y, finish.groups, context.scratch()),
                              bias_vector, finish, kept, result.value, context.scratch());
    }
    context.record([=](Tape& tape) {
        const Matrix du = tape.gradient(result);
        const bool has_norm = finish.has_norm();
        kernels::finish_groups_backward(
            finish, kept, du, has_norm ? detail::gradient_vector(tape, gain) : Vector{},
            has_norm ? detail::gradient_vector(tape, shift) : Vector{},
            bias.trainable() ? bias.gradient_vector() : Vector{}, tape.scratch());
        bias.mark();
        gain.mark();
        shift.mark();
        detail::group_input_backward(tape, h, du, finish.groups);
        detail::group_input_backward(tape, y, du, finish.groups);
    });
    return result;
}

}  // namespace hat::autograd
