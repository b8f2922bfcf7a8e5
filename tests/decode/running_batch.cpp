// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/beam.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/decode/running_batch.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::SpecialTokens;
using hat::support::OwnedSources;
using hat::support::random_logits;
using hat::support::random_sources;
using hat::support::ToyModel;

namespace {

constexpr int vocab_size = 19;
constexpr SpecialTokens special{};

/// All sentences, longest first.
class LongestFirst {
public:
    static constexpr bool refills = true;

    explicit LongestFirst(const OwnedSources& sources)
        : sources_(sources), order_(static_cast<std::size_t>(sources.size())) {
        std::iota(order_.begin(), order_.end(), 0);
        const auto lengths = sources.view().sentences;
        std::stable_sort(order_.begin(), order_.end(),
                         [&](int a, int b) { return lengths.length(a) > lengths.length(b); });
    }

    [[nodiscard]] Entrants take(int most) {
        const std::size_t count = std::min(static_cast<std::size_t>(most), order_.size() - taken_);
        const auto numbers = std::span<const int>(order_).subspan(taken_, count);
        taken_ += count;
        // What was given before is valid no more.
        given_ = {};
        for (const int s : numbers) given_.push_back(sources_[s]);
        return {given_.view(), numbers};
    }

private:
    const OwnedSources& sources_;
    std::vector<int> order_;
    std::size_t taken_ = 0;
    OwnedSources given_;
};

template <class Search>
std::vector<Hypotheses> refilled(Search& search, ToyModel& model, const OwnedSources& sources,
                                 const SearchOptions& options, int places) {
    std::vector<Hypotheses> results(static_cast<std::size_t>(sources.size()));
    LongestFirst supply(sources);
    search.run(model, supply, places, special, options, results);
    return results;
}

template <class Search>
void check_like_alone(ToyModel& model, const SearchOptions& options) {
    const OwnedSources sources = random_sources(41, 25, vocab_size, special.eos, 8);
    std::vector<Hypotheses> alone(41);
    for (int s = 0; s < sources.size(); ++s) {
        std::vector<Hypotheses> one(1);
        Search().run(model, hat::support::alone(sources, s).view(), special, options, one);
        alone[static_cast<std::size_t>(s)] = one[0];
    }
    Search search;
    for (const int places : {32, 1, 2, 3, 7, 41, 100}) {
        CHECK(refilled(search, model, sources, options, places) == alone);
        CHECK(model.admitted() == std::max(0, 41 - places));
    }
}

}  // namespace

