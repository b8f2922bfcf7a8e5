// SPDX-License-Identifier: Apache-2.0
//
// A linear layer of square weights as it is served, on one thread: sizes of run time, sizes that
// the compiler knows, and Eigen's matrices of fixed size.

#include <hat/nn/linear.hpp>
#include <hat/nn/pack.hpp>

#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

using namespace hat::nn;
using hat::Fixed;
using hat::support::agree;
using hat::support::eigen;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

template <int Width>
struct Case {
    int rows;
    RandomMatrix weight{Width, Width, 0.2};
    RandomMatrix bias{1, Width};
    RandomMatrix x;
    RandomMatrix expected;
    Linear<Trainable> layer{{weight.view(), {}, nullptr}, {bias.view(), {}, nullptr}};
    hat::Arena memory;
    hat::Arena scratch;

    explicit Case(const benchmark::State& state)
        : rows(static_cast<int>(state.range(0))), x(rows, Width), expected(rows, Width) {
        eigen(expected.view()).noalias() = eigen(x.view()) * eigen(weight.view()).transpose();
        eigen(expected.view()).rowwise() += eigen(bias.view()).row(0);
    }

    template <class Work>
    void measure(benchmark::State& state, const Work& work) {
        hat::autograd::Eval eval(memory, scratch);
        const Variable in{x.view(), nullptr};
        if (!agree(state, expected.view(), work(eval, in))) return;
        Report report(state);
        for (auto _ : state) {
            memory.reset();
            benchmark::DoNotOptimize(work(eval, in).data());
            benchmark::ClobberMemory();
        }
        report.tokens(rows);
        report.flops(2.0 * rows * Width * Width);
    }
};

template <int Width>
void of_run_time(benchmark::State& state) {
    Case<Width> c(state);
    const PackedTree<Linear<Packed>> packed(c.layer);
    c.measure(state,
              [&](auto& eval, const Variable& x) { return forward(eval, packed.view(), x).value; });
}

template <int Width>
void of_fixed_sizes(benchmark::State& state) {
    Case<Width> c(state);
    const PackedTree<Linear<Packed, Fixed<Width>, Fixed<Width>>> packed(c.layer);
    c.measure(state,
              [&](auto& eval, const Variable& x) { return forward(eval, packed.view(), x).value; });
}

template <int Width>
void of_eigen(benchmark::State& state) {
    Case<Width> c(state);
    using Weight = Eigen::Matrix<float, Width, Width, Eigen::RowMajor>;
    using Rows = Eigen::Matrix<float, Eigen::Dynamic, Width, Eigen::RowMajor>;
    const Eigen::Map<const Weight> weight(c.weight.data());
    const Eigen::Map<const Eigen::Matrix<float, 1, Width>> bias(c.bias.data());
    c.measure(state, [&](auto& eval, const Variable& x) {
        const Variable y = eval.variable(x.rows(), Width);
        const Eigen::Map<const Rows> in(x.value.data(), x.rows(), Width);
        Eigen::Map<Rows> out(y.value.data(), x.rows(), Width);
        if (x.rows() == 1) {
            Eigen::Map<Eigen::Matrix<float, Width, 1>> row(y.value.data());
            row.noalias() = weight * in.row(0).transpose();
            row += bias.transpose();
        } else {
            out.noalias() = in * weight.transpose();
            out.rowwise() += bias;
        }
        return y.value;
    });
}

void rows(benchmark::internal::Benchmark* b) {
    b->ArgName("rows")->Arg(1)->Arg(8);
}

#define HAT_WIDTH(width)                                                                           \
    BENCHMARK(of_run_time<width>)->Name("linear_" #width "/hat")->Apply(rows);                     \
    BENCHMARK(of_fixed_sizes<width>)->Name("linear_" #width "/hat_fixed")->Apply(rows);            \
    BENCHMARK(of_eigen<width>)->Name("linear_" #width "/eigen_fixed")->Apply(rows);

HAT_WIDTH(16)
HAT_WIDTH(32)
HAT_WIDTH(64)
HAT_WIDTH(128)
HAT_WIDTH(256)

}  // namespace
