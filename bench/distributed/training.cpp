// SPDX-License-Identifier: Apache-2.0

/// Training on several ranks: how long an update takes, what of it is spent on messages, and what
/// that makes on machines that a network joins.
///
///     mpirun -n 2 training [tiny|base|quickstart] [threads] [seconds] [target tokens] [shards]
///
/// With one rank it needs no `mpirun`, and is what others are compared with. Two ways take turns:
/// gradients are summed while layers are still on the way back, or behind it.

#include <hat/distributed/mpi.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/layer_points.hpp>
#include <hat/model/presets.hpp>
#include <hat/train/trainer.hpp>

#include "support/random_batch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

constexpr int vocab_size = 10000;

hat::model::Architecture architecture_of(const std::string& name) {
    if (name == "tiny") return hat::model::transformer_tiny(vocab_size);
    if (name == "base") return hat::model::transformer_base(vocab_size);
    if (name == "quickstart")  // the largest member, which every update of a sandwich trains
        return largest(hat::elastic::with_vocabulary(hat::elastic::quickstart_space(), vocab_size,
                                                     vocab_size));
    std::fprintf(stderr, "training: found %s, expected tiny, base or quickstart\n", name.c_str());
    std::exit(2);
}

/// Bytes of gradients in layers, which are on their way before the last layer is through, and all.
struct Bytes {
    double layers = 0;
    double all = 0;
};

Bytes bytes_of(const hat::TensorTable& table) {
    Bytes bytes;
    for (const auto& entry : table) {
        const double size = 4.0 * static_cast<double>(entry.size());
        bytes.all += size;
        if (hat::model::layer_point_of(entry.name) >= 0) bytes.layers += size;
    }
    return bytes;
}

/// What a rank computes in an update.
struct Computing {
    double seconds;
    double micro_batches;  ///< of all its threads
    int threads;

    /// Of the last micro-batch of each thread: two thirds of its time.
    [[nodiscard]] double way_back() const {
        return seconds * 2 / 3 * std::min(1.0, threads / micro_batches);
    }
    /// With `share` of the tokens.
    [[nodiscard]] Computing times(double share) const {
        return {seconds * share, std::max(1.0, micro_batches * share), threads};
    }
};

/// What a rank of `machines` waits for in an update, in seconds, if each sends and receives
/// `bandwidth` bytes a second at once.
///
/// Each machine keeps its part of the optimiser's state: it sends the others their parts of its
/// gradients, and receives theirs of its own, (n − 1) / n of all bytes either way; then the same
/// with parameters. Of the gradients, those of layers travel while the last micro-batches are on
/// their way back; embeddings and parameters are waited for. A message, of which there are one per
/// pair of machines and group of tensors, costs its sender 20 µs.
double waiting(int machines, double bandwidth, const Computing& computing, const Bytes& bytes,
               int groups) {
    const double share = (machines - 1.0) / machines;
    const double overhead = 20e-6 * groups * (machines - 1);
    const double behind_layers =
        std::max(0.0, share * bytes.layers / bandwidth - computing.way_back());
    return behind_layers + share * (bytes.all - bytes.layers + bytes.all) / bandwidth + overhead;
}

/// How many times this batch an update must have for two machines that share it to be 1.5 times as
/// fast as one. What does not grow with a batch is split, too, so it counts as computing.
double batches_that_pay(const Computing& batch, double bandwidth, const Bytes& bytes, int groups) {
    for (double batches = 1e-3;; batches *= 1.01) {
        const Computing half = batch.times(batches / 2);
        if (2 * half.seconds >= 1.5 * (half.seconds + waiting(2, bandwidth, half, bytes, groups)))
            return batches;
    }
}

