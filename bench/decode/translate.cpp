// SPDX-License-Identifier: Apache-2.0
//
// Decoding speed end to end: random weights of every kind, one thread, sentences of 30 tokens to
// exactly 30 steps, vocabulary 10,000. Prints for each case the *floor*, which no program on this
// core can beat, and the share of it that is reached; peaks and bandwidths are measured in the run:
//
//     step  = max( weights of a step in bytes / bandwidth of an array of that size,
//                  2 · rows · weights of a step / peak + attention / peak of floats )
//     floor = max( weights of the encoder in bytes / bandwidth, its operations / peak ) + 30 · step
//
// Softmax, norms and the choice of words are free.
//
//     bench/decode/translate [seconds per case] [fp32|bf16|int8|all] [shortlist]
//
// With `shortlist`, each sentence may have 650 of the 10,000 tokens, 300 of which all have; the
// floor is still that of all tokens.

#include <hat/data/shortlist.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/peak.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr int vocab_size = 10'000;
constexpr int length = 30;

struct Case {
    const char* name;
    int sentences;
    int beam;
};
constexpr Case cases[] = {{"1 sentence greedy", 1, 1},
                          {"1 sentence beam 5", 1, 5},
                          {"32 sentences greedy", 32, 1},
                          {"32 sentences beam 5", 32, 5}};

/// What the floor is made of.
struct Kind {
    const char* name;
    double bytes_per_weight;
    double (*peak)();  ///< of its products, in GOP/s
};

struct Shape {
    const char* name;
    hat::model::Architecture architecture;

    [[nodiscard]] double dim() const { return architecture.decoder.embed_dim; }
    [[nodiscard]] double ffn() const { return architecture.decoder.layer_shapes[0].ffn_dim; }
    [[nodiscard]] double layers() const { return architecture.decoder.layer_count; }
    [[nodiscard]] double step_weights() const {
        return layers() * (6 * dim() * dim() + 2 * dim() * ffn()) + dim() * vocab_size;
    }
    /// With the keys and values of cross-attention.
    [[nodiscard]] double encoder_weights() const {
        return layers() * (4 * dim() * dim() + 2 * dim() * ffn()) + layers() * 2 * dim() * dim();
    }
};

struct Machine {
    double gflops = 0;
    double peak = 0;
    double step_gbytes = 0;
    double encoder_gbytes = 0;

    /// The most that was seen.
    void measure(const Kind& kind, const Shape& shape) {
        const auto bytes = [&](double weights) {
            return static_cast<std::size_t>(weights * kind.bytes_per_weight);
        };
        const auto take = [](double& most, double value) { most = std::max(most, value); };
        take(gflops, hat::support::fma_peak_gflops());
        take(peak, kind.peak());
        take(step_gbytes, hat::support::read_gbytes_per_second(bytes(shape.step_weights())));
        take(encoder_gbytes, hat::support::read_gbytes_per_second(bytes(shape.encoder_weights())));
    }

    [[nodiscard]] double floor_ms(const Kind& kind, const Shape& shape, const Case& c) const {
        const double rows = c.sentences * c.beam;
        const double dim = shape.dim();
        const double attention = shape.layers() * 2 * 2 * dim * (length / 2 + length) * rows;
        const double step = std::max(shape.step_weights() * kind.bytes_per_weight / step_gbytes,
                                     2 * rows * shape.step_weights() / peak + attention / gflops);
        const double operations = 2.0 * c.sentences * length * shape.encoder_weights();
        const double own_attention = shape.layers() * c.sentences * 4 * length * length * dim;
        const double encoder =
            std::max(shape.encoder_weights() * kind.bytes_per_weight / encoder_gbytes,
                     operations / peak + own_attention / gflops);
        return (encoder + length * step) / 1e6;
    }
};

/// Lists of sentences of `length` tokens that have about as many tokens, and as many in common, as
/// those of Multi30k with 100 for each token.
hat::data::Shortlist some_shortlist() {
    constexpr int always = 300;
    constexpr int of_each = 12;
    hat::data::Shortlist::Lists lists;
    for (int token = 0; token < always; ++token) lists.always.push_back(token);
    hat::Random random(hat::RandomKey(2));
    for (int s = 0; s < vocab_size; ++s) {
        int token = 0;
        for (int k = 0; k < of_each; ++k) {
            token += 1 + static_cast<int>(random.uniform() * (vocab_size / of_each - 1));
            lists.tokens.push_back(token);
        }
        lists.offsets.push_back(static_cast<int>(lists.tokens.size()));
    }
    return {std::move(lists), vocab_size};
}

double milliseconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

/// Least and median milliseconds of one call.
struct Timing {
    double least;
    double median;
};

template <class Translator>
Timing time_of(const Case& c, Translator& translator, double seconds) {
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

template <class Weights>
void run(const Kind& kind, const Shape& shape, double seconds,
         const hat::data::Shortlist* shortlist) {
    hat::model::Network network(shape.architecture);
    network.initialize(1);
    const hat::model::PackedModelOf<Weights> packed(network.view());
    hat::decode::BasicTranslator<hat::model::PackedModelOf<Weights>> translator(packed, {});
    translator.use_shortlist(shortlist);
    Machine machine;
    for (const Case& c : cases) {
        machine.measure(kind, shape);
        const Timing t = time_of(c, translator, seconds);
        machine.measure(kind, shape);
        const double floor = machine.floor_ms(kind, shape, c);
        std::printf("%-5s %-5s %-22s %9.2f %9.2f %12.1f %9.2f %6.1f %%\n", shape.name, kind.name,
                    c.name, t.least, t.median, 1e3 * c.sentences / t.median, floor,
                    100 * floor / t.median);
    }
    std::printf(
        "%-5s %-5s of floats %.0f GFLOP/s, of products %.0f GOP/s, reading a step's weights "
        "%.0f GB/s\n",
        shape.name, kind.name, machine.gflops, machine.peak, machine.step_gbytes);
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 2.0;
    const std::string_view only = argc > 2 ? argv[2] : "";
    const auto floats = [] { return hat::support::fma_peak_gflops(); };
    const Kind fp32{"fp32", 4, floats};
    const Kind bf16{"bf16", 2, floats};
    const Kind int8{"int8", 1, hat::support::dot_peak_gops};
    const auto is_wanted = [&](const Kind& kind) {
        return only.empty() || only == "all" || only == kind.name;
    };
    const hat::data::Shortlist listed = some_shortlist();
    const bool has_lists = argc > 3 && argv[3] == std::string_view("shortlist");
    const hat::data::Shortlist* const shortlist = has_lists ? &listed : nullptr;
    std::printf("%-5s %-5s %-22s %9s %9s %12s %9s %8s\n", "model", "kind", "case", "least ms",
                "median ms", "sentences/s", "floor ms", "share");
    for (const Shape& shape : {Shape{"TINY", hat::model::transformer_tiny(vocab_size)},
                               Shape{"BASE", hat::model::transformer_base(vocab_size)}}) {
        if (is_wanted(fp32)) run<hat::nn::Packed>(fp32, shape, seconds, shortlist);
        if (is_wanted(bf16)) run<hat::nn::PackedBf16>(bf16, shape, seconds, shortlist);
        if (is_wanted(int8)) run<hat::nn::PackedInt8>(int8, shape, seconds, shortlist);
    }
}
