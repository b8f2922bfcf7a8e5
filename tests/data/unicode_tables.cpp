// SPDX-License-Identifier: Apache-2.0
#include <hat/data/unicode_tables.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>

using namespace hat::data::detail;

namespace {

/// Number, sum and last of the code points of a table.
struct Digest {
    std::int64_t count = 0;
    std::int64_t sum = 0;
    std::int64_t last = 0;

    friend constexpr bool operator==(const Digest&, const Digest&) = default;
};

template <std::size_t Count>
constexpr Digest digest(const std::array<CodePointRange, Count>& ranges) {
    Digest d;
    for (const CodePointRange& range : ranges) {
        for (std::int64_t c = range.first; c <= std::int64_t{range.last}; ++c) {
            ++d.count;
            d.sum += c;
            d.last = c;
        }
    }
    return d;
}

/// What a binary search needs: ranges that are not empty, in order, and do not touch each other.
template <class Range, std::size_t Count>
constexpr bool in_order(const std::array<Range, Count>& ranges) {
    for (std::size_t i = 0; i < Count; ++i) {
        if (ranges[i].first > ranges[i].last) return false;
        if (i > 0 && ranges[i - 1].last >= ranges[i].first) return false;
    }
    return true;
}

}  // namespace

TEST_SUITE("data/unicode_tables") {
    TEST_CASE("ranges are in order and apart") {
        static_assert(in_order(punctuation) && in_order(symbols) && in_order(numbers) &&
                      in_order(lower_case));
    }

    // The figures come from Python's `unicodedata`, version 14.0.0, asked for every code point.
    TEST_CASE("categories have as many code points as Unicode 14, and the same sum") {
        CHECK(digest(punctuation) == Digest{819, 26'304'217, 125'279});
        CHECK(digest(symbols) == Digest{7'741, 529'053'739, 129'994});
        CHECK(digest(numbers) == Digest{1'791, 99'177'065, 130'041});
    }

    TEST_CASE("letters have the lower-case forms of Unicode 14, by number and sums") {
        std::int64_t count = 0;
        std::int64_t upper = 0;
        std::int64_t lower = 0;
        for (const LowerRange& range : lower_case) {
            REQUIRE(range.step >= 1);
            REQUIRE((range.last - range.first) % static_cast<char32_t>(range.step) == 0);
            for (std::int64_t c = range.first; c <= std::int64_t{range.last}; c += range.step) {
                ++count;
                upper += c;
                lower += c + range.offset;
            }
        }
        CHECK(count == 1'432);
        CHECK(upper == 32'222'007);
        CHECK(lower == 34'914'066);
    }
}
