// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/beam.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/decode/repetition.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::SpecialTokens;
using hat::support::random_logits;
using hat::support::random_sources;
using hat::support::ToyModel;

namespace {

constexpr SpecialTokens special{};

std::vector<int> forbidden(const std::vector<int>& tokens, int n) {
    hat::Arena memory;
    History history;
    history.start(tokens.size(), memory);
    int end = -1;
    for (const int token : tokens) end = history.add(end, token, 0.0F);
    std::vector<Row> rows(1);
    RepetitionRule rule;
    rule.start(n, 1, tokens.size(), memory);
    rule.apply(rows, std::array{end}, [&](int) -> const History& { return history; });
    std::vector<int> found(rows[0].forbidden.begin(), rows[0].forbidden.end());
    std::ranges::sort(found);
    return found;
}

bool repeats_a_pair(const std::vector<int>& tokens) {
    std::set<std::pair<int, int>> seen;
    int before = special.eos;
    for (const int token : tokens) {
        if (!seen.emplace(before, token).second) return true;
        before = token;
    }
    return false;
}

}  // namespace

TEST_SUITE("decode/repetition") {
    TEST_CASE("what has followed the last tokens before is forbidden") {
        CHECK(forbidden({2, 5, 6, 5}, 2) == std::vector{6});
        CHECK(forbidden({2, 5, 6, 5, 7, 5}, 2) == std::vector{6, 7});
        CHECK(forbidden({2, 5, 6, 7, 5, 6}, 3) == std::vector{7});
        CHECK(forbidden({2, 5, 6, 7, 5}, 3).empty());
        CHECK(forbidden({2, 5}, 3).empty());
        CHECK(forbidden({2, 5, 6}, 1) == std::vector{5, 6});
        CHECK(forbidden({2, 5, 5}, 0).empty());
    }

    TEST_CASE("no pair of tokens comes twice in a target if it may not") {
        constexpr int vocab_size = 7;
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.05F));
        const auto sources = random_sources(20, 9, vocab_size, special.eos, 4);
        SearchOptions options{.beam = 3, .max_length_b = 30};
        std::vector<Hypotheses> results(20);
        BeamSearch beam;
        GreedySearch greedy;
        beam.run(model, sources.view(), special, options, results);
        CHECK(std::ranges::any_of(results,
                                  [](const Hypotheses& h) { return repeats_a_pair(h[0].tokens); }));
        options.no_repeat_ngram = 2;
        beam.run(model, sources.view(), special, options, results);
        for (const Hypotheses& hypotheses : results)
            for (const Hypothesis& h : hypotheses) CHECK_FALSE(repeats_a_pair(h.tokens));
        options.beam = 1;
        std::vector<Hypotheses> single(20);
        beam.run(model, sources.view(), special, options, results);
        greedy.run(model, sources.view(), special, options, single);
        for (std::size_t i = 0; i < results.size(); ++i)
            CHECK(results[i][0].tokens == single[i][0].tokens);
    }
}