void print_model(const Computing& computing, int tokens, const Bytes& bytes, int groups) {
    std::printf(
        "\non other machines, by the model in this source: each computes %.0f ms an update of\n"
        "%d target tokens of its own (as this one does), all its ranks in one process;\n"
        "efficiency, %%, and how many tokens an update must have for two machines that share\n"
        "it to be 1.5 times as fast as one\n",
        1e3 * computing.seconds, tokens);
    std::printf("%-10s", "machines");
    for (const int machines : {2, 4, 8, 16, 32, 64}) std::printf("%7d", machines);
    std::printf("   tokens\n");
    for (const double gigabits : {1.0, 10.0, 25.0}) {
        std::printf("%3.0f Gb/s   ", gigabits);
        const double bandwidth = gigabits * 1e9 / 8;
        for (const int machines : {2, 4, 8, 16, 32, 64}) {
            const double wait = waiting(machines, bandwidth, computing, bytes, groups);
            std::printf("%7.0f", 100 * computing.seconds / (computing.seconds + wait));
        }
        std::printf("%9.0f\n", tokens * batches_that_pay(computing, bandwidth, bytes, groups));
    }
}

void run(hat::distributed::Communicator& ranks, int argc, char** argv) {
    const auto number = [&](int i, int otherwise) {
        return argc > i ? std::atoi(argv[i]) : otherwise;
    };
    const std::string name = argc > 1 ? argv[1] : "tiny";
    hat::ThreadPool pool(number(2, 1));
    const double seconds = number(3, 20);
    hat::model::Network network(architecture_of(name));
    network.initialize(1);
    hat::train::TrainerOptions options;
    options.dropout = {.residual = 0.3F, .attention = 0.1F, .activation = 0.1F};
    options.shards.shards = number(5, 4);
    hat::train::Trainer trainer(
        network,
        hat::train::InverseSqrtSchedule{.peak_rate = 1e-3, .initial_rate = 1e-7, .warmup = 2000},
        options, pool, ranks);
    const hat::support::RandomBatch batch(number(4, 2000), vocab_size, 7);
    const auto view = batch.view();

    const auto whole = [&](hat::model::Gradients* gradients) { return network.view(gradients); };
    const auto update = [&](bool early) {
        trainer.accumulate(whole, view, early);
        trainer.update();
    };
    for (int i = 0; i < 3; ++i) update(true);  // sizes the arenas
    std::vector<double> early;
    std::vector<double> late;
    const double communication = ranks.seconds();
    double in_all = 0;
    const auto start = Clock::now();
    while (ranks.any(ranks.is_first() && seconds_since(start) < seconds)) {
        for (std::vector<double>* times : {&early, &late}) {
            const auto step = Clock::now();
            update(times == &early);
            times->push_back(seconds_since(step));
            in_all += times->back();
        }
    }
    if (!ranks.is_first()) return;
    const double step = median(early);
    const Bytes bytes = bytes_of(network.table());
    std::printf(
        "%s, %d ranks of %d threads, %d target tokens an update, %zu updates of each kind\n",
        name.c_str(), ranks.size(), pool.size(), view.target_sentences.tokens(), early.size());
    std::printf("median %.1f ms, sums behind the way back %.1f ms: %.0f target tokens/s\n",
                1e3 * step, 1e3 * median(late), view.target_sentences.tokens() / step);
    std::printf("of the time of this rank, %.1f %% in messages and waits for others\n",
                100 * (ranks.seconds() - communication) / in_all);
    std::printf("%.1f MB of gradients, %.0f %% of them in layers; %.1f MB of moments a rank\n",
                bytes.all / 1e6, 100 * bytes.layers / bytes.all,
                8e-6 * static_cast<double>(trainer.adam().first_moment().size()));
    if (ranks.size() == 1)
        print_model({step,
                     static_cast<double>(view.target_sentences.tokens()) /
                         options.shards.micro_batch_tokens,
                     pool.size()},
                    view.target_sentences.tokens(), bytes,
                    2 + network.architecture().encoder.layer_count +
                        network.architecture().decoder.layer_count);
}

}  // namespace

int main(int argc, char** argv) {
    const hat::distributed::MpiSession session;
    try {
        run(session.ranks(), argc, argv);
        session.ranks().barrier();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "training: rank %d on %s: %s\n", session.ranks().rank(),
                     session.host().c_str(), error.what());
        hat::distributed::MpiSession::end_all();
    }
}