TEST_SUITE("decode/running_batch") {
    TEST_CASE("a search with any number of places finds what it finds of each sentence alone") {
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.1F));
        const SearchOptions varied[] = {
            {},
            {.max_length_a = 1.5F, .max_length_b = 2},
            {.max_length_b = 9, .min_length = 5},
            {.max_length_b = 12, .padded_length = 7, .no_repeat_ngram = 2},
            {.max_length_a = 0.5F, .max_length_b = 3, .no_repeat_ngram = 1},
            {.unk = false, .temperature = 3.0F},
            {.normalize = false, .max_length_a = 2.0F, .max_length_b = 0, .unk_penalty = 1.5F},
            {.length_penalty = 0.5F, .max_length_a = 1.0F, .max_length_b = 1, .min_length = 0},
        };
        for (SearchOptions options : varied) {
            for (const int beam : {1, 2, 5}) {
                options.beam = beam;
                check_like_alone<BeamSearch>(model, options);
            }
            options.beam = 1;
            check_like_alone<GreedySearch>(model, options);
            options.scores = false;
            check_like_alone<GreedySearch>(model, options);
        }
    }

    TEST_CASE("a beam that the vocabulary is too small for is refilled too") {
        ToyModel model(4, random_logits(4, special.eos, 0.2F));
        const OwnedSources sources = random_sources(9, 6, 4, special.eos, 3);
        const SearchOptions options{.beam = 6, .max_length_b = 6};
        std::vector<Hypotheses> expected(9);
        BeamSearch search;
        search.run(model, sources.view(), special, options, expected);
        CHECK(refilled(search, model, sources, options, 2) == expected);
    }

    TEST_CASE("the next sentence enters when a place is free, and steps are fewer") {
        // Says the source, then eos: as many steps as it has tokens.
        ToyModel copier(vocab_size, [](const ToyModel::Prefix& source, const auto& prefix) {
            std::vector<float> logits(vocab_size, 0.0F);
            logits[static_cast<std::size_t>(source[prefix.size() - 1])] = 4.0F;
            return logits;
        });
        OwnedSources sources;
        for (int length = 1; length <= 5; ++length) {
            std::vector<int> sentence(static_cast<std::size_t>(length), 4 + length);
            sentence.back() = special.eos;
            sources.push_back(sentence);
        }
        GreedySearch search;
        // 5 steps of the longest, 4 + 3 beside it; then 2 beside the last two of these, then 1.
        refilled(search, copier, sources, {.beam = 1, .min_length = 0}, 2);
        CHECK(copier.steps() == 8);
        CHECK(copier.rows_seen() == 5 + 4 + 3 + 2 + 1);
    }

    TEST_CASE("many places wait until a quarter of them is free") {
        // Of 8 sentences one ends in each step; so two enter in every second one.
        ToyModel model(vocab_size, [](const ToyModel::Prefix& source, const auto& prefix) {
            std::vector<float> logits(vocab_size, 0.0F);
            const bool ends = static_cast<int>(prefix.size()) == source[0];
            logits[ends ? special.eos : 5] = 4.0F;
            return logits;
        });
        OwnedSources sources;
        for (int s = 1; s <= 8; ++s) sources.push_back(std::vector<int>{s + 4, special.eos});
        for (int s = 0; s < 2; ++s) sources.push_back(std::vector<int>{4, special.eos});
        GreedySearch search;
        refilled(search, model, sources, {.beam = 1, .min_length = 0}, 8);
        // They end after step 5, 6, …, 12; both others enter after step 6.
        CHECK(model.admitted() == 2);
        CHECK(model.steps() == 12);
    }

    TEST_CASE("a sentence that nothing can follow is named by its own number") {
        ToyModel model(vocab_size, [](const ToyModel::Prefix& source, const auto&) {
            std::vector<float> logits(vocab_size, 0.0F);
            logits[special.eos] = 9.0F;
            if (source[0] == 7) logits.assign(vocab_size, std::numeric_limits<float>::quiet_NaN());
            return logits;
        });
        OwnedSources sources;
        for (const int token : {5, 5, 5, 7, 5}) sources.push_back(std::vector<int>{token, 2});
        const auto run = [&](auto search, int beam) {
            refilled(search, model, sources, {.beam = beam, .min_length = 0}, 2);
        };
        CHECK_THROWS_WITH_AS(run(GreedySearch(), 1),
                             "greedy search: sentence 3: no next token has a finite score",
                             hat::Error);
        CHECK_THROWS_WITH_AS(run(BeamSearch(), 2),
                             "beam search: sentence 3: no next token has a finite score",
                             hat::Error);
    }

    TEST_CASE("rules that leave a sentence nothing are named") {
        ToyModel model(vocab_size, [](const ToyModel::Prefix&, const auto&) {
            return std::vector<float>(vocab_size, 0.0F);
        });
        OwnedSources sources;
        for (int s = 0; s < 2; ++s) sources.push_back(std::vector<int>{5, special.eos});
        const auto run = [&](auto search, SearchOptions options) {
            refilled(search, model, sources, options, 2);
        };
        // All but eos and pad once, and then no other.
        constexpr int all = vocab_size - 2;
        SearchOptions options{.beam = 1, .min_length = all + 1, .no_repeat_ngram = 1};
        const std::string rules = "no next token has a finite score of those that min length = " +
                                  std::to_string(all + 1);
        CHECK_THROWS_WITH_AS(
            run(GreedySearch(), options),
            ("greedy search: sentence 0: " + rules + " and no repeat n-gram = 1 allow").c_str(),
            hat::Error);
        options.unk = false;
        CHECK_THROWS_WITH_AS(
            run(GreedySearch(), options),
            ("greedy search: sentence 0: " + rules + ", no repeat n-gram = 1 and no unk allow")
                .c_str(),
            hat::Error);
        options.unk = true;
        options.beam = 2;
        CHECK_THROWS_WITH_AS(
            run(BeamSearch(), options),
            ("beam search: sentence 0: " + rules + " and no repeat n-gram = 1 allow").c_str(),
            hat::Error);
        // Where eos may be next, there is an end.
        options.min_length = all;
        CHECK_NOTHROW(run(GreedySearch(), options));
        CHECK_NOTHROW(run(BeamSearch(), options));
    }
}
