// SPDX-License-Identifier: Apache-2.0
//
// A group-linear layer of DeLighT on one thread: product, bias, feature shuffle, norm of every
// group and swish, for 512 rows, beside the same built from Eigen's dense blocks and a pass over
// memory for each step. `of_peak` is what the multiply-adds alone take of the peak: 0.5 is twice
// the arithmetic floor. `packed` has its weights packed once (serving), `row_major` packs
// them in every call (training). The backward pass is ours alone.

#include <hat/autograd/group_linear.hpp>
#include <hat/kernels/group_linear.hpp>

#include "support/operands.hpp"
#include "support/report.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

namespace kernels = hat::kernels;
using hat::Activation;
using hat::support::agree;
using hat::support::eigen;
using hat::support::EigenMatrix;
using hat::support::RandomMatrix;
using hat::support::Report;

namespace {

struct Case {
    int rows;
    int in;
    int out;
    int groups;
    RandomMatrix x;
    RandomMatrix weight;
    RandomMatrix bias;
    RandomMatrix gain;
    RandomMatrix shift;
    RandomMatrix y;
    RandomMatrix expected;
    std::vector<EigenMatrix> blocks;  ///< [in / groups, out / groups] each, as the reference has
    EigenMatrix sums;
    hat::Arena scratch;

    explicit Case(const benchmark::State& state)
        : rows(static_cast<int>(state.range(0))), in(static_cast<int>(state.range(1))),
          out(static_cast<int>(state.range(2))), groups(static_cast<int>(state.range(3))),
          x(rows, in), weight(out, in / groups, 0.1), bias(1, out), gain(1, out / groups),
          shift(1, out / groups), y(rows, out), expected(rows, out), sums(rows, out) {
        const int size = out / groups;
        for (int k = 0; k < groups; ++k) {
            blocks.emplace_back(eigen(weight.view().middle_rows(k * size, size)).transpose());
        }
        with_eigen(expected.view());
    }

    [[nodiscard]] kernels::GroupEpilogue epilogue() {
        return {groups, true, Activation::swish, gain.vector(), shift.vector(), {}};
    }

    void with_eigen(hat::Matrix result) {
        const int size = out / groups;
        const int chunk = in / groups;
        for (int k = 0; k < groups; ++k) {
            sums.middleCols(k * size, size).noalias() =
                eigen(x.view()).middleCols(k * chunk, chunk) * blocks[static_cast<std::size_t>(k)];
        }
        sums.rowwise() += eigen(bias.view()).row(0);
        auto to = eigen(result);
        for (int i = 0; i < rows; ++i) {
            Eigen::Map<EigenMatrix>(result.row_data(i), size, groups) =
                Eigen::Map<const EigenMatrix>(sums.data() + std::ptrdiff_t{i} * out, groups, size)
                    .transpose();
        }
        const auto g = eigen(gain.view()).row(0).array();
        const auto b = eigen(shift.view()).row(0).array();
        Eigen::Map<EigenMatrix> cut(result.data(), std::ptrdiff_t{rows} * groups, size);
        for (Eigen::Index i = 0; i < cut.rows(); ++i) {
            auto row = cut.row(i).array();
            row -= row.mean();
            const float variance = row.square().mean();
            row = row * (1.0F / std::sqrt(variance + kernels::layer_norm_epsilon)) * g + b;
        }
        to.array() *= (1.0F + (-to.array()).exp()).inverse();
    }

    template <class Work>
    void measure(benchmark::State& state, const Work& work) {
        work();
        if (!agree(state, expected.view(), y.view())) return;
        Report report(state);
        for (auto _ : state) {
            work();
            benchmark::ClobberMemory();
        }
        report.flops(2.0 * rows * in * out / groups);
    }
};

void packed(benchmark::State& state) {
    Case c(state);
    hat::AlignedArray<float> panels(kernels::packed_groups_size(c.out, c.in / c.groups, c.groups));
    const auto weight = kernels::pack_groups(c.weight.view(), c.groups, panels.data());
    c.measure(state, [&] {
        kernels::group_linear({c.x.view(), weight}, {}, c.bias.vector(), c.epilogue(), {},
                              c.y.view(), c.scratch);
    });
}

void row_major(benchmark::State& state) {
    Case c(state);
    c.measure(state, [&] {
        const hat::ArenaScope scope(c.scratch);
        float* const panels = c.scratch.allocate<float>(
            kernels::packed_groups_size(c.out, c.in / c.groups, c.groups));
        kernels::group_linear({c.x.view(), kernels::pack_groups(c.weight.view(), c.groups, panels)},
                              {}, c.bias.vector(), c.epilogue(), {}, c.y.view(), c.scratch);
    });
}

void eigen_blocks(benchmark::State& state) {
    Case c(state);
    c.measure(state, [&] { c.with_eigen(c.y.view()); });
}

/// Forward and backward as training runs them: three products.
void training(benchmark::State& state) {
    Case c(state);
    RandomMatrix dweight(c.out, c.in / c.groups, 0.0);
    RandomMatrix dbias(1, c.out, 0.0);
    RandomMatrix dgain(1, c.out / c.groups, 0.0);
    RandomMatrix dshift(1, c.out / c.groups, 0.0);
    RandomMatrix dy(c.rows, c.out);
    hat::Arena memory;
    hat::autograd::Gradient of_x;
    Report report(state);
    for (auto _ : state) {
        memory.reset();
        of_x.data = nullptr;
        hat::autograd::Tape tape(memory, c.scratch, hat::RandomKey(1));
        const auto y = hat::autograd::group_linear(
            tape, c.epilogue(), 0.0F,
            {{c.x.view(), &of_x}, {c.weight.view(), dweight.view(), nullptr}}, {},
            {c.bias.view(), dbias.view(), nullptr}, {c.gain.view(), dgain.view(), nullptr},
            {c.shift.view(), dshift.view(), nullptr});
        kernels::add(dy.view(), tape.gradient(y), false);
        tape.backward();
        benchmark::ClobberMemory();
    }
    report.flops(3 * 2.0 * c.rows * c.in * c.out / c.groups);
}

void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"rows", "in", "out", "groups"})
        ->Args({512, 512, 512, 8})
        ->Args({512, 1024, 1024, 16})
        ->Args({1, 512, 512, 8});
}

}  // namespace

BENCHMARK(packed)->Name("group_linear/hat_packed")->Apply(shapes);
BENCHMARK(row_major)->Name("group_linear/hat_row_major")->Apply(shapes);
BENCHMARK(eigen_blocks)->Name("group_linear/eigen")->Apply(shapes);
BENCHMARK(training)
    ->Name("group_linear_training/hat")
    ->Args({512, 512, 512, 8})
    ->Args({512, 1024, 1024, 16})
    ->ArgNames({"rows", "in", "out", "groups"});
