// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/architectures.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::SpecialTokens;
using hat::ThreadPool;
using hat::model::Network;
using hat::model::PackedModel;
using hat::model::PackedModelOf;
using hat::support::OwnedSources;
using hat::support::random_sources;

namespace {

constexpr int vocab_size = 300;

template <class Weights = hat::nn::Packed>
PackedModelOf<Weights> random_model() {
    Network network(hat::model::transformer_tiny(vocab_size));
    network.initialize(2);
    return PackedModelOf<Weights>(network.view());
}

const SearchOptions beam_options{.beam = 4, .max_length_a = 1.0F, .max_length_b = 3};
const SearchOptions greedy_options{.beam = 1, .max_length_a = 1.0F, .max_length_b = 3};

}  // namespace

TEST_SUITE("decode/translate") {
    TEST_CASE_TEMPLATE("sentences give the same bits alone, in any batch, on any number of threads",
                       Weights, hat::nn::Packed, hat::nn::PackedBf16, hat::nn::PackedInt8) {
        const auto packed = random_model<Weights>();
        const OwnedSources sources = random_sources(23, 20, vocab_size, 2, 1);
        for (const SearchOptions& options : {beam_options, greedy_options}) {
            ThreadPool one(1);
            BasicTranslator<PackedModelOf<Weights>> translator(packed, {});
            const auto expected = translator.translate(sources.view(), options, one);
            REQUIRE(expected.size() == 23);
            for (const auto& [threads, batch] :
                 {std::pair(1, 5), std::pair(2, 1), std::pair(3, 5), std::pair(3, 64)}) {
                ThreadPool pool(threads);
                CHECK(translator.translate(sources.view(), options, pool, batch) == expected);
            }
            for (const int s : {0, 7, 22}) {
                CHECK(translator.translate(hat::support::alone(sources, s).view(), options,
                                           one)[0] == expected[static_cast<std::size_t>(s)]);
            }
        }
    }

    TEST_CASE_TEMPLATE("places that are filled again change no bit", Weights, hat::nn::Packed,
                       hat::nn::PackedInt8) {
        // Long and short ones, far apart.
        OwnedSources sources = random_sources(30, 6, vocab_size, 2, 4);
        for (const int s : {3, 17, 25})
            sources.push_back(random_sources(26, 60, vocab_size, 2, 7)[s]);
        const auto packed = random_model<Weights>();
        BasicTranslator<PackedModelOf<Weights>> translator(packed, {});
        const SearchOptions varied[] = {
            {.max_length_a = 1.0F, .max_length_b = 3},
            {.max_length_a = 1.2F, .max_length_b = 1, .no_repeat_ngram = 2},
            {.max_length_b = 12, .min_length = 4, .unk = false, .temperature = 1.7F},
            {.max_length_a = 0.8F, .max_length_b = 2, .padded_length = 10},
        };
        for (SearchOptions options : varied) {
            for (const int beam : {1, 2, 5}) {
                options.beam = beam;
                ThreadPool one(1);
                const auto expected = translator.translate(sources.view(), options, one, 1);
                for (const int s : {2, 31})
                    CHECK(translator.translate(hat::support::alone(sources, s).view(), options,
                                               one)[0] == expected[static_cast<std::size_t>(s)]);
                for (const auto& [threads, batch] :
                     {std::pair(1, 2), std::pair(1, 7), std::pair(1, 32), std::pair(2, 1),
                      std::pair(2, 3), std::pair(3, 2), std::pair(3, 32)}) {
                    ThreadPool pool(threads);
                    CHECK(translator.translate(sources.view(), options, pool, batch) == expected);
                }
            }
        }
    }

    TEST_CASE("a beam of one is greedy search, and without scores the tokens are the same") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(9, 20, vocab_size, 2, 3);
        Translator translator(packed, {});
        ThreadPool pool(1);
        const auto greedy = translator.translate(sources.view(), greedy_options, pool);
        CachedTransformer model(packed);
        std::vector<Hypotheses> beam(9);
        BeamSearch().run(model, sources.view(), {}, greedy_options, beam);
        CHECK(greedy == beam);
        SearchOptions without = greedy_options;
        without.scores = false;
        const auto tokens = translator.translate(sources.view(), without, pool);
        for (std::size_t s = 0; s < 9; ++s) CHECK(tokens[s][0].tokens == greedy[s][0].tokens);
    }

    TEST_CASE("translating the same again asks for no memory") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(20, 20, vocab_size, 2, 5);
        Translator translator(packed, {});
        ThreadPool pool(1);
        for (const SearchOptions& options : {beam_options, greedy_options}) {
            std::vector<Hypotheses> results;
            const auto run = [&] {
                translator.translate(sources.view(), options, pool, results, 8);
            };
            run();
            run();
            CHECK(hat::support::allocations_in(run) == 0);
        }
    }

    TEST_CASE("unk is never chosen where it may not be, by either search") {
        // A model that would say nothing else.
        hat::support::ToyModel model(6, [](const auto&, const auto& prefix) {
            std::vector<float> logits{9, 0, 0, 0, 1, 0};
            if (prefix.size() > 4) logits[2] = 20;
            return logits;
        });
        const OwnedSources sources = random_sources(3, 4, 6, 2, 1);
        const auto count = [&](auto search, SearchOptions options) {
            std::vector<Hypotheses> results(3);
            search.run(model, sources.view(), {}, options, results);
            std::size_t unknown = 0;
            for (const Hypotheses& hypotheses : results)
                for (const Hypothesis& h : hypotheses)
                    unknown +=
                        static_cast<std::size_t>(std::count(h.tokens.begin(), h.tokens.end(), 0));
            return unknown;
        };
        CHECK(count(GreedySearch(), {.beam = 1}) == 3 * 4);
        CHECK(count(GreedySearch(), {.beam = 1, .unk = false}) == 0);
        CHECK(count(BeamSearch(), {.beam = 2}) > 0);
        CHECK(count(BeamSearch(), {.beam = 2, .unk = false}) == 0);
    }

    TEST_CASE("a translation that is as long as it may be is told from others") {
        const PackedModel packed = random_model();
        const Translator translator(packed, {});
        const SearchOptions options{.max_length_a = 1.0F, .max_length_b = 1};
        CHECK(translator.max_source_length() == 1024);
        CHECK(translator.max_target_length() == 1024);
        CHECK(translator.max_target_length(options, 3) == 4);
        const std::vector<int> target{5, 5, 5, 5, 2};
        CHECK(translator.is_cut(options, 3, target));
        CHECK_FALSE(translator.is_cut(options, 4, target));
    }

    TEST_CASE("no sentences have no translations") {
        const PackedModel packed = random_model();
        ThreadPool pool(2);
        CHECK(Translator(packed, {}).translate(OwnedSources{}.view(), {}, pool).empty());
    }

    TEST_CASE("what a translator is given is checked first") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        ThreadPool pool(1);
        std::vector<Hypotheses> found;
        OwnedSources sources;
        sources.push_back(std::vector<int>(1024, 4));
        CHECK_NOTHROW(translator.translate(sources.view(), {.max_length_b = 2}, pool, found));
        OwnedSources unreadable;
        unreadable.push_back(std::vector<int>{vocab_size, 2});
        CHECK_THROWS_WITH_AS(translator.translate(unreadable.view(), {}, pool, found),
                             "translator: sentence 0 has token 300, expected 0 to 299", hat::Error);
        CHECK_THROWS_WITH_AS(
            translator.translate(sources.view(), {}, pool, found, 32,
                                 {.prefixes = unreadable.view()}),
            "translator: the prefix of sentence 0 has token 300, expected 0 to 299", hat::Error);
        CHECK_THROWS_WITH_AS(translator.score(sources.view(), unreadable.view(), {}, pool, found),
                             "translator: target 0 has token 300, expected 0 to 299", hat::Error);
        CHECK_THROWS_WITH_AS(Translator(packed, {.eos = 300}),
                             "translator: the id of eos is 300, expected 0 to 299", hat::Error);
    }

    TEST_CASE("attention is told for each token of each pair, the same in any batch") {
        Network network(hat::support::uneven_translator(hat::model::Sharing::all));
        network.initialize(3);
        const PackedModel packed(network.view());
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(9, 12, 36, 2, 4);
        const OwnedSources targets = random_sources(9, 15, 36, 2, 5);
        ThreadPool pool(2);
        const auto found = translator.attention(sources.view(), targets.view(), 1, pool, 4);
        ThreadPool one(1);
        for (int s = 0; s < 9; ++s) {
            const auto& of_sentence = found[static_cast<std::size_t>(s)];
            const int tokens = sources.view().sentences.length(s);
            CHECK(std::ssize(of_sentence) == tokens * targets.view().sentences.length(s));
            for (std::ptrdiff_t row = 0; row < std::ssize(of_sentence); row += tokens)
                CHECK(std::accumulate(of_sentence.begin() + row, of_sentence.begin() + row + tokens,
                                      0.0F) == doctest::Approx(1.0));
            CHECK(translator.attention(hat::support::alone(sources, s).view(),
                                       hat::support::alone(targets, s).view(), 1,
                                       one)[0] == of_sentence);
        }
        CHECK(translator.attention(sources.view(), targets.view(), 0, pool) != found);
        CHECK_THROWS_WITH_AS((void)translator.attention(sources.view(), targets.view(), 2, pool),
                             "translator: decoder layer 3 of 2 has no attention to the source",
                             hat::Error);
    }

    TEST_CASE("attention is not watched any more when telling it has failed") {
        Network network(hat::model::uniform(
            {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 16, .ffn_dim = 16, .heads = 1},
            1100, 1100));
        network.initialize(1);
        const PackedModel packed(network.view());
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(3, 9, 120, 2, 4);
        OwnedSources long_sources;
        for (int s = 0; s < 60; ++s) long_sources.push_back(std::vector<int>(200, 5));
        ThreadPool pool(1);
        const auto attention = [&] {
            static_cast<void>(translator.attention(sources.view(), sources.view(), 0, pool));
        };
        // So many rows that what each attends to would need more memory than there is.
        std::vector<Hypotheses> results;
        const auto translate = [&] {
            translator.translate(long_sources.view(), {.beam = 100, .max_length_b = 1}, pool,
                                 results, 60);
        };
        translate();
        attention();
        const std::size_t calls = hat::support::allocations_in(attention);
        translate();
        REQUIRE(hat::support::allocations_in(translate) == 0);
        bool has_failed = false;
        try {
            const hat::support::OutOfMemory failing(calls - 1);
            attention();
        } catch (const std::bad_alloc&) {
            has_failed = true;
        }
        REQUIRE(has_failed);
        CHECK(hat::support::allocations_in(translate) == 0);
    }

    TEST_CASE("a layer without queries attends to all tokens alike") {
        Network network(hat::support::uneven_translator(hat::model::Sharing::all));
        network.initialize(3);
        for (const auto& entry : network.table())
            if (entry.name.find("decoder.layers.0.encoder_attn") != std::string::npos &&
                entry.name.find("q_proj") != std::string::npos)
                std::fill_n(network.values().data() + entry.offset, entry.size(), 0.0F);
        const PackedModel packed(network.view());
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(3, 12, 36, 2, 4);
        ThreadPool pool(1);
        const auto found = translator.attention(sources.view(), sources.view(), 0, pool);
        for (int s = 0; s < 3; ++s)
            for (const float attention : found[static_cast<std::size_t>(s)])
                CHECK(attention == doctest::Approx(1.0 / sources.view().sentences.length(s)));
    }

    TEST_CASE("targets begin as they are told, and are scored as those that were found") {
        const auto packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(12, 15, vocab_size, 2, 1);
        ThreadPool pool(2);
        for (const SearchOptions& options : {beam_options, greedy_options}) {
            const auto free = translator.translate(sources.view(), options, pool);
            OwnedSources prefixes;
            for (int s = 0; s < sources.size(); ++s) {
                // Of some nothing, of others the beginning of the last hypothesis.
                const auto& last = free[static_cast<std::size_t>(s)].back().tokens;
                const std::size_t most = std::min<std::size_t>(last.size() - 1, 3);
                prefixes.push_back(std::span(last).first(s % 3 == 0 ? 0 : most));
            }
            const Guidance guidance{.prefixes = prefixes.view()};
            std::vector<Hypotheses> found;
            translator.translate(sources.view(), options, pool, found, 4, guidance);
            OwnedSources targets;
            for (int s = 0; s < sources.size(); ++s) {
                const auto& own = found[static_cast<std::size_t>(s)];
                const std::span<const int> prefix = prefixes[s];
                for (const Hypothesis& h : own)
                    CHECK(std::equal(prefix.begin(), prefix.end(), h.tokens.begin()));
                if (prefix.empty() || options.beam == 1)
                    CHECK(own == free[static_cast<std::size_t>(s)]);
                targets.push_back(own.front().tokens);
            }
            std::vector<Hypotheses> scored;
            translator.score(sources.view(), targets.view(), options, pool, scored);
            for (std::size_t s = 0; s < found.size(); ++s)
                CHECK(scored[s].front().score == found[s].front().score);
        }
    }

    TEST_CASE("drawn targets follow from their keys alone, and are scored as given ones") {
        const auto packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(15, 15, vocab_size, 2, 1);
        std::vector<hat::RandomKey> keys;
        for (int s = 0; s < sources.size(); ++s)
            keys.push_back(hat::RandomKey(9).split(static_cast<std::uint64_t>(s)));
        const SamplingOptions sampling{.temperature = 0.7F, .top_p = 0.9F};
        const Guidance guidance{.sampling = &sampling, .keys = keys};
        std::vector<Hypotheses> expected;
        ThreadPool one(1);
        translator.translate(sources.view(), beam_options, one, expected, 32, guidance);
        for (const auto& [threads, batch] : {std::pair(1, 2), std::pair(3, 4)}) {
            ThreadPool pool(threads);
            std::vector<Hypotheses> found;
            translator.translate(sources.view(), beam_options, pool, found, batch, guidance);
            CHECK(found == expected);
        }
        OwnedSources targets;
        for (const Hypotheses& h : expected) {
            REQUIRE(h.size() == 1);
            targets.push_back(h.front().tokens);
        }
        std::vector<Hypotheses> scored;
        translator.score(sources.view(), targets.view(), beam_options, one, scored);
        for (std::size_t s = 0; s < scored.size(); ++s)
            CHECK(scored[s].front().score == doctest::Approx(expected[s].front().score));
    }
}
