// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>

#include <cstddef>
#include <type_traits>

namespace hat::kernels {

/// Outputs in a panel.
inline constexpr int panel_width = 16;

struct Float32;

/// A weight matrix `[outputs, inputs]` cut into panels of 16 outputs; the outputs of the last panel
/// that do not exist are zero. A prefix of the outputs is a prefix of the panels, a prefix of the
/// inputs is a prefix of each panel: a sub-network has the panels of its super network.
///
/// `Format` says what a panel is:
///
///     Element                   what its memory is made of
///     Word                      what tables beside it are made of (<hat/kernels/stored_row.hpp>)
///     panel_stride(inputs)      elements of a panel
///     most_inputs               that a panel may have
///     pack_panel(weight, p, to) writes panel p of a row-major weight
///     Rows, prepare(x, scratch), bytes_of_rows(rows, inputs)    what is multiplied with panels,
///                               made of floats
///     left(rows), right(data, panel_stride)    the operands of a product (<hat/kernels/tile.hpp>)
template <Extent Outputs = int, Extent Inputs = int, class Format = Float32>
class PackedMatrix {
public:
    using Element = typename Format::Element;

    constexpr PackedMatrix() = default;
    constexpr PackedMatrix(const Element* data, Outputs outputs, Inputs inputs,
                           std::ptrdiff_t panel_stride) noexcept
        : outputs_(outputs), inputs_(inputs), data_(data), panel_stride_(panel_stride) {}

    /// Of sizes that are not fixed here.
    template <Extent OtherOutputs, Extent OtherInputs>
    requires std::is_convertible_v<OtherOutputs, Outputs> &&
        std::is_convertible_v<OtherInputs, Inputs>
    constexpr PackedMatrix(  // NOLINT(google-explicit-constructor)
        const PackedMatrix<OtherOutputs, OtherInputs, Format>& other) noexcept
        : outputs_(other.outputs()), inputs_(other.inputs()), data_(other.data()),
          panel_stride_(other.panel_stride()) {}

    [[nodiscard]] constexpr Outputs outputs() const noexcept { return outputs_; }
    [[nodiscard]] constexpr Inputs inputs() const noexcept { return inputs_; }
    /// Panels that the outputs make, the last of them maybe in part.
    [[nodiscard]] constexpr int panels() const noexcept {
        return (outputs_ + panel_width - 1) / panel_width;
    }
    [[nodiscard]] constexpr const Element* data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::ptrdiff_t panel_stride() const noexcept { return panel_stride_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return data_ == nullptr; }

    /// The part a sub-network sees: the first outputs and inputs.
    template <class Out, class In>
    [[nodiscard]] constexpr PackedMatrix<Out, In, Format> top_left(Out outputs,
                                                                   In inputs) const noexcept {
        HAT_ASSERT(outputs <= outputs_ && inputs <= inputs_);
        return {data_, outputs, inputs, panel_stride_};
    }
    /// Outputs `first` … `first + n − 1`; `first` must be a multiple of 16.
    [[nodiscard]] constexpr PackedMatrix<int, Inputs, Format> middle_outputs(int first,
                                                                             int n) const noexcept {
        HAT_ASSERT(first % panel_width == 0 && first + n <= outputs_);
        return {data_ + first / panel_width * panel_stride_, n, inputs_, panel_stride_};
    }

private:
    // In front of the pointer, where two equal fixed ones cost no room.
    [[no_unique_address]] Outputs outputs_{};
    [[no_unique_address]] Inputs inputs_{};
    const Element* data_ = nullptr;
    std::ptrdiff_t panel_stride_ = 0;
};

/// Of any sizes.
template <class Format>
using PackedOf = PackedMatrix<int, int, Format>;
using PackedView = PackedOf<Float32>;

/// Elements that the packed form of `[outputs, inputs]` takes.
template <class Format = Float32>
constexpr std::ptrdiff_t packed_size(int outputs, int inputs) noexcept {
    return (outputs + panel_width - 1) / panel_width * Format::panel_stride(inputs);
}

/// Packs `weight` [outputs, inputs] into `to`, which has room for `packed_size` elements.
template <class Format = Float32>
PackedOf<Format> pack(ConstMatrix weight, typename Format::Element* to) noexcept {
    HAT_ASSERT(weight.cols() <= Format::most_inputs);
    const PackedOf<Format> packed(to, weight.rows(), weight.cols(),
                                  Format::panel_stride(weight.cols()));
    for (int panel = 0; panel < packed.panels(); ++panel)
        Format::pack_panel(weight, panel, to + panel * packed.panel_stride());
    return packed;
}

}  // namespace hat::kernels
