// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/in_quotes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// Counts the tokens of a text that its vocabulary does not know, and keeps a few examples.
///
///     UnknownTokens unknown;
///     for (const std::string& line : lines) {
///         const std::vector<int> ids = codec.encode(line);
///         unknown.add(codec, line, ids);
///     }
///     std::puts(unknown.text().c_str());  // 3 of 1,024 tokens (0.29 %) unknown: 保 存 😀
class UnknownTokens {
public:
    /// Counts one line. `codec` has `special()` and `unknown_parts(line)`, as `TextCodec` does;
    /// `ids` are what it made of `line`.
    template <class Codec>
    void add(const Codec& codec, std::string_view line, std::span<const int> ids) {
        const auto unknown = std::count(ids.begin(), ids.end(), codec.special().unk);
        ++lines_;
        tokens_ += std::ssize(ids);
        unknown_ += unknown;
        if (unknown == 0) return;
        ++unknown_lines_;
        if (examples_.size() == most_examples) return;
        for (std::string& part : codec.unknown_parts(line)) add_example(std::move(part));
    }

    /// What was counted: lines, their tokens, those of them that are unknown, and the lines that
    /// have some.
    [[nodiscard]] std::int64_t lines() const noexcept { return lines_; }
    [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_; }
    [[nodiscard]] std::int64_t unknown() const noexcept { return unknown_; }
    [[nodiscard]] std::int64_t lines_with_unknown() const noexcept { return unknown_lines_; }
    /// The first parts of the text that were unknown, each once.
    [[nodiscard]] const std::vector<std::string>& examples() const noexcept { return examples_; }
    /// 0 … 1
    [[nodiscard]] double share() const noexcept {
        return tokens_ == 0 ? 0.0 : static_cast<double>(unknown_) / static_cast<double>(tokens_);
    }
    /// Whether so much is unknown that a translation or a score suffers.
    [[nodiscard]] bool is_many() const noexcept { return share() > warning_share; }

    /// "3 of 1024 tokens (0.29 %) in 2 lines unknown: 保 存 😀"
    [[nodiscard]] std::string text() const {
        char percent[32];
        std::snprintf(percent, sizeof percent, "%.2f", 100.0 * share());
        std::string text = std::to_string(unknown_) + " of " + std::to_string(tokens_) +
                           " tokens (" + percent + " %) in " + std::to_string(unknown_lines_) +
                           (unknown_lines_ == 1 ? " line" : " lines") + " unknown";
        for (std::size_t i = 0; i < examples_.size(); ++i) {
            text += i == 0 ? ": " : " ";
            text += readable(examples_[i]);
        }
        return text;
    }

private:
    static constexpr std::size_t most_examples = 5;
    static constexpr std::size_t longest_example_bytes = 40;
    static constexpr double warning_share = 0.01;

    void add_example(std::string part) {
        if (examples_.size() == most_examples) return;
        if (part.size() > longest_example_bytes) {
            std::size_t end = longest_example_bytes;
            while ((static_cast<unsigned char>(part[end]) & 0xC0U) == 0x80U) --end;  // inside UTF-8
            part.resize(end);
            part += "…";
        }
        if (std::find(examples_.begin(), examples_.end(), part) == examples_.end())
            examples_.push_back(std::move(part));
    }

    std::int64_t lines_ = 0;
    std::int64_t tokens_ = 0;
    std::int64_t unknown_ = 0;
    std::int64_t unknown_lines_ = 0;
    std::vector<std::string> examples_;
};

}  // namespace hat::data
