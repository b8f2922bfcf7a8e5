// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_parts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::RandomKey;
using hat::data::SourceLine;

namespace {

SourceLine line_of(const std::vector<std::vector<int>>& parts) {
    SourceLine line;
    for (const auto& tokens : parts) line.parts.push_back({.tokens = tokens, .unknown = {}});
    return line;
}

std::vector<std::vector<int>> sentences_of(const Sources& sources) {
    std::vector<std::vector<int>> sentences;
    for (int s = 0; s < sources.sentences.sentences(); ++s)
        sentences.emplace_back(sources[s].begin(), sources[s].end());
    return sentences;
}

/// A line in two parts, between which the network is not asked; a blank one; one of one part.
const std::array lines{line_of({{5, 2}, {}, {6, 7, 2}}), line_of({}), line_of({{8, 2}})};

}  // namespace

TEST_SUITE("decode/line_parts") {
    TEST_CASE("parts without tokens are not asked for") {
        CHECK(count_asked(lines[0]) == 2);
        CHECK(count_asked(lines[1]) == 0);
        const auto parts = asked_parts(lines[0]);
        REQUIRE(parts.size() == 2);
        CHECK(std::ranges::equal(parts[1], std::array{6, 7, 2}));

        LineParts all;
        for (int again = 0; again < 2; ++again) {
            all.gather(lines, {}, {}, 1, 0);
            CHECK(sentences_of(all.sources()) ==
                  std::vector<std::vector<int>>{{5, 2}, {6, 7, 2}, {8, 2}});
            CHECK(all.guidance({}).prefixes.sentences.sentences() == 0);
            CHECK(all.guidance({}).sampling == nullptr);
            CHECK(all.guidance({}).keys.empty());
        }
    }

    TEST_CASE("a prefix is of the first part of its line") {
        LineParts all;
        const std::vector<std::vector<int>> prefixes{{11}, {12}, {13, 14}};
        all.gather(lines, prefixes, {}, 1, 0);
        CHECK(sentences_of(all.guidance({}).prefixes) ==
              std::vector<std::vector<int>>{{11}, {}, {13, 14}});
    }

    TEST_CASE("each draw has the key of its seed, line, part and number") {
        LineParts all;
        const std::optional<SamplingOptions> sampling(SamplingOptions{.seed = 9});
        all.gather(lines, {}, sampling, 2, 100);
        CHECK(sentences_of(all.sources()) ==
              std::vector<std::vector<int>>{{5, 2}, {5, 2}, {6, 7, 2}, {6, 7, 2}, {8, 2}, {8, 2}});
        const Guidance guidance = all.guidance(sampling);
        CHECK(guidance.sampling == &*sampling);
        std::vector<std::uint64_t> expected;
        for (const auto& [line, part] :
             {std::pair(100U, 0U), std::pair(100U, 1U), std::pair(102U, 0U)})
            for (const unsigned draw : {0U, 1U})
                expected.push_back(RandomKey(9).split(line).split(part).split(draw).value());
        std::vector<std::uint64_t> keys;
        for (const RandomKey& key : guidance.keys) keys.push_back(key.value());
        CHECK(keys == expected);
    }

    TEST_CASE("draws of a sentence are put together in their order") {
        std::vector<Hypotheses> results;
        for (const int token : {1, 2, 3, 4, 5, 6})
            results.push_back({{.tokens = {token}, .score = 0, .positional_scores = {}}});
        const std::vector<Hypotheses> each = results;
        put_draws_together(results, 1);
        CHECK(results == each);
        put_draws_together(results, 3);
        REQUIRE(results.size() == 2);
        REQUIRE(results[1].size() == 3);
        CHECK(results[0][2].tokens == std::vector{3});
        CHECK(results[1][0].tokens == std::vector{4});
    }
}
