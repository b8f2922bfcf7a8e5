// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/model/architecture.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::search {

/// The member of `space` that costs least: from the smallest, served in each way that there is, and
/// from some random members, one gene at a time is changed for the better until none can be. Where
/// a larger gene never costs less to serve in the same way, as with `AdditivePredictors`, that is
/// one of the smallest, and no other member can cost less; elsewhere it is the least that was
/// found.
///
/// `cost(Architecture)` returns a double.
template <class Cost>
[[nodiscard]] model::Architecture cheapest_member(const elastic::DesignSpace& space,
                                                  const Cost& cost) {
    constexpr int random_starts = 8;
    Random random(0);
    std::vector<model::Architecture> starts = served_in_all_ways(space, smallest(space));
    for (int i = 0; i < random_starts; ++i) starts.push_back(elastic::sample(space, random));
    model::Architecture best = starts.front();
    double best_cost = cost(best);
    for (model::Architecture& at : starts) {
        double at_cost = cost(at);
        for (bool improved = true; improved;) {
            improved = false;
            for (const model::Architecture& next : elastic::neighbours(space, at)) {
                const double next_cost = cost(next);
                if (!(next_cost < at_cost)) continue;
                at = next;
                at_cost = next_cost;
                improved = true;
                break;
            }
        }
        if (at_cost < best_cost) {
            best = at;
            best_cost = at_cost;
        }
    }
    return best;
}

/// The search for a member of a design space (`SearchProblem`): `cost(Architecture)` is a predicted
/// latency, `score(span of Architectures)` returns their losses.
///
///     ArchitectureProblem problem(space, predict_ms, InheritedLoss(super, validator, pool));
///     Evolution search(problem, limit_ms);
template <class Cost, class Score>
class ArchitectureProblem {
public:
    using Genome = model::Architecture;

    /// `space` must outlive it, and be valid with the vocabularies of the data.
    ArchitectureProblem(const elastic::DesignSpace& space, Cost cost_of, Score scores_of)
        : space_(space), cost_(std::move(cost_of)), score_(std::move(scores_of)),
          cheapest_(cheapest_member(space, cost_)) {}

    /// What a search asks of a problem (<hat/search/problem.hpp>).
    [[nodiscard]] Genome sample(Random& random) const { return elastic::sample(space_, random); }
    [[nodiscard]] Genome mutate(const Genome& parent, double probability, Random& random) const {
        return elastic::mutate(space_, parent, probability, random);
    }
    /// What a search asks of a problem (<hat/search/problem.hpp>).
    [[nodiscard]] Genome crossover(const Genome& a, const Genome& b, Random& random) const {
        return elastic::crossover(space_, a, b, random);
    }
    [[nodiscard]] double cost(const Genome& genome) const { return cost_(genome); }
    [[nodiscard]] Genome cheapest() const { return cheapest_; }
    std::vector<double> score(std::span<const Genome> genomes) { return score_(genomes); }

    /// What every gene is, layer by layer.
    [[nodiscard]] std::vector<std::uint64_t> traits(const Genome& genome) const {
        std::vector<std::uint64_t> all;
        for_each_gene(
            space_, genome, [&](elastic::Gene gene, const int& value, const elastic::Choices&) {
                std::uint64_t name = 0;
                for (const char c : gene.name) name = mix64(name + static_cast<unsigned char>(c));
                const auto layer = static_cast<std::uint64_t>(gene.layer + 1);
                all.push_back(
                    mix64(name ^ mix64((layer << 32U) + static_cast<std::uint64_t>(value))));
            });
        return all;
    }
    [[nodiscard]] std::string text(const Genome& genome) const {
        return elastic::gene_string(genome);
    }
    [[nodiscard]] Genome parse(const std::string& word) const {
        return elastic::parse_member(space_, word, "search");
    }

private:
    const elastic::DesignSpace& space_;
    Cost cost_;
    Score score_;
    Genome cheapest_;
};

}  // namespace hat::search
