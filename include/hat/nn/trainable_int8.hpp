// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/straight_through.hpp>
#include <hat/core/aligned.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/weights.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace hat::nn {

/// Trainable weights whose forward pass is rounded as that of `PackedInt8` is, for trainings that
/// learn to live with it (Jacob et al., arXiv:1712.05877). Values of matrices and words are rounded
/// ones, see `RoundedTree`; their gradients are those of the numbers that they were rounded from,
/// and so are those of activations (the straight-through estimator).
struct TrainableInt8 : Trainable {
    /// A weight that products round to 8 bits; it is trained in floats.
    template <class Out, class In>
    struct Matrix : autograd::ParameterView<Out, In> {
        constexpr Matrix() = default;
        /// A weight as others are.
        constexpr Matrix(  // NOLINT(google-explicit-constructor)
            const autograd::ParameterView<Out, In>& rounded) noexcept
            : autograd::ParameterView<Out, In>(rounded) {}
    };
    template <class Rows, class Cols>
    struct Words : autograd::ParameterView<Rows, Cols> {};

    template <class Context>
    static Variable multiplied(Context& context, const Variable& x) {
        return autograd::round_to_int8(context, x);
    }
    template <class Context>
    static Variable multiply(Context& context, const Variable& x, const Parameter& weight,
                             const Parameter& bias = {},
                             Activation activation = Activation::linear) {
        return Trainable::multiply(context, multiplied(context, x), weight, bias, activation);
    }
    template <class Context>
    static Variable multiply_transposed(Context& context, const Variable& x,
                                        const Parameter& weight) {
        return Trainable::multiply_transposed(context, multiplied(context, x), weight);
    }
    /// Every group of features has a scale of its own.
    template <class Context>
    static Variable multiply_groups(Context& context, const kernels::GroupEpilogue& epilogue,
                                    float dropout, const Variable& h, const Parameter& weight,
                                    const Variable& y, const Parameter& second_weight,
                                    const Parameter& bias, const Parameter& norm_gain,
                                    const Parameter& norm_bias) {
        const auto rounded = [&](const Variable& x) {
            return x.value.empty() ? x : autograd::round_to_int8(context, x, epilogue.groups);
        };
        return Trainable::multiply_groups(context, epilogue, dropout, rounded(h), weight,
                                          rounded(y), second_weight, bias, norm_gain, norm_bias);
    }
    template <class Context>
    static kernels::CrossEntropy
    cross_entropy(Context& context, const Variable& x, const Parameter& weight,
                  std::span<const int> targets, float smoothing, const Parameter& more = {}) {
        return Trainable::cross_entropy(context, multiplied(context, x), weight, targets, smoothing,
                                        more);
    }
    static ConstMatrix prepare(ConstMatrix x, Arena& scratch) {
        const hat::Matrix y = scratch.matrix(x.rows(), x.cols());
        kernels::round_rows_to_int8(x, y, scratch);
        return y;
    }
};

namespace detail {

/// Makes views of rounded weights that lie in a buffer one behind the other, each with the stride
/// of what it was made of, as its gradient has that; and rounds them, if told where to.
class RoundWeights {
public:
    /// `to_write` is the buffer, or null where they lie there already; without a buffer this only
    /// counts. `shared` is the widest of the tables that are one, empty if none are.
    RoundWeights(const float* buffer, float* to_write, ConstMatrix shared) noexcept
        : buffer_(buffer), to_write_(to_write), shared_(shared) {}

    /// Floats taken so far.
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return size_; }

