// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/subword.hpp>
#include <hat/data/vocabulary.hpp>

#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::data {

/// unigram  the pieces that make the text most probable (arXiv:1804.10959)
/// bpe      the most frequent pairs of pieces, merged one after the other (arXiv:1508.07909)
enum class SubwordModel { unigram, bpe };

struct SubwordOptions {
    int vocab_size = 8000;  // pieces, the special ones among them
    SubwordModel model = SubwordModel::unigram;
    double character_coverage = 1.0;  // share of the text's characters that must have a piece
    int threads = 1;                  // the unigram model may depend on it, in rounding
    SpecialTokens special{};
};

namespace detail {

class LineIterator : public sentencepiece::SentenceIterator {
public:
    explicit LineIterator(const std::vector<std::string>& lines) : lines_(lines) {}
    [[nodiscard]] bool done() const override { return next_ >= lines_.size(); }
    void Next() override { ++next_; }
    [[nodiscard]] const std::string& value() const override { return lines_[next_]; }
    [[nodiscard]] sentencepiece::util::Status status() const override { return {}; }

private:
    const std::vector<std::string>& lines_;
    std::size_t next_ = 0;
};

/// The number that follows `words` in `text`, or nothing.
inline std::string number_after(std::string_view text, std::string_view words) {
    const std::size_t at = text.find(words);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + words.size());
    return std::string(text.substr(0, text.find_first_not_of("0123456789")));
}

/// Says in one line why SentencePiece did not train a model.
[[noreturn]] HAT_COLD inline void fail_to_train(const SubwordOptions& options, std::string why) {
    const auto wanted = std::to_string(options.vocab_size);
    if (const auto most = number_after(why, "set it to a value <= "); !most.empty())
        fail("subword model: vocabulary size ", wanted,
             " is larger than the text allows, expected at most ", most);
    if (const auto least = number_after(why, "required_chars. " + wanted + " vs "); !least.empty())
        fail("subword model: vocabulary size ", wanted,
             " is too small for the characters of the text, expected at least ", least);
    std::replace(why.begin(), why.end(), '\n', ' ');
    fail("subword model: SentencePiece cannot train it: ", why);
}

inline void check_subword_options(const SubwordOptions& options) {
    if (options.vocab_size < 1)
        fail("subword model: vocabulary size ", options.vocab_size, ", expected at least 1");
    if (options.threads < 1 || options.threads > 128)
        fail("subword model: ", options.threads, " threads, expected 1 to 128");
    if (!(options.character_coverage > 0.0 && options.character_coverage <= 1.0))
        fail("subword model: character coverage ", options.character_coverage,
             ", expected more than 0 and at most 1");
    const SpecialTokens& special = options.special;
    for (const int id : {special.unk, special.bos, special.eos, special.pad})
        if (id >= options.vocab_size)
            fail("subword model: vocabulary size ", options.vocab_size,
                 " has no room for the special id ", id);
}

}  // namespace detail

/// Trains a subword model on `lines`; the same lines and options give the same model.
///
/// Throws  `Error` if the text has too few different pieces for the vocabulary (saying how many it
///         has) or too many characters, or is empty
[[nodiscard]] inline Subword train_subword(const std::vector<std::string>& lines,
                                           const SubwordOptions& options = {}) {
    detail::check_subword_options(options);
    const auto is_empty = [](const std::string& line) { return line.empty(); };
    if (std::all_of(lines.begin(), lines.end(), is_empty))
        fail("subword model: there is no text to train it on");
    const std::unordered_map<std::string, std::string> arguments{
        {"model_type", options.model == SubwordModel::bpe ? "bpe" : "unigram"},
        {"vocab_size", std::to_string(options.vocab_size)},
        {"character_coverage", std::to_string(options.character_coverage)},
        {"num_threads", std::to_string(options.threads)},
        {"unk_id", std::to_string(options.special.unk)},
        {"bos_id", std::to_string(options.special.bos)},
        {"eos_id", std::to_string(options.special.eos)},
        {"pad_id", std::to_string(options.special.pad)},
        {"minloglevel", "3"},  // its errors reach us as a status
    };
    detail::LineIterator iterator(lines);
    std::string bytes;
    const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &iterator, &bytes);
    if (!status.ok()) detail::fail_to_train(options, status.ToString());
    return Subword::from_bytes(std::move(bytes));
}

/// Trains a subword model on the lines of files.
///
/// Throws  `Error` also if a file cannot be read, is empty or is not UTF-8
[[nodiscard]] inline Subword train_subword_on_files(const std::vector<std::string>& paths,
                                                    const SubwordOptions& options = {}) {
    std::vector<std::string> lines;
    for (const std::string& path : paths)
        for (std::string& line : read_lines(path)) lines.push_back(std::move(line));
    return train_subword(lines, options);
}

}  // namespace hat::data
