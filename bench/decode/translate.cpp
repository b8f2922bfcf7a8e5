// SPDX-License-Identifier: Apache-2.0
//
// Decoding speed end to end: random weights, single precision, one thread, sentences of 30 tokens
// to exactly 30 steps, vocabulary 10,000. Prints each case beside its bar, which is set on a core
// of 239 GFLOP/s whose third-level cache gives 100 GB/s: batches scale with the first, single
// sentences with the second, both measured here.
//
//     bench/decode/translate [seconds per case]

#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/peak.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int vocab_size = 10'000;
constexpr int length = 30;

struct Case {
    const char* name;
    int sentences;
    int beam;
    double bar_ms;  ///< 0: none
};

struct Machine {
    double gflops = 0;
    double cache_gbytes = 0;

    void measure() {
        gflops = std::max(gflops, hat::support::fma_peak_gflops());
        cache_gbytes = std::max(cache_gbytes, hat::support::read_gbytes_per_second(8U << 20U));
    }
};

double milliseconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

/// Least and median milliseconds of one call.
struct Timing {
    double least;
    double median;
};

Timing time_of(const Case& c, hat::decode::Translator& translator, double seconds) {
    std::vector<int> tokens;
    std::vector<int> offsets{0};
    hat::Random random(hat::RandomKey(1));
    for (int s = 0; s < c.sentences; ++s) {
        for (int i = 1; i < length; ++i) {
            tokens.push_back(4 + static_cast<int>(random.uniform() * (vocab_size - 4)));
        }
        tokens.push_back(2);
        offsets.push_back(static_cast<int>(tokens.size()));
    }
    const hat::decode::Sources sources{tokens, {offsets.data(), c.sentences}};
    // As in the rivals' runs: eos is not allowed before step 30 and is forced in it.
    const hat::decode::SearchOptions options{
        .beam = c.beam, .max_length_b = length - 1, .min_length = length - 1, .scores = c.beam > 1};
    hat::ThreadPool pool(1);
    std::vector<hat::decode::Hypotheses> results;
    translator.translate(sources, options, pool, results);
    std::vector<double> times;
    const auto start = std::chrono::steady_clock::now();
    while (times.size() < 5 ||
           milliseconds(std::chrono::steady_clock::now() - start) < 1e3 * seconds) {
        const auto before = std::chrono::steady_clock::now();
        translator.translate(sources, options, pool, results);
        times.push_back(milliseconds(std::chrono::steady_clock::now() - before));
    }
    std::sort(times.begin(), times.end());
    return {times.front(), times[times.size() / 2]};
}

void run(const char* name, const hat::model::Architecture& architecture,
         const std::vector<Case>& cases, double seconds, Machine& machine) {
    hat::model::Network network(architecture);
    network.initialize(1);
    const hat::model::PackedModel packed(network.view());
    hat::decode::Translator translator(packed, {});
    for (const Case& c : cases) {
        machine.measure();
        const Timing t = time_of(c, translator, seconds);
        machine.measure();
        std::printf("%-5s %-22s %9.2f %9.2f %12.1f", name, c.name, t.least, t.median,
                    1e3 * c.sentences / t.median);
        if (c.bar_ms > 0) {
            const double scale =
                c.sentences == 1 ? 100.0 / machine.cache_gbytes : 239.0 / machine.gflops;
            std::printf(" %9.2f %9.2f  %s", c.bar_ms, c.bar_ms * scale,
                        t.median <= c.bar_ms * scale ? "met" : "missed");
        }
        std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 2.0;
    Machine machine;
    std::printf("%-5s %-22s %9s %9s %12s %9s %9s\n", "model", "case", "least ms", "median ms",
                "sentences/s", "bar ms", "here");
    run("TINY", hat::model::transformer_tiny(vocab_size),
        {{"1 sentence greedy", 1, 1, 4.0},
         {"1 sentence beam 5", 1, 5, 7.0},
         {"32 sentences greedy", 32, 1, 32e3 / 600},
         {"32 sentences beam 5", 32, 5, 32e3 / 170}},
        seconds, machine);
    run("BASE", hat::model::transformer_base(vocab_size),
        {{"1 sentence greedy", 1, 1, 0},
         {"1 sentence beam 5", 1, 5, 0},
         {"32 sentences greedy", 32, 1, 0},
         {"32 sentences beam 5", 32, 5, 0}},
        seconds, machine);
    std::printf("measured in this run: %.0f GFLOP/s, %.0f GB/s of reading 8 MB\n", machine.gflops,
                machine.cache_gbytes);
}