    /// A scale for each output.
    template <class Out, class In>
    void operator()(const Leaf& leaf, TrainableInt8::Matrix<Out, In>& to,
                    const autograd::ParameterView<Out, In>& from) const {
        const std::ptrdiff_t place = take(from.value);
        if (to_write_ != nullptr) {
            if (leaf.storage.transposed)
                round_columns(from.value, to_write_ + place);
            else
                round_rows(from.value, to_write_ + place);
        }
        refer(to, from, place);
    }
    /// A scale for each row, of its widest table.
    template <class Rows, class Cols>
    void operator()(const Leaf& /*leaf*/, TrainableInt8::Words<Rows, Cols>& to,
                    const autograd::ParameterView<Rows, Cols>& from) const {
        const ConstMatrix table = from.value;
        const bool is_shared = !shared_.empty() && table.data() == shared_.data();
        const ConstMatrix all = is_shared ? shared_ : table;
        const std::ptrdiff_t place = take(all);
        if (to_write_ != nullptr) round_rows(all, to_write_ + place);
        refer(to, from, place);
    }
    /// Vectors and positions stay as they are.
    template <class Rows, class Cols>
    void operator()(const Leaf& /*leaf*/, autograd::ParameterView<Rows, Cols>& to,
                    const autograd::ParameterView<Rows, Cols>& from) const {
        to = from;
    }

private:
    std::ptrdiff_t take(ConstMatrix from) const noexcept {
        const std::ptrdiff_t place = size_;
        size_ += from.rows() * from.stride();
        return place;
    }
    static void round_rows(ConstMatrix from, float* to) noexcept {
        for (int i = 0; i < from.rows(); ++i)
            round_to_int8(from.row_data(i), from.cols(), to + i * from.stride());
    }
    static void round_columns(ConstMatrix from, float* to) {
        std::vector<float> column(static_cast<std::size_t>(from.rows()));
        for (int j = 0; j < from.cols(); ++j) {
            for (int i = 0; i < from.rows(); ++i) column[static_cast<std::size_t>(i)] = from(i, j);
            round_to_int8(column.data(), from.rows(), column.data());
            for (int i = 0; i < from.rows(); ++i)
                to[i * from.stride() + j] = column[static_cast<std::size_t>(i)];
        }
    }
    template <class Rows, class Cols>
    void refer(autograd::ParameterView<Rows, Cols>& to,
               const autograd::ParameterView<Rows, Cols>& from,
               std::ptrdiff_t place) const noexcept {
        to = from;
        if (buffer_ == nullptr) return;
        to.value = {buffer_ + place, from.value.rows(), from.value.cols(), from.value.stride()};
    }

    const float* buffer_;
    float* to_write_;
    ConstMatrix shared_;
    mutable std::ptrdiff_t size_ = 0;
};

}  // namespace detail

/// Rounded weights of a layer, or of a tree of them, that is trained for `PackedInt8`: memory of
/// their own beside that of what they are made of.
///
///     nn::RoundedTree<nn::Linear<nn::TrainableInt8>> rounded(layer);  // of nn::Trainable
///     forward(tape, rounded.view(layer), x);                          // gradients go to `layer`'s
///     …                                                               // `layer` changes
///     rounded.round(layer);
template <class Tree>
class RoundedTree {
public:
    /// `shared` is the widest of the tables that are one, empty if none are.
    template <class From>
    explicit RoundedTree(const From& from, ConstMatrix shared = {}) {
        Tree tree{};
        const detail::RoundWeights count(nullptr, nullptr, shared);
        walk(count, tree, from);
        values_ = AlignedArray<float>(count.size());
        round(from, shared);
    }

    /// Rounds the weights as they are now; views stay good.
    template <class From>
    void round(const From& from, ConstMatrix shared = {}) {
        Tree tree{};
        walk(detail::RoundWeights(values_.data(), values_.data(), shared), tree, from);
    }
    /// The rounded weights, whose gradients go where those of `from` go.
    ///
    /// Precondition: `from` and `shared` are of the sizes that this was made of.
    template <class From>
    [[nodiscard]] Tree view(const From& from, ConstMatrix shared = {}) const {
        Tree tree{};
        walk(detail::RoundWeights(values_.data(), nullptr, shared), tree, from);
        return tree;
    }

private:
    AlignedArray<float> values_;
};

}  // namespace hat::nn
