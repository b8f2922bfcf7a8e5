// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/pareto.hpp>
#include <hat/search/problem.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace hat::search {

/// What a genome may cost: `cost(genome)`, cheap to tell, is to be at most `limit`.
template <class Cost>
struct LimitedCost {
    Cost cost;
    double limit = std::numeric_limits<double>::infinity();
};

/// What a problem itself says that a genome costs.
template <class Problem>
struct OwnCost {
    const Problem* problem;

    double operator()(const typename Problem::Genome& genome) const {
        return problem->cost(genome);
    }
};

/// A search problem with score and costs as objectives, and whatever `further(genome)` tell, such
/// as a size (`ParetoProblem`).
///
///     TradeOff problem(architectures, limit_ms, [](const Architecture& a) {
///         return static_cast<double>(model::parameters(a));
///     });
///
/// The cost is the problem's own, or there are several in its place, such as the latencies on
/// several devices, each with a limit:
///
///     TradeOff problem(architectures, std::vector<LimitedCost<PredictMs>>{{desk, 5}, {pi, 80}});
///
/// The objectives are score, costs, then the further ones, in the order given. A genome is allowed
/// if one of its costs is within its limit: what is too slow for one device may be the best for
/// another (`members_of_cost` parts them again). Scores must be whole: a race (`RaceOptions::keep`
/// > 0) stops networks whose loss is high, though no other may be as fast.
template <SearchProblem Problem, class Cost = OwnCost<Problem>, class... Further>
class TradeOff {
public:
    using Genome = typename Problem::Genome;

    /// `problem` must outlive it. Genomes that cost more than `limit` are not allowed.
    /// Throws  `Error` if the limit is below the cheapest genome's cost.
    explicit TradeOff(Problem& problem, double limit,
                      Further... further) requires std::same_as<Cost, OwnCost<Problem>>
        : TradeOff(problem, std::vector<LimitedCost<Cost>>{{{&problem}, limit}},
                   std::move(further)...) {
        const Genome cheapest = problem.cheapest();
        const double least = problem.cost(cheapest);
        if (!(least <= limit))
            fail("front: nothing costs as little as ", limit, ": the cheapest candidate, ",
                 problem.text(cheapest), ", costs ", least, ", so the limit must be at least that");
    }

    /// The same with `costs` in place of the problem's own.
    /// Throws  `Error` if there are none, or a limit is not a number.
    TradeOff(Problem& problem, std::vector<LimitedCost<Cost>> costs, Further... further)
        : problem_(problem), costs_(std::move(costs)), further_(std::move(further)...) {
        if (costs_.empty()) fail("front: there is no cost, expected one or more");
        for (const auto& [cost, limit] : costs_)
            if (std::isnan(limit)) fail("front: limit = ", limit, ", expected a number");
    }

    /// What a search asks of a problem (<hat/search/problem.hpp>).
    [[nodiscard]] Genome sample(Random& random) const { return problem_.sample(random); }
    [[nodiscard]] Genome mutate(const Genome& parent, double probability, Random& random) const {
        return problem_.mutate(parent, probability, random);
    }
    /// What a search asks of a problem (<hat/search/problem.hpp>).
    [[nodiscard]] Genome crossover(const Genome& a, const Genome& b, Random& random) const {
        return problem_.crossover(a, b, random);
    }
    [[nodiscard]] std::vector<std::uint64_t> traits(const Genome& genome) const {
        return problem_.traits(genome);
    }
    [[nodiscard]] std::string text(const Genome& genome) const { return problem_.text(genome); }
    [[nodiscard]] Genome parse(const std::string& word) const { return problem_.parse(word); }
    /// 0 if a cost is within its limit, else by how much the one is over it that is least.
    [[nodiscard]] double violation(const Genome& genome) const {
        double least = std::numeric_limits<double>::infinity();
        for (const auto& [cost_of, limit] : costs_) {
            const double cost = cost_of(genome);
            if (cost <= limit) return 0;
            if (cost > limit) least = std::min(least, cost - limit);
        }
        return least;
    }
    /// Score and costs of each genome, in that order.
    std::vector<Objectives> objectives(std::span<const Genome> genomes) {
        const std::vector<double> scores = problem_.score(genomes);
        if (scores.size() != genomes.size())
            fail("front: ", scores.size(), " scores of ", genomes.size(),
                 " genomes, expected one of each");
        std::vector<Objectives> all;
        for (std::size_t i = 0; i < genomes.size(); ++i) {
            const Genome& genome = genomes[i];
            Objectives& point = all.emplace_back(Objectives{scores[i]});
            for (const auto& [cost, limit] : costs_) point.push_back(cost(genome));
            std::apply([&](auto&... further) { (point.push_back(further(genome)), ...); },
                       further_);
        }
        return all;
    }

private:
    Problem& problem_;
    std::vector<LimitedCost<Cost>> costs_;
    std::tuple<Further...> further_;
};

/// Of members whose objectives are those of a `TradeOff` with so many `costs`, those that the one
/// at `cost` allows, seen by it alone: with the score, that cost, and what is behind all costs.
///
/// Shapes  objectives: [1 + costs + further]; of the result: [2 + further]
template <class Genome>
[[nodiscard]] std::vector<ParetoMember<Genome>>
members_of_cost(const std::vector<ParetoMember<Genome>>& members, int cost, int costs,
                double limit) {
    std::vector<ParetoMember<Genome>> seen;
    for (const ParetoMember<Genome>& member : members) {
        const Objectives& all = member.objectives;
        if (all.empty()) continue;
        const double own = all[static_cast<std::size_t>(1 + cost)];
        if (!(own <= limit)) continue;
        Objectives point{all.front(), own};
        point.insert(point.end(), all.begin() + 1 + costs, all.end());
        seen.push_back({member.genome, std::move(point), 0});
    }
    return seen;
}

}  // namespace hat::search
