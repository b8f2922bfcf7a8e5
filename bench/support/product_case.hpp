// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>

#include "support/agree.hpp"
#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

namespace hat::support {

/// y [rows, out] = x [rows, in] · weight [out, in]ᵀ, of the sizes that a benchmark's arguments are.
struct ProductCase {
    int rows;
    int in;
    int out;
    RandomMatrix x;
    RandomMatrix weight;
    RandomMatrix y;
    RandomMatrix expected;
    Arena scratch;

    explicit ProductCase(const benchmark::State& state)
        : rows(static_cast<int>(state.range(0))), in(static_cast<int>(state.range(1))),
          out(static_cast<int>(state.range(2))), x(rows, in), weight(out, in), y(rows, out),
          expected(rows, out) {
        eigen(expected.view()).noalias() = eigen(x.view()) * eigen(weight.view()).transpose();
    }

    /// Times what makes `y`, which must be as expected to `tolerance`.
    template <class Product>
    void measure(benchmark::State& state, const Product& product, double bytes_per_weight = 4,
                 float tolerance = 1e-3F) {
        product();
        if (!agree(state, expected.view(), y.view(), tolerance)) return;
        Report report(state);
        for (auto _ : state) {
            product();
            benchmark::ClobberMemory();
        }
        report.flops(2.0 * rows * in * out);
        if (rows <= 8) report.bytes("weights", bytes_per_weight * in * out);
    }
};

}  // namespace hat::support
