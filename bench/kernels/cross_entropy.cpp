// SPDX-License-Identifier: Apache-2.0
//
// Linear output layer and label-smoothed cross entropy over 10,000 words on one thread, gradients
// included, beside the plain way: all logits by one product, log-softmax and its gradient in passes
// over the whole of them (Eigen), and two more products, by OpenBLAS or Eigen.

#include <hat/kernels/cross_entropy.hpp>

#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace kernels = hat::kernels;
using hat::support::agree;
using hat::support::eigen;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

constexpr int vocab_size = 10'000;
constexpr float smoothing = 0.1F;

struct OpenBlas {};
struct EigenProduct {};

struct Case {
    int tokens;
    int dim;
    RandomMatrix x;
    RandomMatrix weight;
    RandomMatrix dx;
    RandomMatrix dweight;
    std::vector<int> targets;
    hat::Arena scratch;

    explicit Case(const benchmark::State& state)
        : tokens(static_cast<int>(state.range(0))), dim(static_cast<int>(state.range(1))),
          x(tokens, dim), weight(vocab_size, dim, 0.05), dx(tokens, dim),
          dweight(vocab_size, dim, 0.0) {
        hat::Random random(1);
        for (int i = 0; i < tokens; ++i)
            targets.push_back(static_cast<int>(random.below(vocab_size)));
    }

    double fused() {
        return kernels::cross_entropy(x.view(), weight.view(), targets, smoothing,
                                      {.dx = dx.view(), .dweight = dweight.view()}, scratch)
            .loss;
    }

    template <class Product>
    double plain(RandomMatrix& logits) {
        auto l = eigen(logits.view());
        if constexpr (std::is_same_v<Product, OpenBlas>) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, tokens, vocab_size, dim, 1.0F,
                        x.data(), dim, weight.data(), dim, 0.0F, logits.data(), vocab_size);
        } else {
            l.noalias() = eigen(x.view()) * eigen(weight.view()).transpose();
        }
        double loss = 0;
        for (int i = 0; i < tokens; ++i) {
            auto row = l.row(i).array();
            const int target = targets[static_cast<std::size_t>(i)];
            const float largest = row.maxCoeff();
            const float mean = row.mean();
            const float wanted = row(target);
            row = (row - largest).exp();
            const float sum = row.sum();
            const float log_sum = largest + std::log(sum);
            loss += static_cast<double>(log_sum - (1.0F - smoothing) * wanted - smoothing * mean);
            row = row * (1.0F / sum) - smoothing / vocab_size;
            row(target) -= 1.0F - smoothing;
        }
        if constexpr (std::is_same_v<Product, OpenBlas>) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, tokens, dim, vocab_size, 1.0F,
                        logits.data(), vocab_size, weight.data(), dim, 0.0F, dx.data(), dim);
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, vocab_size, dim, tokens, 1.0F,
                        logits.data(), vocab_size, x.data(), dim, 1.0F, dweight.data(), dim);
        } else {
            eigen(dx.view()).noalias() = l * eigen(weight.view());
            eigen(dweight.view()).noalias() += l.transpose() * eigen(x.view());
        }
        return loss;
    }
};

template <class Work>
void measure(benchmark::State& state, const Case& c, const Work& work) {
    Report report(state);
    for (auto _ : state) benchmark::DoNotOptimize(work());
    report.flops(6.0 * c.tokens * c.dim * vocab_size);
    report.tokens(c.tokens);
}

void fused(benchmark::State& state) {
    Case c(state);
    Case other(state);
    RandomMatrix logits(c.tokens, vocab_size);
    const double loss = c.fused();
    const double expected = other.plain<EigenProduct>(logits);
    if (std::abs(loss - expected) > 1e-4 * expected)
        return state.SkipWithError("the losses differ");
    if (agree(state, other.dx.view(), c.dx.view()) &&
        agree(state, other.dweight.view(), c.dweight.view())) {
        measure(state, c, [&] { return c.fused(); });
    }
}

template <class Product>
void plain(benchmark::State& state) {
    if constexpr (std::is_same_v<Product, OpenBlas>) {
        if (!hat::support::openblas_knows_this_cpu(state)) return;
    }
    Case c(state);
    RandomMatrix logits(c.tokens, vocab_size);
    measure(state, c, [&] { return c.plain<Product>(logits); });
}

/// A shard and an update of the small Transformer, a shard of the large one.
void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"tokens", "dim"})->Args({256, 128})->Args({2048, 128})->Args({256, 512});
    b->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(fused)->Name("cross_entropy/hat")->Apply(shapes);
BENCHMARK(plain<OpenBlas>)->Name("cross_entropy/openblas")->Apply(shapes);
BENCHMARK(plain<EigenProduct>)->Name("cross_entropy/eigen")->Apply(shapes);
