// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_translator.hpp>
#include <hat/decode/translate.hpp>

#include "support/rejected.hpp"
#include "support/subword_text.hpp"
#include "support/temporary_directory.hpp"
#include "support/translator_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
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

    TEST_CASE("a model whose vocabulary is another's is rejected") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        auto config = hat::io::ModelDirectory::open(directory / "model").config();
        config.architecture.source_vocab_size = config.architecture.target_vocab_size = 39;
        hat::model::Network network(config.architecture);
        network.initialize(1);
        const auto subword = hat::data::train_subword(subword_text, {.vocab_size = 40});
        hat::io::save_model_directory(directory / "other", config, network.table(),
                                      network.values(), subword.bytes(), "# card\n");
        CHECK_THROWS_WITH_AS(
            LineTranslator(hat::io::ModelDirectory::open(directory / "other"), brief),
            (directory / "other: its text has vocabularies of 40 and 40, but its network of 39 "
                         "and 39")
                .c_str(),
            hat::Error);
    }
}
