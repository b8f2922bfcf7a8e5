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
inline kernels::GroupSource<> packed_source(const GroupInput& input, int groups, Arena& scratch) {
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
        kernels::group_gemm_tn(du, input.x.value, groups, input.weight.gradient(), tape.scratch());
        input.weight.mark();
    }
}

}  // namespace detail

/// drop(act(norm(shuffle(h ∘ W + y ∘ V + b)))), group by group; see `kernels::group_linear`.
/// `y`, `bias`, `norm_gain` and `norm_bias` (both or none) may be empty; those of `epilogue` are
/// not used, nor is its dropout.
///
/// Shapes  bias [outputs],  norm_gain, norm_bias [outputs / groups],  result [tokens, outputs]
template <class Context>
Variable group_linear(Context& context, kernels::GroupEpilogue epilogue, float probability,
                      const GroupInput& h, const GroupInput& y, const Parameter& bias,
                      const Parameter& norm_gain, const Parameter& norm_bias) {
    const int tokens = h.x.rows();
    const int outputs = h.weight.value.rows();
    if (!norm_gain.value.empty()) {
        epilogue.norm_gain = norm_gain.vector();
        epilogue.norm_bias = norm_bias.vector();
    }
    epilogue.drop = context.dropout(probability);
    const ConstVector bias_vector = bias.value.empty() ? ConstVector{} : ConstVector(bias.vector());
    const Variable result = context.variable(tokens, outputs);
    kernels::GroupEpilogueKept kept;
    if (Context::records && epilogue.keeps()) {
        kept.features = context.memory().matrix(tokens, outputs);
        if (epilogue.has_norm()) {
            kept.inverse_deviation = context.memory().vector(tokens * epilogue.groups);
        }
    }
    {
        const ArenaScope scope(context.scratch());
        kernels::group_linear(detail::packed_source(h, epilogue.groups, context.scratch()),
                              detail::packed_source(y, epilogue.groups, context.scratch()),
                              bias_vector, epilogue, kept, result.value, context.scratch());
    }
    context.record([=](Tape& tape) {
        const Matrix du = tape.gradient(result);
        const bool has_norm = epilogue.has_norm();
        kernels::group_epilogue_backward(
            epilogue, kept, du, has_norm ? detail::gradient_vector(tape, norm_gain) : Vector{},
            has_norm ? detail::gradient_vector(tape, norm_bias) : Vector{},
            bias.trainable() ? bias.gradient_vector() : Vector{}, tape.scratch());
        bias.mark();
        norm_gain.mark();
        norm_bias.mark();
        detail::group_input_backward(tape, h, du, epilogue.groups);
        detail::group_input_backward(tape, y, du, epilogue.groups);
    });
    return result;
}

}  // namespace hat::autograd
