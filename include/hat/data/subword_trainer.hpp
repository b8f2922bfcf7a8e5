// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/subword.hpp>
#include <hat/data/vocabulary.hpp>
#include <hat/io/library_call.hpp>

#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hat::data {

/// unigram  the pieces that make the text most probable (arXiv:1804.10959)
/// bpe      the most frequent pairs of pieces, merged one after the other (arXiv:1508.07909)
enum class SubwordModel { unigram, bpe };

/// How pieces are learned.
struct SubwordOptions {
    int vocab_size = 8000;                       // pieces at most, the special ones among them
    SubwordModel model = SubwordModel::unigram;  ///< how the pieces are chosen
    double character_coverage = 1.0;     // share of the text's characters that must have a piece
    bool byte_fallback = false;          // 256 pieces spell characters that have none
    bool split_digits = false;           // every digit is a piece of its own
    std::vector<std::string> symbols{};  // kept whole, wherever they stand
    int threads = 1;                     // the unigram model may depend on it, in rounding
    SpecialTokens special{};             ///< ids of the special tokens
};

/// Whether the bytes take so little of a vocabulary, a tenth, that it should have them.
[[nodiscard]] constexpr bool has_room_for_bytes(int vocab_size) noexcept {
    return vocab_size >= 10 * 256;
}

