// SPDX-License-Identifier: Apache-2.0
//
// Switching SubTransformer: from drawn genes to a network that can run, of which the reference
// needs 0.63 ms. `views` is what training does before each update; `genes` is what search does
// before that, drawing them. Counts what is allocated.

#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_transformer.hpp>
#include <hat/model/network.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

std::atomic<std::size_t> allocations{0};

/// Many members of a space, drawn uniformly.
std::vector<hat::model::Architecture> members(const hat::elastic::DesignSpace& space) {
    hat::Random random(1);
    std::vector<hat::model::Architecture> drawn;
    for (int i = 0; i < 256; ++i) drawn.push_back(hat::elastic::sample(space, random));
    return drawn;
}

double mean_layers(const std::vector<hat::model::Architecture>& members) {
    double layers = 0;
    for (const auto& member : members)
        layers += member.encoder.layer_count + member.decoder.layer_count;
    return layers / static_cast<double>(members.size());
}

/// Seconds and allocations a switch, and seconds a layer.
class Switches {
public:
    explicit Switches(double layers) : layers_(layers), before_(allocations.load()) {}

    void report(benchmark::State& state) const {
        using benchmark::Counter;
        const auto switches = static_cast<double>(state.iterations());
        state.counters["allocations"] =
            static_cast<double>(allocations.load() - before_) / switches;
        state.counters["layers"] = layers_;
        state.counters["s/layer"] =
            Counter(switches * layers_, Counter::kIsRate | Counter::kInvert);
    }

private:
    double layers_;
    std::size_t before_;
};

void views(benchmark::State& state, hat::elastic::DesignSpace (*make)(), bool with_gradients) {
    const auto space = with_vocabulary(make(), 8000, 8000);
    hat::elastic::SuperTransformer super(space.super);
    hat::model::Gradients gradients(super.network().table());
    const auto drawn = members(space);
    std::size_t next = 0;
    const Switches switches(mean_layers(drawn));
    for (auto _ : state) {
        auto sub = super.sub_transformer(drawn[next], with_gradients ? &gradients : nullptr);
        benchmark::DoNotOptimize(sub);
        benchmark::ClobberMemory();
        next = (next + 1) % drawn.size();
    }
    switches.report(state);
}

void genes(benchmark::State& state, hat::elastic::DesignSpace (*make)()) {
    const auto space = with_vocabulary(make(), 8000, 8000);
    hat::Random random(1);
    const Switches switches(mean_layers(members(space)));
    for (auto _ : state) {
        auto drawn = hat::elastic::sample(space, random);
        benchmark::DoNotOptimize(drawn);
    }
    switches.report(state);
}

BENCHMARK_CAPTURE(views, wmt, hat::elastic::wmt_space, false)->Name("switching/views/wmt");
BENCHMARK_CAPTURE(views, wmt_gradients, hat::elastic::wmt_space, true)
    ->Name("switching/views_and_gradients/wmt");
BENCHMARK_CAPTURE(views, multi30k, hat::elastic::multi30k_space, false)
    ->Name("switching/views/multi30k");
BENCHMARK_CAPTURE(genes, wmt, hat::elastic::wmt_space)->Name("switching/genes/wmt");

}  // namespace

// Counts; all other forms of `operator new` and `delete` end in these. Not inlined: GCC would see a
// pointer from `new` being freed.
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    const auto step = static_cast<std::size_t>(alignment);
    if (void* const p = std::aligned_alloc(step, (size + step - 1) / step * step)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
    std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}
