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

/// The number that `x` of a row with such a scale is stored as.
template <class Word>
float stored(float x, float scale) {
    if constexpr (std::is_same_v<Word, float> || std::is_same_v<Word, std::uint8_t>)
        return x;
    else if constexpr (std::is_same_v<Word, std::uint16_t>)
        return hat::bfloat16_to_float(hat::float_to_bfloat16(x));
    else
        return static_cast<float>(hat::to_int8(x, scale)) * scale;
}

}  // namespace

TEST_SUITE("kernels/stored_row") {
    TEST_CASE_TEMPLATE("a table is read as it was stored, 16 numbers or fewer at a time", Word,
                       float, std::uint16_t, std::int8_t, std::uint8_t) {
        using Row = StoredRow<Word>;
        hat::Random random(1);
        constexpr int rows = 3;
        for (const int cols : {1, 3, 16, 33}) {
            const Operand x = std::is_same_v<Word, std::uint8_t>
                                  ? hat::support::operand_of_few(random, 16, rows, cols)
                                  : Operand(random, rows, cols);
            std::vector<Word> memory(static_cast<std::size_t>(Row::size(rows, cols)));
            Word* const table = memory.data() + Row::in_front;
            Row::store(x.view(), table);
            // The first rows and columns are a table, too.
            for (const int fewer : {0, cols / 2}) {
                const hat::MatrixView<const Word> view(table, rows, cols - fewer,
                                                       Row::stride(cols));
                for (int i = 0; i < rows; ++i) {
                    const Row row(view, i);
                    const float scale =
                        hat::int8_scale(hat::largest_magnitude(x.view().row_data(i), cols));
                    for (int j = 0; j < cols - fewer; j += simd::lanes) {
                        const int n = std::min(simd::lanes, cols - fewer - j);
                        float numbers[simd::lanes];
                        simd::store(row.load(j, n), numbers);
                        for (int k = 0; k < n; ++k)
                            CHECK(numbers[k] == stored<Word>(x(i, j + k), scale));
                    }
                }
            }
        }
    }
}
