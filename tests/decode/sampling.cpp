// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::Random;
using hat::RandomKey;

namespace {

constexpr float never = -std::numeric_limits<float>::infinity();
const std::vector<float> logits{0.5F, 2.0F, -1.0F, 2.0F, never, 1.0F};

/// How often each token is drawn when `n` evenly spaced numbers decide.
std::vector<double> shares(const SamplingOptions& options, int n = 20000) {
    TokenSampler sampler;
    std::vector<double> count(logits.size());
    for (int i = 0; i < n; ++i) {
        count[static_cast<std::size_t>(sampler.draw(logits, options, (i + 0.5) / n))] += 1.0 / n;
    }
    return count;
}

/// softmax of logits / temperature over `tokens`, 0 elsewhere.
std::vector<double> softmax_of(const std::vector<std::size_t>& tokens, double temperature) {
    std::vector<double> p(logits.size());
    double sum = 0;
    for (const auto t : tokens)
        sum += p[t] = std::exp(static_cast<double>(logits[t]) / temperature);
    for (double& x : p) x /= sum;
    return p;
}

bool are_close(const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::abs(a[i] - b[i]) > 2e-4) return false;
    return true;
}

hat::model::PackedModel random_model() {
    hat::model::Network network(
        hat::model::language_model({.layers = 2, .embed_dim = 32, .ffn_dim = 48, .heads = 4}, 40));
    network.initialize(3);
    return hat::model::PackedModel(network.view());
}

}  // namespace

