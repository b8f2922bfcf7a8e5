// SPDX-License-Identifier: Apache-2.0
#include <hat/data/corpus.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/data/vocabulary.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using hat::data::Corpus;
using hat::data::Sentences;
using hat::data::SpecialTokens;

namespace {

/// A subword model whose pieces are the letters a … z, after the special ones.
struct Letters {
    [[nodiscard]] static int size() { return 30; }
    [[nodiscard]] static SpecialTokens special() { return {}; }
    [[nodiscard]] static std::vector<int> encode(std::string_view line) {
        std::vector<int> ids;
        for (const char c : line) ids.push_back(4 + (c - 'a'));
        return ids;
    }
};

Corpus corpus() {
    return hat::data::encode({.source = {"ab", "c", "defg"}, .target = {"b", "ac", "d"}}, Letters{},
                             Letters{});
}

}  // namespace

TEST_SUITE("data/corpus") {
    TEST_CASE("every sentence ends with the end of sentence and begins with no mark") {
        const Corpus c = corpus();
        CHECK(c.size() == 3);
        CHECK(c.source.vocab_size == 30);
        CHECK(c.source.sentences.tokens == std::vector{4, 5, 2, 6, 2, 7, 8, 9, 10, 2});
        CHECK(c.source.sentences.offsets == std::vector<std::int64_t>{0, 3, 5, 10});
        CHECK(std::ranges::equal(c.target.sentences[1], std::vector{4, 6, 2}));
        CHECK(c.target.sentences.length(1) == 3);
    }
    TEST_CASE("pairs with a side that is too long are dropped and counted") {
        Corpus c = corpus();
        CHECK(drop_long_pairs(c, 5) == 0);
        CHECK(c == corpus());
        CHECK(drop_long_pairs(c, 3) == 1);
        CHECK(c.size() == 2);
        CHECK(c.source.sentences.tokens == std::vector{4, 5, 2, 6, 2});
        CHECK(drop_long_pairs(c, 2) == 2);
        CHECK(c.target.sentences == Sentences{});
    }
    TEST_CASE("pairs are dropped by what is asked of both sides") {
        Corpus c = corpus();
        const auto last = c.size() - 1;
        const std::vector<int> source(c.source.sentences[last].begin(),
                                      c.source.sentences[last].end());
        CHECK(drop_pairs(c, [&](std::span<const int> s, std::span<const int>) {
                  return !std::ranges::equal(s, source);
              }) == last);
        CHECK(c.source.sentences.tokens == source);
        CHECK(c.size() == 1);
    }
}
