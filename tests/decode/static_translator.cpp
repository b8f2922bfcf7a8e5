// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/static_translator.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/shortlists.hpp"
#include "support/stack.hpp"
#include "support/static_weights.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace hat::decode;
using namespace hat::model;
using hat::support::OwnedSources;

namespace {

/// 2+2 layers, 64 wide: about 670 kB of packed weights.
constexpr Architecture small = uniform({.encoder_layers = 2,
                                        .decoder_layers = 2,
                                        .embed_dim = 64,
                                        .ffn_dim = 96,
                                        .heads = 4,
                                        .attended_layers = 2},
                                       128, 128);
template <class Weights = hat::nn::Packed>
using TranslatorOf = StaticTranslator<small, Weights>;
using Translator = TranslatorOf<>;

Network initialized() {
    Network network(small);
    network.initialize(8);
    return network;
}

template <class Weights = hat::nn::Packed>
struct Case {
    explicit Case(const TranslationLimits& of) : limits(of) {}

    [[nodiscard]] std::span<const std::byte> values() const {
        return {weights.data(), weights.size_bytes()};
    }
    [[nodiscard]] std::span<std::byte> room() { return {memory.data(), memory.size_bytes()}; }

    TranslationLimits limits;
    Network network = initialized();
    hat::AlignedArray<std::byte> weights = hat::support::packed_bytes<small, Weights>(network);
    hat::AlignedArray<std::byte> memory{
        static_cast<std::ptrdiff_t>(TranslatorOf<Weights>::working_memory(limits).sum())};
};

void check_same(std::span<const BoundedHypothesis> found, const Hypotheses& expected) {
    const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(std::ranges::equal(found[i].tokens, expected[i].tokens));
        CHECK(bits(found[i].score) == bits(expected[i].score));
        CHECK(std::ranges::equal(found[i].positional_scores, expected[i].positional_scores, {},
                                 bits, bits));
    }
}

/// The hypotheses of one source.
Hypotheses searched(auto& model, const OwnedSources& source, const SearchOptions& options) {
    std::vector<Hypotheses> found(1);
    if (options.beam == 1)
        GreedySearch().run(model, source.view(), {}, options, found);
    else
        BeamSearch().run(model, source.view(), {}, options, found);
    return found[0];
}

}  // namespace

