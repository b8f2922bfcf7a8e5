// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_translator.hpp>
#include <hat/decode/translate.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/io/text_file.hpp>

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

    TEST_CASE(
        "packed weights that lie beside the model are served, and told if they are not its own") {
        using hat::io::ModelDirectory;
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        save_random_translator(path);
        // What a translator says, and of which copies it says something.
        auto check = [&, expected = std::vector<std::string>{}](const char* note) mutable {
            LineTranslator translator(ModelDirectory::open_to_serve(path), brief);
            std::vector<std::string> said;
            for (const auto& of_line : translator.translate(encoded(translator, subword_text)))
                said.push_back(of_line[0].text);
            if (expected.empty()) expected = said;
            CHECK(said == expected);
            CHECK((*note == '\0') == translator.note().empty());
            CHECK(translator.note().find(note) != std::string::npos);
        };
        check("");
        const ModelDirectory model = ModelDirectory::open(path);
        hat::model::Network network(model.config().architecture);
        model.load_weights(network.table(), network.values());
        const std::string copy = hat::io::PackedCopy::write(
            model, "fp32", hat::model::PackedModel(network.view()).bytes());
        check("");
        std::string damaged = hat::io::read_file(copy);
        damaged.back() = static_cast<char>(damaged.back() ^ 1);
        hat::io::write_file(copy, damaged);
        check("packed.fp32.safetensors: content: found");
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
