// SPDX-License-Identifier: Apache-2.0
//
// From a model directory to a translator, and to its first token: what a program waits for that
// starts to serve. The best of some runs, when the files are in memory already; of one process, so
// that the memory it asks for is new to it in the first run alone.
//
//     hat quantize --model MODEL --packed int8
//     bench/decode/loading MODEL [fp32|bf16|int8] [runs]

#include <hat/core/threads.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/model/network.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace hat;

decode::AnyTranslator packed_anew(const io::ModelDirectory& directory, decode::WeightKind kind) {
    const io::ModelConfig& config = directory.config();
    model::Network network(config.architecture);
    directory.load_weights(network.table(), network.values());
    return {network.view(), kind, config.special_tokens};
}

decode::AnyTranslator mapped(const io::ModelDirectory& directory, decode::WeightKind kind) {
    const io::ModelConfig& config = directory.config();
    std::optional<io::PackedCopy> copy = io::PackedCopy::find(directory, decode::word_of(kind));
    if (!copy) fail(directory.path(), ": has no packed weights of this kind");
    return {config.architecture, std::move(*copy), kind, config.special_tokens};
}

struct Times {
    double load_ms;
    double load_cpu_ms;     ///< of this process alone, whoever else uses the machine
    double first_token_ms;  ///< from the same begin
};

template <class Load>
Times measure(const std::string& path, decode::WeightKind kind, const Load& load) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t cpu_begin = std::clock();
    const auto elapsed_ms = [&] {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count();
    };
    const auto directory = io::ModelDirectory::open_to_serve(path);
    decode::AnyTranslator translator = load(directory, kind);
    Times times{.load_ms = elapsed_ms(),
                .load_cpu_ms = 1e3 * static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC,
                .first_token_ms = 0};
    ThreadPool pool(1);
    const std::vector<int> tokens{10, 20, 30, directory.config().special_tokens.eos};
    const std::vector<int> offsets{0, 4};
    std::vector<decode::Hypotheses> found;
    translator.translate({tokens, Ragged(offsets.data(), 1)}, {.beam = 1, .max_length_b = 1}, pool,
                         found);
    times.first_token_ms = elapsed_ms();
    return times;
}

template <class Load>
void report(const char* name, const std::string& path, decode::WeightKind kind, int runs,
            const Load& load) {
    Times best = measure(path, kind, load);
    std::printf("%s: first run: loaded in %.1f ms (%.1f of CPU), first token at %.1f ms", name,
                best.load_ms, best.load_cpu_ms, best.first_token_ms);
    for (int run = 1; run < runs; ++run) {
        const Times times = measure(path, kind, load);
        best.load_ms = std::min(best.load_ms, times.load_ms);
        best.load_cpu_ms = std::min(best.load_cpu_ms, times.load_cpu_ms);
        best.first_token_ms = std::min(best.first_token_ms, times.first_token_ms);
    }
    std::printf("; best of %d: %.1f (%.1f), %.1f ms\n", runs, best.load_ms, best.load_cpu_ms,
                best.first_token_ms);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: loading MODEL [fp32|bf16|int8] [runs]\n");
        return 2;
    }
    const std::string_view word = argc > 2 ? argv[2] : "int8";
    const auto* const found =
        std::find(decode::weight_kind_words.begin(), decode::weight_kind_words.end(), word);
    if (found == decode::weight_kind_words.end()) {
        std::fprintf(stderr, "loading: %s, expected fp32, bf16 or int8\n", argv[2]);
        return 2;
    }
    const auto kind = static_cast<decode::WeightKind>(found - decode::weight_kind_words.begin());
    const int runs = argc > 3 ? std::atoi(argv[3]) : 20;
    try {
        report("mapped", argv[1], kind, runs, mapped);
        report("packed anew", argv[1], kind, runs, packed_anew);
    } catch (const Error& error) {
        std::fprintf(stderr, "loading: %s\n", error.what());
        return 1;
    }
}
