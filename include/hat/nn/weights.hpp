// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/autograd/group_linear.hpp>
#include <hat/autograd/variable.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/kernels/bfloat16.hpp>
#include <hat/kernels/cross_entropy.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/kernels/group_linear.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/k_means4.hpp>
#include <hat/kernels/packed_fixed.hpp>
#include <hat/kernels/packed_gemm.hpp>

#include <cstddef>
#include <span>

/// What the weights of a layer are. Every layer is a template over such a *policy*, and has one
/// body: what differs between policies stands here and nowhere else.
///
/// A policy has
///
///     Matrix<Out, In>, Vector<Size>    views of weights
///     Words<Rows, Cols>    those of a table of which rows are looked up
///     Table<Rows, Cols>    those of positions, which are numbers as they are
///     has_gradients        whether its layers run on a tape
///     multiply             act(x · Wᵀ + b)
///     multiply_transposed  x · W: a weight that is another one's, used the other way round
///     multiply_groups      a group-linear layer
///     prepare, outputs     some outputs as they are, for those who choose among them
///     look_up              rows of a table of words
///     cross_entropy        the loss of words that a weight tells apart
///     multiplied           of trainable weights: what a product takes activations for
///     vector, table        one as the functions of autograd take it
///     follows, vector_follows   whether one is stored behind another, gradients too
///     joined, joined_vectors, distance    both as one; how far the first outputs are apart then
///
/// whose sizes are `int` or `Fixed`; its functions take views of sizes that are not fixed, so that
/// weights of all sizes share one instance, but for products of small fixed sizes, which have
/// kernels of their own. `Sizes` and `Places` have no functions: they tell what
/// weights a network has, and where.
namespace hat::nn {

using autograd::Variable;

/// Views on a parameter slab (and on its gradients): training, and any slice of a super network.
struct Trainable {
    template <class Out, class In>
    using Matrix = autograd::ParameterView<Out, In>;
    template <class Rows, class Cols>
    using Words = autograd::ParameterView<Rows, Cols>;
    template <class Rows, class Cols>
    using Table = autograd::ParameterView<Rows, Cols>;
    template <class Size>
    using Vector = autograd::ParameterView<int, Size>;

    using Parameter = autograd::Parameter;
    static constexpr bool has_gradients = true;

    /// x as a product takes it.
    template <class Context>
    static Variable multiplied(Context& /*context*/, const Variable& x) noexcept {
        return x;
    }
    template <class Context>
    static Variable multiply(Context& context, const Variable& x, const Parameter& weight,
                             const Parameter& bias = {},
                             Activation activation = Activation::linear) {
        const bool from_output = activation == Activation::linear ||
                                 activation == Activation::relu || activation == Activation::tanh;
        if (from_output) return autograd::linear(context, x, weight, bias, activation);
        return autograd::activation(context, activation,
                                    autograd::linear(context, x, weight, bias));
    }
    template <class Context>
    static Variable multiply_transposed(Context& context, const Variable& x,
                                        const Parameter& weight) {
        return autograd::linear_transposed(context, x, weight);
    }
    template <class Context>
    static Variable multiply_groups(Context& context, const kernels::GroupEpilogue& epilogue,
                                    float dropout, const Variable& h, const Parameter& weight,
                                    const Variable& y, const Parameter& second_weight,
                                    const Parameter& bias, const Parameter& norm_gain,
                                    const Parameter& norm_bias) {
        return autograd::group_linear(context, epilogue, dropout, {h, weight}, {y, second_weight},
                                      bias, norm_gain, norm_bias);
    }
    template <class Context>
    static Variable look_up(Context& context, std::span<const int> tokens, const Ragged& sentences,
                            const Parameter& table, float scale, const Parameter& positions,
                            float dropout) {
        return autograd::embed(context, tokens, sentences, table, scale, positions, dropout);
    }
    /// `more` are further words, behind the others, that are stored elsewhere.
    template <class Context>
    static kernels::CrossEntropy
    cross_entropy(Context& context, const Variable& x, const Parameter& weight,
                  std::span<const int> targets, float smoothing, const Parameter& more = {}) {
        return autograd::cross_entropy(context, x, weight, targets, smoothing, more);
    }
    /// What `outputs` takes.
    static ConstMatrix prepare(ConstMatrix x, Arena& /*scratch*/) noexcept { return x; }
    /// The outputs of `weight` from `first` on, as many as `y` has columns, as they are: for those
    /// who choose among them.
    static void outputs(ConstMatrix x, const Parameter& weight, int first, hat::Matrix y,
                        Arena& scratch) {
        kernels::gemm_nt(x, weight.value.middle_rows(first, y.cols()), {.y = y}, scratch);
    }
    [[nodiscard]] static Parameter vector(const Parameter& vector) noexcept { return vector; }
    [[nodiscard]] static Parameter table(const Parameter& table) noexcept { return table; }

