// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace hat::nn {

/// A vocabulary, sorted by frequency, in bands: the frequent words of band 0 have vectors of full
/// width, those of each further band vectors narrower by `factor` (Baevski and Auli,
/// arXiv:1809.10853).
///
///     constexpr AdaptiveBands bands = adaptive_bands(std::array{20000, 60000}, 267744, 128, 2);
///     static_assert(bands.band_dim(2) == 32 && bands.head_size() == 20002);
///
/// A literal, structural type: a value may be a template argument.
struct AdaptiveBands {
    static constexpr int most = 8;  ///< bands
    static constexpr bool is_setting = true;

    int count = 0;
    std::array<int, most> ends{};  ///< of the bands: band i has the words ends[i − 1] … ends[i] − 1
    int dim = 0;                   ///< of band 0, and of what comes in and goes out
    int factor = 1;

    /// Words of all bands.
    [[nodiscard]] constexpr int vocab_size() const noexcept {
        return count == 0 ? 0 : ends[static_cast<std::size_t>(count - 1)];
    }
    /// The first word of a band.
    [[nodiscard]] constexpr int first(int band) const noexcept {
        return band == 0 ? 0 : ends[static_cast<std::size_t>(band - 1)];
    }
    [[nodiscard]] constexpr int size(int band) const noexcept {
        return ends[static_cast<std::size_t>(band)] - first(band);
    }
    /// ⌊dim / factor^band⌋
    [[nodiscard]] constexpr int band_dim(int band) const noexcept {
        int width = dim;
        for (int i = 0; i < band; ++i) width /= factor;
        return width;
    }
    [[nodiscard]] constexpr int band_of(int word) const noexcept {
        int band = 0;
        while (word >= ends[static_cast<std::size_t>(band)]) ++band;
        return band;
    }
    /// Outputs of the first softmax: the words of band 0, and one class for each other band.
    [[nodiscard]] constexpr int head_size() const noexcept { return size(0) + count - 1; }
    /// The output of the first softmax that stands for a word: its own, or its band's.
    [[nodiscard]] constexpr int head_class(int word) const noexcept {
        const int band = band_of(word);
        return band == 0 ? word : size(0) + band - 1;
    }

    friend constexpr bool operator==(const AdaptiveBands&, const AdaptiveBands&) = default;
};

/// Checks that every band has words and a width.
///
/// Throws  `Error` naming the first number that is out of range
constexpr void validate(const AdaptiveBands& bands) {
    if (bands.count < 1 || bands.count > AdaptiveBands::most)
        fail("adaptive bands: ", bands.count, " bands, expected 1 to ", AdaptiveBands::most);
    if (bands.factor < 1) fail("adaptive bands: factor = ", bands.factor, ", expected 1 or more");
    for (int i = 0; i < bands.count; ++i) {
        if (bands.size(i) < 1)
            fail("adaptive bands: band ", i, " ends at word ",
                 bands.ends[static_cast<std::size_t>(i)], ", expected more than ", bands.first(i),
                 ", where it begins");
        if (bands.band_dim(i) < 1)
            fail("adaptive bands: band ", i, " has no width: ", bands.dim, " / ", bands.factor, "^",
                 i);
    }
}

/// The bands between `cutoffs`, the first words of all bands but band 0.
///
/// Throws  `Error` as `validate`
[[nodiscard]] constexpr AdaptiveBands adaptive_bands(std::span<const int> cutoffs, int vocab_size,
                                                     int dim, int factor) {
    AdaptiveBands bands{
        .count = static_cast<int>(cutoffs.size()) + 1, .dim = dim, .factor = factor};
    for (std::size_t i = 0; i < cutoffs.size() && i + 1 < AdaptiveBands::most; ++i)
        bands.ends[i] = cutoffs[i];
    if (bands.count <= AdaptiveBands::most) bands.ends[cutoffs.size()] = vocab_size;
    validate(bands);
    return bands;
}

/// The words of a list that are of one band, numbered from its first word, and their places in the
/// list.
struct BandWords {
    std::span<const int> words;
    std::span<const int> places;
};

/// What of `words` is in `band`, in its order, but for the word `left_out` (counted in the band) if
/// there is one; lists in `memory`.
[[nodiscard]] inline BandWords words_of_band(const AdaptiveBands& bands, int band,
                                             std::span<const int> words, Arena& memory,
                                             int left_out = -1) {
    const int first = bands.first(band);
    const auto is_in = [&](int word) {
        return word >= first && word < first + bands.size(band) && word - first != left_out;
    };
    std::ptrdiff_t count = 0;
    for (const int word : words) count += is_in(word) ? 1 : 0;
    int* const relative = memory.allocate<int>(count);
    int* const places = memory.allocate<int>(count);
    std::size_t n = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!is_in(words[i])) continue;
        relative[n] = words[i] - first;
        places[n++] = static_cast<int>(i);
    }
    return {{relative, n}, {places, n}};
}

}  // namespace hat::nn
