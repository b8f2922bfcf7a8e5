// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/problem.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace hat::search {

/// A search problem with score and cost as objectives, and whatever `further(genome)` tell, such as
/// a size (`ParetoProblem`).
///
///     TradeOff problem(architectures, limit_ms, [](const Architecture& a) {
///         return static_cast<double>(model::parameters(a));
///     });
///
/// The objectives are score, cost, then the further ones in the order given. Scores must be whole:
/// a race (`RaceOptions::keep` > 0) stops networks whose loss is high, though no other may be as
/// fast.
template <SearchProblem Problem, class... Further>
class TradeOff {
public:
    using Genome = typename Problem::Genome;

    /// `problem` must outlive it. Genomes that cost more than `limit` are not allowed.
    /// Throws  `Error` if the limit is below the cheapest genome's cost.
    explicit TradeOff(Problem& problem, double limit, Further... further)
        : problem_(problem), limit_(limit), further_(std::move(further)...) {
        const Genome cheapest = problem.cheapest();
        const double least = problem.cost(cheapest);
        if (std::isnan(limit)) fail("front: limit = ", limit, ", expected a number");
        if (!(least <= limit))
            fail("front: nothing costs as little as ", limit, ": the cheapest candidate, ",
                 problem.text(cheapest), ", costs ", least, ", so the limit must be at least that");
    }

    [[nodiscard]] Genome sample(Random& random) const { return problem_.sample(random); }
    [[nodiscard]] Genome mutate(const Genome& parent, double probability, Random& random) const {
        return problem_.mutate(parent, probability, random);
    }
    [[nodiscard]] Genome crossover(const Genome& a, const Genome& b, Random& random) const {
        return problem_.crossover(a, b, random);
    }
    [[nodiscard]] std::vector<std::uint64_t> traits(const Genome& genome) const {
        return problem_.traits(genome);
    }
    [[nodiscard]] std::string text(const Genome& genome) const { return problem_.text(genome); }
    [[nodiscard]] Genome parse(const std::string& word) const { return problem_.parse(word); }
    [[nodiscard]] double violation(const Genome& genome) const {
        const double cost = problem_.cost(genome);
        if (cost <= limit_) return 0;
        return cost > limit_ ? cost - limit_ : std::numeric_limits<double>::infinity();
    }
    std::vector<Objectives> objectives(std::span<const Genome> genomes) {
        const std::vector<double> scores = problem_.score(genomes);
        if (scores.size() != genomes.size())
            fail("front: ", scores.size(), " scores of ", genomes.size(),
                 " genomes, expected one of each");
        std::vector<Objectives> all;
        for (std::size_t i = 0; i < genomes.size(); ++i) {
            const Genome& genome = genomes[i];
            Objectives& point = all.emplace_back(Objectives{scores[i], problem_.cost(genome)});
            std::apply([&](auto&... further) { (point.push_back(further(genome)), ...); },
                       further_);
        }
        return all;
    }

private:
    Problem& problem_;
    double limit_;
    std::tuple<Further...> further_;
};

}  // namespace hat::search
