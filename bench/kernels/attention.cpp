// SPDX-License-Identifier: Apache-2.0
//
// Multi-head self-attention on one thread, forward and backward, without dropout, beside the plain
// way to write it: one product, one softmax and one product per sentence and head, with the
// products by OpenBLAS or Eigen and the softmax by Eigen.

#include <hat/kernels/attention.hpp>

#include "support/openblas.hpp"
#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace kernels = hat::kernels;
using hat::ConstMatrix;
using hat::Matrix;
using hat::support::agree;
using hat::support::eigen;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

enum class Side { plain, transposed };

// What multiplies: y = left · right, each transposed or not.

#ifdef HAT_WITH_BLAS
struct OpenBlas {
    static bool runs_here(benchmark::State& state) {
        return hat::support::openblas_knows_this_cpu(state);
    }
    static void multiply(ConstMatrix left, Side l, ConstMatrix right, Side r, Matrix y) {
        cblas_sgemm(CblasRowMajor, l == Side::plain ? CblasNoTrans : CblasTrans,
                    r == Side::plain ? CblasNoTrans : CblasTrans, y.rows(), y.cols(),
                    l == Side::plain ? left.cols() : left.rows(), 1.0F, left.data(),
                    static_cast<int>(left.stride()), right.data(), static_cast<int>(right.stride()),
                    0.0F, y.data(), static_cast<int>(y.stride()));
    }
};
#endif

struct EigenProduct {
    static bool runs_here(benchmark::State& /*state*/) { return true; }
    static void multiply(ConstMatrix left, Side l, ConstMatrix right, Side r, Matrix y) {
        const auto a = eigen(left);
        const auto b = eigen(right);
        auto to = eigen(y);
        if (l == Side::transposed)
            to.noalias() = a.transpose() * b;
        else if (r == Side::transposed)
            to.noalias() = a * b.transpose();
        else
            to.noalias() = a * b;
    }
};

struct Case {
    int sentences;
    int length;
    int heads;
    int dim;
    int head_dim = dim / heads;
    std::vector<int> offsets;
    RandomMatrix q, k, v, y, expected, dy, dq, dk, dv;
    hat::AlignedArray<float> probabilities;
    RandomMatrix scores;
    hat::Arena scratch;

    explicit Case(const benchmark::State& state)
        : sentences(static_cast<int>(state.range(0))), length(static_cast<int>(state.range(1))),
          heads(static_cast<int>(state.range(2))), dim(static_cast<int>(state.range(3))),
          q(tokens(), dim), k(tokens(), dim), v(tokens(), dim), y(tokens(), dim),
          expected(tokens(), dim), dy(tokens(), dim), dq(tokens(), dim), dk(tokens(), dim),
          dv(tokens(), dim), scores(length, length) {
        for (int s = 0; s <= sentences; ++s) offsets.push_back(s * length);
        probabilities = hat::AlignedArray<float>(kernels::attention_probabilities_size(shape()));
    }

    [[nodiscard]] int tokens() const { return sentences * length; }
    [[nodiscard]] kernels::AttentionShape shape() const {
        const hat::Ragged batch(offsets.data(), sentences);
        return {batch, batch, heads, false};
    }
    /// Multiply-adds count two; exponentials count nothing.
    [[nodiscard]] double product_flops() const { return 2.0 * tokens() * length * dim; }

    void forward() {
        kernels::attention(shape(), {}, q.view(), k.view(), v.view(), probabilities.data(),
                           y.view(), scratch);
    }
    void backward() {
        kernels::attention_backward(shape(), {}, q.view(), k.view(), v.view(), probabilities.data(),
                                    dy.view(), {.dq = dq.view(), .dk = dk.view(), .dv = dv.view()},
                                    scratch);
    }

    /// Calls `work(part, probabilities)` for every sentence and head, `part(m)` being its view of
    /// m.
    template <class Work>
    void for_heads(const Work& work) {
        for (int s = 0; s < sentences; ++s) {
            for (int h = 0; h < heads; ++h) {
                const auto part = [&](auto& m) {
                    return m.view()
                        .middle_rows(s * length, length)
                        .middle_cols(h * head_dim, head_dim);
                };
                const std::ptrdiff_t at = (std::ptrdiff_t{s} * heads + h) * length * length;
                work(part, Matrix(probabilities.data() + at, length, length));
            }
        }
    }

