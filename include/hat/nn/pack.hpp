// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/error.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/group_linear.hpp>
#include <hat/kernels/packed_matrix.hpp>
#include <hat/kernels/stored_row.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hat::nn {

/// How packed weights lie in memory, for what is kept of them: another text whenever that changes.
/// Panels are of 16 outputs for every processor, whatever its registers hold, and what is packed
/// has the same bytes on all of them.
inline constexpr const char* packed_layout = "panels of 16 outputs, little-endian, 1";

namespace detail {

/// Where packed weights are in their buffer: one behind the other in the order of a walk, each from
/// a cache line on. Matrices are panels, vectors go on with zeros to whole panels, and tables that
/// are one are there once, with the columns of the widest.
class PackedPlaces {
public:
    /// Bytes taken so far.
    [[nodiscard]] constexpr std::ptrdiff_t size() const noexcept { return size_; }

    template <class Format>
    constexpr std::ptrdiff_t matrix(int outputs, int inputs, int groups) noexcept {
        return take<typename Format::Element>(
            kernels::packed_groups_size<Format>(outputs, inputs, groups));
    }
    constexpr std::ptrdiff_t vector(int size) noexcept {
        return take<float>(round_up(size, kernels::panel_width));
    }
    struct Table {
        std::ptrdiff_t offset;
        bool is_new;
    };
    /// Tables that are shared are the first one.
    template <class Word>
    constexpr Table table(int rows, int cols, bool is_shared) noexcept {
        if (is_shared && first_table_ >= 0) return {first_table_, false};
        using Row = kernels::StoredRow<Word>;
        const std::ptrdiff_t offset =
            take<Word>(Row::size(rows, cols)) + Row::in_front * std::ptrdiff_t{sizeof(Word)};
        if (first_table_ < 0) first_table_ = offset;
        return {offset, true};
    }

private:
    template <class T>
    constexpr std::ptrdiff_t take(std::ptrdiff_t n) noexcept {
        constexpr auto line = std::ptrdiff_t{alignment};
        const std::ptrdiff_t offset = size_;
        size_ += (n * std::ptrdiff_t{sizeof(T)} + line - 1) / line * line;
        return offset;
    }

    std::ptrdiff_t size_ = 0;
    std::ptrdiff_t first_table_ = -1;
};

/// What lies so many bytes behind the begin of a buffer, as far as there is one.
template <class T, class Byte>
[[nodiscard]] constexpr T* at_byte(Byte* buffer, std::ptrdiff_t offset) noexcept {
    return buffer == nullptr ? nullptr : reinterpret_cast<T*>(buffer + offset);
}

/// Makes views of weights that lie packed in a buffer; without one it only counts.
class ViewPacked {
public:
    constexpr ViewPacked(const std::byte* buffer, PackedPlaces& places) noexcept
        : buffer_(buffer), places_(places) {}

    template <class Out, class In, class Format>
    constexpr void operator()(const Leaf& leaf, kernels::PackedMatrix<Out, In, Format>& to,
                              const Sizes::Size& size) const {
        const bool turned = leaf.storage.transposed;
        const int outputs = turned ? size.cols : size.rows;
        const int inputs = turned ? size.rows : size.cols;
        check_fixed<Out, In>(leaf.path, outputs, inputs);
        const auto offset = places_.matrix<Format>(outputs, inputs, leaf.storage.groups);
        to = {at_byte<const typename Format::Element>(buffer_, offset), Out(outputs), In(inputs),
              Format::panel_stride(inputs)};
    }
    template <class Size>
    constexpr void operator()(const Leaf& leaf, VectorView<const float, Size>& to,
                              const Sizes::Size& size) const {
        check_fixed<int, Size>(leaf.path, 1, size.cols);
        to = {at_byte<const float>(buffer_, places_.vector(size.cols)), Size(size.cols)};
    }
    template <class Word, class Rows, class Cols>
    constexpr void operator()(const Leaf& leaf, MatrixView<const Word, Rows, Cols>& to,
                              const Sizes::Size& size) const {
        check_fixed<Rows, Cols>(leaf.path, size.rows, size.cols);
        const int stored = size.stored_cols();
        const auto offset = places_.table<Word>(size.rows, stored, size.is_shared).offset;
        to = {at_byte<const Word>(buffer_, offset), Rows(size.rows), Cols(size.cols),
              kernels::StoredRow<Word>::stride(stored)};
    }

private:
    const std::byte* buffer_;
    PackedPlaces& places_;
};

/// Makes views of the first rows and columns of weights that are packed already. A matrix of groups
/// has them all.
class SlicePacked {
public:
    template <class Out, class In, class WholeOut, class WholeIn, class Format>
    void operator()(const Leaf& leaf, kernels::PackedMatrix<Out, In, Format>& to,
                    const kernels::PackedMatrix<WholeOut, WholeIn, Format>& whole,
                    const Sizes::Size& size) const {
        const bool turned = leaf.storage.transposed;
        const int outputs = turned ? size.cols : size.rows;
        const int inputs = turned ? size.rows : size.cols;
        const bool is_whole = outputs == whole.outputs() && inputs == whole.inputs();
        if (outputs > whole.outputs() || inputs > whole.inputs() ||
            (leaf.storage.groups > 1 && !is_whole))
            fail(leaf.path.text(), ": has ", int{whole.outputs()}, " outputs of ",
                 int{whole.inputs()}, " inputs, of which ", outputs, " of ", inputs,
                 " are no part");
        check_fixed<Out, In>(leaf.path, outputs, inputs);
        to = whole.top_left(Out(outputs), In(inputs));
    }
    template <class Size, class WholeSize>
    void operator()(const Leaf& leaf, VectorView<const float, Size>& to,
                    const VectorView<const float, WholeSize>& whole,
                    const Sizes::Size& size) const {
        check_part(leaf, size.cols, whole.size());
        check_fixed<int, Size>(leaf.path, 1, size.cols);
        to = {whole.data(), Size(size.cols)};
    }
    template <class Word, class Rows, class Cols, class WholeRows, class WholeCols>
    void operator()(const Leaf& leaf, MatrixView<const Word, Rows, Cols>& to,
                    const MatrixView<const Word, WholeRows, WholeCols>& whole,
                    const Sizes::Size& size) const {
        check_part(leaf, size.rows, whole.rows());
        check_part(leaf, size.cols, whole.cols());
        check_fixed<Rows, Cols>(leaf.path, size.rows, size.cols);
        to = {whole.data(), Rows(size.rows), Cols(size.cols), whole.stride()};
    }

private:
    static void check_part(const Leaf& leaf, int part, int whole) {
        if (part > whole)
            fail(leaf.path.text(), ": has ", whole, " numbers, of which ", part, " are no part");
    }
};

/// Copies weights to where they are served from; without a place to copy to it only counts.
class Pack {
public:
    /// `shared` is the widest of the tables that are one, empty if none are.
    Pack(std::byte* buffer, ConstMatrix shared) noexcept : buffer_(buffer), shared_(shared) {}

