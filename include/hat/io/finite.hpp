// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/safetensors.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>

namespace hat::io {

namespace detail {

/// The index of the first word whose value without its sign bit is `limit` or more; −1: none is.
template <class Word>
[[nodiscard]] std::ptrdiff_t first_magnitude(std::span<const std::byte> bytes,
                                             Word limit) noexcept {
    constexpr std::size_t block = 256;  // a loop of fixed length becomes vectors
    constexpr auto magnitude = static_cast<Word>(std::numeric_limits<Word>::max() >> 1U);
    const std::size_t count = bytes.size() / sizeof(Word);
    const auto word = [&](std::size_t i) {
        Word value;
        std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
        return static_cast<Word>(value & magnitude);
    };
    std::size_t begin = 0;
    for (; begin + block <= count; begin += block) {
        Word largest = 0;
        for (std::size_t i = 0; i < block; ++i) largest = std::max(largest, word(begin + i));
        if (largest >= limit) break;
    }
    for (; begin < count; ++begin)
        if (word(begin) >= limit) return static_cast<std::ptrdiff_t>(begin);
    return -1;
}

}  // namespace detail

/// The index of the first element of a floating dtype that is no finite float: NaN, infinite, or a
/// double that is too large for one; −1: all are.
///
/// Cost  one pass, some 0.05 ns a byte of what is in the cache
[[nodiscard]] inline std::ptrdiff_t first_not_finite(const TensorView& tensor) noexcept {
    switch (tensor.dtype) {
    case Dtype::f64:
        return detail::first_magnitude(
            tensor.bytes,
            std::bit_cast<std::uint64_t>(double{std::numeric_limits<float>::max()}) + 1);
    case Dtype::f32:
        return detail::first_magnitude(tensor.bytes, std::uint32_t{0x7f80'0000});
    case Dtype::f16:
        return detail::first_magnitude(tensor.bytes, std::uint16_t{0x7c00});
    case Dtype::bf16:
        return detail::first_magnitude(tensor.bytes, std::uint16_t{0x7f80});
    default:
        return -1;
    }
}

/// Sees to it that all of a tensor is finite; `path` is the file it comes from or would go to.
///
/// Throws  `Error` naming the first element of `tensor` that is no finite number
inline void check_finite(const std::string& path, const TensorView& tensor) {
    if (const std::ptrdiff_t index = first_not_finite(tensor); index >= 0)
        fail(path, ": tensor ", in_quotes(tensor.name), ": element ", index,
             " is not a finite number");
}

}  // namespace hat::io
