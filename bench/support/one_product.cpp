// SPDX-License-Identifier: Apache-2.0
//
// A product of one row, PRODUCT_IN inputs and PRODUCT_OUT outputs, PRODUCT_TIMES times, as it is
// served: for bench/instructions.sh, which counts the instructions that one more of them takes.

#include <hat/core/arena.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/packed_gemm.hpp>

#include <cstddef>

namespace {

using Format = hat::kernels::PRODUCT_FORMAT;

constexpr int in = PRODUCT_IN;
constexpr int out = PRODUCT_OUT;
constexpr std::ptrdiff_t stride = Format::panel_stride(in);
constexpr int panels = (out + hat::kernels::panel_width - 1) / hat::kernels::panel_width;

// Numbers do not change what is computed, but for zeros and what is not finite.
alignas(64) Format::Element weights[std::size_t{panels} * std::size_t{stride}];
alignas(64) float x[in];
alignas(64) float y[out];
alignas(64) std::byte room[Format::bytes_of_rows(1, in) + 256];

}  // namespace

int main() {
    for (auto& weight : weights) weight = 1;
    for (float& number : x) number = 1;
    for (int i = 0; i < PRODUCT_TIMES; ++i) {
        hat::Arena scratch({room, sizeof room});
        const hat::kernels::PackedOf<Format> weight(weights, out, in, stride);
        hat::kernels::multiply_panels<Format>(
            Format::prepare({x, 1, in}, scratch), weight,
            {.y = {y, 1, out}, .bias = nullptr, .activation = hat::Activation::linear});
        asm volatile("" : : "r"(y) : "memory");
    }
}
