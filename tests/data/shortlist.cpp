// SPDX-License-Identifier: Apache-2.0
#include <hat/data/shortlist.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

using hat::data::Shortlist;
using hat::data::TokenMarks;

namespace {

std::vector<int> selected(const Shortlist& shortlist, const std::vector<int>& source,
                          std::vector<std::uint64_t>& marks) {
    std::vector<int> list(
        static_cast<std::size_t>(shortlist.most(static_cast<int>(source.size()))));
    list.resize(static_cast<std::size_t>(shortlist.select(source, TokenMarks(marks), list.data())));
    return list;
}

}  // namespace

TEST_SUITE("data/shortlist") {
    TEST_CASE("the list of a sentence is that of its tokens, and what is always allowed") {
        const Shortlist shortlist(
            {.always = {0, 2}, .offsets = {0, 0, 3, 5}, .tokens = {1, 2, 65, 1, 99}}, 100);
        CHECK(shortlist.source_vocab_size() == 3);
        CHECK(shortlist.target_vocab_size() == 100);
        CHECK(TokenMarks::words(100) == 2);
        CHECK(TokenMarks::words(64) == 1);
        CHECK(shortlist.most(2) == 8);
        CHECK(shortlist.most(1'000'000'000) == 100);
        std::vector<std::uint64_t> marks(2);
        CHECK(selected(shortlist, {}, marks) == std::vector{0, 2});
        CHECK(selected(shortlist, {0}, marks) == std::vector{0, 2});
        CHECK(selected(shortlist, {1}, marks) == std::vector{0, 1, 2, 65});
        CHECK(selected(shortlist, {2, 0, 1, 2}, marks) == std::vector{0, 1, 2, 65, 99});
    }

    TEST_CASE("lists are ascending unions, and leave no marks") {
        std::mt19937 random(3);
        constexpr int vocab_size = 300;
        const auto some = [&](std::size_t most) {
            std::set<int> tokens;
            for (auto n = random() % most; n > 0; --n)
                tokens.insert(static_cast<int>(random() % vocab_size));
            return std::vector<int>(tokens.begin(), tokens.end());
        };
        Shortlist::Lists lists{.always = some(20)};
        for (int s = 0; s < 50; ++s) {
            const std::vector<int> list = some(80);
            lists.tokens.insert(lists.tokens.end(), list.begin(), list.end());
            lists.offsets.push_back(static_cast<int>(lists.tokens.size()));
        }
        const Shortlist shortlist(lists, vocab_size);
        std::vector<std::uint64_t> marks(static_cast<std::size_t>(TokenMarks::words(vocab_size)));
        for (int i = 0; i < 100; ++i) {
            std::vector<int> source;
            for (auto n = random() % 12; n > 0; --n)
                source.push_back(static_cast<int>(random() % 50));
            std::set<int> expected(lists.always.begin(), lists.always.end());
            for (const int token : source)
                expected.insert(shortlist.of(token).begin(), shortlist.of(token).end());
            CHECK(selected(shortlist, source, marks) ==
                  std::vector<int>(expected.begin(), expected.end()));
            CHECK(std::count(marks.begin(), marks.end(), 0U) == std::ssize(marks));
        }
    }
}