    /// Bytes taken so far.
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return places_.size(); }

    /// Throws  `Error` if an output has more inputs than the format allows
    template <class Out, class In, class Format>
    void operator()(const Leaf& leaf, kernels::PackedMatrix<Out, In, Format>& to,
                    const autograd::Parameter& from) const {
        const ConstMatrix weight = from.value;
        const auto [joint, turned, groups] = leaf.storage;
        const int outputs = turned ? weight.cols() : weight.rows();
        const int inputs = turned ? weight.rows() : weight.cols();
        check_fixed<Out, In>(leaf.path, outputs, inputs);
        if (inputs > Format::most_inputs)
            fail(leaf.path.text(), ": has ", inputs, " inputs, expected at most ",
                 Format::most_inputs);
        using Element = typename Format::Element;
        auto* const place =
            at_byte<Element>(buffer_, places_.matrix<Format>(outputs, inputs, groups));
        if (place != nullptr) {
            if (turned)
                kernels::pack<Format>(turned_around(weight).view(), place);
            else
                kernels::pack_groups<Format>(weight, groups, place);
        }
        to = {place, Out(outputs), In(inputs), Format::panel_stride(inputs)};
    }

    template <class Size>
    void operator()(const Leaf& leaf, VectorView<const float, Size>& to,
                    const autograd::Parameter& from) const {
        const int size = from.value.cols();
        check_fixed<int, Size>(leaf.path, 1, size);
        auto* const place = at_byte<float>(buffer_, places_.vector(size));
        if (place != nullptr) {
            std::copy_n(from.value.data(), size, place);
            std::fill_n(place + size, round_up(size, kernels::panel_width) - size, 0.0F);
        }
        to = {place, Size(size)};
    }

    /// Of tables that are one each side sees its columns.
    template <class Word, class Rows, class Cols>
    void operator()(const Leaf& leaf, MatrixView<const Word, Rows, Cols>& to,
                    const autograd::Parameter& from) const {
        using Row = kernels::StoredRow<Word>;
        const ConstMatrix table = from.value;
        check_fixed<Rows, Cols>(leaf.path, table.rows(), table.cols());
        const bool is_shared = !shared_.empty() && table.data() == shared_.data();
        const ConstMatrix all = is_shared ? shared_ : table;
        const auto [offset, is_new] = places_.table<Word>(all.rows(), all.cols(), is_shared);
        auto* const place = at_byte<Word>(buffer_, offset);
        if (place != nullptr && is_new) Row::store(all, place);
        to = {place, Rows(table.rows()), Cols(table.cols()), Row::stride(all.cols())};
    }

    /// The same where another tree says which weights there are.
    void operator()(const Leaf& leaf, auto& to, const auto& from,
                    const Sizes::Size& /*size*/) const {
        (*this)(leaf, to, from);
    }

private:
    struct Turned {
        AlignedArray<float> numbers;
        int rows;
        int cols;