    /// Parts of one tensor share the flag of its gradient; others may be neighbours by chance.
    [[nodiscard]] static bool follows(const Parameter& a, const Parameter& b) noexcept {
        return goes_on(a, b, a.outputs() * a.value.stride()) &&
               a.value.stride() == b.value.stride() && a.inputs() == b.inputs();
    }
    [[nodiscard]] static bool vector_follows(const Parameter& a, const Parameter& b) noexcept {
        return goes_on(a, b, a.inputs());
    }
    [[nodiscard]] static Parameter joined(const Parameter& a, const Parameter& b) noexcept {
        const int rows = a.outputs() + b.outputs();
        return {{a.value.data(), rows, a.inputs(), a.value.stride()},
                {a.gradient().data(), rows, a.inputs(), a.value.stride()},
                a.has_gradient};
    }
    [[nodiscard]] static Parameter joined_vectors(const Parameter& a, const Parameter& b) noexcept {
        const int size = a.inputs() + b.inputs();
        return {{a.value.data(), 1, size}, {a.gradient().data(), 1, size}, a.has_gradient};
    }
    [[nodiscard]] static constexpr int distance(int outputs) noexcept { return outputs; }

private:
    [[nodiscard]] static bool goes_on(const Parameter& a, const Parameter& b,
                                      std::ptrdiff_t size) noexcept {
        return a.has_gradient == b.has_gradient && b.value.data() == a.value.data() + size &&
               a.trainable() == b.trainable() &&
               (!a.trainable() || b.gradient().data() == a.gradient().data() + size);
    }
};

/// Panels packed once, without gradients: serving. Matrices and vectors go on to whole panels.
/// `Format` says what panels and tables of words are made of; vectors and positions are floats.
template <class PanelFormat>
struct PackedAs {
    using Format = PanelFormat;
    template <class Out, class In>
    using Matrix = kernels::PackedMatrix<Out, In, Format>;
    template <class Rows, class Cols>
    using Words = MatrixView<const typename Format::Word, Rows, Cols>;
    template <class Rows, class Cols>
    using Table = MatrixView<const float, Rows, Cols>;
    template <class Size>
    using Vector = VectorView<const float, Size>;

    using View = kernels::PackedOf<Format>;
    using WordsView = MatrixView<const typename Format::Word>;
    static constexpr bool has_gradients = false;

    static Variable multiply(autograd::Eval& context, const Variable& x, View weight,
                             ConstVector bias = {}, Activation activation = Activation::linear) {
        const Variable y = context.variable(x.rows(), weight.outputs());
        const ArenaScope scope(context.scratch());
        kernels::multiply_panels<Format>(
            Format::prepare(x.value, context.scratch()), weight,
            {.y = y.value, .bias = bias.data(), .activation = activation});
        return y;
    }
    /// The same for small sizes that the compiler knows.
    template <class Out, class In>
    requires kernels::has_fixed_gemm<Format, Out, In>
    static Variable multiply(autograd::Eval& context, const Variable& x,
                             const kernels::PackedMatrix<Out, In>& weight, ConstVector bias = {},
                             Activation activation = Activation::linear) {
        const Variable y = context.variable(x.rows(), Out::value);
        kernels::packed_gemm(x.value, weight,
                             {.y = y.value, .bias = bias.data(), .activation = activation});
        return y;
    }
    /// Packing has turned the weight around already.
    static Variable multiply_transposed(autograd::Eval& context, const Variable& x, View weight) {
        return multiply(context, x, weight);
    }
    /// The size of the norm is that of a group's outputs.
    template <class Out, class In, class SecondIn, class Size>
    static Variable multiply_groups(
        autograd::Eval& context, kernels::GroupEpilogue epilogue, float /*dropout*/,
        const Variable& h, const kernels::PackedMatrix<Out, In, Format>& weight, const Variable& y,
        const kernels::PackedMatrix<Out, SecondIn, Format>& second_weight, ConstVector bias,
        VectorView<const float, Size> norm_gain, ConstVector norm_bias) {
        epilogue.norm_gain = norm_gain;
        epilogue.norm_bias = norm_bias;
        const Variable result = context.variable(h.rows(), weight.outputs());
        const auto panels = [&](View all) { return panels_of_groups(all, epilogue.groups); };
        kernels::group_linear<Format>(
            {h.value, panels(weight), kernels::packed_gemm_of<Format, Size, In>()},
            {y.value, panels(second_weight), kernels::packed_gemm_of<Format, Size, SecondIn>()},
            bias, epilogue, {}, result.value, context.scratch());
        return result;
    }
    static Variable look_up(autograd::Eval& context, std::span<const int> tokens,
                            const Ragged& sentences, WordsView words, float scale,
                            const autograd::Parameter& positions, float /*dropout*/) {
        const Variable y = context.variable(sentences.tokens(), words.cols());
        kernels::embed<typename Format::Word>(tokens, sentences, words, scale, positions.value, {},
                                              y.value);
        return y;
    }
    static kernels::CrossEntropy cross_entropy(autograd::Eval& context, const Variable& x,
                                               View weight, std::span<const int> targets,
                                               float smoothing, View more = {}) {
        return kernels::cross_entropy<Format>(x.value, weight, more, targets, smoothing,
                                              context.scratch());
    }
    static typename Format::Rows prepare(ConstMatrix x, Arena& scratch) {
        return Format::prepare(x, scratch);
    }
    static void outputs(const typename Format::Rows& x, View weight, int first, hat::Matrix y,
                        Arena& /*scratch*/) {
        kernels::multiply_panels<Format>(x, weight.middle_outputs(first, y.cols()), {.y = y});
    }
    [[nodiscard]] static autograd::Parameter vector(ConstVector vector) noexcept {
        return autograd::constant(vector);
    }
    [[nodiscard]] static autograd::Parameter table(ConstMatrix table) noexcept {
        return autograd::constant(table);
    }

