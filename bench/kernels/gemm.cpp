// SPDX-License-Identifier: Apache-2.0
//
// Matrix products on one thread, weights hot: y = x · Wᵀ on packed and on row-major weights, and
// the two products of the backward pass, beside OpenBLAS and Eigen. Versions of OpenBLAS
// older than the CPU pick a kernel without AVX-512; OPENBLAS_CORETYPE=SkylakeX helps.

#include <hat/kernels/gemm.hpp>

#include "support/openblas.hpp"
#include "support/operands.hpp"
#include "support/product_case.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <initializer_list>
#include <utility>

namespace kernels = hat::kernels;
using hat::support::agree;
using hat::support::eigen;
using Case = hat::support::ProductCase;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

void packed(benchmark::State& state) {
    Case c(state);
    hat::AlignedArray<float> memory(kernels::packed_size(c.out, c.in));
    const kernels::PackedView weight = kernels::pack(c.weight.view(), memory.data());
    c.measure(state, [&] { kernels::packed_gemm(c.x.view(), weight, {.y = c.y.view()}); });
}

void row_major(benchmark::State& state) {
    Case c(state);
    c.measure(state,
              [&] { kernels::gemm_nt(c.x.view(), c.weight.view(), {.y = c.y.view()}, c.scratch); });
}

#ifdef HAT_WITH_BLAS
/// One row goes to sgemv, which is what OpenBLAS is good at there.
void openblas(benchmark::State& state) {
    if (!hat::support::openblas_knows_this_cpu(state)) return;
    Case c(state);
    c.measure(state, [&] {
        if (c.rows == 1) {
            cblas_sgemv(CblasRowMajor, CblasNoTrans, c.out, c.in, 1.0F, c.weight.data(), c.in,
                        c.x.data(), 1, 0.0F, c.y.data(), 1);
        } else {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, c.rows, c.out, c.in, 1.0F,
                        c.x.data(), c.in, c.weight.data(), c.in, 0.0F, c.y.data(), c.out);
        }
    });
}
#endif

void eigen_product(benchmark::State& state) {
    Case c(state);
    c.measure(state, [&] {
        if (c.rows == 1) {
            eigen(c.y.view()).row(0).transpose().noalias() =
                eigen(c.weight.view()) * eigen(c.x.view()).row(0).transpose();
        } else {
            eigen(c.y.view()).noalias() = eigen(c.x.view()) * eigen(c.weight.view()).transpose();
        }
    });
}

/// The backward pass: dx [rows, in] = dy [rows, out] · weight [out, in] and
/// dweight [out, in] = dyᵀ · x.
struct BackwardCase {
    int rows;
    int in;
    int out;
    RandomMatrix x;
    RandomMatrix weight;
    RandomMatrix dy;
    RandomMatrix dx;
    RandomMatrix dweight;
    RandomMatrix expected_dx;
    RandomMatrix expected_dweight;
    hat::Arena scratch;

    explicit BackwardCase(const benchmark::State& state)
        : rows(static_cast<int>(state.range(0))), in(static_cast<int>(state.range(1))),
          out(static_cast<int>(state.range(2))), x(rows, in), weight(out, in), dy(rows, out),
          dx(rows, in), dweight(out, in), expected_dx(rows, in), expected_dweight(out, in) {
        eigen(expected_dx.view()).noalias() = eigen(dy.view()) * eigen(weight.view());
        eigen(expected_dweight.view()).noalias() = eigen(dy.view()).transpose() * eigen(x.view());
    }

    template <class Products>
    void measure(benchmark::State& state, const Products& products) {
        products();
        if (!agree(state, expected_dx.view(), dx.view()) ||
            !agree(state, expected_dweight.view(), dweight.view())) {
            return;
        }
        Report report(state);
        for (auto _ : state) {
            products();
            benchmark::ClobberMemory();
        }
        report.flops(4.0 * rows * in * out);
    }
};

void backward_row_major(benchmark::State& state) {
    BackwardCase c(state);
    c.measure(state, [&] {
        kernels::gemm_nn(c.dy.view(), c.weight.view(), {.y = c.dx.view()}, c.scratch);
        kernels::gemm_tn(c.dy.view(), c.x.view(), {.y = c.dweight.view()}, c.scratch);
    });
}

#ifdef HAT_WITH_BLAS
void backward_openblas(benchmark::State& state) {
    if (!hat::support::openblas_knows_this_cpu(state)) return;
    BackwardCase c(state);
    c.measure(state, [&] {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, c.rows, c.in, c.out, 1.0F,
                    c.dy.data(), c.out, c.weight.data(), c.in, 0.0F, c.dx.data(), c.in);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, c.out, c.in, c.rows, 1.0F, c.dy.data(),
                    c.out, c.x.data(), c.in, 0.0F, c.dweight.data(), c.in);
    });
}
#endif

void backward_eigen(benchmark::State& state) {
    BackwardCase c(state);
    c.measure(state, [&] {
        eigen(c.dx.view()).noalias() = eigen(c.dy.view()) * eigen(c.weight.view());
        eigen(c.dweight.view()).noalias() = eigen(c.dy.view()).transpose() * eigen(c.x.view());
    });
}

/// Layers of the small and the large Transformer, and the small one's output layer.
void layers(benchmark::internal::Benchmark* b, std::initializer_list<std::int64_t> all_rows) {
    b->ArgNames({"rows", "in", "out"});
    for (const auto& [in, out] : {std::pair{512, 512}, {128, 256}, {512, 2048}, {128, 10'000}}) {
        for (const std::int64_t rows : all_rows) b->Args({rows, in, out});
    }
}
void decoding(benchmark::internal::Benchmark* b) {
    layers(b, {1, 5, 8, 32, 256});
}
void training(benchmark::internal::Benchmark* b) {
    layers(b, {256, 1024});
}

}  // namespace

BENCHMARK(packed)->Name("gemm/hat_packed")->Apply(decoding);
BENCHMARK(row_major)->Name("gemm/hat_row_major")->Apply(decoding);
BENCHMARK(eigen_product)->Name("gemm/eigen")->Apply(decoding);
BENCHMARK(backward_row_major)->Name("gemm_backward/hat")->Apply(training);
BENCHMARK(backward_eigen)->Name("gemm_backward/eigen")->Apply(training);
#ifdef HAT_WITH_BLAS
BENCHMARK(openblas)->Name("gemm/openblas")->Apply(decoding);
BENCHMARK(backward_openblas)->Name("gemm_backward/openblas")->Apply(training);
#endif
