// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/bfloat16.hpp>
#include <hat/io/half.hpp>
#include <hat/io/safetensors.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace hat::interop {

/// Most dimensions of a tensor that is read.
inline constexpr std::size_t max_tensor_dimensions = 8;

/// A tensor of a checkpoint where it stands in the file: any strides, and storage that other
/// tensors may share.
struct TorchTensor {
    io::Dtype dtype = io::Dtype::f32;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;  ///< in elements, none negative
    std::span<const std::byte> bytes;   ///< of its storage, from the first element on

    [[nodiscard]] std::int64_t size() const noexcept {
        std::int64_t elements = 1;
        for (const std::int64_t extent : shape) elements *= extent;
        return elements;
    }
    /// Whether its numbers are floats, of whatever bits.
    [[nodiscard]] bool is_floating() const noexcept { return dtype <= io::Dtype::bf16; }
};

namespace detail {

/// Calls `visit(bytes of an element)` for all elements of `tensor` in row-major order.
template <class Visit>
void for_each_element(const TorchTensor& tensor, Visit visit) noexcept {
    if (tensor.size() == 0) return;
    const auto item_bytes = static_cast<std::int64_t>(io::dtype_info(tensor.dtype).bytes);
    std::array<std::int64_t, max_tensor_dimensions> index{};
    const std::byte* at = tensor.bytes.data();
    while (true) {
        visit(at);
        std::size_t d = tensor.shape.size();
        for (; d > 0; --d) {
            const std::int64_t step = tensor.strides[d - 1] * item_bytes;
            at += step;
            if (++index[d - 1] < tensor.shape[d - 1]) break;
            at -= index[d - 1] * step;
            index[d - 1] = 0;
        }
        if (d == 0) return;
    }
}

}  // namespace detail

/// Copies `tensor` to `out` in row-major order; halves are widened, doubles rounded.
///
/// Precondition: it is of a floating dtype and has `out.size()` elements.
inline void copy_floats(const TorchTensor& tensor, std::span<float> out) noexcept {
    float* to = out.data();
    const auto copy = [&]<class Stored>(Stored, auto to_float) {
        detail::for_each_element(tensor, [&](const std::byte* at) {
            Stored stored;
            std::memcpy(&stored, at, sizeof stored);
            *to++ = to_float(stored);
        });
    };
    if (tensor.dtype == io::Dtype::f64)
        copy(double{}, [](double x) { return static_cast<float>(x); });
    else if (tensor.dtype == io::Dtype::f16)
        copy(std::uint16_t{}, io::half_to_float);
    else if (tensor.dtype == io::Dtype::bf16)
        copy(std::uint16_t{}, bfloat16_to_float);
    else
        copy(float{}, [](float x) { return x; });
}

}  // namespace hat::interop
