// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_translator.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/genes.hpp>

#include "support/rejected.hpp"
#include "support/subword_text.hpp"
#include "support/temporary_directory.hpp"
#include "support/translator_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::support::save_random_translator;
using hat::support::subword_text;
using hat::support::TemporaryDirectory;

namespace {

const LineTranslatorOptions brief{
    .search = {.beam = 3, .max_length_b = 12}, .threads = 1, .split_over = 0};

std::vector<hat::data::SourceLine> encoded(const LineTranslator& translator,
                                           const std::vector<std::string>& lines) {
    std::vector<hat::data::SourceLine> sources;
    for (const std::string& line : lines) sources.push_back(translator.encode(line));
    return sources;
}

}  // namespace

TEST_SUITE("decode/line_translator") {
    TEST_CASE("lines become what the translator says to their tokens") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        const auto model = hat::io::ModelDirectory::open(directory / "model");
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), brief);
        const auto sources = encoded(lines, subword_text);
        const auto found = lines.translate(sources, 2);

        hat::model::Network network(model.config().architecture);
        model.load_weights(network.table(), network.values());
        const hat::model::PackedModel packed(network.view());
        Translator tokens(packed, model.config().special_tokens);
        const auto text = hat::data::TextCodec::load(model);
        hat::ThreadPool pool(1);
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const auto& source = sources[i].parts.at(0).tokens;
            const std::vector<int> offsets{0, static_cast<int>(source.size())};
            const auto expected =
                tokens.translate({source, hat::Ragged(offsets.data(), 1)}, brief.search, pool);
            REQUIRE(found[i].size() == 2);
            for (std::size_t k = 0; k < 2; ++k) {
                std::vector<int> target = expected[0][k].tokens;
                target.pop_back();
                CHECK(found[i][k].text == text.decode(target));
                CHECK(found[i][k].score == expected[0][k].score);
            }
        }
    }

    TEST_CASE("a line has the same translations alone and among others") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslatorOptions two_threads = brief;
        two_threads.threads = 2;
        two_threads.batch_sentences = 2;
        LineTranslator alone(hat::io::ModelDirectory::open(directory / "model"), brief);
        LineTranslator together(hat::io::ModelDirectory::open(directory / "model"), two_threads);
        const auto sources = encoded(together, subword_text);
        const auto found = together.translate(sources);
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const auto own = alone.translate({&sources[i], 1});
            CHECK(own[0][0].text == found[i][0].text);
            CHECK(own[0][0].score == found[i][0].score);
        }
    }

    TEST_CASE("the scores of words and of the end make that of the translation") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslatorOptions options = brief;
        options.word_scores = true;
        options.search.normalize = false;
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
        options.word_scores = false;
        const auto found = lines.translate(encoded(lines, subword_text), 2);
        for (const auto& of_line : found) {
            for (const LineTranslation& translation : of_line) {
                const auto& words = translation.word_scores;
                CHECK(std::ssize(words) == hat::data::count_words(translation.text));
                const float sum = std::accumulate(words.begin(), words.end(), 0.0F);
                CHECK(sum <= 0.0F);
                CHECK(sum >= *translation.score - 1e-4F);
            }
        }
        LineTranslator without(hat::io::ModelDirectory::open(directory / "model"), options);
        CHECK(without.translate(encoded(lines, subword_text))[0][0].word_scores.empty());
    }

    TEST_CASE("words are linked to words of their lines") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslatorOptions options = brief;
        options.alignment_layer = -1;
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
        const auto found = lines.translate(encoded(lines, subword_text), 2);
        for (std::size_t i = 0; i < found.size(); ++i) {
            REQUIRE(found[i].size() == 2);
            for (const LineTranslation& translation : found[i]) {
                CHECK(std::ssize(translation.alignment) ==
                      hat::data::count_words(translation.text));
                for (const WordLink& link : translation.alignment) {
                    CHECK(link.source >= 0);
                    CHECK(link.source < hat::data::count_words(subword_text[i]));
                }
            }
        }
    }

    TEST_CASE("translations begin as they are told") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), brief);
        const auto sources = encoded(lines, subword_text);
        std::vector<std::vector<int>> prefixes(sources.size());
        prefixes[1] = lines.encode_prefix("the dog", sources[1]);
        const auto free = lines.translate(sources);
        const auto found = lines.translate(sources, 2, prefixes);
        CHECK(found[0][0].text == free[0][0].text);
        for (const LineTranslation& translation : found[1])
            CHECK(translation.text.starts_with("the dog"));
        CHECK_THROWS_WITH_AS((void)lines.encode_prefix("the %", sources[1]),
                             "what a translation begins with, \"the %\", has text that the "
                             "vocabulary lacks",
                             hat::Error);
        CHECK_THROWS_WITH_AS(
            (void)lines.encode_prefix("the quick brown fox jumps over the lazy dog", sources[1]),
            doctest::Contains("tokens, expected at most 12"), hat::Error);
    }

    TEST_CASE("drawn translations follow from the seed and the number of the line") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslatorOptions options = brief;
        options.sampling = SamplingOptions{};
        LineTranslator together(hat::io::ModelDirectory::open(directory / "model"), options);
        LineTranslator apart(hat::io::ModelDirectory::open(directory / "model"), options);
        const auto sources = encoded(together, subword_text);
        const auto found = together.translate(sources, 4);
        bool differ = false;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const auto own = apart.translate({&sources[i], 1}, 4);
            REQUIRE(own[0].size() == 4);
            for (std::size_t k = 0; k < 4; ++k) CHECK(own[0][k].text == found[i][k].text);
            differ = differ || own[0][0].text != own[0][1].text;
        }
        CHECK(differ);
    }

    TEST_CASE(
        "with a deadline, lines are those of the largest network that keeps it, or the least") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        const auto model = hat::io::ModelDirectory::open(directory / "model");
        const hat::model::Architecture whole = model.config().architecture;
        hat::model::Architecture genes = whole;
        genes.decoder.layer_count = 1;
        const auto small = sub_architecture(genes, whole);
        hat::model::Network network(whole);
        model.load_weights(network.table(), network.values());

        LineTranslatorOptions options = brief;
        for (const bool has_time : {true, false}) {
            options.deadline = {.ms = has_time ? 1e6 : 1e-6, .ladder = {{small, 1}, {whole, 2}}};
            LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
            std::vector<std::string> texts = subword_text;
            texts.insert(texts.begin() + 1, "");
            const auto sources = encoded(lines, texts);
            const auto found = lines.translate(sources, 2);

            const hat::model::PackedModel packed(network.view(has_time ? whole : small));
            Translator expected(packed, model.config().special_tokens);
            hat::ThreadPool pool(1);
            for (std::size_t i = 0; i < sources.size(); ++i) {
                if (texts[i].empty()) continue;
                const auto& source = sources[i].parts.at(0).tokens;
                const std::vector<int> offsets{0, static_cast<int>(source.size())};
                const auto own = expected.translate({source, hat::Ragged(offsets.data(), 1)},
                                                    brief.search, pool);
                REQUIRE(found[i].size() == 2);
                CHECK(found[i][0].score == own[0][0].score);
                CHECK(found[i][1].score == own[0][1].score);
            }
            REQUIRE(lines.deadline() != nullptr);
            const auto served = std::ssize(subword_text);
            CHECK(lines.deadline()->served() == (has_time ? std::vector<std::int64_t>{0, served}
                                                          : std::vector<std::int64_t>{served, 0}));
            CHECK(lines.deadline()->late() == (has_time ? 0 : served));
        }
    }

    TEST_CASE("a blank line has an empty translation without a score") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), brief);
        const auto found = lines.translate(encoded(lines, {"", " "}), 3);
        for (const auto& of_line : found) {
            REQUIRE(of_line.size() == 1);
            CHECK(of_line[0].text.empty());
            CHECK_FALSE(of_line[0].score);
        }
    }
}
