// SPDX-License-Identifier: Apache-2.0
#include <hat/core/bfloat16.hpp>
#include <hat/core/int8.hpp>
#include <hat/kernels/stored_row.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

using hat::kernels::StoredRow;
using hat::support::Operand;
namespace simd = hat::simd;

namespace {

/// The number that `x` is stored as in a row.
template <class Word>
float stored(float x, float scale) {
    if constexpr (std::is_same_v<Word, float>)
        return x;
    else if constexpr (std::is_same_v<Word, std::uint16_t>)
        return hat::bfloat16_to_float(hat::float_to_bfloat16(x));
    else
        return static_cast<float>(hat::to_int8(x, scale)) * scale;
}

}  // namespace

TEST_SUITE("kernels/stored_row") {
    TEST_CASE_TEMPLATE("a row is read as it was stored, 16 numbers or fewer at a time", Word, float,
                       std::uint16_t, std::int8_t) {
        using Row = StoredRow<Word>;
        hat::Random random(1);
        for (const int cols : {1, 3, 16, 33}) {
            const Operand x(random, 2, cols);
            std::vector<Word> memory(static_cast<std::size_t>(2 * Row::stride(cols)));
            for (int i = 0; i < 2; ++i)
                Row::store(x.view().row_data(i), cols,
                           memory.data() + i * Row::stride(cols) + Row::in_front);
            for (int i = 0; i < 2; ++i) {
                const Row row{memory.data() + i * Row::stride(cols) + Row::in_front};
                const float scale =
                    hat::int8_scale(hat::largest_magnitude(x.view().row_data(i), cols));
                for (int j = 0; j < cols; j += simd::lanes) {
                    const int n = std::min(simd::lanes, cols - j);
                    float numbers[simd::lanes];
                    simd::store(row.load(j, n), numbers);
                    for (int k = 0; k < n; ++k)
                        CHECK(numbers[k] == stored<Word>(x(i, j + k), scale));
                }
            }
        }
    }
}
