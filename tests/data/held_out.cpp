// SPDX-License-Identifier: Apache-2.0
#include <hat/data/held_out.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

using namespace hat::data;

namespace {

using Lines = std::vector<std::string>;

/// Pairs "s<n>" and "t<n>", n counting from 0, each `copies` times.
ParallelText numbered(int count, int copies = 1) {
    ParallelText text;
    for (int k = 0; k < copies; ++k)
        for (int i = 0; i < count; ++i) {
            text.source.push_back("s" + std::to_string(i));
            text.target.push_back("t" + std::to_string(i));
        }
    return text;
}

bool share_a_source(const ParallelText& a, const ParallelText& b) {
    const std::set<std::string> sources(a.source.begin(), a.source.end());
    return std::ranges::any_of(b.source, [&](const auto& line) { return sources.contains(line); });
}

}  // namespace

TEST_SUITE("data/held_out") {
    TEST_CASE("one pair in a hundred is held out, the rest stays in its order") {
        ParallelText text = numbered(500);
        const HeldOut out = hold_out(text);
        CHECK(out.held.size() == 5);
        CHECK(out.copies == 0);
        CHECK(text.size() == 495);
        CHECK_FALSE(share_a_source(out.held, text));
        ParallelText all = numbered(500);
        Lines expected;
        for (const std::string& line : all.source)
            if (std::ranges::find(out.held.source, line) == out.held.source.end())
                expected.push_back(line);
        CHECK(text.source == expected);
        for (int i = 0; i < out.held.size(); ++i) {
            const auto at = static_cast<std::size_t>(i);
            CHECK(out.held.source[at].substr(1) == out.held.target[at].substr(1));
        }
    }
    TEST_CASE("the same text is cut at the same places, at most 1,000 pairs and at least one") {
        ParallelText text = numbered(300);
        ParallelText again = numbered(300);
        CHECK(hold_out(text).held.source == hold_out(again).held.source);
        ParallelText few = numbered(2);
        CHECK(hold_out(few).held.size() == 1);
        ParallelText many = numbered(120'000);
        CHECK(hold_out(many).held.size() == 1000);
    }
    TEST_CASE("pairs whose source stands in the text once are held out first") {
        ParallelText text = numbered(100, 10);
        for (int i = 0; i < 100; ++i) {
            text.source.push_back("only " + std::to_string(i));
            text.target.push_back("t");
        }
        const HeldOut out = hold_out(text);  // of 200 sources
        CHECK(out.held.size() == 2);
        CHECK(out.copies == 0);
        for (const std::string& line : out.held.source) CHECK(line.starts_with("only "));
        CHECK(text.size() == 1098);
    }
    TEST_CASE("where every source has copies, those of a held-out pair are dropped") {
        ParallelText text = numbered(200, 3);
        text.target[0] = "another translation";
        const HeldOut out = hold_out(text);
        CHECK(out.held.size() == 2);
        CHECK(out.copies == 4);
        CHECK(text.size() == 594);
        CHECK_FALSE(share_a_source(out.held, text));
    }
    TEST_CASE("what is drawn does not depend on the memory") {
        const hat::support::TemporaryDirectory folder;
        ParallelText text = numbered(3000);
        const ParallelText copies = numbered(200, 5);
        text.source.insert(text.source.end(), copies.source.begin(), copies.source.end());
        std::vector<HeldOutDraw::Drawn> drawn;
        for (const std::size_t memory : {std::size_t{1}, std::size_t{1} << 30U}) {
            HeldOutDraw draw(folder / "data", memory);
            for (const std::string& line : text.source) draw.add(hat::io::content_key(line));
            drawn.push_back(draw.draw());
        }
        CHECK(drawn[0].pairs == drawn[1].pairs);
        CHECK(drawn[0].pairs.size() == 30);
        CHECK(drawn[0].dropped.empty());
    }
    TEST_CASE("a text that cannot be cut in two is an error") {
        ParallelText one = numbered(1);
        CHECK_THROWS_WITH_AS(static_cast<void>(hold_out(one)),
                             "prepare: found 1 pair of sentences, expected at least 2", hat::Error);
        ParallelText same = numbered(1, 5);
        CHECK_THROWS_WITH_AS(static_cast<void>(hold_out(same)),
                             "prepare: all pairs have the same source, expected at least 2",
                             hat::Error);
    }
    TEST_CASE("a held-out pair leaks by its source, or whole") {
        const ParallelText training{.source = {"a", "b", "c", "b"}, .target = {"A", "B", "C", "D"}};
        const ParallelText held{.source = {"b", "x", "c", "A", "b"},
                                .target = {"D", "A", "X", "a", "d"}};
        CHECK(find_leaks(held, training) ==
              std::vector<Leak>{Leak::pair, Leak::none, Leak::source, Leak::none, Leak::source});
    }
    TEST_CASE("where a source ends tells pairs apart") {
        const ParallelText training{.source = {"a b"}, .target = {"c"}};
        const ParallelText held{.source = {"a"}, .target = {"b c"}};
        CHECK(find_leaks(held, training) == std::vector<Leak>{Leak::none});
    }
    TEST_CASE("a line leaks if it is long enough to tell a copy") {
        const std::string copied(telling_characters, 'x');
        const std::string short_line(telling_characters - 1, 'y');
        std::string umlauts;
        for (int i = 0; i < telling_characters - 1; ++i) umlauts += "ü";
        const Lines training{copied, short_line, umlauts, "", "= Title ="};
        CHECK(find_leaks({"", copied, short_line, umlauts, copied + "z", "= Title ="}, training) ==
              std::vector<bool>{false, true, false, false, false, false});
    }
    TEST_CASE("what is left out is gone, the rest keeps its order") {
        Lines lines{"a", "b", "c", "d"};
        leave_out(lines, {true, false, true, false});
        CHECK(lines == Lines{"b", "d"});
        leave_out(lines, {true, true});
        CHECK(lines.empty());
    }
}
