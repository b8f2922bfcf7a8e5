// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/autograd/variable.hpp>
#include <hat/kernels/rows.hpp>

#include <cstddef>
#include <span>

/// Some rows of a variable as one, and back. Lists of places are not copied: they must live until
/// the backward pass is done.
namespace hat::autograd {

/// y[i] = x[places[i]].  Shapes  x [rows, cols],  y [places, cols]
template <class Context>
Variable gather_rows(Context& context, const Variable& x, std::span<const int> places) {
    const Variable y = context.variable(static_cast<int>(places.size()), x.cols());
    kernels::gather_rows(x.value, places, y.value, false);
    context.record([=](Tape& tape) {
        kernels::scatter_rows(tape.gradient(y), places, tape.gradient(x), true);
    });
    return y;
}

/// Rows that belong in certain places: row `i` of `rows` is row `places[i]` of a whole.
struct PlacedRows {
    Variable rows;
    std::span<const int> places;
};

/// The whole that parts make, whose places are all of 0 … rows − 1, each once.
///
/// Shapes  parts: each [places, cols],  result [rows, cols]
template <class Context>
Variable join_rows(Context& context, std::span<const PlacedRows> parts, int rows, int cols) {
    const Variable y = context.variable(rows, cols);
    const auto count = static_cast<std::ptrdiff_t>(parts.size());
    auto* const kept = context.memory().template allocate<PlacedRows>(count);
    for (std::size_t p = 0; p < parts.size(); ++p) {
        kept[p] = parts[p];
        kernels::scatter_rows(kept[p].rows.value, kept[p].places, y.value, false);
    }
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        for (std::ptrdiff_t p = 0; p < count; ++p) {
            bool accumulate = false;
            const Matrix dx = tape.gradient_to_write(kept[p].rows, accumulate);
            kernels::gather_rows(dy, kept[p].places, dx, accumulate);
        }
    });
    return y;
}

}  // namespace hat::autograd
