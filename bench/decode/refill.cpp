// SPDX-License-Identifier: Apache-2.0
//
// What refilling the places of finished sentences gives: random weights, one thread, sentences
// longest first. In *batches*, the next sentences begin when all places are free; *refilled*, when
// a quarter of them is. The same tokens; both take turns, in seconds of the processor.
//
// A target is as long as a table says, line by line the tokens of a source and of its target, eos
// among them; without one, sources have 15 ± 5 tokens, and targets 0.7 to 1.4 times as many.
//
//     bench/decode/refill [tiny|base] [places] [rounds] [table]

#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace hat::decode;

constexpr int vocab_size = 10'000;
constexpr int first_token = 4;

/// A model whose targets end where the first token of their source says.
template <class Weights>
class WithLengths {
public:
    using Packed = hat::model::PackedModelOf<Weights>;

    explicit WithLengths(const Packed& packed) : model_(packed) {}

    [[nodiscard]] int vocab_size() const noexcept { return model_.vocab_size(); }
    [[nodiscard]] int max_length() const noexcept { return model_.max_length(); }

    void start(const Sources& sources, int rows, std::span<const int> max_lengths) {
        left_.resize(max_lengths.size());
        for (int s = 0; s < sources.sentences.sentences(); ++s) enter(sources, s, s);
        model_.start(sources, rows, max_lengths);
    }
    void admit(const Sources& sources, std::span<const int> to, std::span<const int> max_lengths) {
        for (int s = 0; s < sources.sentences.sentences(); ++s)
            enter(sources, s, to[static_cast<std::size_t>(s)]);
        model_.admit(sources, to, max_lengths);
    }
    [[nodiscard]] hat::kernels::CandidateRows step(std::span<const Row> rows,
                                                   const Selection& selection) {
        rows_.assign(rows.begin(), rows.end());
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            int& left = left_[static_cast<std::size_t>(rows_[i].sentence)];
            if (i == 0 || rows_[i].sentence != rows_[i - 1].sentence) --left;
            rows_[i].allowed = left == 0 ? Allowed::only_eos : Allowed::no_eos;
        }
        steps += 1;
        return model_.step(rows_, selection);
    }

    int steps = 0;

private:
    void enter(const Sources& sources, int s, int place) {
        const auto begin = static_cast<std::size_t>(sources.sentences.begin(s));
        left_[static_cast<std::size_t>(place)] = sources.tokens[begin] - first_token;
    }

    BasicCachedTransformer<Packed> model_;
    std::vector<int> left_;  ///< steps, of each place
    std::vector<Row> rows_;
};

/// The next sentences of all, which lie one behind the other, longest first.
struct Supply {
    static constexpr bool refills = true;

    Entrants take(int most) {
        const int count = std::min(most, all.sentences() - taken);
        offsets.clear();
        numbers.clear();
        const int begin = all.offsets()[taken];
        for (int i = 0; i <= count; ++i) offsets.push_back(all.offsets()[taken + i] - begin);
        for (int i = 0; i < count; ++i) numbers.push_back(taken + i);
        taken += count;
        return {{tokens.subspan(static_cast<std::size_t>(begin),
                                static_cast<std::size_t>(offsets.back())),
                 hat::Ragged(offsets.data(), count)},
                numbers};
    }

    std::span<const int> tokens;
    hat::Ragged all;
    int taken = 0;
    std::vector<int> offsets{};
    std::vector<int> numbers{};
};

std::vector<std::pair<int, int>> read_lengths(const char* path) {
    std::vector<std::pair<int, int>> lengths;
    std::ifstream table(path);
    for (int source = 0, target = 0; table >> source >> target;)
        lengths.emplace_back(source, target);
    return lengths;
}

std::vector<std::pair<int, int>> drawn_lengths() {
    std::vector<std::pair<int, int>> lengths;
    hat::Random random(hat::RandomKey(1));
    for (int s = 0; s < 1000; ++s) {
        const double source = std::max(4.0, std::round(15 + 5 * random.normal()));
        const double ratio = std::exp2(random.uniform() - 0.5);
        lengths.emplace_back(static_cast<int>(source), static_cast<int>(std::ceil(ratio * source)));
    }
    return lengths;
}

