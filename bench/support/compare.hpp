// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/pack.hpp>

#include "support/agree.hpp"
#include "support/layers.hpp"
#include "support/rivals.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

/// Layers as they are served on one thread, side by side on the same operands: `hat` with sizes of
/// run time, `hat_fixed` with sizes that the compiler knows, `hat_int8` with weights of 8 bits, and
/// rivals.
///
/// What is compared is a *family*, a struct with
///
///     Shape                    its sizes, a structural type; all of them `any` for Eigen's of run
///                              time
///     name, text(shape)        what it is called
///     of_width(width)          the shape of a layer of that width
///     published                shapes of published networks, measured with --published
///     has_matrix               whether it has weights that 8 bits can be made of
///     Any<Weights>             the layer, with sizes of run time
///     Static<shape>            the same with known ones
///     Case                     random operands: Case(shape, rows), with `layer` (trainable), and
///                              `macs()`
///     run(eval, layer, c)      ours
///     rival<Product, shape>(c, y)
namespace hat::support {

/// Where benchmarks are only tried, HAT_BENCH_FEW leaves what a compiler is done with soon: one
/// width, no published shapes, and no rivals of fixed sizes.
#ifdef HAT_BENCH_FEW
inline constexpr bool has_all = false;
inline constexpr std::array widths{32};
#else
inline constexpr bool has_all = true;
inline constexpr std::array widths{16, 32, 64, 128, 256};
#endif

/// How far numbers of 8 bits may be off, relative to the largest: a hundredth for one product, and
/// more where norms stretch what several of them leave.
inline constexpr float int8_tolerance = 0.1F;

namespace detail {

/// Calls `work(eval)`, which returns a matrix, again and again, in memory that is there.
template <class Work>
void measure(benchmark::State& state, double macs, int rows, const Work& work) {
    Arena memory;
    Arena scratch;
    Eval eval(memory, scratch);
    work(eval);
    scratch.reset();
    for (auto _ : state) {
        memory.reset();
        benchmark::DoNotOptimize(work(eval).data());
        benchmark::ClobberMemory();
    }
    constexpr auto rate = benchmark::Counter::kIsIterationInvariantRate;
    state.counters["FLOP/s"] = {2.0 * macs, rate};
    state.counters["tokens/s"] = {static_cast<double>(rows), rate};
}

/// A case and what the layer with sizes of run time makes of it.
template <class Family>
struct Expectation {
    typename Family::Case operands;
    nn::PackedTree<typename Family::template Any<Packed>> packed{operands.layer};
    Arena memory;
    Arena scratch;
    Matrix result;

    Expectation(typename Family::Shape shape, int rows) : operands(shape, rows) {
        Eval eval(memory, scratch);
        result = Family::run(eval, packed.view(), operands);
    }
    /// Measures `work` if it makes the same.
    template <class Work>
    void measure(benchmark::State& state, float tolerance, const Work& work) {
        Eval eval(memory, scratch);
        if (agree(state, result, work(eval), tolerance))
            detail::measure(state, operands.macs(), result.rows(), work);
    }
};

template <class Family>
void add_any(const std::string& name, typename Family::Shape shape, int rows) {
    benchmark::RegisterBenchmark((name + "hat").c_str(), [=](benchmark::State& state) {
        Expectation<Family> e(shape, rows);
        e.measure(state, 0.0F,
                  [&](Eval& eval) { return Family::run(eval, e.packed.view(), e.operands); });
    });
}

/// With weights, and the activations that meet them, of 8 bits.
template <class Family>
void add_int8(const std::string& name, typename Family::Shape shape, int rows) {
    benchmark::RegisterBenchmark((name + "hat_int8").c_str(), [=](benchmark::State& state) {
        Expectation<Family> e(shape, rows);
        const nn::PackedTree<typename Family::template Any<nn::PackedInt8>> packed(
            e.operands.layer);
        e.measure(state, int8_tolerance,
                  [&](Eval& eval) { return Family::run(eval, packed.view(), e.operands); });
    });
}

/// Of the same bits.
template <class Family, auto Shape>
void add_static(const std::string& name, int rows) {
    benchmark::RegisterBenchmark((name + "hat_fixed").c_str(), [=](benchmark::State& state) {
        Expectation<Family> e(Shape, rows);
        const nn::PackedTree<typename Family::template Static<Shape>> packed(e.operands.layer);
        e.measure(state, 0.0F,
                  [&](Eval& eval) { return Family::run(eval, packed.view(), e.operands); });
    });
}

template <class Family, class Product, auto Known>
void add_rival(const std::string& name, typename Family::Shape shape, int rows) {
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        Expectation<Family> e(shape, rows);
        e.measure(state, 1e-4F, [&](Eval& eval) {
            const Matrix y = eval.memory().matrix(e.result.rows(), e.result.cols());
            Family::template rival<Product, Known>(eval, e.operands, y);
            return y;
        });
    });
}

template <class Family, auto Shape, bool WithEigenFixed>
void add_shape() {
    for (const int rows : {1, 8}) {
        const std::string name = std::string(Family::name) + '_' + Family::text(Shape) +
                                 "/rows:" + std::to_string(rows) + '/';
        add_any<Family>(name, Shape, rows);
        add_static<Family, Shape>(name, rows);
        if constexpr (Family::has_matrix) add_int8<Family>(name, Shape, rows);
        if constexpr (WithEigenFixed)
            add_rival<Family, rivals::WithEigen, Shape>(name + "eigen_fixed", Shape, rows);
        add_rival<Family, rivals::WithEigen, Family::unknown>(name + "eigen", Shape, rows);
#ifdef HAT_WITH_BLAS
        if constexpr (Family::is_product)
            add_rival<Family, rivals::WithOpenBlas, Family::unknown>(name + "openblas", Shape,
                                                                     rows);
#endif
    }
}

template <class Family>
void add_widths() {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add_shape<Family, Family::of_width(widths[I]), has_all>(), ...);
    }
    (std::make_index_sequence<widths.size()>{});
}

template <class Family>
void add_published() {
    constexpr std::size_t count = has_all ? Family::published.size() : 0;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add_shape<Family, Family::published[I], false>(), ...);
    }
    (std::make_index_sequence<count>{});
}

}  // namespace detail

/// Takes `flag` from the arguments of a program; whether it was there.
inline bool take_flag(int& argc, char** argv, std::string_view flag) {
    char** const end = argv + argc;
    argc = static_cast<int>(std::remove(argv + 1, end, flag) - argv);
    return argv + argc != end;
}

/// Runs the benchmarks that were added.
inline int run(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}

/// The `main` of a program that compares some families; with the flag --published shapes of
/// published networks instead of square ones.
template <class... Families>
int compare(int argc, char** argv) {
    if (take_flag(argc, argv, "--published"))
        (detail::add_published<Families>(), ...);
    else
        (detail::add_widths<Families>(), ...);
    return run(argc, argv);
}

}  // namespace hat::support
