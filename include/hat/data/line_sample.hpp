// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, utf8proc
#pragma once

#include <hat/config.hpp>
#include <hat/data/text_rules.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hat::data {

/// At most so many lines of a text, evenly spread over all of it, as a subword model is to read
/// them: what it learns from. The lines are made when they are asked for, and not kept.
///
///     const LineSample sample({&text.source, &text.target}, 1'000'000, rules);
///     const Subword subword = train_subword(sample, options);
class LineSample {
public:
    using Lines = std::vector<std::string>;

    /// `parts`, one after the other, are the text; they must outlive this.
    ///
    /// Precondition: most > 0
    LineSample(std::vector<const Lines*> parts, std::int64_t most, TextRules rules)
        : parts_(std::move(parts)), rules_(std::move(rules)) {
        HAT_ASSERT(most > 0);
        for (const Lines* part : parts_) lines_ += part->size();
        size_ = std::min(lines_, static_cast<std::size_t>(most));
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Of how many lines these are some.
    [[nodiscard]] std::size_t lines() const noexcept { return lines_; }

    /// Precondition: i < size().
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::string operator[](std::size_t i) const {
        HAT_ASSERT(i < size_);
        // The i-th of size_ equal intervals begins here; whole and rest apart, so that no product
        // overflows.
        std::size_t line = lines_ / size_ * i + lines_ % size_ * i / size_;
        auto part = parts_.begin();
        for (; line >= (*part)->size(); ++part) line -= (*part)->size();
        return rules_.to_model(rules_.apply((**part)[line]));
    }

private:
    std::vector<const Lines*> parts_;
    TextRules rules_;
    std::size_t lines_ = 0;
    std::size_t size_ = 0;
};

}  // namespace hat::data
