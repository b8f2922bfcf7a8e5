// SPDX-License-Identifier: Apache-2.0
//
// Linear output layer and label-smoothed cross entropy over 10,000 words on one thread, gradients
// included, beside the plain way: all logits by one product, log-softmax and its gradient in passes
// over the whole of them (Eigen), and two more products, by OpenBLAS or Eigen.

#include <hat/kernels/cross_entropy.hpp>

#include "support/openblas.hpp"
#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace kernels = hat::kernels;
using hat::support::agree;
using hat::support::eigen;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

constexpr int vocab_size = 10'000;
constexpr float smoothing = 0.1F;

struct Case;

/// The three products of the plain way.
struct EigenProduct {
    static bool runs_here(benchmark::State& /*state*/) { return true; }
    static void logits(Case& c, RandomMatrix& logits);
    static void gradients(Case& c, RandomMatrix& logits);
};
#ifdef HAT_WITH_BLAS
struct OpenBlas {
    static bool runs_here(benchmark::State& state) {
        return hat::support::openblas_knows_this_cpu(state);
    }
    static void logits(Case& c, RandomMatrix& logits);
    static void gradients(Case& c, RandomMatrix& logits);
};
#endif

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
        Product::logits(*this, logits);
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
        Product::gradients(*this, logits);
        return loss;
    }
};

void EigenProduct::logits(Case& c, RandomMatrix& logits) {
    eigen(logits.view()).noalias() = eigen(c.x.view()) * eigen(c.weight.view()).transpose();
}
void EigenProduct::gradients(Case& c, RandomMatrix& logits) {
    const auto l = eigen(logits.view());
    eigen(c.dx.view()).noalias() = l * eigen(c.weight.view());
    eigen(c.dweight.view()).noalias() += l.transpose() * eigen(c.x.view());
}

#ifdef HAT_WITH_BLAS
void OpenBlas::logits(Case& c, RandomMatrix& logits) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, c.tokens, vocab_size, c.dim, 1.0F,
                c.x.data(), c.dim, c.weight.data(), c.dim, 0.0F, logits.data(), vocab_size);
}
void OpenBlas::gradients(Case& c, RandomMatrix& logits) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, c.tokens, c.dim, vocab_size, 1.0F,
                logits.data(), vocab_size, c.weight.data(), c.dim, 0.0F, c.dx.data(), c.dim);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, vocab_size, c.dim, c.tokens, 1.0F,
                logits.data(), vocab_size, c.x.data(), c.dim, 1.0F, c.dweight.data(), c.dim);
}
#endif

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
    if (!Product::runs_here(state)) return;
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
BENCHMARK(plain<EigenProduct>)->Name("cross_entropy/eigen")->Apply(shapes);
#ifdef HAT_WITH_BLAS
BENCHMARK(plain<OpenBlas>)->Name("cross_entropy/openblas")->Apply(shapes);
#endif
