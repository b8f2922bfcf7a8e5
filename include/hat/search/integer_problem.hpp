// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/random.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::search {

/// What an integer may be: `low` … `high`.
struct IntegerRange {
    int low = 0;
    int high = 0;
};

/// A search for integers (`SearchProblem`), whatever they mean: `cost(genome)` is limited,
/// `score(genome)` is to be as low as possible; a genome is a list of integers, one for each range.
/// What is not allowed costs infinitely much; a cost that is not a number is not allowed, either.
///
///     IntegerProblem problem({{0, 9}, {0, 9}}, weight, [](const auto& x) { return -value(x); });
///     Evolution search(problem, 20.0);
///     while (search.iterate()) {}
///     use(search.best().genome);
template <class Cost, class Score>
class IntegerProblem {
public:
    using Genome = std::vector<int>;

    static_assert(
        std::is_invocable_r_v<double, const Cost&, const Genome&>,
        "IntegerProblem: cost(genome) takes a const std::vector<int>& and is a number, and "
        "may be asked of a constant problem");
    static_assert(std::is_invocable_r_v<double, Score&, const Genome&>,
                  "IntegerProblem: score(genome) takes a const std::vector<int>& and is a number");

    /// Throws  `Error` if there is no range, or one is empty
    IntegerProblem(std::vector<IntegerRange> ranges, Cost cost_of, Score score_of)
        : ranges_(std::move(ranges)), cost_(std::move(cost_of)), score_(std::move(score_of)) {
        if (ranges_.empty()) fail("integer problem: no ranges, expected one for each integer");
        for (std::size_t i = 0; i < ranges_.size(); ++i)
            if (ranges_[i].low > ranges_[i].high)
                fail("integer problem: range ", i, " is ", ranges_[i].low, " to ", ranges_[i].high,
                     ", which holds nothing");
    }

    /// What a search asks of a problem (<hat/search/problem.hpp>).
    [[nodiscard]] Genome sample(Random& random) const {
        Genome genome;
        for (const IntegerRange& range : ranges_) genome.push_back(draw(range, random));
        return genome;
    }
    [[nodiscard]] Genome mutate(Genome genome, double probability, Random& random) const {
        for (std::size_t i = 0; i < genome.size(); ++i)
            if (random.uniform() < probability) genome[i] = draw(ranges_[i], random);
        return genome;
    }
    /// Each integer of the one or of the other parent.
    [[nodiscard]] Genome crossover(Genome a, const Genome& b, Random& random) const {
        for (std::size_t i = 0; i < a.size(); ++i)
            if (random.below(2) == 1) a[i] = b[i];
        return a;
    }
    [[nodiscard]] double cost(const Genome& genome) const {
        const double cost = cost_(genome);
        // Nothing is less than a number that is none: searches would never leave it.
        return std::isnan(cost) ? std::numeric_limits<double>::infinity() : cost;
    }

    /// From all ends and some random genomes, one integer at a time is changed for the better until
    /// none can be.
    [[nodiscard]] Genome cheapest() const {
        constexpr int random_starts = 8;
        Random random(std::uint64_t{0});
        Genome best = ends(&IntegerRange::low);
        descend(best);
        const auto consider = [&](Genome start) {
            descend(start);
            if (cost(start) < cost(best)) best = std::move(start);
        };
        consider(ends(&IntegerRange::high));
        for (int i = 0; i < random_starts; ++i) consider(sample(random));
        return best;
    }

    std::vector<double> score(std::span<const Genome> genomes) {
        std::vector<double> scores;
        for (const Genome& genome : genomes) scores.push_back(score_(genome));
        return scores;
    }

    [[nodiscard]] std::vector<std::uint64_t> traits(const Genome& genome) const {
        std::vector<std::uint64_t> all;
        for (std::size_t i = 0; i < genome.size(); ++i)
            all.push_back(mix64((std::uint64_t{i} << 32U) + static_cast<std::uint32_t>(genome[i])));
        return all;
    }

    /// "3,0,-2"
    [[nodiscard]] std::string text(const Genome& genome) const {
        std::string text;
        for (const int x : genome) text += (text.empty() ? "" : ",") + std::to_string(x);
        return text;
    }
    /// Throws  `Error` if `text` is no genome of this problem
    [[nodiscard]] Genome parse(const std::string& text) const {
        Genome genome;
        const char* at = text.data();
        const char* const end = at + text.size();
        for (const IntegerRange& range : ranges_) {
            int x = 0;
            const auto [behind, error] = std::from_chars(at, end, x);
            const bool is_last = genome.size() + 1 == ranges_.size();
            const bool ends_well = is_last ? behind == end : behind != end && *behind == ',';
            if (error != std::errc{} || !ends_well || x < range.low || x > range.high)
                fail("integer problem: ", in_quotes(text), ", number ", genome.size() + 1,
                     ": expected ", range.low, " to ", range.high, " of ", ranges_.size(),
                     " numbers");
            genome.push_back(x);
            at = is_last ? behind : behind + 1;
        }
        return genome;
    }

private:
    static int draw(const IntegerRange& range, Random& random) {
        const auto count = static_cast<std::uint64_t>(std::int64_t{range.high} - range.low + 1);
        return static_cast<int>(range.low + static_cast<std::int64_t>(random.below(count)));
    }
    [[nodiscard]] Genome ends(int IntegerRange::*end) const {
        Genome genome;
        for (const IntegerRange& range : ranges_) genome.push_back(range.*end);
        return genome;
    }
    /// Every integer to its ends, and up and down by powers of two.
    void descend(Genome& at) const {
        double least = cost(at);
        for (bool improved = true; improved;) {
            improved = false;
            for (std::size_t i = 0; i < at.size(); ++i) {
                const auto consider = [&](std::int64_t value) {
                    if (value < ranges_[i].low || value > ranges_[i].high) return;
                    const int old = std::exchange(at[i], static_cast<int>(value));
                    const double cost_there = cost(at);
                    if (cost_there < least) {
                        least = cost_there;
                        improved = true;
                    } else {
                        at[i] = old;
                    }
                };
                consider(ranges_[i].low);
                consider(ranges_[i].high);
                for (std::int64_t step = 1; step <= std::numeric_limits<int>::max(); step *= 2) {
                    consider(at[i] - step);
                    consider(at[i] + step);
                }
            }
        }
    }

    std::vector<IntegerRange> ranges_;
    Cost cost_;
    Score score_;
};

}  // namespace hat::search
