// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/fairseq_dictionary.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/subword_trainer.hpp>
#include <hat/io/json.hpp>
#include <hat/version.hpp>

#include "cleaning.hpp"
#include "data_directory.hpp"
#include "text_facts.hpp"

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
    std::string subword;              ///< a SentencePiece model to use; else one is trained
    data::SubwordOptions training{};  ///< of the subword model
    std::int64_t words = 0;           ///< if not 0: whole words that appear so often, no pieces
    TextFacts facts{};                ///< for the model card
    CleaningFlags cleaning{};
};

namespace detail {

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
inline data::FairseqDictionary make_dictionary(const std::vector<std::string>& lines,
                                               std::int64_t least) {
    std::map<std::string, std::int64_t> counts;
    data::count_words(lines, counts);
    return data::FairseqDictionary::build(counts, {.threshold = least, .padding_factor = 1});
}

inline data::Subword make_text_subword(const PrepareTextOptions& options,
                                       const std::vector<std::string>& lines) {
    if (!options.subword.empty()) return data::Subword::load(options.subword);
    return data::train_subword(lines, options.training);
}

}  // namespace detail

/// Encodes two texts as streams of tokens, one end of sentence a line, and writes them and their
/// vocabulary as a data directory.
///
/// Throws  `Error` if a file cannot be read or is not UTF-8, the vocabulary cannot be made, or the
///         directory not written
inline void prepare_text(const PrepareTextOptions& options) {
    std::vector<std::string> lines = data::read_lines(options.text);
    clean(lines, options.cleaning);
    std::vector<std::string> held = options.valid_text.empty()
                                        ? detail::hold_out_end(lines)
                                        : data::read_lines(options.valid_text);
    leave_out_leaks(held, lines, options.cleaning);
    data::PreparedData prepared;
    int vocab_size = 0;
    const auto encode_all = [&](const auto& vocabulary) {
        vocab_size = vocabulary.size();
        const auto encode = [&](const std::vector<std::string>& text, const char* name) {
            data::Corpus corpus{{}, data::encode(text, vocabulary)};
            const auto& all = corpus.target.sentences.tokens;
            const auto unknown = std::count(all.begin(), all.end(), vocabulary.special().unk);
            std::fprintf(stderr,
                         "%s: %d lines, %zu tokens (ends of line among them), %td unknown\n", name,
                         corpus.size(), all.size(), unknown);
            return corpus;
        };
        prepared.train = encode(lines, "training");
        prepared.validation = encode(held, "validation");
    };
    if (options.words > 0) {
        const auto dictionary = detail::make_dictionary(lines, options.words);
        prepared.text_files["target.dict.txt"] = dictionary.text();
        encode_all(dictionary);
    } else {
        const auto subword = detail::make_text_subword(options, lines);
        prepared.text_files["subword.model"] = subword.bytes();
        encode_all(subword);
    }
    prepared.origin = {
        {"hat_version", std::string(version)},
        {"text", options.text},
        {"validation",
         options.valid_text.empty() ? "the last lines of the text, held out" : options.valid_text},
        {"vocab_size", vocab_size},
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