    [[nodiscard]] static bool follows(View a, View b) noexcept {
        return a.panel_stride() == b.panel_stride() && a.inputs() == b.inputs() &&
               b.data() == a.data() + a.panels() * a.panel_stride();
    }
    /// As of `Trainable`, in panels: the first is padded to whole ones.
    [[nodiscard]] static bool vector_follows(ConstVector a, ConstVector b) noexcept {
        return b.data() == a.data() + distance(a.size());
    }
    [[nodiscard]] static View joined(View a, View b) noexcept {
        return {a.data(), distance(a.outputs()) + b.outputs(), a.inputs(), a.panel_stride()};
    }
    [[nodiscard]] static ConstVector joined_vectors(ConstVector a, ConstVector b) noexcept {
        return {a.data(), distance(a.size()) + b.size()};
    }
    [[nodiscard]] static constexpr int distance(int outputs) noexcept {
        return round_up(outputs, kernels::panel_width);
    }

private:
    /// The view that the kernel wants: groups are filled up to whole panels.
    [[nodiscard]] static View panels_of_groups(View weight, int groups) noexcept {
        if (groups == 1 || weight.empty()) return weight;
        return {weight.data(), groups * distance(weight.outputs() / groups), weight.inputs(),
                weight.panel_stride()};
    }
};

/// Panels of floats.
using Packed = PackedAs<kernels::Float32>;
/// Half of the bytes: the products that `Packed` makes of weights rounded to bfloat16.
using PackedBf16 = PackedAs<kernels::Bfloat16>;
/// A quarter of the bytes: weights and activations of 8 bits.
using PackedInt8 = PackedAs<kernels::Int8>;
/// A sixth to an eighth: weights that are numbers of codebooks, products as of `Packed`. For
/// networks whose matrices have at most 16 different numbers each, as they are stored in kmeans4.
using PackedKMeans4 = PackedAs<kernels::KMeans4>;

/// The sizes of weights and nothing else: what an architecture says of every one of them.
struct Sizes {
    /// What a parameter is before training: zeros, ones, Xavier-uniform numbers, or normal ones of
    /// variance 1 / cols.
    enum class Initial { zeros, ones, xavier, normal };

    /// Sizes of a weight, and how it begins and is stored.
    struct Size {
        int rows = 0;
        int cols = 0;
        Initial initial = Initial::zeros;
        bool is_vector = false;
        bool is_shared = false;  ///< the tensor is that of another weight, which came before
        int tensor_rows = 0;     ///< where it is a part of a tensor: those of the whole
        int tensor_cols = 0;

        /// The same as a part of a tensor.
        [[nodiscard]] constexpr Size of(int whole_rows, int whole_cols) const noexcept {
            Size part = *this;
            part.tensor_rows = whole_rows;
            part.tensor_cols = whole_cols;
            return part;
        }
        [[nodiscard]] constexpr int stored_rows() const noexcept {
            return tensor_rows > 0 ? tensor_rows : rows;
        }
        [[nodiscard]] constexpr int stored_cols() const noexcept {
            return tensor_cols > 0 ? tensor_cols : cols;
        }
        [[nodiscard]] constexpr int outputs() const noexcept { return rows; }
        [[nodiscard]] constexpr int inputs() const noexcept { return cols; }
        [[nodiscard]] constexpr bool empty() const noexcept { return rows == 0; }
    };

    template <class Out, class In>
    using Matrix = Size;
    template <class Rows, class Cols>
    using Words = Size;
    template <class Rows, class Cols>
    using Table = Size;
    template <class Count>
    using Vector = Size;

    [[nodiscard]] static constexpr Size matrix(int rows, int cols) noexcept {
        return {rows, cols, Initial::xavier};
    }
    [[nodiscard]] static constexpr Size table(int rows, int cols) noexcept {
        return {rows, cols, Initial::normal};
    }
    /// A vector of that size, and what it begins as.
    [[nodiscard]] static constexpr Size vector(int size,
                                               Initial initial = Initial::zeros) noexcept {
        return {1, size, initial, true};
    }
};

/// Where weights are in a slab: the number of their tensor in its table, and where in that.
struct Places {
    /// A place: the number of a tensor, and the row and column in it.
    struct Place {
        int entry = -1;
        int row = 0;
        int col = 0;

        [[nodiscard]] constexpr bool empty() const noexcept { return entry < 0; }
    };

    template <class Out, class In>
    using Matrix = Place;
    template <class Rows, class Cols>
    using Words = Place;
    template <class Rows, class Cols>
    using Table = Place;
    template <class Count>
    using Vector = Place;
};

}  // namespace hat::nn
