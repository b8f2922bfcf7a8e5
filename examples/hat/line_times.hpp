// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hat::program {

/// How long lines took, in constant memory: a histogram whose classes are 2 % wide, from 10 µs to
/// three hours.
class LineTimes {
public:
    void add(double seconds, std::int64_t lines) noexcept {
        const double place = std::log(std::max(seconds, least) / least) / std::log(width);
        counts_[std::min(static_cast<std::size_t>(place), counts_.size() - 1)] += lines;
        lines_ += lines;
    }

    /// Seconds that a share of all lines took no longer than, to 2 %; 0 if there are none.
    [[nodiscard]] double quantile(double share) const noexcept {
        const auto wanted =
            static_cast<std::int64_t>(std::ceil(share * static_cast<double>(lines_)));
        std::int64_t count = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            count += counts_[i];
            if (count > 0 && count >= wanted)
                return least * std::pow(width, static_cast<double>(i) + 0.5);
        }
        return 0;
    }

private:
    static constexpr double least = 1e-5;
    static constexpr double width = 1.02;

    std::array<std::int64_t, 1050> counts_{};
    std::int64_t lines_ = 0;
};

}  // namespace hat::program