/// Seconds of the processor, which others do not lengthen as they do those of a clock.
double seconds_now() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Setting {
    hat::model::Architecture architecture;
    int places;
    int rounds;
};

template <class Weights, class Search>
void run(const char* name, int beam, const Setting& setting, const Supply& all,
         double target_tokens) {
    hat::model::Network network(setting.architecture);
    network.initialize(1);
    const hat::model::PackedModelOf<Weights> packed(network.view());
    WithLengths<Weights> model(packed);
    Search search;
    const SearchOptions options{.beam = beam, .scores = beam > 1};
    const auto time = [&](std::vector<Hypotheses>& results, const auto& translate) {
        model.steps = 0;
        const double before = seconds_now();
        translate(results);
        return seconds_now() - before;
    };
    const auto in_batches = [&](std::vector<Hypotheses>& results) {
        Supply supply = all;
        for (;;) {
            const Entrants batch = supply.take(setting.places);
            if (batch.count() == 0) return;
            const auto first = static_cast<std::size_t>(batch.number(0));
            search.run(model, batch.sources, {}, options, std::span(results).subspan(first));
        }
    };
    const auto refilled = [&](std::vector<Hypotheses>& results) {
        Supply supply = all;
        search.run(model, supply, setting.places, {}, options, results);
    };
    std::vector<Hypotheses> of_batches(static_cast<std::size_t>(all.all.sentences()));
    std::vector<Hypotheses> of_refilled(of_batches.size());
    double least[2] = {1e9, 1e9};
    int steps[2] = {};
    for (int round = 0; round < setting.rounds; ++round) {
        least[0] = std::min(least[0], time(of_batches, in_batches));
        steps[0] = model.steps;
        least[1] = std::min(least[1], time(of_refilled, refilled));
        steps[1] = model.steps;
    }
    if (of_batches != of_refilled) std::printf("the translations differ\n");
    std::printf("%-16s batches %9.0f tokens/s in %5d steps, refilled %9.0f in %5d: %5.2f times\n",
                name, target_tokens / least[0], steps[0], target_tokens / least[1], steps[1],
                least[0] / least[1]);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view name = argc > 1 ? argv[1] : "tiny";
    const Setting setting{name == "base" ? hat::model::transformer_base(vocab_size)
                                         : hat::model::transformer_tiny(vocab_size),
                          argc > 2 ? std::atoi(argv[2]) : 32, argc > 3 ? std::atoi(argv[3]) : 3};
    auto lengths = argc > 4 ? read_lengths(argv[4]) : drawn_lengths();
    std::ranges::stable_sort(lengths, std::ranges::greater{}, &std::pair<int, int>::first);
    std::vector<int> tokens;
    std::vector<int> offsets{0};
    double target_tokens = 0;
    hat::Random random(hat::RandomKey(2));
    for (const auto& [source, target] : lengths) {
        tokens.push_back(first_token + target);
        for (int i = 2; i < source; ++i)
            tokens.push_back(first_token +
                             static_cast<int>(random.below(vocab_size - first_token)));
        tokens.push_back(2);
        offsets.push_back(static_cast<int>(tokens.size()));
        target_tokens += target;
    }
    const Supply all{tokens, {offsets.data(), static_cast<int>(lengths.size())}};
    run<hat::nn::Packed, GreedySearch>("fp32 greedy", 1, setting, all, target_tokens);
    run<hat::nn::Packed, BeamSearch>("fp32 beam 5", 5, setting, all, target_tokens);
    run<hat::nn::PackedInt8, GreedySearch>("int8 greedy", 1, setting, all, target_tokens);
    run<hat::nn::PackedInt8, BeamSearch>("int8 beam 5", 5, setting, all, target_tokens);
}
