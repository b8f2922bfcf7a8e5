// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/group_linear.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <cstddef>

namespace hat::nn {

namespace detail {

/// Where packed weights are in their buffer: one behind the other in the order of a walk, each from
/// a cache line on. Matrices are panels, vectors go on with zeros to whole panels, and tables that
/// are one are there once, with the columns of the widest.
class PackedPlaces {
public:
    /// Floats taken so far.
    [[nodiscard]] constexpr std::ptrdiff_t size() const noexcept { return size_; }

    constexpr std::ptrdiff_t matrix(int outputs, int inputs, int groups) noexcept {
        return take(kernels::packed_groups_size(outputs, inputs, groups));
    }
    constexpr std::ptrdiff_t vector(int size) noexcept {
        return take(round_up(size, kernels::panel_width));
    }
    struct Table {
        std::ptrdiff_t offset;
        bool is_new;
    };
    /// Tables that are shared are the first one.
    constexpr Table table(int rows, int cols, bool is_shared) noexcept {
        if (is_shared && first_table_ >= 0) return {first_table_, false};
        const std::ptrdiff_t offset = take(std::ptrdiff_t{rows} * cols);
        if (first_table_ < 0) first_table_ = offset;
        return {offset, true};
    }

private:
    constexpr std::ptrdiff_t take(std::ptrdiff_t floats) noexcept {
        constexpr std::ptrdiff_t line = alignment / sizeof(float);
        const std::ptrdiff_t offset = size_;
        size_ += (floats + line - 1) / line * line;
        return offset;
    }

    std::ptrdiff_t size_ = 0;
    std::ptrdiff_t first_table_ = -1;
};

/// Makes views of weights that lie packed in a buffer; without one it only counts.
class ViewPacked {
public:
    constexpr ViewPacked(const float* values, PackedPlaces& places) noexcept
        : values_(values), places_(places) {}

    template <class Out, class In>
    constexpr void operator()(const Leaf& leaf, kernels::PackedMatrix<Out, In>& to,
                              const Sizes::Size& size) const {
        const bool turned = leaf.storage.transposed;
        const int outputs = turned ? size.cols : size.rows;
        const int inputs = turned ? size.rows : size.cols;
        check_fixed<Out, In>(leaf.path, outputs, inputs);
        to = {at(places_.matrix(outputs, inputs, leaf.storage.groups)), Out(outputs), In(inputs),
              std::ptrdiff_t{inputs} * kernels::panel_width};
    }
    template <class Size>
    constexpr void operator()(const Leaf& leaf, VectorView<const float, Size>& to,
                              const Sizes::Size& size) const {
        check_fixed<int, Size>(leaf.path, 1, size.cols);
        to = {at(places_.vector(size.cols)), Size(size.cols)};
    }
    template <class Rows, class Cols>
    constexpr void operator()(const Leaf& leaf, MatrixView<const float, Rows, Cols>& to,
                              const Sizes::Size& size) const {
        check_fixed<Rows, Cols>(leaf.path, size.rows, size.cols);
        const int stored = size.stored_cols();
        const std::ptrdiff_t offset = places_.table(size.rows, stored, size.is_shared).offset;
        to = {at(offset), Rows(size.rows), Cols(size.cols), stored};
    }

private:
    [[nodiscard]] constexpr const float* at(std::ptrdiff_t offset) const noexcept {
        return values_ == nullptr ? nullptr : values_ + offset;
    }

    const float* values_;
    PackedPlaces& places_;
};

/// Copies weights to where they are served from; without a place to copy to it only counts.
class Pack {
public:
    /// `shared` is the widest of the tables that are one, empty if none are.
    Pack(float* to, ConstMatrix shared) noexcept : to_(to), shared_(shared) {}

    /// Floats taken so far.
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return places_.size(); }

    template <class Out, class In>
    void operator()(const Leaf& leaf, kernels::PackedMatrix<Out, In>& to,
                    const autograd::Parameter& from) const {
        const ConstMatrix weight = from.value;
        const auto [joint, turned, groups] = leaf.storage;
        const int outputs = turned ? weight.cols() : weight.rows();
        const int inputs = turned ? weight.rows() : weight.cols();
        check_fixed<Out, In>(leaf.path, outputs, inputs);
        float* const place = at(places_.matrix(outputs, inputs, groups));
        if (place != nullptr && turned) pack_transposed(weight, place);
        if (place != nullptr && !turned) kernels::pack_groups(weight, groups, place);
        to = {place, Out(outputs), In(inputs), std::ptrdiff_t{inputs} * kernels::panel_width};
    }

