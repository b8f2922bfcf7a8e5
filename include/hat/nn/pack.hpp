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

/// Copies weights, one after the other, to where they are served from; without a place to copy to
/// it only counts.
class Pack {
public:
    /// `shared` is the widest of the tables that are one, empty if none are.
    Pack(float* to, ConstMatrix shared) noexcept : to_(to), shared_(shared) {}

    /// Floats taken so far.
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return size_; }

    template <class Out, class In>
    void operator()(const Leaf& leaf, kernels::PackedMatrix<Out, In>& to,
                    const autograd::Parameter& from) const {
        const ConstMatrix weight = from.value;
        const bool turned = leaf.storage.transposed;
        const int outputs = turned ? weight.cols() : weight.rows();
        const int inputs = turned ? weight.rows() : weight.cols();
        check_fixed<Out, In>(leaf.path, outputs, inputs);
        float* const place = turned ? transposed(weight) : in_groups(weight, leaf.storage.groups);
        to = {place, Out(outputs), In(inputs), std::ptrdiff_t{inputs} * panel_width};
    }

    /// Goes on with zeros to whole panels, as the matrix does that it belongs to.
    template <class Size>
    void operator()(const Leaf& leaf, VectorView<const float, Size>& to,
                    const autograd::Parameter& from) const {
        const int size = from.value.cols();
        check_fixed<int, Size>(leaf.path, 1, size);
        const int padded = round_up(size, kernels::panel_width);
        float* const place = take(padded);
        if (place != nullptr) {
            std::copy_n(from.value.data(), size, place);
            std::fill_n(place + size, padded - size, 0.0F);
        }
        to = {place, Size(size)};
    }

    /// Tables that are one stay one; each side sees its columns.
    template <class Rows, class Cols>
    void operator()(const Leaf& leaf, MatrixView<const float, Rows, Cols>& to,
                    const autograd::Parameter& from) const {
        const ConstMatrix table = from.value;
        check_fixed<Rows, Cols>(leaf.path, table.rows(), table.cols());
        const bool is_shared = !shared_.empty() && table.data() == shared_.data();
        if (is_shared && !has_shared_) {
            packed_shared_ = copy(shared_);
            has_shared_ = true;
        }
        const ConstMatrix packed = is_shared ? packed_shared_ : copy(table);
        to = {packed.data(), Rows(table.rows()), Cols(table.cols()), packed.stride()};
    }

private:
    float* take(std::ptrdiff_t floats) const noexcept {
        constexpr std::ptrdiff_t line = alignment / sizeof(float);
        float* const place = to_ == nullptr ? nullptr : to_ + size_;
        size_ += (floats + line - 1) / line * line;
        return place;
    }

    ConstMatrix copy(ConstMatrix from) const noexcept {
        float* const place = take(std::ptrdiff_t{from.rows()} * from.cols());
        for (int i = 0; place != nullptr && i < from.rows(); ++i)
            std::copy_n(from.row_data(i), from.cols(), place + std::ptrdiff_t{i} * from.cols());
        return {place, from.rows(), from.cols()};
    }

    /// Panels of `from` turned around.
    float* transposed(ConstMatrix from) const noexcept {
        const int outputs = from.cols();
        const int inputs = from.rows();
        float* const place = take(kernels::packed_size(outputs, inputs));
        for (int o = 0; place != nullptr && o < outputs; ++o) {
            float* const lane =
                place + o / panel_width * std::ptrdiff_t{inputs} * panel_width + o % panel_width;
            for (int k = 0; k < inputs; ++k) lane[k * panel_width] = from(k, o);
        }
        return place;
    }

    float* in_groups(ConstMatrix from, int groups) const noexcept {
        float* const place = take(kernels::packed_groups_size(from.rows(), from.cols(), groups));
        if (place != nullptr) kernels::pack_groups(from, groups, place);
        return place;
    }

    static constexpr int panel_width = kernels::panel_width;

    float* to_;
    ConstMatrix shared_;
    mutable std::ptrdiff_t size_ = 0;
    mutable ConstMatrix packed_shared_{};
    mutable bool has_shared_ = false;
};

}  // namespace detail

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
