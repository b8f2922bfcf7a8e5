// SPDX-License-Identifier: Apache-2.0
//
// Layer norm on one thread, alone and behind a residual connection with dropout, forward and
// backward, beside the same in Eigen. Bytes are those that must be read and written once.

#include <hat/kernels/layer_norm.hpp>

#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

#include <cmath>

namespace kernels = hat::kernels;
using hat::support::agree;
using hat::support::eigen;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

struct Case {
    int rows;
    int cols;
    RandomMatrix x;
    RandomMatrix branch;
    RandomMatrix gain;
    RandomMatrix bias;
    RandomMatrix y;
    RandomMatrix expected;
    RandomMatrix normalized;
    RandomMatrix inverse_deviation;
    RandomMatrix dy;
    RandomMatrix dx;
    RandomMatrix dbranch;
    RandomMatrix dgain;
    RandomMatrix dbias;

    explicit Case(const benchmark::State& state)
        : rows(static_cast<int>(state.range(0))), cols(static_cast<int>(state.range(1))),
          x(rows, cols), branch(rows, cols, 0.5), gain(1, cols), bias(1, cols), y(rows, cols),
          expected(rows, cols), normalized(rows, cols), inverse_deviation(1, rows), dy(rows, cols),
          dx(rows, cols), dbranch(rows, cols), dgain(1, cols, 0.0), dbias(1, cols, 0.0) {}

    /// `passes`: matrices of the shape of x that go through memory.
    template <class Work>
    void measure(benchmark::State& state, double passes, const Work& work) {
        Report report(state);
        for (auto _ : state) {
            work();
            benchmark::ClobberMemory();
        }
        report.tokens(rows);
        report.bytes("memory", passes * 4.0 * rows * cols);
    }

    void plain() { kernels::layer_norm(x.view(), gain.vector(), bias.vector(), y.view()); }

    void plain_eigen(hat::Matrix to) {
        const auto in = eigen(x.view()).array();
        auto out = eigen(to).array();
        const auto g = eigen(gain.view()).row(0).array();
        const auto b = eigen(bias.view()).row(0).array();
        for (int i = 0; i < rows; ++i) {
            const float mean = in.row(i).mean();
            out.row(i) = in.row(i) - mean;
            const float variance = out.row(i).square().mean();
            out.row(i) =
                out.row(i) * (1.0F / std::sqrt(variance + kernels::layer_norm_epsilon)) * g + b;
        }
    }
};

void plain(benchmark::State& state) {
    Case c(state);
    c.plain();
    c.plain_eigen(c.expected.view());
    if (agree(state, c.expected.view(), c.y.view())) c.measure(state, 2, [&] { c.plain(); });
}

void plain_eigen(benchmark::State& state) {
    Case c(state);
    c.measure(state, 2, [&] { c.plain_eigen(c.y.view()); });
}

void residual(benchmark::State& state) {
    Case c(state);
    const kernels::Dropout drop(0.3F, hat::RandomKey(1));
    c.measure(state, 4, [&] {
        kernels::residual_layer_norm(drop, c.x.view(), c.branch.view(), c.gain.vector(),
                                     c.bias.vector(), c.normalized.view(),
                                     c.inverse_deviation.vector(), c.y.view());
    });
}

/// The rival draws no random numbers: its mask lies ready in memory.
void residual_eigen(benchmark::State& state) {
    Case c(state);
    const RandomMatrix mask(c.rows, c.cols);
    c.measure(state, 5, [&] {
        const auto g = eigen(c.gain.view()).row(0).array();
        const auto b = eigen(c.bias.view()).row(0).array();
        auto normalized = eigen(c.normalized.view()).array();
        auto y = eigen(c.y.view()).array();
        for (int i = 0; i < c.rows; ++i) {
            y.row(i) = eigen(c.x.view()).array().row(i) +
                       eigen(c.branch.view()).array().row(i) * eigen(mask.view()).array().row(i);
            normalized.row(i) = y.row(i) - y.row(i).mean();
            const float variance = normalized.row(i).square().mean();
            const float inverse = 1.0F / std::sqrt(variance + kernels::layer_norm_epsilon);
            c.inverse_deviation.vector()[i] = inverse;
            normalized.row(i) *= inverse;
            y.row(i) = normalized.row(i) * g + b;
        }
    });
}

void backward(benchmark::State& state) {
    Case c(state);
    const kernels::Dropout drop(0.3F, hat::RandomKey(1));
    c.measure(state, 4, [&] {
        kernels::residual_layer_norm_backward(
            drop, c.normalized.view(), c.inverse_deviation.vector(), c.gain.vector(), c.dy.view(),
            c.dx.view(), false, c.dbranch.view(), false, c.dgain.vector(), c.dbias.vector());
    });
}

void backward_eigen(benchmark::State& state) {
    Case c(state);
    const RandomMatrix mask(c.rows, c.cols);
    c.measure(state, 5, [&] {
        const auto g = eigen(c.gain.view()).row(0).array();
        auto dgain = eigen(c.dgain.view()).row(0).array();
        auto dbias = eigen(c.dbias.view()).row(0).array();
        auto dx = eigen(c.dx.view()).array();
        for (int i = 0; i < c.rows; ++i) {
            const auto up = eigen(c.dy.view()).array().row(i);
            const auto normalized = eigen(c.normalized.view()).array().row(i);
            dgain += up * normalized;
            dbias += up;
            const float mean = (up * g).mean();
            const float slope = (up * g * normalized).mean();
            dx.row(i) = (up * g - mean - normalized * slope) * c.inverse_deviation.vector()[i];
            eigen(c.dbranch.view()).array().row(i) = dx.row(i) * eigen(mask.view()).array().row(i);
        }
    });
}

/// A beam of the small Transformer, a shard of training tokens, and the widths of both models.
void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"rows", "cols"})->ArgsProduct({{5, 512, 2048}, {128, 512}});
}

}  // namespace

BENCHMARK(plain)->Name("layer_norm/hat")->Apply(shapes);
BENCHMARK(plain_eigen)->Name("layer_norm/eigen")->Apply(shapes);
BENCHMARK(residual)->Name("residual_layer_norm/hat")->Apply(shapes);
BENCHMARK(residual_eigen)->Name("residual_layer_norm/eigen")->Apply(shapes);
BENCHMARK(backward)->Name("residual_layer_norm_backward/hat")->Apply(shapes);
BENCHMARK(backward_eigen)->Name("residual_layer_norm_backward/eigen")->Apply(shapes);
