// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/input_checks.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::SpecialTokens;
using hat::model::Network;
using hat::model::PackedModel;
using hat::support::OwnedSources;

namespace {

constexpr int vocab_size = 300;

PackedModel zero_model() {
    return PackedModel(Network(hat::model::transformer_tiny(vocab_size)).view());
}

OwnedSources list_of(const std::vector<std::vector<int>>& sentences) {
    OwnedSources list;
    for (const auto& sentence : sentences) list.push_back(sentence);
    return list;
}

/// What `check` says is wrong; empty if nothing is.
std::string error_of(const auto& check) {
    try {
        check();
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_SUITE("decode/input_checks") {
    TEST_CASE("special tokens are in the vocabulary; only eos must be there") {
        const PackedModel packed = zero_model();
        const auto error = [&](const SpecialTokens& special) {
            return error_of([&] { InputChecks<PackedModel>{packed, special}.check_special(); });
        };
        CHECK(error({.unk = -1, .eos = 0, .pad = -1}) == "");
        CHECK(error({.eos = 300}) == "translator: the id of eos is 300, expected 0 to 299");
        CHECK(error({.eos = -1}) == "translator: the id of eos is -1, expected 0 to 299");
        CHECK(error({.unk = 300}) == "translator: the id of unk is 300, expected -1 to 299");
        CHECK(error({.pad = -2}) == "translator: the id of pad is -2, expected -1 to 299");
    }

    TEST_CASE("a source has as many tokens as there are positions, all of the vocabulary") {
        const PackedModel packed = zero_model();
        const SpecialTokens special;
        const InputChecks<PackedModel> checks{packed, special};
        const auto error = [&](const std::vector<std::vector<int>>& sentences) {
            return error_of([&] { checks.check_sources(list_of(sentences).view()); });
        };
        CHECK(checks.max_source_length() == 1024);
        CHECK(error({}) == "");
        CHECK(error({std::vector<int>(1024, 4), {0, 299}}) == "");
        CHECK(error({{5, 2}, {}}) == "translator: sentence 1 has 0 tokens, expected 1 to 1024");
        CHECK(error({std::vector<int>(1025, 4)}) ==
              "translator: sentence 0 has 1025 tokens, expected 1 to 1024");
        CHECK(error({{5, 2}, {300, 2}}) ==
              "translator: sentence 1 has token 300, expected 0 to 299");
        const OwnedSources two = list_of({{5, 2}, {5, 2}});
        CHECK(error_of([&] {
                  checks.check_sources({{two.tokens.data(), 3}, two.view().sentences});
              }) == "translator: 3 tokens, but the sentences have 4");
    }

    TEST_CASE("a given target ends in eos and has its source") {
        const PackedModel packed = zero_model();
        const SpecialTokens special;
        const InputChecks<PackedModel> checks{packed, special};
        const OwnedSources sources = list_of({{5, 2}, {6, 2}});
        const auto error = [&](const std::vector<std::vector<int>>& targets) {
            return error_of([&] { checks.check_targets(sources.view(), list_of(targets).view()); });
        };
        CHECK(error({{7, 2}, {2}}) == "");
        CHECK(error({{7, 2}}) == "translator: 2 sources, but 1 targets");
        CHECK(error({{7, 2}, {}}) == "translator: target 1 has 0 tokens, expected 1 to 1024");
        CHECK(error({{7, 300, 2}, {2}}) == "translator: target 0 has token 300, expected 0 to 299");
        CHECK(error({{7, 2}, {2, 8}}) == "translator: target 1 ends in token 8, expected eos, 2");
        OwnedSources targets = list_of({{7, 2}, {2}});
        Sources short_of_one = targets.view();
        short_of_one.tokens = short_of_one.tokens.first(2);
        CHECK(error_of([&] { checks.check_targets(sources.view(), short_of_one); }) ==
              "translator: 2 tokens, but the sentences have 3");
    }

    TEST_CASE("guidance is of each sentence, and needs all tokens") {
        const PackedModel packed = zero_model();
        const SpecialTokens special;
        const InputChecks<PackedModel> checks{packed, special};
        const OwnedSources sources = list_of({{5, 2}, {6, 7, 2}});
        const SearchOptions options{.max_length_a = 1.0F, .max_length_b = 0};
        const auto error = [&](const Guidance& guidance, bool has_shortlist = false) {
            return error_of([&] {
                checks.check_guidance(guidance, sources.view().sentences, options, has_shortlist);
            });
        };
        const auto of_prefixes = [&](const std::vector<std::vector<int>>& prefixes) {
            const OwnedSources list = list_of(prefixes);
            return error({.prefixes = list.view()});
        };
        CHECK(error({}) == "");
        CHECK(error({}, true) == "");
        CHECK(of_prefixes({{8, 9}, {}}) == "");
        CHECK(of_prefixes({{8}}) == "translator: 1 prefixes for 2 sentences");
        const OwnedSources two = list_of({{8, 9}, {}});
        Sources short_of_one = two.view();
        short_of_one.tokens = short_of_one.tokens.first(1);
        CHECK(error({.prefixes = short_of_one}) ==
              "translator: 1 tokens, but the sentences have 2");
        CHECK(of_prefixes({{}, {300}}) ==
              "translator: the prefix of sentence 1 has token 300, expected 0 to 299");
        CHECK(of_prefixes({{8, 9, 9}, {}}) ==
              "translator: the prefix of sentence 0 has 3 tokens, expected at most 2, as the "
              "target may have");
        CHECK(of_prefixes({{}, {8, 2}}) == "translator: the prefix of sentence 1 has an eos");

        const SamplingOptions sampling;
        const std::array<hat::RandomKey, 2> keys{hat::RandomKey(1), hat::RandomKey(2)};
        CHECK(error({.sampling = &sampling, .keys = keys}) == "");
        CHECK(error({.sampling = &sampling, .keys = {keys.data(), 1}}) ==
              "translator: 1 keys for 2 sentences");
        const std::string no_lists = "translator: a shortlist goes with neither prefixes nor "
                                     "draws, which may need any token";
        CHECK(error({.sampling = &sampling, .keys = keys}, true) == no_lists);
        const OwnedSources list = list_of({{8}, {9}});
        CHECK(error({.prefixes = list.view()}, true) == no_lists);
    }
}
