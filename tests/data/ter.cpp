// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/data/ter.hpp>
#include <hat/version.hpp>

#include "support/linear_time.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using hat::data::corpus_ter;
using Lines = std::vector<std::string>;

namespace {

double ter_of(const std::string& hypothesis, const std::vector<Lines>& references) {
    return corpus_ter(Lines{hypothesis}, references).score;
}
double ter_of(const std::string& hypothesis, const std::string& reference) {
    return ter_of(hypothesis, std::vector<Lines>{{reference}});
}

/// TER of short sentences as it is defined, without beam, tables of words as they come: the whole
/// table of edits, every shift tried.
class NaiveTer {
public:
    static std::int64_t edits(Lines hypothesis, const Lines& reference) {
        std::int64_t shifts = 0;
        while (shift_once(hypothesis, reference)) ++shifts;
        return shifts + std::get<0>(table(hypothesis, reference));
    }

private:
    /// The distance, and its path backwards as letters: k, r, d (only the hypothesis), i.
    static std::pair<std::int64_t, std::string> table(const Lines& h, const Lines& r) {
        std::map<std::pair<std::size_t, std::size_t>, std::pair<std::int64_t, char>> d;
        for (std::size_t i = 0; i <= h.size(); ++i)
            for (std::size_t j = 0; j <= r.size(); ++j) {
                std::pair<std::int64_t, char> best{1'000'000, '?'};
                if (i == 0 && j == 0) best = {0, '.'};
                const auto offer = [&](std::int64_t cost, char way) {
                    if (cost < best.first) best = {cost, way};
                };
                if (i > 0 && j > 0) {
                    const bool same = h[i - 1] == r[j - 1];
                    offer(d[{i - 1, j - 1}].first + !same, same ? 'k' : 'r');
                }
                if (i > 0) offer(d[{i - 1, j}].first + 1, 'd');
                if (j > 0) offer(d[{i, j - 1}].first + 1, 'i');
                d[{i, j}] = best;
            }
        std::string path;
        for (std::size_t i = h.size(), j = r.size(); i + j > 0;) {
            const char way = d[{i, j}].second;
            path += way;
            i -= way != 'i' ? 1 : 0;
            j -= way != 'd' ? 1 : 0;
        }
        return {d[{h.size(), r.size()}].first, {path.rbegin(), path.rend()}};
    }

    /// Words [from, from + size) put in front of word `to`, which may be one of them.
    static Lines moved(const Lines& h, std::size_t from, std::size_t size, std::size_t to) {
        const auto at = [&](std::size_t i) {
            return h.begin() + static_cast<std::ptrdiff_t>(std::min(i, h.size()));
        };
        const Lines part(at(from), at(from + size));
        Lines rest(h.begin(), at(from));
        rest.insert(rest.end(), at(from + size), h.end());
        if (to > from + size)
            to -= size;
        else if (to >= from)
            to = std::min(to, rest.size());
        rest.insert(rest.begin() + static_cast<std::ptrdiff_t>(to), part.begin(), part.end());
        return rest;
    }

    static bool shift_once(Lines& h, const Lines& r) {
        const auto [before, path] = table(h, r);
        std::vector<int> align;
        std::vector<bool> h_wrong;
        std::vector<bool> r_wrong;
        for (const char way : path) {
            if (way != 'i') h_wrong.push_back(way != 'k');
            if (way != 'd') align.push_back(static_cast<int>(h_wrong.size()) - 1);
            if (way != 'd') r_wrong.push_back(way != 'k');
        }
        using Rank = std::vector<std::int64_t>;
        std::pair<Rank, Lines> best{{0}, h};
        bool found = false;
        for (std::size_t a = 0; a < h.size(); ++a)
            for (std::size_t b = 0; b < r.size(); ++b)
                for (std::size_t n = 1; n <= 10 && a + n <= h.size() && b + n <= r.size(); ++n) {
                    if (!std::equal(h.begin() + static_cast<std::ptrdiff_t>(a),
                                    h.begin() + static_cast<std::ptrdiff_t>(a + n),
                                    r.begin() + static_cast<std::ptrdiff_t>(b)))
                        break;
                    bool wrong_here = false;
                    bool wrong_there = false;
                    for (std::size_t k = 0; k < n; ++k) {
                        wrong_here = wrong_here || h_wrong[a + k];
                        wrong_there = wrong_there || r_wrong[b + k];
                    }
                    const int inside = align[b] - static_cast<int>(a);
                    if (!wrong_here || !wrong_there ||
                        (inside >= 0 && inside < static_cast<int>(n)))
                        continue;
                    for (std::size_t k = 0; k <= n; ++k) {
                        const int to = b + k == 0 ? 0 : align[b + k - 1] + 1;
                        Lines words = moved(h, a, n, static_cast<std::size_t>(to));
                        const Rank rank{before - table(words, r).first,
                                        static_cast<std::int64_t>(n), -static_cast<std::int64_t>(a),
                                        -to};
                        if (found && rank <= best.first) continue;
                        best = {rank, words};
                        found = true;
                    }
                }
        if (!found || best.first[0] <= 0) return false;
        h = best.second;
        return true;
    }
};

Lines random_sentence(hat::Random& random, std::uint64_t longest, std::uint64_t words) {
    Lines sentence;
    for (std::uint64_t n = random.below(longest); n > 0; --n)
        sentence.push_back("w" + std::to_string(random.below(words)));
    return sentence;
}

std::string joined(const Lines& words) {
    std::string text;
    for (const std::string& word : words) text += word + ' ';
    return text;
}

}  // namespace

