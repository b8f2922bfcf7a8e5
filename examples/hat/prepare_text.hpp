// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/data_directory.hpp>
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/data/fairseq_text.hpp>
#include <hat/data/spooled_text.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/io/json.hpp>
#include <hat/version.hpp>

#include "cleaning.hpp"
#include "encode_text.hpp"
#include "prepare_resources.hpp"
#include "prepare_stop.hpp"
#include "text_facts.hpp"
#include "text_files.hpp"
#include "vocabulary_flags.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

/// The part of `hat prepare` that makes data for language models.
namespace hat::program {

struct PrepareTextOptions {
    TextFileNames text, valid_text;
    std::string out;
    VocabularyFlags vocabulary{};
    std::int64_t words = 0;  ///< if not 0: whole words that appear so often, no pieces
    TextFacts facts{};       ///< for the model card
    CleaningFlags cleaning{};
};

namespace detail {

/// Moves the last line in a hundred, at least one, from `text` to the result: neighbours in a text
/// belong together.
inline data::SpooledText hold_out_end(data::SpooledText& text, const PrepareResources& resources) {
    const std::int64_t lines = text.size();
    if (lines < 2) fail("prepare: found 1 line of text, expected at least 2");
    const std::int64_t first = lines - std::max<std::int64_t>(1, lines / 100);
    data::SpooledText held(resources.out, data::SpooledText::lines, resources.block_bytes());
    std::int64_t at = 0;
    text.visit([&](const data::SpooledText::Entry& line) {
        if (at++ < first) return;
        held.push_back(line.lines[0]);
        text.leave_out(line.number);
    });
    return held;
}

/// The words that appear at least `least` times, the most frequent first.
inline Vocabulary make_dictionary(data::SpooledText& text, std::int64_t least,
                                  const data::TextRules& rules) {
    std::map<std::string, std::int64_t> counts;
    text.visit([&](const data::SpooledText::Entry& line) {
        data::count_words({rules.apply(line.lines[0])}, counts);
    });
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
inline void prepare_text(const PrepareTextOptions& options, const PrepareResources& resources,
                         PrepareStop& stop) {
    ThreadPool pool(resources.threads);
    data::SpooledText text = read_text(options.text, resources);
    clean(text, options.cleaning, resources, pool);
    data::SpooledText held = options.valid_text.empty() ? detail::hold_out_end(text, resources)
                                                        : read_text(options.valid_text, resources);
    leave_out_line_leaks(held, text, options.cleaning);
    const bool words = options.words > 0;
    const Vocabulary vocabulary =
        words ? detail::make_dictionary(text, options.words, options.vocabulary.rules())
              : make_vocabulary(options.vocabulary, text, resources);
    const auto encode = [&](data::SpooledText& of, const char* name) {
        return encode_lines(of, vocabulary.codec, name, resources.out, pool, words);
    };
    data::PreparedData prepared{.text_files = vocabulary.files,
                                .train = encode(text, "training"),
                                .validation = encode(held, "validation")};
    prepared.origin = {{"hat_version", std::string(version)},
                       {"text", names_json(options.text)},
                       {"validation", options.valid_text.empty()
                                          ? io::Json("the last lines of the text, held out")
                                          : names_json(options.valid_text)},
                       {"vocab_size", vocabulary.codec.target_size()},
                       {"vocabulary", options.words > 0 ? "words that appear at least " +
                                                              std::to_string(options.words) +
                                                              " times, most frequent first"
                                                        : "subword pieces"},
                       {"training_tokens", prepared.train.target.sentences.tokens.size()},
                       {"validation_tokens", prepared.validation.target.sentences.tokens.size()}};
    add_facts(prepared.origin, options.facts);
    stop.wait_for_end();
    data::save_data_directory(options.out, std::move(prepared));
    std::printf("%s\n", options.out.c_str());
}

}  // namespace hat::program
