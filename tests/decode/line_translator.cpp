// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_translator.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/genes.hpp>

#include "support/rejected.hpp"
#include "support/subword_text.hpp"
#include "support/temporary_directory.hpp"
#include "support/translator_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
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

/// The word that each token but the eos is in: one begins with the first piece after white space.
std::vector<int> words_of(const hat::data::Subword& subword, const std::vector<int>& tokens) {
    const std::string space = "\u2581";
    std::vector<int> words;
    int word = -1;
    bool begins = true;
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        const std::string& piece = subword.piece(tokens[t]);
        if (piece.starts_with(space)) begins = true;
        if (begins && piece != space) {
            ++word;
            begins = false;
        }
        words.push_back(std::max(word, 0));
    }
    return words;
}

/// The network of `save_random_translator`, and its answers by tokens.
struct OfTokens {
    explicit OfTokens(const std::string& path) {
        const auto model = hat::io::ModelDirectory::open(path);
        hat::model::Network network(model.config().architecture);
        model.load_weights(network.table(), network.values());
        translator.emplace(network.view(), WeightKind::fp32, model.config().special_tokens);
    }

    Hypotheses translate(const std::vector<int>& source, const SearchOptions& options) {
        std::vector<Hypotheses> results;
        const std::vector<int> offsets{0, static_cast<int>(source.size())};
        translator->translate({source, hat::Ragged(offsets.data(), 1)}, options, pool, results);
        return results.at(0);
    }
    /// The source word that each target word's tokens attend to most, taken together.
    std::vector<WordLink> links(const std::vector<int>& source, const std::vector<int>& target,
                                int layer) {
        const std::vector<int> of_source{0, static_cast<int>(source.size())};
        const std::vector<int> of_target{0, static_cast<int>(target.size())};
        const auto attention =
            translator->attention({source, hat::Ragged(of_source.data(), 1)},
                                  {target, hat::Ragged(of_target.data(), 1)}, layer, pool)[0];
        const auto source_words = words_of(subword, source);
        const auto target_words = words_of(subword, target);
        std::vector<WordLink> links;
        for (int word = 0; word <= target_words.back(); ++word) {
            std::map<int, double> attended;
            for (std::size_t t = 0; t < target_words.size(); ++t)
                for (std::size_t s = 0; s < source_words.size(); ++s)
                    if (target_words[t] == word)
                        attended[source_words[s]] +=
                            static_cast<double>(attention[t * source.size() + s]);
            const auto most = std::max_element(attended.begin(), attended.end(),
                                               [](auto a, auto b) { return a.second < b.second; });
            links.push_back({.source = most->first, .target = word});
        }
        return links;
    }