TEST_SUITE("decode/sampling") {
    TEST_CASE("tokens are drawn as often as the softmax says, at any temperature") {
        CHECK(are_close(shares({}), softmax_of({0, 1, 2, 3, 5}, 1.0)));
        CHECK(are_close(shares({.temperature = 0.5F}), softmax_of({0, 1, 2, 3, 5}, 0.5)));
        CHECK(are_close(shares({.temperature = 3.0F}), softmax_of({0, 1, 2, 3, 5}, 3.0)));
    }

    TEST_CASE("top k leaves the likeliest tokens, of equal ones the smaller") {
        CHECK(are_close(shares({.top_k = 3}), softmax_of({1, 3, 5}, 1.0)));
        CHECK(are_close(shares({.top_k = 1}), softmax_of({1}, 1.0)));
        CHECK(are_close(shares({.temperature = 2.0F, .top_k = 100}),
                        softmax_of({0, 1, 2, 3, 5}, 2.0)));
    }

    TEST_CASE("top p leaves the fewest tokens that have so much of the probability") {
        // Of the softmax, tokens 1 and 3 have 0.379 each, 5 has 0.139, 0 has 0.084, 2 has 0.019.
        CHECK(are_close(shares({.top_p = 0.36F}), softmax_of({1}, 1.0)));
        CHECK(are_close(shares({.top_p = 0.7F}), softmax_of({1, 3}, 1.0)));
        CHECK(are_close(shares({.top_p = 0.8F}), softmax_of({1, 3, 5}, 1.0)));
        CHECK(are_close(shares({.top_p = 0.98F}), softmax_of({0, 1, 3, 5}, 1.0)));
        // It counts the probability that top k has left.
        CHECK(are_close(shares({.top_k = 2, .top_p = 0.49F}), softmax_of({1}, 1.0)));
    }

    TEST_CASE("where nothing can be drawn, that is an error") {
        TokenSampler sampler;
        const std::vector<float> nothing{never, std::numeric_limits<float>::quiet_NaN()};
        CHECK_THROWS_WITH_AS(static_cast<void>(sampler.draw(nothing, {}, 0.5)),
                             "sampling: no next token has a finite score", hat::Error);
    }

    TEST_CASE("a text follows from the seed and its number, in any batch") {
        const auto packed = random_model();
        CachedTransformer model(packed);
        TextSampler sampler;
        const TextSamplerOptions options{.tokens = 20, .sampling = {.seed = 4}};
        const std::vector<std::vector<int>> prompts{{5, 6, 7}, {}, {8}};
        const auto all = sampler.run(model, prompts, {}, options);
        REQUIRE(all.size() == 3);
        for (const auto& text : all) CHECK(text.size() == 20);
        CHECK(sampler.run(model, prompts, {}, options) == all);
        CHECK(sampler.run(model, std::span(prompts).first(1), {}, options)[0] == all[0]);
        CHECK(sampler.run(model, std::span(prompts).first(2), {}, options)[1] == all[1]);
        CHECK(sampler.run(model, prompts, {}, {.tokens = 20, .sampling = {.seed = 5}}) != all);
        // The same prompt twice gives two texts.
        const auto twice = sampler.run(model, std::vector<std::vector<int>>{{5}, {5}}, {}, options);
        CHECK(twice[0] != twice[1]);
    }

    TEST_CASE("with top k = 1, each token is the likeliest after all before it") {
        const auto packed = random_model();
        CachedTransformer model(packed);
        TextSampler sampler;
        const std::vector<std::vector<int>> prompts{{9, 8, 7}};
        const TextSamplerOptions options{.tokens = 12, .unk = false, .sampling = {.top_k = 1}};
        const auto text = sampler.run(model, prompts, {}, options)[0];
        std::vector<int> read{2, 9, 8, 7};
        hat::Arena memory;
        hat::Arena scratch;
        for (const int token : text) {
            hat::autograd::Eval context(memory, scratch);
            const std::vector<int> offsets{0, static_cast<int>(read.size())};
            const auto states = hat::model::decode(context, packed.view(), {}, {}, read,
                                                   hat::Ragged(offsets.data(), 1));
            const hat::Matrix y = memory.matrix(1, 40);
            hat::kernels::packed_gemm(states.output.value.middle_rows(offsets[1] - 1, 1),
                                      packed.view().output, {.y = y});
            int best = 2;
            for (int i = 4; i < 40; ++i) best = y(0, i) > y(0, best) ? i : best;
            CHECK(token == best);
            read.push_back(token);
        }
    }

    TEST_CASE("pad and bos are never drawn, unk and what follows eos only if they may") {
        const auto packed = random_model();
        CachedTransformer model(packed);
        TextSampler sampler;
        const std::vector<std::vector<int>> prompts(40);
        const TextSamplerOptions wild{.tokens = 50, .sampling = {.temperature = 100.0F}};
        const auto drawn = [&](const TextSamplerOptions& options) {
            std::set<int> tokens;
            for (const auto& text : sampler.run(model, prompts, {}, options))
                tokens.insert(text.begin(), text.end());
            return tokens;
        };
        const std::set<int> all = drawn(wild);
        CHECK(all.size() == 38);
        CHECK_FALSE(all.contains(1));
        CHECK_FALSE(all.contains(3));
        TextSamplerOptions tame = wild;
        tame.unk = false;
        tame.stop_at_eos = true;
        CHECK_FALSE(drawn(tame).contains(0));
        for (const auto& text : sampler.run(model, prompts, {}, tame)) {
            for (std::size_t i = 0; i + 1 < text.size(); ++i) CHECK(text[i] != 2);
            CHECK((text.size() == 50 || text.back() == 2));
        }
    }

    TEST_CASE("options out of range, and texts longer than the positions, are errors") {
        const auto packed = random_model();
        CachedTransformer model(packed);
        TextSampler sampler;
        const std::vector<std::vector<int>> prompts{{5, 6}};
        const auto check = [&](const TextSamplerOptions& options, const char* message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(sampler.run(model, prompts, {}, options)),
                                 message, hat::Error);
        };
        check({.tokens = 0}, "sampling: tokens = 0, expected 1 or more");
        check({.sampling = {.temperature = 0}},
              "sampling: temperature = 0.000000, expected 10^-6 to 10^6");
        check({.sampling = {.top_k = -1}}, "sampling: top k = -1, expected 0 (all) or more");
        check({.sampling = {.top_p = 0}},
              "sampling: top p = 0.000000, expected more than 0 and at most 1");
        check({.tokens = 1023}, "sampling: a prompt of 2 tokens and 1023 more, expected at most "
                                "1024 in all, as the model has positions for");
    }

    TEST_CASE("a token that is not in the vocabulary is an error") {
        const auto packed = random_model();
        CachedTransformer model(packed);
        TextSampler sampler;
        for (const int token : {-1, 40}) {
            const std::string message =
                "sampling: a prompt has token " + std::to_string(token) + ", expected 0 to 39";
            const std::vector<std::vector<int>> prompts{{5}, {6, token}};
            CHECK_THROWS_WITH_AS(static_cast<void>(sampler.run(model, prompts, {}, {})),
                                 message.c_str(), hat::Error);
            const std::vector<std::vector<int>> empty(1);
            CHECK_THROWS_WITH_AS(static_cast<void>(sampler.run(model, empty, {.eos = token}, {})),
                                 message.c_str(), hat::Error);
        }
    }
}