TEST_SUITE("decode/static_translator") {
    TEST_CASE_TEMPLATE("its hypotheses are those of the dynamic translator, bit by bit", Weights,
                       hat::nn::Packed, hat::nn::PackedBf16, hat::nn::PackedInt8) {
        Case<Weights> own({.source_tokens = 9, .target_tokens = 14, .beam = 4, .no_repeats = true});
        TranslatorOf<Weights> translator(own.values(), own.room(), {}, own.limits);
        const PackedModelOf<Weights> packed(own.network.view());
        BasicCachedTransformer<PackedModelOf<Weights>> dynamic(packed);
        const OwnedSources sources = hat::support::random_sources(6, 9, 128, 2, 5);
        for (SearchOptions options : {SearchOptions{.beam = 1},
                                      {.beam = 4, .length_penalty = 0.6F},
                                      {.beam = 3, .no_repeat_ngram = 2}}) {
            for (int s = 0; s < sources.size(); ++s) {
                const OwnedSources source = hat::support::alone(sources, s);
                options.max_length_b = 13;
                const Hypotheses expected = searched(dynamic, source, options);
                options.max_length_b = 200;  // more than there is room for
                check_same(translator.translate(source.tokens, options), expected);
            }
        }
    }

    TEST_CASE_TEMPLATE("of lists, it finds what the dynamic translator does, in the memory told",
                       Weights, hat::nn::Packed, hat::nn::PackedBf16, hat::nn::PackedInt8) {
        const hat::data::Shortlist shortlist = hat::support::random_shortlist(128, 12);
        using Listed = StaticTranslator<small, Weights, hat::data::Shortlist>;
        const TranslationLimits limits{
            .source_tokens = 5, .target_tokens = 14, .beam = 4, .listed_tokens = shortlist.most(5)};
        const Network network = initialized();
        const auto weights = hat::support::packed_bytes<small, Weights>(network);
        const WorkingMemory told = Listed::working_memory(limits);
        CHECK(hat::decode::working_memory<Weights, hat::data::Shortlist>(
                  hat::model::sizes_of(small), limits)
                  .sum() == told.sum());
        hat::AlignedArray<std::byte> memory{static_cast<std::ptrdiff_t>(told.sum())};
        Listed translator({weights.data(), weights.size_bytes()},
                          std::span(memory.data(), memory.size_bytes()), {}, limits);
        translator.use_shortlist(shortlist);
        const PackedModelOf<Weights> packed(network.view());
        BasicCachedTransformer<PackedModelOf<Weights>> dynamic(packed);
        dynamic.use_shortlist(&shortlist);
        const OwnedSources sources = hat::support::random_sources(6, 5, 128, 2, 5);
        for (SearchOptions options : {SearchOptions{.beam = 1}, {.beam = 4}}) {
            for (int s = 0; s < sources.size(); ++s) {
                const OwnedSources source = hat::support::alone(sources, s);
                options.max_length_b = 13;
                const Hypotheses expected = searched(dynamic, source, options);
                check_same(translator.translate(source.tokens, options), expected);
            }
        }
        CHECK(Listed::multiply_adds_of_step(limits) <
              TranslatorOf<Weights>::multiply_adds_of_step(limits));

        const hat::data::Shortlist longer = hat::support::random_shortlist(128, 60);
        CHECK_THROWS_WITH_AS(translator.use_shortlist(longer), doctest::Contains("listed_tokens"),
                             hat::Error);
        const hat::data::Shortlist other = hat::support::random_shortlist(64, 4);
        CHECK_THROWS_WITH_AS(translator.use_shortlist(other), doctest::Contains("expected 128"),
                             hat::Error);
    }

    TEST_CASE("weights of codebooks give what floats of the same numbers do") {
        Network network = initialized();
        for (const auto& entry : network.table()) {
            if (entry.is_vector) continue;
            for (float& x : std::span(network.values().data() + entry.offset,
                                      static_cast<std::size_t>(entry.size())))
                x = std::clamp(std::nearbyint(x * 40), -8.0F, 7.0F) / 40 + 0.0F;  // no −0
        }
        constexpr TranslationLimits limits{.source_tokens = 9, .target_tokens = 14, .beam = 4};
        const auto translated = [&]<class Weights>() {
            const auto weights = hat::support::packed_bytes<small, Weights>(network);
            hat::AlignedArray<std::byte> memory{
                static_cast<std::ptrdiff_t>(TranslatorOf<Weights>::working_memory(limits).sum())};
            TranslatorOf<Weights> translator({weights.data(), weights.size_bytes()},
                                             std::span(memory.data(), memory.size_bytes()), {},
                                             limits);
            const OwnedSources sources = hat::support::random_sources(3, 9, 128, 2, 5);
            std::vector<std::vector<int>> targets;
            std::vector<float> scores;
            for (int s = 0; s < sources.size(); ++s) {
                const auto source = hat::support::alone(sources, s);
                for (const auto& [tokens, score, positional] :
                     translator.translate(source.tokens, {.beam = 4})) {
                    targets.emplace_back(tokens.begin(), tokens.end());
                    scores.push_back(score);
                }
            }
            return std::pair(targets, scores);
        };
        CHECK(translated.template operator()<hat::nn::PackedKMeans4>() ==
              translated.template operator()<hat::nn::Packed>());
        CHECK(static_weight_bytes<small, hat::nn::PackedKMeans4> * 4 <
              static_weight_bytes<small, hat::nn::Packed>);
    }

    TEST_CASE("32 tokens into 32 take no heap, at most 64 kB of stack and 300 kB of memory") {
        constexpr TranslationLimits limits{.source_tokens = 32, .target_tokens = 32, .beam = 1};
        constexpr WorkingMemory told = Translator::working_memory(limits);
        static_assert(told.sum() <= 300'000);
        static_assert(static_weight_bytes<small> <= 680'000);
        Case<> own(limits);
        std::array<int, 32> source{};
        for (int i = 0; i < 31; ++i) source[static_cast<std::size_t>(i)] = 4 + 3 * i;
        source[31] = 2;
        std::size_t target = 0;
        std::size_t allocations = 0;
        WorkingMemory used{};
        const auto run = [&] {
            allocations = hat::support::allocations_in([&] {
                Translator translator(own.values(), own.room(), {}, limits);
                target =
                    translator.translate(source, {.beam = 1, .min_length = 31})[0].tokens.size();
                used = translator.most_used();
            });
        };
        const std::size_t stack = hat::support::stack_used_by(run);
        CHECK(target == 32);
        CHECK(allocations == 0);
        CHECK(stack <= 64 * 1024);
        const auto check = [](std::size_t most, std::size_t bound) {
            CHECK(most <= bound);
            CHECK(static_cast<double>(bound) <= 1.25 * static_cast<double>(most));
        };
        check(used.caches, told.caches);
        check(used.activations, told.activations);
        check(used.scratch, told.scratch);
        check(used.search, told.search);
        check(used.sum(), told.sum());
        MESSAGE("weights ", static_weight_bytes<small>, ", stack ", stack, ", working memory ",
                told.sum(), " (used ", used.sum(), "): positions ", told.positions, ", caches ",
                told.caches, ", activations ", told.activations, ", scratch ", told.scratch,
                ", search ", told.search, ", results ", told.results, " bytes");
    }

    TEST_CASE("what does not fit is an error that says so") {
        Case<> own({.source_tokens = 5, .target_tokens = 4, .beam = 2});
        Translator translator(own.values(), own.room(), {}, own.limits);
        const auto translate = [&](std::vector<int> source, const SearchOptions& options) {
            static_cast<void>(translator.translate(source, options));
        };
        CHECK_THROWS_WITH_AS(translate({3, 4, 5, 6, 7, 2}, {.beam = 1}),
                             "translator: tokens of the source = 6, expected 1 to 5", hat::Error);
        CHECK_THROWS_WITH_AS(translate({3, 2}, {.beam = 3}),
                             "translator: beam = 3, expected 1 to 2", hat::Error);
        CHECK_THROWS_WITH_AS(translate({128, 2}, {.beam = 1}),
                             "translator: the source has token 128, expected 0 to 127", hat::Error);
        CHECK_THROWS_WITH_AS(
            translate({3, 2}, {.beam = 1, .no_repeat_ngram = 2}),
            "translator: no_repeat_ngram = 2, but its limits were made without no_repeats",
            hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(Translator::working_memory({.beam = -2})),
                             "translator: beam = -2, expected 1 to 1000", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(Translator::working_memory({.source_tokens = -1})),
                             "StaticModel: sources of -1 tokens, expected 1 to 1024", hat::Error);
        const auto make = [&](std::span<std::byte> memory, const hat::SpecialTokens& special) {
            const Translator other(own.values(), memory, special, own.limits);
        };
        CHECK_THROWS_AS(make(own.room().subspan(64), {}), hat::Error);
        CHECK_THROWS_WITH_AS(make(own.room(), {.eos = 128}),
                             "translator: the id of eos is 128, expected 0 to 127", hat::Error);
    }
}
