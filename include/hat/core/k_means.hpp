// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace hat {

/// The element of an ascending codebook that is nearest to `x`; of two the smaller.
[[nodiscard]] inline std::size_t nearest_code(std::span<const float> codebook, float x) noexcept {
    const auto above = std::lower_bound(codebook.begin(), codebook.end(), x);
    const auto index = static_cast<std::size_t>(above - codebook.begin());
    if (index == 0) return 0;
    if (index == codebook.size()) return index - 1;
    const double below = static_cast<double>(x) - static_cast<double>(codebook[index - 1]);
    return below <= static_cast<double>(*above) - static_cast<double>(x) ? index - 1 : index;
}

/// At most `count` numbers that stand for all of `values`, ascending: k-means in one dimension,
/// from centres at equal distances between the least and the largest value, until none moves, as in
/// HAT's study of compression (arXiv:2005.14187, appendix; there 300 iterations at most). A centre
/// that nobody is nearest to is left out.
///
/// Preconditions: count ≥ 1, values finite. No values have no centres.
/// Cost  one sort, and count · log values a round
[[nodiscard]] inline std::vector<float> k_means(std::span<const float> values, int count,
                                                int iterations = 300) {
    std::vector<float> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> sums{0};  // of the first values
    for (const float x : sorted) sums.push_back(sums.back() + static_cast<double>(x));
    if (sorted.empty()) return {};
    std::vector<double> centres(static_cast<std::size_t>(count));
    const auto low = static_cast<double>(sorted.front());
    const auto high = static_cast<double>(sorted.back());
    for (int i = 0; i < count; ++i)
        centres[static_cast<std::size_t>(i)] =
            count == 1 ? low : low + (high - low) * i / (count - 1);
    for (int i = 0; i < iterations; ++i) {
        std::vector<double> next;
        std::size_t begin = 0;
        for (std::size_t c = 0; c < centres.size(); ++c) {
            std::size_t end = sorted.size();
            if (c + 1 < centres.size()) {
                const double border = (centres[c] + centres[c + 1]) / 2;
                const auto first = sorted.begin() + static_cast<std::ptrdiff_t>(begin);
                const auto last =
                    std::upper_bound(first, sorted.end(), border, [](double x, float value) {
                        return x < static_cast<double>(value);
                    });
                end = static_cast<std::size_t>(last - sorted.begin());
            }
            if (end > begin)
                next.push_back((sums[end] - sums[begin]) / static_cast<double>(end - begin));
            begin = end;
        }
        const bool moved = next != centres;
        centres = std::move(next);
        if (!moved) break;
    }
    std::vector<float> codebook(centres.size());
    std::transform(centres.begin(), centres.end(), codebook.begin(),
                   [](double centre) { return static_cast<float>(centre); });
    codebook.erase(std::unique(codebook.begin(), codebook.end()), codebook.end());
    return codebook;
}

}  // namespace hat
