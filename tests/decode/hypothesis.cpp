// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/hypothesis.hpp>

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <vector>

using namespace hat::decode;

TEST_SUITE("decode/hypothesis") {
    TEST_CASE("the longest target is a·length + b rounded down, within the model's positions") {
        const SearchOptions options{.max_length_a = 0.5F, .max_length_b = 2};
        CHECK(max_target_length(options, 7, 1024) == 5);
        CHECK(max_target_length(options, 3000, 1024) == 1023);
        CHECK(max_target_length({}, 7, 1024) == 200);
        CHECK(max_target_length({.max_length_a = 1.0F, .max_length_b = 0, .padded_length = 10}, 7,
                                1024) == 10);
        CHECK(max_target_length({.max_length_a = 1e4F, .max_length_b = 2'000'000'000}, 1'000'000,
                                1024) == 1023);
    }

    TEST_CASE("a search has positions for a target's tokens and the eos in front") {
        constexpr std::array tokens{4, 5, 2, 2, 6, 2};
        constexpr std::array offsets{0, 3, 4, 6};
        const Sources sources{tokens, hat::Ragged(offsets.data(), 3)};
        const SearchOptions options{.max_length_a = 2.0F, .max_length_b = 1};
        CHECK(target_positions(options, sources, 0, 1024) == 8);
        CHECK(target_positions(options, sources, 1, 1024) == 4);
        CHECK(most_target_positions(options, sources, 1024) == 8);
        CHECK(most_target_positions(options, sources, 5) == 5);
        CHECK(most_target_positions(options, {}, 5) == 0);
    }

    TEST_CASE("the length limit goes before the least length") {
        CHECK(allowed(0, 5, 1) == Allowed::no_eos);
        CHECK(allowed(1, 5, 1) == Allowed::any);
        CHECK(allowed(5, 5, 9) == Allowed::only_eos);
        CHECK(allowed(4, 5, 9) == Allowed::no_eos);
    }

    TEST_CASE("a path of the history is traced from root to end") {
        hat::Arena memory;
        History history;
        history.start(8, memory);
        const int root = history.add(-1, 2, 0.0F);
        const int first = history.add(root, 10, -1.0F);
        const int other = history.add(root, 11, -1.5F);
        const int second = history.add(first, 12, -1.25F);
        Hypothesis h;
        history.trace(second, true, h);
        CHECK(h.tokens == std::vector<int>{10, 12});
        CHECK(h.positional_scores == std::vector<float>{-1.0F, -0.25F});
        history.trace(other, false, h);
        CHECK(h.tokens == std::vector<int>{11});
        CHECK(h.positional_scores.empty());
    }

    TEST_CASE("a score is divided by a power of the length, if wished") {
        CHECK(final_score(-6.0F, 4, {.length_penalty = 0.5F}) == -3.0F);
        CHECK(final_score(-6.0F, 4, {.normalize = false, .length_penalty = 0.5F}) == -6.0F);
    }

    TEST_CASE("options out of range are errors that name them") {
        CHECK_NOTHROW(validate(SearchOptions{}));
        CHECK_THROWS_WITH_AS(validate(SearchOptions{.beam = 0}),
                             "search: beam = 0, expected 1 to 10000", hat::Error);
        CHECK_THROWS_WITH_AS(validate(SearchOptions{.max_length_b = -1}),
                             "search: max length = -1, expected 0 or more", hat::Error);
        CHECK_THROWS_WITH_AS(validate(SearchOptions{.min_length = -3}),
                             "search: min length = -3, expected 0 or more", hat::Error);
        for (const float temperature : {0.0F, 1e-45F, 1e38F, -1.0F})
            CHECK_THROWS_WITH_AS(validate(SearchOptions{.temperature = temperature}),
                                 doctest::Contains("expected 10^-6 to 10^6"), hat::Error);
        CHECK_THROWS_AS(validate(SearchOptions{.unk_penalty = -1e-3F}), hat::Error);
        CHECK_THROWS_WITH_AS(validate(SearchOptions{.length_penalty = -11.0F}),
                             "search: length penalty = -11.000000, expected -10 to 10", hat::Error);
        CHECK_THROWS_AS(
            validate(SearchOptions{.length_penalty = std::numeric_limits<float>::infinity()}),
            hat::Error);
        CHECK_THROWS_AS(validate(SearchOptions{.max_length_a = -0.5F}), hat::Error);
        CHECK_THROWS_AS(validate(SearchOptions{.padded_length = -1}), hat::Error);
        CHECK_THROWS_AS(
            validate(SearchOptions{.unk_penalty = std::numeric_limits<float>::quiet_NaN()}),
            hat::Error);
    }
}
