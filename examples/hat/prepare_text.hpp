// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/fairseq_dictionary.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/unicode.hpp>
#include <hat/io/json.hpp>
#include <hat/version.hpp>

#include "cleaning.hpp"
#include "data_directory.hpp"
#include "encode_text.hpp"
#include "text_facts.hpp"
#include "vocabulary_flags.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// The part of `hat prepare` that makes data for language models.
namespace hat::program {

struct PrepareTextOptions {
    std::string text, valid_text, out;
    VocabularyFlags vocabulary{};
    std::int64_t words = 0;  ///< if not 0: whole words that appear so often, no pieces
    TextFacts facts{};       ///< for the model card
    CleaningFlags cleaning{};
};

namespace detail {

/// The lines of the text at `path`; those that are blank are empty.
///
/// Throws  `Error` if it cannot be read, is not UTF-8, or has no other lines
inline std::vector<std::string> read_text(const std::string& path) {
    std::vector<std::string> lines = data::read_lines(path);
    bool has_text = false;
    for (std::string& line : lines) {
        if (data::is_blank(line))
            line.clear();
        else
            has_text = true;
    }
    if (!has_text) fail(path, ": all lines are empty, expected text");
    return lines;
}

/// Moves the last line in a hundred, at least one, from `lines` to the result: neighbours in a text
/// belong together.
inline std::vector<std::string> hold_out_end(std::vector<std::string>& lines) {
    if (lines.size() < 2) fail("prepare: found 1 line of text, expected at least 2");
    const auto count = std::max<std::size_t>(1, lines.size() / 100);
    const auto first = lines.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<std::string> held(std::make_move_iterator(first),
                                  std::make_move_iterator(lines.end()));
    lines.erase(first, lines.end());
    return held;
}

/// The words that appear at least `least` times, the most frequent first.
inline Vocabulary make_dictionary(const std::vector<std::string>& lines, std::int64_t least,
                                  const data::TextRules& rules) {
    std::map<std::string, std::int64_t> counts;
    for (const std::string& line : lines) data::count_words({rules.apply(line)}, counts);
    const auto dictionary =
        data::FairseqDictionary::build(counts, {.threshold = least, .padding_factor = 1});
    io::TextFiles files{{"target.dict.txt", dictionary.text()},
                        {"text.json", data::text_rules_to_json(rules)}};
    return {data::TextCodec(data::FairseqText(dictionary, dictionary), rules), std::move(files)};
}

}  // namespace detail

/// Encodes two texts as streams of tokens, one end of sentence a line, and writes them and their
/// vocabulary as a data directory.
///
/// Throws  `Error` if a file cannot be read or is not UTF-8, the vocabulary cannot be made, or the
///         directory not written
inline void prepare_text(const PrepareTextOptions& options) {
    std::vector<std::string> lines = detail::read_text(options.text);
    clean(lines, options.cleaning);
    std::vector<std::string> held = options.valid_text.empty()
                                        ? detail::hold_out_end(lines)
                                        : detail::read_text(options.valid_text);
    leave_out_leaks(held, lines, options.cleaning);
    const bool words = options.words > 0;
    const Vocabulary vocabulary =
        words ? detail::make_dictionary(lines, options.words, options.vocabulary.rules())
              : make_vocabulary(options.vocabulary, {&lines});
    const auto encode = [&](const std::vector<std::string>& text, const char* name) {
        data::Corpus corpus{{}, encode_lines(text, vocabulary.codec, name, words)};
        const auto& all = corpus.target.sentences.tokens;
        const auto unknown = std::count(all.begin(), all.end(), vocabulary.codec.special().unk);
        std::fprintf(stderr, "%s: %d lines, %zu tokens (ends of line among them), %td unknown\n",
                     name, corpus.size(), all.size(), unknown);
        return corpus;
    };
    data::PreparedData prepared{.text_files = vocabulary.files,
                                .train = encode(lines, "training"),
                                .validation = encode(held, "validation")};
    prepared.origin = {
        {"hat_version", std::string(version)},
        {"text", options.text},
        {"validation",
         options.valid_text.empty() ? "the last lines of the text, held out" : options.valid_text},
        {"vocab_size", vocabulary.codec.target_size()},
        {"vocabulary", options.words > 0
                           ? "words that appear at least " + std::to_string(options.words) +
                                 " times, most frequent first"
                           : "subword pieces"},
        {"training_tokens", prepared.train.target.sentences.tokens.size()},
        {"validation_tokens", prepared.validation.target.sentences.tokens.size()}};
    add_facts(prepared.origin, options.facts);
    data::save_data_directory(options.out, std::move(prepared));
    std::printf("%s\n", options.out.c_str());
}

}  // namespace hat::program