    template <class Size>
    void operator()(const Leaf& leaf, VectorView<const float, Size>& to,
                    const autograd::Parameter& from) const {
        const int size = from.value.cols();
        check_fixed<int, Size>(leaf.path, 1, size);
        float* const place = at(places_.vector(size));
        if (place != nullptr) {
            std::copy_n(from.value.data(), size, place);
            std::fill_n(place + size, round_up(size, kernels::panel_width) - size, 0.0F);
        }
        to = {place, Size(size)};
    }

    /// Of tables that are one each side sees its columns.
    template <class Rows, class Cols>
    void operator()(const Leaf& leaf, MatrixView<const float, Rows, Cols>& to,
                    const autograd::Parameter& from) const {
        const ConstMatrix table = from.value;
        check_fixed<Rows, Cols>(leaf.path, table.rows(), table.cols());
        const bool is_shared = !shared_.empty() && table.data() == shared_.data();
        const ConstMatrix all = is_shared ? shared_ : table;
        const auto [offset, is_new] = places_.table(all.rows(), all.cols(), is_shared);
        float* const place = at(offset);
        for (int i = 0; place != nullptr && is_new && i < all.rows(); ++i)
            std::copy_n(all.row_data(i), all.cols(), place + std::ptrdiff_t{i} * all.cols());
        to = {place, Rows(table.rows()), Cols(table.cols()), all.cols()};
    }

    /// The same where another tree says which weights there are.
    void operator()(const Leaf& leaf, auto& to, const auto& from,
                    const Sizes::Size& /*size*/) const {
        (*this)(leaf, to, from);
    }

private:
    [[nodiscard]] float* at(std::ptrdiff_t offset) const noexcept {
        return to_ == nullptr ? nullptr : to_ + offset;
    }

    /// Panels of `from` turned around.
    static void pack_transposed(ConstMatrix from, float* to) noexcept {
        constexpr int width = kernels::panel_width;
        const int inputs = from.rows();
        for (int o = 0; o < from.cols(); ++o) {
            float* const lane = to + o / width * std::ptrdiff_t{inputs} * width + o % width;
            for (int k = 0; k < inputs; ++k) lane[k * width] = from(k, o);
        }
    }

    float* to_;
    ConstMatrix shared_;
    mutable PackedPlaces places_{};
};

}  // namespace detail

/// Floats of the packed weights of a tree of sizes.
template <class Tree, class TreeOfSizes>
[[nodiscard]] constexpr std::ptrdiff_t packed_count(const TreeOfSizes& sizes) {
    Tree tree{};
    detail::PackedPlaces places;
    walk(detail::ViewPacked(nullptr, places), tree, sizes);
    return places.size();
}

/// A tree of views of packed weights that lie ready, of which nothing is copied.
///
/// Precondition: `values` are `packed_count` floats as `PackedTree` lays them out, from a cache
///               line on.
template <class Tree, class TreeOfSizes>
[[nodiscard]] constexpr Tree view_packed(const float* values, const TreeOfSizes& sizes) {
    Tree tree{};
    detail::PackedPlaces places;
    walk(detail::ViewPacked(values, places), tree, sizes);
    return tree;
}

/// A layer, or a tree of them, ready to be served: its weights in one buffer of its own, matrices
/// as panels of 16 outputs. What it was made from may change or vanish.
///
///     const nn::PackedTree<nn::Linear<nn::Packed>> packed(trainable);
///     forward(eval, packed.view(), x);
template <class Tree>
class PackedTree {
public:
    /// `shared` is the widest of the tables that are one, empty if none are.
    /// Throws  `Error` if sizes that are fixed here are not those of `from`.
    template <class From>
    explicit PackedTree(const From& from, ConstMatrix shared = {}) {
        const detail::Pack count(nullptr, shared);
        walk(count, view_, from);
        weights_ = AlignedArray<float>(count.size());
        walk(detail::Pack(weights_.data(), shared), view_, from);
    }

    /// Valid as long as this lives, even if it is moved.
    [[nodiscard]] const Tree& view() const noexcept { return view_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return weights_.size_bytes(); }

private:
    AlignedArray<float> weights_;
    Tree view_{};
};

}  // namespace hat::nn
