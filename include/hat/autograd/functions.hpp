// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/autograd/variable.hpp>
#include <hat/core/ragged.hpp>
#include <hat/kernels/kernels.hpp>

#include <cstddef>
#include <cstring>
#include <span>

/// Differentiable functions over the kernels. Each takes a context (`Tape` or `Eval`) first.
/// Token lists and offsets are not copied: they must live until the backward pass is done.
namespace hat::autograd {

namespace detail {

/// Where a backward pass adds the gradient of a vector: memory to throw away if it is frozen.
inline Vector gradient_vector(Tape& tape, const Parameter& parameter) {
    if (parameter.trainable()) return parameter.gradient_vector();
    const Vector nowhere = tape.memory().vector(parameter.value.cols());
    for (float& x : nowhere) x = 0;
    return nowhere;
}

/// column sums of dy, added to `dbias`.
inline void add_column_sums(ConstMatrix dy, Vector dbias) noexcept {
    for (int i = 0; i < dy.rows(); ++i) {
        kernels::add({dy.row_data(i), 1, dy.cols()}, {dbias.data(), 1, dy.cols()}, true);
    }
}

}  // namespace detail

/// y = act(x · Wᵀ + b); `bias` may be empty. The activation may be `linear`, `relu` or `tanh`,
/// whose slope follows from y; others are a function of their own.
///
/// Shapes  x [tokens, in],  weight [out, in],  bias [out],  y [tokens, out]
template <class Context>
Variable linear(Context& context, const Variable& x, const Parameter& weight,
                const Parameter& bias = {}, Activation activation = Activation::linear) {
    HAT_ASSERT(activation == Activation::linear || activation == Activation::relu ||
               activation == Activation::tanh);
    const Variable y = context.variable(x.rows(), weight.value.rows());
    kernels::gemm_nt(x.value, weight.value,
                     {.y = y.value, .bias = bias.value.data(), .activation = activation},
                     context.scratch());
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        if (activation != Activation::linear) {
            kernels::activation_backward_from_output(activation, y.value, dy);
        }
        if (x.gradient != nullptr) {
            bool accumulate = false;
            const Matrix dx = tape.gradient_to_write(x, accumulate);
            kernels::gemm_nn(dy, weight.value, {.y = dx, .accumulate = accumulate}, tape.scratch());
        }
        if (weight.trainable()) {
            kernels::gemm_tn(dy, x.value, {.y = weight.gradient(), .accumulate = true},
                             tape.scratch());
            weight.mark();
        }
        if (bias.trainable()) {
            detail::add_column_sums(dy, bias.gradient_vector());
            bias.mark();
        }
    });
    return y;
}

/// y = x · W: a linear layer whose weight is another one's, used the other way round.
///
/// Shapes  x [tokens, in],  weight [in, out],  y [tokens, out]
template <class Context>
Variable linear_transposed(Context& context, const Variable& x, const Parameter& weight) {
    const Variable y = context.variable(x.rows(), weight.value.cols());
    kernels::gemm_nn(x.value, weight.value, {.y = y.value}, context.scratch());
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        if (x.gradient != nullptr) {
            bool accumulate = false;
            const Matrix dx = tape.gradient_to_write(x, accumulate);
            kernels::gemm_nt(dy, weight.value, {.y = dx, .accumulate = accumulate}, tape.scratch());
        }
        if (weight.trainable()) {
            kernels::gemm_tn(x.value, dy, {.y = weight.gradient(), .accumulate = true},
                             tape.scratch());
            weight.mark();
        }
    });
    return y;
}

/// y = f(x), element by element.
template <class Context>
Variable activation(Context& context, Activation f, const Variable& x) {
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::activation(f, x.value, y.value);
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        bool accumulate = false;
        const Matrix dx = tape.gradient_to_write(x, accumulate);
        kernels::activation_backward(f, x.value, dy, dx, accumulate);
    });
    return y;
}

/// y = f(x), element by element, of a function of one's own; `slope(x)` is its derivative. Both
/// take and return a float, and are copied onto a tape.
///
///     elementwise(context, x, [](float v) { return v * v; }, [](float v) { return 2 * v; });
template <class Context, class F, class Slope>
Variable elementwise(Context& context, const Variable& x, const F& f, const Slope& slope) {
    const Variable y = context.variable(x.rows(), x.cols());
    for (int i = 0; i < x.rows(); ++i)
        for (int j = 0; j < x.cols(); ++j) y.value(i, j) = f(x.value(i, j));
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        const Matrix dx = tape.gradient(x);
        for (int i = 0; i < x.rows(); ++i)
            for (int j = 0; j < x.cols(); ++j) dx(i, j) += slope(x.value(i, j)) * dy(i, j);
    });
    return y;
}