        [[nodiscard]] ConstMatrix view() const noexcept { return {numbers.data(), rows, cols}; }
    };
    static Turned turned_around(ConstMatrix from) {
        Turned turned{AlignedArray<float>(std::ptrdiff_t{from.rows()} * from.cols()), from.cols(),
                      from.rows()};
        for (int i = 0; i < from.rows(); ++i) {
            for (int j = 0; j < from.cols(); ++j)
                turned.numbers.data()[std::ptrdiff_t{j} * from.rows() + i] = from(i, j);
        }
        return turned;
    }

    std::byte* buffer_;
    ConstMatrix shared_;
    mutable PackedPlaces places_{};
};

}  // namespace detail

/// Bytes of the packed weights of a tree of sizes.
template <class Tree, class TreeOfSizes>
[[nodiscard]] constexpr std::ptrdiff_t packed_bytes(const TreeOfSizes& sizes) {
    Tree tree{};
    detail::PackedPlaces places;
    walk(detail::ViewPacked(nullptr, places), tree, sizes);
    return places.size();
}

/// A tree of views of packed weights that lie ready, of which nothing is copied.
///
/// Precondition: `buffer` are `packed_bytes` as `PackedTree` lays them out, from a cache line on.
template <class Tree, class TreeOfSizes>
[[nodiscard]] constexpr Tree view_packed(const std::byte* buffer, const TreeOfSizes& sizes) {
    Tree tree{};
    detail::PackedPlaces places;
    walk(detail::ViewPacked(buffer, places), tree, sizes);
    return tree;
}

/// The part of a packed tree that `sizes` tell: the first rows and columns of its weights, of which
/// nothing is copied. Of weights in 8 bits, outputs keep the scales of the whole.
///
/// Throws  `Error` if it is no part
template <class Tree, class WholeTree, class TreeOfSizes>
[[nodiscard]] Tree slice_packed(const WholeTree& whole, const TreeOfSizes& sizes) {
    Tree tree{};
    walk(detail::SlicePacked{}, tree, whole, sizes);
    return tree;
}

/// A layer, or a tree of them, ready to be served: its weights in one buffer, matrices as panels of
/// 16 outputs. Packed here, the buffer is its own, and what it was made from may change or vanish.
///
///     const nn::PackedTree<nn::Linear<nn::Packed>> packed(trainable);
///     forward(eval, packed.view(), x);
template <class Tree>
class PackedTree {
public:
    /// Refers to weights that lie packed, those that `bytes` of such a tree has. They must outlive
    /// this.
    ///
    /// Throws  `Error` unless they are as many as there are in a tree of `sizes`, from a cache line
    ///         on
    template <class TreeOfSizes>
    PackedTree(std::span<const std::byte> weights, const TreeOfSizes& sizes) : bytes_(weights) {
        const auto expected = static_cast<std::size_t>(packed_bytes<Tree>(sizes));
        if (weights.size() != expected)
            fail("packed weights: found ", weights.size(), " bytes, expected ", expected);
        if (reinterpret_cast<std::uintptr_t>(weights.data()) % alignment != 0)
            fail("packed weights: do not begin at a multiple of ", alignment, " bytes");
        view_ = view_packed<Tree>(weights.data(), sizes);
    }

    /// `shared` is the widest of the tables that are one, empty if none are.
    /// Throws  `Error` if sizes that are fixed here are not those of `from`, or are too large for
    ///         this kind of weights.
    template <class From>
    explicit PackedTree(const From& from, ConstMatrix shared = {}) {
        const detail::Pack count(nullptr, shared);
        walk(count, view_, from);
        weights_ = AlignedArray<std::byte>(count.size());
        walk(detail::Pack(weights_.data(), shared), view_, from);
        bytes_ = {weights_.data(), weights_.size_bytes()};
    }

    // A copy would have views of the weights of the first one.
    PackedTree(const PackedTree&) = delete;
    PackedTree& operator=(const PackedTree&) = delete;
    PackedTree(PackedTree&&) noexcept = default;
    PackedTree& operator=(PackedTree&&) noexcept = default;
    ~PackedTree() = default;

    /// Refers to the part of a packed tree that `sizes` tell. What `whole` views must outlive it.
    ///
    /// Throws  `Error` if it is no part
    template <class WholeTree, class TreeOfSizes>
    [[nodiscard]] static PackedTree part_of(const WholeTree& whole, const TreeOfSizes& sizes) {
        PackedTree part;
        part.view_ = slice_packed<Tree>(whole, sizes);
        return part;
    }

    /// The weights it views stay in place when this is moved, the view itself does not.
    [[nodiscard]] const Tree& view() const noexcept { return view_; }
    /// All weights, in `packed_layout`; none of a part, which does not lie in one piece.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_.size(); }

private:
    PackedTree() = default;

    AlignedArray<std::byte> weights_;  ///< empty if they are another's
    std::span<const std::byte> bytes_;
    Tree view_{};
};

}  // namespace hat::nn
