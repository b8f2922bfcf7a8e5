// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/kernels/packed_matrix.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

namespace hat::kernels {

/// Some outputs of a packed weight as one of their own, packed into `to`, which has room for
/// `packed_size<Format>(outputs.size(), weight.inputs())` elements. Panels of every format are rows
/// of 16 words of 4 bytes, one of each output; those of codebooks are not.
///
/// Precondition: 0 <= outputs[i] < weight.outputs().
template <class Format>
PackedOf<Format> gather_outputs(PackedOf<Format> weight, std::span<const int> outputs,
                                typename Format::Element* to) noexcept {
    static_assert(
        !requires { typename Format::Codebook; },
        "gather_outputs: panels of other codebooks cannot be put together");
    constexpr std::ptrdiff_t word = 4;
    constexpr std::ptrdiff_t row = panel_width * word;
    constexpr std::ptrdiff_t element = sizeof(typename Format::Element);
    const std::ptrdiff_t stride = Format::panel_stride(weight.inputs());
    const std::ptrdiff_t rows = stride * element / row;
    HAT_ASSERT(rows * row == stride * element);
    const PackedOf<Format> gathered(to, static_cast<int>(outputs.size()), weight.inputs(), stride);
    for (int panel = 0; panel < gathered.panels(); ++panel, to += stride) {
        const int first = panel * panel_width;
        const int count = std::min(panel_width, gathered.outputs() - first);
        const std::byte* from[panel_width];
        for (int i = 0; i < count; ++i) {
            const int output = outputs[static_cast<std::size_t>(first + i)];
            HAT_ASSERT(0 <= output && output < weight.outputs());
            from[i] = reinterpret_cast<const std::byte*>(  // NOLINT: bytes of what is there
                          weight.data() + output / panel_width * weight.panel_stride()) +
                      output % panel_width * word;
        }
        auto* bytes = reinterpret_cast<std::byte*>(to);  // NOLINT: likewise
        if (count < panel_width) std::memset(bytes, 0, static_cast<std::size_t>(rows * row));
        for (std::ptrdiff_t k = 0; k < rows; ++k, bytes += row)
            for (int i = 0; i < count; ++i) std::memcpy(bytes + i * word, from[i] + k * row, word);
    }
    return gathered;
}

}  // namespace hat::kernels
