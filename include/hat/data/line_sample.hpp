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

/// Which lines of a text a sample takes: the i-th of `size` equal intervals begins with the i-th
/// one.
class EvenSpread {
public:
    /// Precondition: 0 < size <= lines, or both are 0.
    EvenSpread(std::int64_t lines, std::int64_t size) : lines_(lines), size_(size) {
        HAT_ASSERT(0 <= size && size <= lines && (size > 0 || lines == 0));
    }
    [[nodiscard]] std::int64_t size() const noexcept { return size_; }

    /// Precondition: 0 <= i < size().
    [[nodiscard]] std::int64_t operator[](std::int64_t i) const noexcept {
        HAT_ASSERT(0 <= i && i < size_);
        // Whole and rest apart, so that no product overflows.
        return lines_ / size_ * i + lines_ % size_ * i / size_;
    }
    /// The least i whose line is `line` or later; size() if there is none.
    [[nodiscard]] std::int64_t first_from(std::int64_t line) const noexcept {
        std::int64_t low = 0;
        for (std::int64_t high = size_; low < high;) {
            const std::int64_t middle = low + (high - low) / 2;
            if ((*this)[middle] < line)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

private:
    std::int64_t lines_;
    std::int64_t size_;
};

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
        const EvenSpread spread(static_cast<std::int64_t>(lines_),
                                static_cast<std::int64_t>(size_));
        auto line = static_cast<std::size_t>(spread[static_cast<std::int64_t>(i)]);
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
