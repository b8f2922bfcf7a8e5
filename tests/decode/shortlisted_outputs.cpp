// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/shortlists.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::ThreadPool;
using hat::data::Shortlist;
using hat::model::Network;
using hat::model::PackedModel;
using hat::model::PackedModelOf;
using hat::support::OwnedSources;
using hat::support::random_sources;

namespace {

constexpr int vocab_size = 600;

template <class Weights = hat::nn::Packed>
PackedModelOf<Weights> random_model() {
    Network network(hat::model::transformer_tiny(vocab_size));
    network.initialize(2);
    return PackedModelOf<Weights>(network.view());
}

Shortlist random_shortlist(int most) {
    return hat::support::random_shortlist(vocab_size, most);
}

Shortlist whole_shortlist() {
    std::vector<int> all(vocab_size);
    std::iota(all.begin(), all.end(), 0);
    return {{.always = std::move(all), .offsets = std::vector<int>(vocab_size + 1)}, vocab_size};
}

std::vector<int> list_of(const Shortlist& shortlist, std::span<const int> source) {
    std::vector<std::uint64_t> marks(
        static_cast<std::size_t>(hat::data::TokenMarks::words(vocab_size)));
    std::vector<int> list(vocab_size);
    list.resize(static_cast<std::size_t>(
        shortlist.select(source, hat::data::TokenMarks(marks), list.data())));
    return list;
}

const std::array<SearchOptions, 4> varied{
    SearchOptions{.beam = 4, .max_length_a = 1.0F, .max_length_b = 3},
    SearchOptions{.beam = 1, .max_length_a = 1.0F, .max_length_b = 3},
    SearchOptions{.beam = 3,
                  .max_length_b = 9,
                  .min_length = 4,
                  .no_repeat_ngram = 2,
                  .unk = false,
                  .temperature = 1.7F},
    SearchOptions{.beam = 1, .max_length_b = 9, .scores = false}};

}  // namespace

