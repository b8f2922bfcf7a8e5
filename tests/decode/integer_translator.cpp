// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>
#include <hat/core/threads.hpp>
#include <hat/decode/integer_translator.hpp>
#include <hat/decode/owned_sources.hpp>

#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

using hat::decode::Guidance;
using hat::decode::Hypotheses;
using hat::decode::IntegerTranslator;
using hat::decode::SearchOptions;

namespace {

constexpr hat::SpecialTokens special{};

struct Case {
    hat::model::Architecture architecture;
    IntegerTranslator translator{hat::support::fixed_integers(architecture), special};
    hat::decode::OwnedSources sources;

    explicit Case(const hat::model::Architecture& of = hat::support::integer_architectures()[0])
        : architecture(of) {
        for (const auto& sentence :
             hat::support::random_sentences(12, architecture.source_vocab_size, 3))
            sources.push_back(sentence);
    }
    std::vector<Hypotheses> translate(const SearchOptions& options, int threads = 1,
                                      const Guidance& guidance = {}) {
        hat::ThreadPool pool(threads);
        std::vector<Hypotheses> results;
        translator.translate(sources.view(), options, pool, results, 4, guidance);
        return results;
    }
    void check_refused(const SearchOptions& options, const char* why) {
        CHECK_THROWS_WITH_AS(static_cast<void>(translate(options)), doctest::Contains(why),
                             hat::Error);
    }
};

}  // namespace

TEST_SUITE("decode/integer_translator") {
    TEST_CASE("it finds what the search of integers finds, on any number of threads") {
        Case all;
        const SearchOptions options{.beam = 3, .length_penalty = 0.5F, .max_length_b = 15};
        const auto results = all.translate(options);
        CHECK(results == all.translate(options, 3));
        const auto model = hat::support::fixed_integers(all.architecture);
        constexpr hat::integer::Limits limits{.source_tokens = 12, .target_tokens = 16, .beam = 3};
        hat::Arena memory;
        hat::integer::Network network(model.view(), limits, memory);
        hat::integer::Search search(limits, memory);
        for (int s = 0; s < 12; ++s) {
            network.start(all.sources.view()[s]);
            const auto found = search.run(network, special,
                                          {.beam = 3, .max_length = 15, .length_penalty = 32768});
            const Hypotheses& of_sentence = results[static_cast<std::size_t>(s)];
            REQUIRE(found.size() == of_sentence.size());
            for (std::size_t i = 0; i < found.size(); ++i) {
                const std::vector<int> tokens(found[i].tokens.begin(), found[i].tokens.end());
                CHECK(of_sentence[i].tokens == tokens);
                float sum = 0;
                for (const float score : of_sentence[i].positional_scores) sum += score;
                const double length = std::sqrt(static_cast<double>(tokens.size()));
                CHECK(sum / length == doctest::Approx(of_sentence[i].score).epsilon(1e-3));
                CHECK(of_sentence[i].score ==
                      doctest::Approx(found[i].score / 65536.0 * std::log(2.0)).epsilon(1e-6));
            }
        }
    }

    TEST_CASE("limits grow with what is asked for, and results stay the same") {
        Case all;
        const auto first = all.translate({.beam = 2, .max_length_b = 6});
        CHECK(all.translate({.beam = 1, .max_length_b = 30}).size() == 12);
        CHECK(all.translate({.beam = 4, .max_length_b = 6}).size() == 12);
        CHECK(all.translate({.beam = 2, .max_length_b = 6}) == first);
    }

    TEST_CASE("what calls before asked for is no reason to refuse one") {
        auto architecture = hat::support::integer_architectures()[0];
        architecture.source_vocab_size = architecture.target_vocab_size = 200;
        Case all(architecture);
        const auto first = all.translate({.beam = 70, .max_length_b = 30});
        CHECK(all.translate({.beam = 1, .max_length_b = 1000}).size() == 12);
        CHECK(all.translate({.beam = 70, .max_length_b = 30}) == first);
        all.check_refused({.beam = 70, .max_length_b = 1000},
                          "has room for 65536 tokens of all hypotheses of a sentence; a beam of "
                          "70 with 1001 tokens each has more");
    }

    TEST_CASE("what it cannot do is said") {
        Case all;
        all.check_refused({.beam = 4, .groups = 2}, "a network of integers searches in one group");
        all.check_refused({.no_repeat_ngram = 3}, "does not look for n-grams");
        all.check_refused({.temperature = 0.5F}, "has neither temperature nor a penalty of unk");
        all.check_refused({.beam = 0}, "beam = 0");
        const hat::decode::SamplingOptions sampling;
        CHECK_THROWS_WITH_AS(static_cast<void>(all.translate({}, 1, {.sampling = &sampling})),
                             doctest::Contains("draws no translations"), hat::Error);
        CHECK_THROWS_WITH_AS(all.translator.check_attends(0),
                             doctest::Contains("tells no alignments"), hat::Error);
        all.sources.push_back(std::vector<int>{99, 2});
        all.check_refused({}, "translator: sentence 12 has token 99, expected 0 to 49");
    }

    TEST_CASE("eos must be in the vocabulary") {
        CHECK_THROWS_WITH_AS(
            IntegerTranslator(hat::support::fixed_integers(Case().architecture), {.eos = 50}),
            "translator: the id of eos is 50, expected 0 to 49", hat::Error);
    }
}
