// SPDX-License-Identifier: Apache-2.0
//
// Products with weights of fewer bits on one thread, weights hot: y = x · Wᵀ of floats, of bfloat16
// and of 8 bits, which quantises x as it comes, beside oneDNN (Debian: libdnnl-dev, if it is there)
// with weights in the layout of its choice; its product of 8 bits is given x quantised already.
//
//     OMP_NUM_THREADS=1 build/release/bench/kernels/few_bits

#include <hat/core/aligned.hpp>
#include <hat/core/bfloat16.hpp>
#include <hat/core/int8.hpp>
#include <hat/kernels/bfloat16.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/packed_gemm.hpp>

#include "support/product_case.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#ifdef HAT_WITH_DNNL
#include <dnnl.hpp>
#endif

namespace kernels = hat::kernels;
using Case = hat::support::ProductCase;

namespace {

/// What fewer bits may be off by.
constexpr float tolerance = 0.05F;

template <class Format>
void packed(benchmark::State& state) {
    Case c(state);
    hat::AlignedArray<typename Format::Element> memory(kernels::packed_size<Format>(c.out, c.in));
    const auto weight = kernels::pack<Format>(c.weight.view(), memory.data());
    const double bytes = static_cast<double>(memory.size_bytes()) / (1.0 * c.in * c.out);
    const auto product = [&] {
        const hat::ArenaScope scope(c.scratch);
        kernels::multiply_panels<Format>(Format::prepare(c.x.view(), c.scratch), weight,
                                         {.y = c.y.view()});
    };
    c.measure(state, product, bytes, tolerance);
}

#ifdef HAT_WITH_DNNL

using dnnl::memory;

/// A product of oneDNN whose weights are stored as it likes best.
struct Dnnl {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    dnnl::matmul matmul{};
    memory x{}, weights{}, y{};

    /// `values` [out, in] row-major, of the type `as`.
    Dnnl(const Case& c, memory::data_type x_type, memory::data_type as, void* x_data,
         const void* values, float* y_data, const dnnl::primitive_attr& attributes = {}) {
        const memory::desc x_desc({c.rows, c.in}, x_type, memory::format_tag::ab);
        const memory::desc any({c.in, c.out}, as, memory::format_tag::any);
        const memory::desc given({c.in, c.out}, as, memory::format_tag::ba);
        const memory::desc y_desc({c.rows, c.out}, memory::data_type::f32, memory::format_tag::ab);
        const dnnl::matmul::primitive_desc all({x_desc, any, y_desc}, attributes, engine);
        matmul = dnnl::matmul(all);
        x = memory(x_desc, engine, x_data);
        y = memory(y_desc, engine, y_data);
        weights = memory(all.weights_desc(), engine);
        memory from(given, engine, const_cast<void*>(values));
        dnnl::reorder(from, weights).execute(stream, from, weights);
        stream.wait();
    }
    void run() {
        matmul.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, y}});
        stream.wait();
    }
};

/// Ends a benchmark with an error if oneDNN would work on several threads, as ours do not.
bool onednn_has_one_thread(benchmark::State& state) {
    const char* const threads = std::getenv("OMP_NUM_THREADS");
    if (threads != nullptr && std::string_view(threads) == "1") return true;
    state.SkipWithError("oneDNN works on several threads: set OMP_NUM_THREADS=1");
    return false;
}

void onednn_fp32(benchmark::State& state) {
    if (!onednn_has_one_thread(state)) return;
    Case c(state);
    using Type = memory::data_type;
    Dnnl product(c, Type::f32, Type::f32, c.x.data(), c.weight.data(), c.y.data());
    c.measure(
        state, [&] { product.run(); }, 4, tolerance);
}

std::vector<std::uint16_t> bfloat16_of(hat::ConstMatrix x) {
    std::vector<std::uint16_t> words;
    for (int i = 0; i < x.rows(); ++i)
        for (const float number : x.row(i)) words.push_back(hat::float_to_bfloat16(number));
    return words;
}

void onednn_bf16(benchmark::State& state) {
    if (!onednn_has_one_thread(state)) return;
    Case c(state);
    using Type = memory::data_type;
    auto x = bfloat16_of(c.x.view());
    const auto weight = bfloat16_of(c.weight.view());
    Dnnl product(c, Type::bf16, Type::bf16, x.data(), weight.data(), c.y.data());
    c.measure(
        state, [&] { product.run(); }, 2, tolerance);
}

/// One scale for all of a side.
void onednn_int8(benchmark::State& state) {
    if (!onednn_has_one_thread(state)) return;
    Case c(state);
    using Type = memory::data_type;
    const auto quantised = [](hat::ConstMatrix m, float scale) {
        std::vector<std::int8_t> numbers;
        for (int i = 0; i < m.rows(); ++i)
            for (const float number : m.row(i)) numbers.push_back(hat::to_int8(number, scale));
        return numbers;
    };
    const float x_scale = hat::int8_scale(hat::largest_magnitude(c.x.data(), c.rows * c.in));
    const float w_scale = hat::int8_scale(hat::largest_magnitude(c.weight.data(), c.out * c.in));
    auto x = quantised(c.x.view(), x_scale);
    const auto weight = quantised(c.weight.view(), w_scale);
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(0, {x_scale * w_scale});
    Dnnl product(c, Type::s8, Type::s8, x.data(), weight.data(), c.y.data(), attributes);
    c.measure(
        state, [&] { product.run(); }, 1, tolerance);
}

#endif

/// Layers of the small and the large Transformer, and their output layers.
void layers(benchmark::internal::Benchmark* b) {
    b->ArgNames({"rows", "in", "out"});
    for (const auto& [in, out] :
         {std::pair{128, 256}, {512, 512}, {512, 2048}, {128, 10'000}, {512, 10'000}}) {
        for (const std::int64_t rows : {1, 5, 8, 32, 128}) b->Args({rows, in, out});
    }
}

}  // namespace

BENCHMARK(packed<kernels::Float32>)->Name("few_bits/hat_fp32")->Apply(layers);
BENCHMARK(packed<kernels::Bfloat16>)->Name("few_bits/hat_bf16")->Apply(layers);
BENCHMARK(packed<kernels::Int8>)->Name("few_bits/hat_int8")->Apply(layers);
#ifdef HAT_WITH_DNNL
BENCHMARK(onednn_fp32)->Name("few_bits/onednn_fp32")->Apply(layers);
BENCHMARK(onednn_bf16)->Name("few_bits/onednn_bf16")->Apply(layers);
BENCHMARK(onednn_int8)->Name("few_bits/onednn_int8")->Apply(layers);
#endif
