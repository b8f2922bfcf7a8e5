// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/core/special_tokens.hpp>
#include <hat/data/bpe.hpp>
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/data/unknown_text.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// Text as models of fairseq read and write it: words, or pieces of words that `@@` marks, by the
/// dictionary of each side.
///
/// With codes, lines are cut here and come in as words; without, they come in cut already (or the
/// model knows whole words). Translations are joined in either case.
class FairseqText {
public:
    /// Text by dictionaries of both sides, whose words are cut by `codes`, if there are any.
    FairseqText(FairseqDictionary source, FairseqDictionary target,
                std::optional<BpeCodes> codes = std::nullopt)
        : source_(std::move(source)), target_(std::move(target)), codes_(std::move(codes)) {}

    /// Entries of each dictionary.
    [[nodiscard]] int source_size() const noexcept { return source_.size(); }
    [[nodiscard]] int target_size() const noexcept { return target_.size(); }
    /// The ids that fairseq gives special tokens.
    [[nodiscard]] static constexpr SpecialTokens special() noexcept {
        return fairseq_special_tokens;
    }

    /// The ids of a line to translate, without an end of sentence.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<int> encode(std::string_view line) const {
        return codes_ ? source_.encode(codes_->apply(line)) : source_.encode(line);
    }
    /// Likewise of a line in the language of the target.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<int> encode_target(std::string_view line) const {
        return codes_ ? target_.encode(codes_->apply(line)) : target_.encode(line);
    }
    /// The words, or pieces of words, of such a line that the dictionary does not know.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<std::string> unknown_parts(std::string_view line) const {
        return codes_ ? source_.unknown_parts(codes_->apply(line)) : source_.unknown_parts(line);
    }
    /// The translation that `ids` stand for.
    ///
    /// Throws  `Error` if an id is not in the dictionary
    [[nodiscard]] std::string decode(const std::vector<int>& ids) const {
        return remove_bpe(target_.decode(ids));
    }
    /// The same with `unknown[k]`, or nothing where there is none, for the k-th unknown word.
    ///
    /// Throws  `Error` if an id is not in the dictionary
    [[nodiscard]] std::string decode(const std::vector<int>& ids,
                                     const std::vector<std::string>& unknown) const {
        return remove_bpe(target_.decode(ids, unknown));
    }
    /// The same of a line to translate.
    ///
    /// Throws  `Error` if an id is not in the dictionary
    [[nodiscard]] std::string decode_source(const std::vector<int>& ids,
                                            const std::vector<std::string>& unknown) const {
        return remove_bpe(source_.decode(ids, unknown));
    }

    /// What of a line to translate is unknown.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] UnknownTexts unknown(std::string_view line) const {
        UnknownTexts unknown{.tokens = {}, .is_all = true};
        const std::u32string text = decode_utf8(codes_ ? codes_->apply(line) : std::string(line));
        std::size_t first_of_word = 0;  // among the unknown tokens
        bool word_is_unknown = true;
        bool word_begins = true;
        bool last_is_unknown = false;
        for (const std::u32string_view piece : split_words(text)) {
            std::string bytes = encode_utf8(piece);
            const bool is_unknown = source_.id(bytes) == special().unk;
            const bool word_goes_on = bytes.size() > 2 && bytes.ends_with("@@");
            if (word_goes_on) bytes.resize(bytes.size() - 2);
            if (word_begins) {
                first_of_word = unknown.tokens.size();
                word_is_unknown = true;
            }
            if (!is_unknown && has_letters(bytes)) unknown.is_all = false;
            if (!is_unknown) word_is_unknown = false;
            if (is_unknown)
                unknown.tokens.push_back(
                    {std::move(bytes), false, !word_begins && last_is_unknown});
            if (!word_goes_on && word_is_unknown)
                for (std::size_t i = first_of_word; i < unknown.tokens.size(); ++i)
                    unknown.tokens[i].is_word = true;
            word_begins = !word_goes_on;
            last_is_unknown = is_unknown;
        }
        unknown.is_all = unknown.is_all && !unknown.tokens.empty();
        return unknown;
    }

private:
    FairseqDictionary source_;
    FairseqDictionary target_;
    std::optional<BpeCodes> codes_;
};

}  // namespace hat::data