/// y = x ∘ mask with inverted dropout; x itself where nothing is dropped.
template <class Context>
Variable dropout(Context& context, float probability, const Variable& x) {
    const kernels::Dropout drop = context.dropout(probability);
    if (!drop.active()) return x;
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::dropout(drop, x.value, y.value, false);
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        bool accumulate = false;
        const Matrix dx = tape.gradient_to_write(x, accumulate);
        kernels::dropout(drop, dy, dx, accumulate);
    });
    return y;
}

/// y = x + dropout(branch).
template <class Context>
Variable residual(Context& context, float probability, const Variable& x, const Variable& branch) {
    const kernels::Dropout drop = context.dropout(probability);
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::residual(drop, x.value, branch.value, y.value);
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        bool accumulate = false;
        const Matrix dbranch = tape.gradient_to_write(branch, accumulate);
        kernels::dropout(drop, dy, dbranch, accumulate);
        const Matrix dx = tape.gradient_to_write(x, accumulate);
        kernels::add(dy, dx, accumulate);
    });
    return y;
}

/// y = norm(x + dropout(branch)); without branch, y = norm(x).
///
/// Shapes  x, branch, y [tokens, n],  gain, bias [n]
template <class Context>
Variable residual_layer_norm(Context& context, float probability, const Variable& x,
                             const Variable& branch, const Parameter& gain, const Parameter& bias) {
    const kernels::Dropout drop = context.dropout(probability);
    const Variable y = context.variable(x.rows(), x.cols());
    const Matrix normalized =
        Context::records ? context.memory().matrix(x.rows(), x.cols()) : y.value;
    const Vector inverse_deviation = context.memory().vector(x.rows());
    kernels::residual_layer_norm(drop, x.value, branch.value, gain.vector(), bias.vector(),
                                 normalized, inverse_deviation, y.value);
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        bool accumulate_x = false;
        bool accumulate_branch = false;
        const Matrix dx = tape.gradient_to_write(x, accumulate_x);
        const Matrix dbranch =
            branch.value.empty() ? Matrix{} : tape.gradient_to_write(branch, accumulate_branch);
        kernels::residual_layer_norm_backward(drop, normalized, inverse_deviation, gain.vector(),
                                              dy, dx, accumulate_x, dbranch, accumulate_branch,
                                              detail::gradient_vector(tape, gain),
                                              detail::gradient_vector(tape, bias));
        gain.mark();
        bias.mark();
    });
    return y;
}

/// y = norm(x).
///
/// Shapes  x, y [rows, n],  gain, bias [n]
template <class Context>
Variable layer_norm(Context& context, const Variable& x, const Parameter& gain,
                    const Parameter& bias) {
    return residual_layer_norm(context, 0.0F, x, Variable{}, gain, bias);
}

/// `width` columns of a variable from `first` on: one projection may hold queries, keys and values.
struct Columns {
    Variable of;
    int first;
    int width;

    [[nodiscard]] Matrix value() const noexcept { return of.value.middle_cols(first, width); }
};

/// Multi-head attention with dropout on the probabilities. The columns that `q`, `k` and `v` take
/// of a variable must cover it together, so that its gradient is written whole.
///
/// Shapes  q [query tokens, heads·head_dim],  k, v [key tokens, heads·head_dim],
///         result [query tokens, heads·head_dim]
template <class Context>
Variable attention(Context& context, const kernels::AttentionShape& shape, float probability,
                   const Columns& q, const Columns& k, const Columns& v) {
    const kernels::Dropout drop = context.dropout(probability);
    const Variable y = context.variable(q.of.rows(), q.width);
    float* const probabilities =
        context.memory().template allocate<float>(kernels::attention_probabilities_size(shape));
    kernels::attention(shape, drop, q.value(), k.value(), v.value(), probabilities, y.value,
                       context.scratch());
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        kernels::AttentionGradients gradients;
        const Matrix dq = tape.gradient_to_write(q.of, gradients.accumulate_q);
        const Matrix dk = tape.gradient_to_write(k.of, gradients.accumulate_k);
        const Matrix dv = tape.gradient_to_write(v.of, gradients.accumulate_v);
        // Columns of one variable were all untouched before, or none was.
        if (k.of.gradient == q.of.gradient) gradients.accumulate_k = gradients.accumulate_q;
        if (v.of.gradient == k.of.gradient) gradients.accumulate_v = gradients.accumulate_k;
        gradients.dq = dq.middle_cols(q.first, q.width);
        gradients.dk = dk.middle_cols(k.first, k.width);
        gradients.dv = dv.middle_cols(v.first, v.width);
        kernels::attention_backward(shape, drop, q.value(), k.value(), v.value(), probabilities, dy,
                                    gradients, tape.scratch());
    });
    return y;
}