namespace detail {

/// SentencePiece skips lines of more than 4,192 bytes.
inline constexpr std::size_t longest_line_to_learn = 4096;

/// Takes from the front of `line` what SentencePiece can learn from at once: all of it, or what is
/// before the last space in reach, or as many whole code points as fit.
constexpr std::string_view take_part(std::string_view& line) {
    std::size_t end = line.size();
    std::size_t next = end;
    if (end > longest_line_to_learn) {
        end = line.rfind(' ', longest_line_to_learn);
        next = end + 1;  // SentencePiece puts a space before every part itself
        if (end == std::string_view::npos || end == 0) {
            end = longest_line_to_learn;
            while (end > 1 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
            next = end;
        }
    }
    const std::string_view part = line.substr(0, end);
    line.remove_prefix(next);
    return part;
}

/// Leaves one of the spaces that follow one another, and none at either end. A word that always
/// has a space behind it, as where every line ends with one, would else be no candidate for a
/// piece: SentencePiece takes only what different characters follow.
inline void single_space(std::string& line) {
    const auto end =
        std::unique(line.begin(), line.end(), [](char a, char b) { return a == ' ' && b == ' '; });
    line.erase(end, line.end());
    if (line.ends_with(' ')) line.pop_back();
    if (line.starts_with(' ')) line.erase(0, 1);
}

/// The lines of a text in parts of a length that SentencePiece takes. It also skips lines with its
/// mark of the unknown, which becomes a space here: no piece has it.
template <class Lines>
class LineIterator : public sentencepiece::SentenceIterator {
public:
    explicit LineIterator(const Lines& lines) : lines_(lines) { Next(); }
    [[nodiscard]] bool done() const override { return done_; }
    void Next() override {
        while (rest_.empty()) {
            if (done_ = next_ == lines_.size(); done_) return;
            line_ = lines_[next_++];
            constexpr std::string_view unknown = "\u2585";
            for (auto at = line_.find(unknown); at != line_.npos; at = line_.find(unknown, at))
                line_.replace(at, unknown.size(), "   ");  // as long, so that this is linear
            single_space(line_);
            rest_ = line_;
        }
        part_ = take_part(rest_);
    }
    [[nodiscard]] const std::string& value() const override { return part_; }
    [[nodiscard]] sentencepiece::util::Status status() const override { return {}; }

private:
    const Lines& lines_;
    std::size_t next_ = 0;
    std::string line_;
    std::string_view rest_;
    std::string part_;
    bool done_ = false;
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
    if (const auto least = number_after(why, "required_chars. " + wanted + " vs "); !least.empty())
        fail("subword model: vocabulary size ", wanted,
             " is too small for the characters of the text, expected at least ", least);
    std::replace(why.begin(), why.end(), '\n', ' ');
    fail("subword model: SentencePiece cannot train it: ", readable(why, 300));
}

/// Whether SentencePiece gives a meaning of its own to a piece: <unk>, <0x41>.
inline bool is_reserved_piece(std::string_view piece) {
    for (const std::string_view special : {"<unk>", "<s>", "</s>", "<pad>"})
        if (piece == special) return true;
    constexpr std::string_view digits = "0123456789ABCDEF";
    return piece.size() == 6 && piece.starts_with("<0x") && piece.ends_with('>') &&
           piece.substr(3, 2).find_first_not_of(digits) == std::string_view::npos;
}

inline void check_symbols(const std::vector<std::string>& symbols) {
    std::unordered_set<std::string_view> seen;
    for (const std::string& symbol : symbols) {
        const auto refuse = [&](const char* why) {
            fail("subword model: symbol ", in_quotes(symbol), ": ", why);
        };
        if (symbol.empty()) refuse("is empty, expected text");
        if (symbol.find_first_of(" \t") != std::string::npos ||
            symbol.find("\u2581") != std::string::npos)
            refuse("expected text without spaces");
        if (is_reserved_piece(symbol)) refuse("is reserved, expected another text");
        if (!seen.insert(symbol).second) refuse("is given twice");
    }
}

inline void check_subword_options(const SubwordOptions& options) {
    if (options.vocab_size < 1)
        fail("subword model: vocabulary size ", options.vocab_size, ", expected at least 1");
    if (options.threads < 1 || options.threads > 128)
        fail("subword model: ", options.threads, " threads, expected 1 to 128");
    // What SentencePiece takes.
    require_between("subword model", "character coverage", options.character_coverage, 0.98, 1.0);
    check_symbols(options.symbols);
    const SpecialTokens& special = options.special;
    for (const int id : {special.unk, special.bos, special.eos, special.pad})
        if (id >= options.vocab_size)
            fail("subword model: vocabulary size ", options.vocab_size,
                 " has no room for the special id ", id);
}

/// `fields` as SentencePiece reads a list: each in quotation marks, with commas between.
inline std::string comma_separated(const std::vector<std::string>& fields) {
    std::string list;
    for (const std::string& field : fields) {
        list += list.empty() ? "\"" : ",\"";
        for (const char c : field) list += c == '"' ? "\"\"" : std::string(1, c);
        list += '"';
    }
    return list;
}

}  // namespace detail

/// Trains a subword model on `lines`, as long as they may be; the same lines and options give the
/// same model. It keeps text as it is: characters are not changed, and spaces not left out. The
/// vocabulary has fewer pieces than asked for if the text has not so many.
///
/// `lines` is a `std::vector<std::string>`, or what has `size()` and gives a string by `[i]`.
///
/// Throws  `Error` if the text has too many different characters for the vocabulary (saying how
///         many pieces it needs), or is empty
template <class Lines = std::vector<std::string>>
[[nodiscard]] Subword train_subword(const Lines& lines, const SubwordOptions& options = {}) {
    detail::check_subword_options(options);
    // SentencePiece ends the process if there is nothing to learn from.
    detail::LineIterator<Lines> iterator(lines);
    if (iterator.done()) fail("subword model: there is no text to train it on");
    std::size_t bytes_of_text = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) bytes_of_text += lines[i].size();
    const auto flag = [](bool on) { return std::string(on ? "true" : "false"); };
    // Past this, SentencePiece's offsets of 32 bits might not reach.
    const bool is_large = bytes_of_text > std::size_t{1} << 30U;
    const std::unordered_map<std::string, std::string> arguments{
        {"model_type", options.model == SubwordModel::bpe ? "bpe" : "unigram"},
        {"vocab_size", std::to_string(options.vocab_size)},
        {"hard_vocab_limit", "false"},
        {"normalization_rule_name", "identity"},
        {"remove_extra_whitespaces", "false"},
        {"character_coverage", std::to_string(options.character_coverage)},
        {"byte_fallback", flag(options.byte_fallback)},
        {"split_digits", flag(options.split_digits)},
        {"user_defined_symbols", detail::comma_separated(options.symbols)},
        {"train_extremely_large_corpus", flag(is_large)},
        {"num_threads", std::to_string(options.threads)},
        {"unk_id", std::to_string(options.special.unk)},
        {"bos_id", std::to_string(options.special.bos)},
        {"eos_id", std::to_string(options.special.eos)},
        {"pad_id", std::to_string(options.special.pad)},
        {"minloglevel", "3"},  // its errors reach us as a status
    };
    std::string bytes;
    const auto status = io::library_call("subword model: SentencePiece cannot train it", [&] {
        return sentencepiece::SentencePieceTrainer::Train(arguments, &iterator, &bytes);
    });
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