    template <class Product>
    void plain_forward(RandomMatrix& to) {
        const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
        for_heads([&](const auto& part, Matrix p) {
            Product::multiply(part(q), Side::plain, part(k), Side::transposed, p);
            auto rows = eigen(p);
            for (int i = 0; i < length; ++i) {
                auto row = rows.row(i).array();
                row = ((row - row.maxCoeff()) * scale).exp();
                row *= 1.0F / row.sum();
            }
            Product::multiply(p, Side::plain, part(v), Side::plain, part(to));
        });
    }

    template <class Product>
    void plain_backward() {
        const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
        for_heads([&](const auto& part, Matrix p) {
            Product::multiply(p, Side::transposed, part(dy), Side::plain, part(dv));
            Product::multiply(part(dy), Side::plain, part(v), Side::transposed, scores.view());
            auto ds = eigen(scores.view()).array();
            const auto probability = eigen(p).array();
            for (int i = 0; i < length; ++i) {
                const float mean = (ds.row(i) * probability.row(i)).sum();
                ds.row(i) = (ds.row(i) - mean) * probability.row(i) * scale;
            }
            Product::multiply(scores.view(), Side::plain, part(k), Side::plain, part(dq));
            Product::multiply(scores.view(), Side::transposed, part(q), Side::plain, part(dk));
        });
    }
};

template <class Work>
void measure(benchmark::State& state, const Case& c, int products, const Work& work) {
    Report report(state);
    for (auto _ : state) {
        work();
        benchmark::ClobberMemory();
    }
    report.flops(products * c.product_flops());
    report.tokens(c.tokens());
}

void forward(benchmark::State& state) {
    Case c(state);
    c.forward();
    c.plain_forward<EigenProduct>(c.expected);
    if (agree(state, c.expected.view(), c.y.view())) measure(state, c, 2, [&] { c.forward(); });
}

template <class Product>
void plain_forward(benchmark::State& state) {
    if (!Product::runs_here(state)) return;
    Case c(state);
    measure(state, c, 2, [&] { c.plain_forward<Product>(c.y); });
}

void backward(benchmark::State& state) {
    Case c(state);
    c.plain_forward<EigenProduct>(c.y);
    c.plain_backward<EigenProduct>();
    const RandomMatrix dq = c.dq;
    const RandomMatrix dk = c.dk;
    const RandomMatrix dv = c.dv;
    c.forward();
    c.backward();
    if (agree(state, dq.view(), c.dq.view()) && agree(state, dk.view(), c.dk.view()) &&
        agree(state, dv.view(), c.dv.view())) {
        measure(state, c, 4, [&] { c.backward(); });
    }
}

template <class Product>
void plain_backward(benchmark::State& state) {
    if (!Product::runs_here(state)) return;
    Case c(state);
    c.plain_forward<Product>(c.y);
    measure(state, c, 4, [&] { c.plain_backward<Product>(); });
}

/// About a thousand tokens of the small and of the large Transformer, in short and long sentences.
void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"sentences", "length", "heads", "dim"});
    for (const auto& [sentences, length] : {std::pair{64, 15}, {32, 30}, {8, 128}}) {
        b->Args({sentences, length, 4, 128});
        b->Args({sentences, length, 8, 512});
    }
}

}  // namespace

BENCHMARK(forward)->Name("attention/hat")->Apply(shapes);
BENCHMARK(plain_forward<EigenProduct>)->Name("attention/eigen")->Apply(shapes);
BENCHMARK(backward)->Name("attention_backward/hat")->Apply(shapes);
BENCHMARK(plain_backward<EigenProduct>)->Name("attention_backward/eigen")->Apply(shapes);
#ifdef HAT_WITH_BLAS
BENCHMARK(plain_forward<OpenBlas>)->Name("attention/openblas")->Apply(shapes);
BENCHMARK(plain_backward<OpenBlas>)->Name("attention_backward/openblas")->Apply(shapes);
#endif
