// SPDX-License-Identifier: Apache-2.0

/// Training speed: target tokens per second and the share of the fp32 peak, measured in the same
/// run, of whole updates (forward, backward, Adam, dropout on) with real tokens only.
///
///     training_step [tiny|base|delight] [threads] [seconds] [target tokens] [shards] [micro-batch
///     tokens]

#include <hat/model/counts.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/presets.hpp>
#include <hat/train/trainer.hpp>

#include "support/peak.hpp"
#include "support/random_batch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int i, int otherwise) {
        return argc > i ? std::atoi(argv[i]) : otherwise;
    };
    const std::string name = argc > 1 ? argv[1] : "tiny";
    const int threads = number(2, 2);
    const double seconds = number(3, 20);
    const int tokens = number(4, 2000);
    constexpr int vocab_size = 10000;
    const auto architecture = name == "base"      ? hat::model::transformer_base(vocab_size)
                              : name == "delight" ? hat::model::delight_wmt(256, vocab_size)
                                                  : hat::model::transformer_tiny(vocab_size);
    const char* const description = name == "base"      ? "6+6 layers, 512/2048, 8 heads"
                                    : name == "delight" ? "DeLighT, 8+8 blocks, width 256"
                                                        : "4+4 layers, 128/256, 4 heads";

    hat::ThreadPool pool(threads);
    hat::model::Network network(architecture);
    network.initialize(1);
    hat::train::TrainerOptions options;
    options.dropout = {.residual = 0.3F, .attention = 0.1F, .activation = 0.1F};
    options.shards.shards = number(5, options.shards.shards);
    options.shards.micro_batch_tokens = number(6, options.shards.micro_batch_tokens);
    hat::train::Trainer trainer(
        network,
        hat::train::InverseSqrtSchedule{.peak_rate = 1e-3, .initial_rate = 1e-7, .warmup = 2000},
        options, pool);
    const hat::support::RandomBatch batch(tokens, vocab_size, 7);
    const auto view = batch.view();
    const auto flops = static_cast<double>(
        hat::model::training_flops(architecture, view.source_sentences, view.target_sentences));

    for (int i = 0; i < 2; ++i) {  // sizes the arenas
        trainer.accumulate(view);
        trainer.update();
    }
    std::vector<double> peaks;
    std::vector<double> times;
    const auto start = Clock::now();
    while (seconds_since(start) < seconds) {
        peaks.push_back(hat::support::fma_peak_gflops(pool));
        for (const auto round = Clock::now(); seconds_since(round) < 1.5;) {
            const auto step = Clock::now();
            trainer.accumulate(view);
            trainer.update();
            times.push_back(seconds_since(step));
        }
    }
    std::sort(peaks.begin(), peaks.end());
    std::sort(times.begin(), times.end());
    const double peak = peaks[peaks.size() / 2];
    const double time = times[times.size() / 2];
    std::printf("%s, %d threads, %d + %d tokens per update, %zu updates\n", description, threads,
                view.source_sentences.tokens(), view.target_sentences.tokens(), times.size());
    std::printf("median %.1f ms (best %.1f): %.0f target tokens/s, %.1f GFLOP/s\n", time * 1e3,
                times.front() * 1e3, view.target_sentences.tokens() / time, flops / time / 1e9);
    std::printf("peak %.1f GFLOP/s on %d threads (%.1f a thread): %.1f %% of it\n", peak, threads,
                peak / threads, 100 * flops / time / 1e9 / peak);
}