    hat::data::Subword subword = hat::data::train_subword(subword_text, {.vocab_size = 40});
    hat::ThreadPool pool{1};
    std::optional<AnyTranslator> translator{};
};

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

    TEST_CASE("a word's score is that of its tokens; with the end's they make the translation's") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslatorOptions options = brief;
        options.word_scores = true;
        options.search.normalize = false;
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
        options.word_scores = false;
        const auto sources = encoded(lines, subword_text);
        const auto found = lines.translate(sources, 2);
        OfTokens tokens(directory / "model");
        for (std::size_t i = 0; i < found.size(); ++i) {
            const Hypotheses own = tokens.translate(sources[i].parts[0].tokens, options.search);
            for (std::size_t k = 0; k < 2; ++k) {
                const auto& words = found[i][k].word_scores;
                REQUIRE(std::ssize(words) == hat::data::count_words(found[i][k].text));
                const auto of_tokens = words_of(tokens.subword, own[k].tokens);
                std::vector<float> expected(words.size());
                for (std::size_t t = 0; t < of_tokens.size(); ++t)
                    expected.at(static_cast<std::size_t>(of_tokens[t])) +=
                        own[k].positional_scores[t];
                CHECK(words == expected);
                const float end = own[k].positional_scores.back();
                CHECK(std::accumulate(words.begin(), words.end(), end) ==
                      doctest::Approx(*found[i][k].score));
            }
        }
        LineTranslator without(hat::io::ModelDirectory::open(directory / "model"), options);
        CHECK(without.translate(encoded(lines, subword_text))[0][0].word_scores.empty());
    }

    TEST_CASE("words are linked to the words of their lines that they attend to most") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        OfTokens tokens(directory / "model");
        for (const auto& [option, layer] : {std::pair(-1, 0), std::pair(1, 1)}) {
            LineTranslatorOptions options = brief;
            options.alignment_layer = option;
            LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
            const auto sources = encoded(lines, subword_text);
            const auto found = lines.translate(sources, 2);
            std::set<int> linked;
            for (std::size_t i = 0; i < found.size(); ++i) {
                const auto& source = sources[i].parts[0].tokens;
                const Hypotheses own = tokens.translate(source, options.search);
                for (std::size_t k = 0; k < 2; ++k) {
                    CHECK(found[i][k].alignment == tokens.links(source, own[k].tokens, layer));
                    for (const WordLink& link : found[i][k].alignment) linked.insert(link.source);
                }
            }
            CHECK(linked.size() > 1);
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

    TEST_CASE("with time enough, lines are those of the largest network") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        const auto model = hat::io::ModelDirectory::open(directory / "model");
        const hat::model::Architecture whole = model.config().architecture;
        hat::model::Architecture genes = whole;
        genes.decoder.layer_count = 1;
        const auto small = sub_architecture(genes, whole);

        LineTranslatorOptions options = brief;
        LineTranslator expected(hat::io::ModelDirectory::open(directory / "model"), options);
        options.deadline = {.ms = 1e6, .ladder = {{small, 1}, {whole, 2}}};
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
        std::vector<std::string> texts = subword_text;
        texts.insert(texts.begin() + 1, "");
        const auto sources = encoded(lines, texts);
        const auto found = lines.translate(sources, 2);
        const auto own = expected.translate(sources, 2);
        for (std::size_t i = 0; i < sources.size(); ++i) {
            REQUIRE(found[i].size() == own[i].size());
            CHECK(found[i].back().text == own[i].back().text);
            CHECK(found[i].back().score == own[i].back().score);
        }
        REQUIRE(lines.deadline() != nullptr);
        CHECK(lines.deadline()->served(1) == std::ssize(subword_text));  // a blank line needs none
        CHECK(lines.deadline()->late() == 0);
    }

    TEST_CASE("without time, lines are late, but there") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        const auto model = hat::io::ModelDirectory::open(directory / "model");
        LineTranslatorOptions options = brief;
        options.deadline = {.ms = 1e-6, .ladder = {{model.config().architecture, 1}}};
        LineTranslator late(hat::io::ModelDirectory::open(directory / "model"), options);
        LineTranslator free(hat::io::ModelDirectory::open(directory / "model"), brief);
        const auto sources = encoded(late, subword_text);
        const auto found = late.translate(sources);
        const auto expected = free.translate(sources);
        for (std::size_t i = 0; i < sources.size(); ++i)
            CHECK(found[i][0].text == expected[i][0].text);
        CHECK(late.deadline()->hopeless() == std::ssize(subword_text));
    }

    TEST_CASE("options that cannot be met are refused before any line") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        const auto refused = [&](const LineTranslatorOptions& options) {
            CHECK_THROWS_AS(
                LineTranslator(hat::io::ModelDirectory::open(directory / "model"), options),
                hat::Error);
        };
        LineTranslatorOptions options = brief;
        options.search.groups = 2;  // of a beam of 3
        refused(options);
        options = brief;
        options.alignment_layer = 2;  // of 0 and 1
        refused(options);
        options = brief;
        options.word_scores = true;
        options.search.beam = 1;
        options.search.scores = false;
        refused(options);
    }

    TEST_CASE("translations of a line in parts come best first") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        LineTranslatorOptions options = brief;
        options.split_over = 8;
        options.search.beam = 6;
        LineTranslator lines(hat::io::ModelDirectory::open(directory / "model"), options);
        const auto found = lines.translate(encoded(lines, subword_text), 6);
        for (const auto& of_line : found)
            for (std::size_t k = 1; k < of_line.size(); ++k)
                CHECK(of_line[k].score <= of_line[k - 1].score);
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