TEST_SUITE("data/ter") {
    TEST_CASE("values that sacreBLEU publishes in its tests") {
        CHECK(ter_of("aaaa bbbb cccc dddd", "aaaa bbbb cccc dddd") == 0);
        CHECK(ter_of("dddd eeee ffff", "aaaa bbbb cccc") == 100);
        CHECK(ter_of("", "a") == 100);
        CHECK(ter_of("d e f g h a b c", "a b c d e f g h") == 12.5);  // one shift
    }
    TEST_CASE("a word too many, one too few and another one are an edit each") {
        CHECK(ter_of("a b x c d", "a b c d") == 25);
        CHECK(ter_of("a c d", "a b c d") == 25);
        CHECK(ter_of("a x c d", "a b c d") == 25);
        CHECK(ter_of("x y z u v w", "a b") == 300);
    }
    TEST_CASE("upper and lower case are the same unless asked otherwise") {
        CHECK(ter_of("Ä b", "ä B") == 0);
        const std::vector<Lines> reference{{"ä B"}};
        const auto cased = corpus_ter(Lines{"Ä b"}, reference, {.case_sensitive = true});
        CHECK(cased.score == 100);
        CHECK(cased.signature.starts_with("nrefs:1|case:mixed|"));
    }
    TEST_CASE("of several references the one with fewest edits counts, and their mean length") {
        CHECK(ter_of("a b c d", std::vector<Lines>{{"a b c d x x"}, {"a b"}}) ==
              doctest::Approx(100.0 * 2 / 4));
        CHECK(ter_of("a b c d", std::vector<Lines>{{"x"}, {"a b c e"}}) ==
              doctest::Approx(100.0 * 1 / 2.5));
    }
    TEST_CASE("a corpus is the sum of its sentences") {
        const std::vector<Lines> reference{{"a b c d", "e f"}};
        CHECK(corpus_ter(Lines{"a b c", "e f g"}, reference).score == doctest::Approx(200.0 / 6));
    }
    TEST_CASE("without words in the reference, words are wrong, and none are right") {
        CHECK(ter_of("a", "") == 100);
        CHECK(ter_of("", "") == 0);
    }
    TEST_CASE("the line names the score and how it was computed") {
        CHECK(corpus_ter(Lines{"a b c"}, std::vector<Lines>{{"a b d"}, {"x"}}).line() ==
              "TER|nrefs:2|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:hat-" +
                  std::string(hat::version) + " = 50.0");
    }
    TEST_CASE("edits are those of a second implementation, which tries all and keeps no beam") {
        hat::Random random(3);
        int shifted = 0;
        for (int i = 0; i < 150; ++i) {
            const Lines reference = random_sentence(random, 14, 8);
            Lines hypothesis = random_sentence(random, 14, 8);
            if (i % 2 == 0) {  // the reference's words, otherwise ordered
                hypothesis = reference;
                if (hypothesis.size() > 3) {
                    const auto cut =
                        1 + static_cast<std::ptrdiff_t>(random.below(hypothesis.size() - 1));
                    std::rotate(hypothesis.begin(), hypothesis.begin() + cut, hypothesis.end());
                    hypothesis[random.below(hypothesis.size())] = "other";
                }
            }
            if (reference.empty()) continue;
            CAPTURE(joined(hypothesis));
            CAPTURE(joined(reference));
            const std::string right = joined(reference);
            const std::vector<std::string_view> lines{right};
            const auto found = hat::data::count_ter(joined(hypothesis), lines).edits;
            CHECK(found == NaiveTer::edits(hypothesis, reference));
            shifted += found > 0 ? 1 : 0;
        }
        CHECK(shifted > 100);
    }
    TEST_CASE("it takes time in proportion to the words") {
        const auto words = [](int n) {
            std::string text;
            for (int i = 0; i < n; ++i) text += i % 3 == 0 ? "a " : i % 7 == 0 ? "b " : "c ";
            return text;
        };
        CHECK(hat::support::growth(100, words, [](const std::string& text) {
                  const std::string reference = "x " + text.substr(text.size() / 2) + "y " + text;
                  const std::vector<std::string_view> lines{reference};
                  static_cast<void>(hat::data::count_ter(text, lines));
              }) < hat::support::linear_growth);
    }
}
