// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/special_tokens.hpp>
#include <hat/data/bpe.hpp>
#include <hat/data/fairseq_dictionary.hpp>

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
    FairseqText(FairseqDictionary source, FairseqDictionary target,
                std::optional<BpeCodes> codes = std::nullopt)
        : source_(std::move(source)), target_(std::move(target)), codes_(std::move(codes)) {}

    [[nodiscard]] int source_size() const noexcept { return source_.size(); }
    [[nodiscard]] int target_size() const noexcept { return target_.size(); }
    [[nodiscard]] static constexpr SpecialTokens special() noexcept {
        return fairseq_special_tokens;
    }

    /// The ids of a line to translate, without an end of sentence.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<int> encode(std::string_view line) const {
        return codes_ ? source_.encode(codes_->apply(line)) : source_.encode(line);
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

private:
    FairseqDictionary source_;
    FairseqDictionary target_;
    std::optional<BpeCodes> codes_;
};

}  // namespace hat::data