/// y = dropout(scale · table[tokens] + positions); see `kernels::embed`. `positions` may be empty.
///
/// Shapes  table [vocab_size, dim],  positions [≥ longest + 2, dim],  y [tokens, dim]
template <class Context>
Variable embed(Context& context, std::span<const int> tokens, const Ragged& sentences,
               const Parameter& table, float scale, const Parameter& positions, float probability) {
    const kernels::Dropout drop = context.dropout(probability);
    const Variable y = context.variable(sentences.tokens(), table.value.cols());
    kernels::embed(tokens, sentences, table.value, scale, positions.value, drop, y.value);
    context.record([=](Tape& tape) {
        kernels::embed_backward(tokens, sentences, tape.gradient(y), scale, drop, table.gradient(),
                                positions.gradient());
        table.mark();
        positions.mark();
    });
    return y;
}

/// y = x + positions, row `first_position` + i for token i of a sentence; x itself if `positions`
/// is empty.
///
/// Shapes  x, y [sentences.tokens(), dim],  positions [≥ longest + 2, dim]
template <class Context>
Variable add_positions(Context& context, const Variable& x, const Ragged& sentences,
                       const Parameter& positions) {
    if (positions.value.empty()) return x;
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::add(x.value, y.value, false);
    for (int s = 0; s < sentences.sentences(); ++s) {
        const int length = sentences.length(s);
        kernels::add(positions.value.middle_rows(first_position, length),
                     y.value.middle_rows(sentences.begin(s), length), true);
    }
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        bool accumulate = false;
        const Matrix dx = tape.gradient_to_write(x, accumulate);
        kernels::add(dy, dx, accumulate);
        if (!positions.trainable()) return;
        for (int s = 0; s < sentences.sentences(); ++s) {
            const int length = sentences.length(s);
            kernels::add(dy.middle_rows(sentences.begin(s), length),
                         positions.gradient().middle_rows(first_position, length), true);
        }
        positions.mark();
    });
    return y;
}

/// The rows of several variables sentence by sentence: those of the first part, then of the second,
/// … This is what a decoder layer attends to that reads more than one encoder layer.
///
/// Shapes  parts: each [sentences.tokens(), dim],  result [parts · tokens, dim]
template <class Context>
Variable concatenate(Context& context, std::span<const Variable> parts, const Ragged& sentences) {
    const int count = static_cast<int>(parts.size());
    const int dim = parts[0].cols();
    const Variable y = context.variable(count * sentences.tokens(), dim);
    auto* const kept = context.memory().template allocate<Variable>(count);
    for (int p = 0; p < count; ++p) kept[p] = parts[static_cast<std::size_t>(p)];
    const auto rows = [=](Matrix whole, int sentence, int part) {
        const int length = sentences.length(sentence);
        return whole.middle_rows(count * sentences.begin(sentence) + part * length, length);
    };
    for (int s = 0; s < sentences.sentences(); ++s) {
        for (int p = 0; p < count; ++p) {
            kernels::add(kept[p].value.middle_rows(sentences.begin(s), sentences.length(s)),
                         rows(y.value, s, p), false);
        }
    }
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        for (int p = 0; p < count; ++p) {
            bool accumulate = false;
            const Matrix dx = tape.gradient_to_write(kept[p], accumulate);
            for (int s = 0; s < sentences.sentences(); ++s) {
                kernels::add(rows(dy, s, p),
                             dx.middle_rows(sentences.begin(s), sentences.length(s)), accumulate);
            }
        }
    });
    return y;
}

/// The summed loss of a batch; see `kernels::cross_entropy`. It is the end of a tape: the gradient
/// of the loss itself is 1, so the gradients of `x` and `weight` are made together with the loss,
/// which is why the logits need not be kept. `more` are further rows of the weight, behind the
/// others, that are stored elsewhere.
///
/// Shapes  x [tokens, dim],  weight and more [vocab_size, dim] together,  targets [tokens]
template <class Context>
kernels::CrossEntropy cross_entropy(Context& context, const Variable& x, const Parameter& weight,
                                    std::span<const int> targets, float smoothing,
                                    const Parameter& more = {}) {
    kernels::CrossEntropyGradients gradients;
    if constexpr (Context::records) {
        gradients.dx = context.gradient_to_write(x, gradients.accumulate_x);
        gradients.dweight = weight.gradient();
        gradients.dmore = more.gradient();
        weight.mark();
        more.mark();
    }
    return kernels::cross_entropy(x.value, {weight.value, more.value}, targets, smoothing,
                                  gradients, context.scratch());
}

}  // namespace hat::autograd