TEST_SUITE("decode/shortlisted_outputs") {
    TEST_CASE_TEMPLATE("lists of all tokens give the bits of none", Weights, hat::nn::Packed,
                       hat::nn::PackedBf16, hat::nn::PackedInt8) {
        const auto packed = random_model<Weights>();
        BasicTranslator<PackedModelOf<Weights>> translator(packed, {});
        const OwnedSources sources = random_sources(19, 12, vocab_size, 2, 1);
        const Shortlist whole = whole_shortlist();
        for (const SearchOptions& options : varied) {
            ThreadPool pool(2);
            translator.use_shortlist(nullptr);
            const auto expected = translator.translate(sources.view(), options, pool, 5);
            translator.use_shortlist(&whole);
            CHECK(translator.translate(sources.view(), options, pool, 5) == expected);
        }
    }

    TEST_CASE_TEMPLATE("what a sentence gets does not depend on the others", Weights,
                       hat::nn::Packed, hat::nn::PackedBf16, hat::nn::PackedInt8) {
        const auto packed = random_model<Weights>();
        BasicTranslator<PackedModelOf<Weights>> translator(packed, {});
        OwnedSources sources = random_sources(30, 6, vocab_size, 2, 4);
        for (const int s : {3, 17}) sources.push_back(random_sources(26, 40, vocab_size, 2, 7)[s]);
        const Shortlist shortlist = random_shortlist(40);
        translator.use_shortlist(&shortlist);
        for (const SearchOptions& options : varied) {
            ThreadPool one(1);
            const auto expected = translator.translate(sources.view(), options, one, 1);
            for (const int s : {2, 31})
                CHECK(translator.translate(hat::support::alone(sources, s).view(), options,
                                           one)[0] == expected[static_cast<std::size_t>(s)]);
            for (const auto& [threads, batch] :
                 {std::pair(1, 7), std::pair(1, 32), std::pair(2, 3), std::pair(3, 32)}) {
                ThreadPool pool(threads);
                CHECK(translator.translate(sources.view(), options, pool, batch) == expected);
            }
        }
    }

    TEST_CASE("so many rows that they are computed in parts give the same") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(2, 3, vocab_size, 2, 4);
        const Shortlist whole = whole_shortlist();
        const SearchOptions options{.beam = 300, .max_length_b = 2};
        ThreadPool pool(1);
        const auto expected = translator.translate(sources.view(), options, pool);
        translator.use_shortlist(&whole);
        CHECK(translator.translate(sources.view(), options, pool) == expected);
    }

    TEST_CASE("greedy search takes the best of the list, and normalises over it") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(12, 15, vocab_size, 2, 8);
        const Shortlist shortlist = random_shortlist(30);
        translator.use_shortlist(&shortlist);
        ThreadPool pool(1);
        const SearchOptions options{.beam = 1, .max_length_b = 12};
        const auto results = translator.translate(sources.view(), options, pool);
        CachedTransformer model(packed);
        for (int s = 0; s < sources.size(); ++s) {
            const OwnedSources source = hat::support::alone(sources, s);
            const std::vector<int> list = list_of(shortlist, source.view().tokens);
            const Hypothesis& found = results[static_cast<std::size_t>(s)][0];
            model.start(source.view(), 1, std::array{20});
            int last = 2;
            for (std::size_t i = 0; i < found.tokens.size(); ++i) {
                const hat::Matrix logits = model.logits(std::array{Row{.token = last}});
                double sum = 0;
                int best = -1;
                for (const int token : list) {
                    sum += std::exp(static_cast<double>(logits(0, token)));
                    const bool is_allowed = token != 3 && (i > 0 || token != 2);
                    if (is_allowed && (best < 0 || logits(0, token) > logits(0, best)))
                        best = token;
                }
                last = found.tokens[i];
                if (i < 12) CHECK(last == best);
                CHECK(found.positional_scores[i] ==
                      doctest::Approx(static_cast<double>(logits(0, last)) - std::log(sum))
                          .epsilon(1e-5));
            }
        }
    }

    TEST_CASE("scores of given targets are of all tokens") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(8, 9, vocab_size, 2, 3);
        const OwnedSources targets = random_sources(8, 9, vocab_size, 2, 4);
        ThreadPool pool(1);
        std::vector<Hypotheses> expected;
        translator.score(sources.view(), targets.view(), {}, pool, expected);
        const Shortlist shortlist = random_shortlist(10);
        translator.use_shortlist(&shortlist);
        static_cast<void>(translator.translate(sources.view(), varied[1], pool));
        std::vector<Hypotheses> found;
        translator.score(sources.view(), targets.view(), {}, pool, found);
        CHECK(found == expected);
    }

    TEST_CASE("lists are counted as they are made, on any number of threads") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(20, 9, vocab_size, 2, 3);
        const Shortlist shortlist = random_shortlist(10);
        ThreadPool pool(2);
        static_cast<void>(translator.translate(sources.view(), varied[1], pool, 4));
        CHECK(translator.list_counts() == ListCounts{});
        translator.use_shortlist(&shortlist);
        static_cast<void>(translator.translate(sources.view(), varied[1], pool, 4));
        ListCounts expected;
        for (int s = 0; s < sources.size(); ++s)
            expected += {1, std::ssize(list_of(shortlist, hat::support::alone(sources, s).tokens))};
        CHECK(translator.list_counts() == expected);
    }

    TEST_CASE("translating the same again asks for no memory") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(20, 20, vocab_size, 2, 5);
        Translator translator(packed, {});
        const Shortlist shortlist = random_shortlist(30);
        translator.use_shortlist(&shortlist);
        ThreadPool pool(1);
        for (const SearchOptions& options : varied) {
            std::vector<Hypotheses> results;
            const auto run = [&] {
                translator.translate(sources.view(), options, pool, results, 8);
            };
            run();
            run();
            CHECK(hat::support::allocations_in(run) == 0);
        }
    }

    TEST_CASE("a shortlist that does not go with the network is an error") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        const auto error = [&](const Shortlist& shortlist) -> std::string {
            try {
                translator.use_shortlist(&shortlist);
            } catch (const hat::Error& e) {
                return e.what();
            }
            return {};
        };
        CHECK(error({{.always = {2}, .offsets = {0, 0}}, vocab_size}) ==
              "translator: the shortlist has vocabularies of 1 and 600, but the network of 600 and "
              "600");
        CHECK(
            error({{.always = {1, 3}, .offsets = std::vector<int>(vocab_size + 1)}, vocab_size}) ==
            "translator: the shortlist lacks eos, 2, among what is always allowed");
        CHECK(error(whole_shortlist()).empty());
    }

    TEST_CASE("what is guided needs all tokens") {
        const PackedModel packed = random_model();
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(1, 9, vocab_size, 2, 3);
        const Shortlist shortlist = random_shortlist(10);
        translator.use_shortlist(&shortlist);
        ThreadPool pool(1);
        std::vector<Hypotheses> results;
        const OwnedSources prefix = random_sources(1, 1, vocab_size, 2, 3);
        CHECK_THROWS_WITH_AS(
            translator.translate(sources.view(), {}, pool, results, 1, {.prefixes = prefix.view()}),
            "translator: a shortlist goes with neither prefixes nor draws, which may need any "
            "token",
            hat::Error);
    }
}
