// SPDX-License-Identifier: Apache-2.0
#include <hat/model/presets.hpp>
#include <hat/train/perplexity.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using hat::data::Side;
using hat::train::measure_perplexity;
using hat::train::text_windows;
using hat::train::TextWindow;

namespace {

constexpr int vocab_size = 30;
constexpr int eos = 2;

Side random_text(int tokens) {
    Side text{.vocab_size = vocab_size, .eos = eos};
    hat::Random random(3);
    std::vector<int> line;
    for (int i = 1; i < tokens; ++i) {
        line.push_back(static_cast<int>(random.below(vocab_size)));
        if (i % 9 != 0) continue;
        text.sentences.push_back(line);
        line.clear();
    }
    line.push_back(eos);
    text.sentences.push_back(line);
    return text;
}

hat::model::Network random_network(std::uint64_t seed = 5) {
    hat::model::Network network(hat::model::language_model(
        {.layers = 2, .embed_dim = 32, .ffn_dim = 48, .heads = 4}, vocab_size));
    network.initialize(seed);
    return network;
}

/// −log p of the last of `targets`, given all the tokens in `read`, which begin a window.
double nll_of_last(hat::model::Network& network, const std::vector<int>& read, int target) {
    hat::Arena memory;
    hat::Arena scratch;
    hat::autograd::Eval context(memory, scratch);
    const std::vector<int> offsets{0, static_cast<int>(read.size())};
    const auto model = network.view();
    const auto decoded =
        hat::model::decode(context, model, {}, {}, read, hat::Ragged(offsets.data(), 1));
    const auto all = hat::model::logits(context, model, decoded.output);
    hat::support::Doubles p(all.value.middle_rows(offsets[1] - 1, 1));
    hat::support::reference::softmax_row(p, 0, vocab_size);
    return -std::log(p(0, target));
}

/// Token by token, each with its own window.
double slow_nll(hat::model::Network& network, const Side& text, int block, int context) {
    const auto& tokens = text.sentences.tokens;
    const int step = block - context;
    double sum = 0;
    for (int t = 0; t < static_cast<int>(tokens.size()); ++t) {
        const int first_new = t / step * step;
        std::vector<int> read;
        for (int i = std::max(0, first_new - context); i <= t; ++i) {
            read.push_back(i == 0 ? eos : tokens[static_cast<std::size_t>(i - 1)]);
        }
        sum += nll_of_last(network, read, tokens[static_cast<std::size_t>(t)]);
    }
    return sum;
}

}  // namespace

TEST_SUITE("train/perplexity") {
    TEST_CASE("windows score new tokens behind old ones") {
        CHECK(text_windows(300, {.block = 512, .context = 400}) ==
              std::vector<TextWindow>{{0, 0, 112}, {112, 112, 112}, {224, 224, 76}});
        CHECK(text_windows(1000, {.block = 512, .context = 400}).at(5) ==
              TextWindow{560, 400, 112});
        CHECK(text_windows(10, {.block = 4, .context = 0}) ==
              std::vector<TextWindow>{{0, 0, 4}, {4, 0, 4}, {8, 0, 2}});
        CHECK(text_windows(0, {}).empty());
        CHECK_THROWS_WITH_AS(
            static_cast<void>(text_windows(9, {.block = 4, .context = 4})),
            "perplexity: a context of 4 tokens, expected 0 to 3, less than the block", hat::Error);
    }

    TEST_CASE("every token counts once, by what its window shows of the past") {
        const Side text = random_text(61);
        hat::model::Network network = random_network();
        hat::ThreadPool pool(2);
        for (const auto& [block, context] :
             {std::pair(16, 11), std::pair(16, 0), std::pair(8, 7), std::pair(100, 40)}) {
            CAPTURE(block);
            const auto result = measure_perplexity(network.view(), text,
                                                   {.block = block, .context = context}, pool);
            const double expected = slow_nll(network, text, block, context);
            CHECK(result.tokens == 61);
            CHECK(result.nll == doctest::Approx(expected).epsilon(1e-6));
            CHECK(result.value() == doctest::Approx(std::exp(expected / 61)).epsilon(1e-6));
        }
    }

    TEST_CASE("a window that holds the whole text gives the loss of training on it") {
        const Side text = random_text(40);
        hat::model::Network network = random_network();
        hat::ThreadPool pool(1);
        hat::Arena memory;
        hat::Arena scratch;
        hat::autograd::Eval context(memory, scratch);
        const auto& tokens = text.sentences.tokens;
        std::vector<int> read{eos};
        read.insert(read.end(), tokens.begin(), tokens.end() - 1);
        const std::vector<int> offsets{0, 40};
        const auto sum =
            hat::model::loss(context, network.view(), {},
                             {{}, {}, read, tokens, hat::Ragged(offsets.data(), 1)}, 0.0F);
        const auto result =
            measure_perplexity(network.view(), text, {.block = 40, .context = 0}, pool);
        CHECK(result.nll == sum.nll);
    }

    TEST_CASE("any number of threads gives the same bits") {
        const Side text = random_text(200);
        hat::model::Network network = random_network();
        hat::ThreadPool one(1);
        hat::ThreadPool three(3);
        const hat::train::PerplexityOptions options{.block = 20, .context = 10};
        CHECK(measure_perplexity(network.view(), text, options, one).nll ==
              measure_perplexity(network.view(), text, options, three).nll);
    }

    TEST_CASE("a window longer than the model's positions, or a foreign vocabulary, is an error") {
        hat::model::Network network = random_network();
        hat::ThreadPool pool(1);
        Side text = random_text(10);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(
                measure_perplexity(network.view(), text, {.block = 2000, .context = 0}, pool)),
            "perplexity: blocks of 2000 tokens, expected at most 1024, as the model has positions "
            "for",
            hat::Error);
        text.vocab_size = 31;
        CHECK_THROWS_WITH_AS(static_cast<void>(measure_perplexity(network.view(), text, {}, pool)),
                             "perplexity: the text has a vocabulary of 31, the model one of 30",
                             hat::Error);
    }

    TEST_CASE("a token that is not in the vocabulary is an error") {
        hat::model::Network network = random_network();
        hat::ThreadPool pool(1);
        for (const int token : {-1, 30}) {
            const std::string message =
                "perplexity: the text has token " + std::to_string(token) + ", expected 0 to 29";
            Side text = random_text(10);
            text.sentences.tokens[9] = token;
            CHECK_THROWS_WITH_AS(
                static_cast<void>(measure_perplexity(network.view(), text, {}, pool)),
                message.c_str(), hat::Error);
            Side unending = random_text(10);
            unending.eos = token;
            CHECK_THROWS_WITH_AS(
                static_cast<void>(measure_perplexity(network.view(), unending, {}, pool)),
                message.c_str(), hat::Error);
        }
    }
}
