// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/adaptive_bands.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

using hat::nn::adaptive_bands;
using hat::nn::AdaptiveBands;

TEST_SUITE("nn/adaptive_bands") {
    constexpr AdaptiveBands wikitext = adaptive_bands(std::array{20000, 60000}, 267744, 128, 2);
    static_assert(wikitext.count == 3);
    static_assert(wikitext.size(0) == 20000 && wikitext.size(1) == 40000);
    static_assert(wikitext.size(2) == 207744 && wikitext.first(2) == 60000);
    static_assert(wikitext.band_dim(0) == 128 && wikitext.band_dim(2) == 32);
    static_assert(wikitext.head_size() == 20002 && wikitext.vocab_size() == 267744);
    static_assert(wikitext.band_of(19999) == 0 && wikitext.band_of(20000) == 1);
    static_assert(wikitext.head_class(5) == 5 && wikitext.head_class(20000) == 20000);
    static_assert(wikitext.head_class(267743) == 20001);
    // Widths are rounded down once per band, as ⌊dim / factor^band⌋ is.
    static_assert(adaptive_bands(std::array{2, 4, 6}, 8, 45, 2).band_dim(3) == 5);

    TEST_CASE("words are told by band, counted from its first word") {
        const AdaptiveBands bands = adaptive_bands(std::array{4, 6}, 10, 8, 2);
        const std::vector<int> words{9, 0, 5, 4, 3, 6, 5};
        hat::Arena memory;
        const auto check = [&](int band, const std::vector<int>& own,
                               const std::vector<int>& places, int left_out = -1) {
            const auto found = words_of_band(bands, band, words, memory, left_out);
            CHECK(std::ranges::equal(found.words, own));
            CHECK(std::ranges::equal(found.places, places));
        };
        check(0, {0, 3}, {1, 4});
        check(1, {1, 0, 1}, {2, 3, 6});
        check(2, {3, 0}, {0, 5});
        check(1, {0}, {3}, 1);
    }

    TEST_CASE("bands without words or width are errors") {
        const auto check = [](const std::vector<int>& cutoffs, int dim, const char* message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(adaptive_bands(cutoffs, 100, dim, 4)), message,
                                 hat::Error);
        };
        check({20, 20}, 64,
              "adaptive bands: band 1 ends at word 20, expected more than 20, where it begins");
        check({20, 100}, 64,
              "adaptive bands: band 2 ends at word 100, expected more than 100, where it begins");
        check({0}, 64,
              "adaptive bands: band 0 ends at word 0, expected more than 0, where it "
              "begins");
        check({20, 40, 60}, 63, "adaptive bands: band 3 has no width: 63 / 4^3");
        check({1, 2, 3, 4, 5, 6, 7, 8}, 64, "adaptive bands: 9 bands, expected 1 to 8");
    }
}
