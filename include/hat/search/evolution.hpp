// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/search/problem.hpp>
#include <hat/search/surrogate.hpp>
#include <hat/search/text_set.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace hat::search {

/// How an `Evolution` searches.
struct EvolutionOptions {
    int iterations = 30;   ///< after the first scores, at most
    int population = 125;  ///< genomes of the start; the parents of every iteration are among them
    int parents = 25;      ///< the best so far, from which the offspring come
    int mutants = 40;      ///< offspring of an iteration, at most: of one parent,
    int crossovers = 40;   ///< of two parents,
    int guided = 20;       ///< and proposed by the surrogate, if it can tell traits apart
    double mutation_probability = 0.3;  ///< of a gene
    int patience = 0;                   ///< iterations without a better genome; 0: go on to the end
    std::uint64_t seed = 1;             ///< of all that is drawn
};

/// The setting of HAT (arXiv:2005.14187, §3.2).
[[nodiscard]] constexpr EvolutionOptions published_evolution() noexcept {
    return {.mutants = 50, .crossovers = 50, .guided = 0};
}

/// Throws  `Error` naming the first number that is out of range.
inline void validate(const EvolutionOptions& options) {
    const auto require = [](const char* name, auto value, auto low, auto high) {
        require_between("search", name, value, low, high);
    };
    constexpr int many = 1'000'000;
    require("iterations", options.iterations, 0, many);
    require("population", options.population, 1, many);
    require("parents", options.parents, 1, many);
    require("mutants", options.mutants, 0, many);
    require("crossovers", options.crossovers, 0, many);
    require("guided", options.guided, 0, many);
    require("patience", options.patience, 0, many);
    require("mutation_probability", options.mutation_probability, 0.0, 1.0);
}

/// A genome and what it was found to be worth.
template <class Genome>
struct Scored {
    Genome genome;
    double cost = 0;
    double score = 0;
};

/// Looks for the genome with the lowest score among those that cost at most a limit (HAT,
/// arXiv:2005.14187, §3.2): the best so far have offspring by mutation and crossover.
///
/// Beyond the published algorithm, no genome is scored twice, the last offspring are scored, too,
/// and a surrogate fitted to all scores proposes some of the offspring: it is annealed over the
/// genomes that the limit allows, which finds the exchanges (wider here, narrower there) that
/// single mutations rarely hit. Every iteration depends on the seed, its number and what was scored
/// before alone, so a search that is restored goes on as it would have.
///
///     Evolution search(problem, 20.0, {.seed = 7});
///     while (search.iterate()) save(search.scored());
///     use(search.best());
///
/// It always ends: offspring that the limit forbids or that are known are drawn anew only so often.
template <SearchProblem Problem>
class Evolution {
public:
    using Genome = typename Problem::Genome;

    /// Genomes that cost more than `limit` are not looked at.
    /// Throws  `Error` if an option is out of range, or the limit is no number or below the
    /// cheapest genome's
    ///         cost: then nothing can be found, and the message says what the limit must be
    Evolution(Problem& problem, double limit, const EvolutionOptions& options = {})
        : problem_(problem), limit_(limit), options_(options), cheapest_(problem.cheapest()) {
        validate(options);
        if (std::isnan(limit)) fail("search: limit = ", limit, ", expected a number");
        const double least = problem.cost(cheapest_);
        if (!(least <= limit))
            fail("search: nothing costs as little as ", limit, ": the cheapest candidate, ",
                 problem.text(cheapest_), ", costs ", least,
                 ", so the limit must be at least that");
    }

    /// Scores the start, or one generation of offspring; false once there is nothing left to do.
    /// Throws  `Error` if a score is no finite number, or genomes have not one each.
    bool iterate() {
        if (is_finished()) return false;
        Random random(RandomKey(options_.seed).split(static_cast<std::uint64_t>(iteration_)));
        const std::vector<Genome> candidates =
            iteration_ == 0 ? first_generation(random) : offspring(random);
        ++iteration_;
        if (candidates.empty()) {
            exhausted_ = true;  // everything that can be reached is known
            return false;
        }
        const double before = scored_.empty() ? infinity : best().score;
        const std::vector<double> scores = problem_.score(candidates);
        if (scores.size() != candidates.size())
            fail("search: ", scores.size(), " scores of ", candidates.size(),
                 " genomes, expected one of each");
        for (std::size_t i = 0; i < candidates.size(); ++i)
            if (!std::isfinite(scores[i]))
                fail("search: the score of ", problem_.text(candidates[i]),
                     " is not a finite number");
        for (std::size_t i = 0; i < candidates.size(); ++i) remember(candidates[i], scores[i]);
        stale_ = best().score < before ? 0 : stale_ + 1;
        return true;
    }

    /// Whether all iterations are done, all that can be reached is known, or `patience` is over.
    [[nodiscard]] bool is_finished() const noexcept {
        return exhausted_ || iteration_ > options_.iterations ||
               (options_.patience > 0 && stale_ >= options_.patience);
    }

    /// All genomes that were scored, in that order.
    [[nodiscard]] const std::vector<Scored<Genome>>& scored() const noexcept { return scored_; }

    /// The best so far; of equal ones the first.
    ///
    /// Throws  `Error` if nothing was scored yet
    [[nodiscard]] const Scored<Genome>& best() const {
        if (order_.empty()) fail("search: nothing was scored yet: call iterate() before best()");
        return scored_[order_.front()];
    }

    /// The best `count` so far, or all.
    [[nodiscard]] std::vector<Scored<Genome>> best(int count) const {
        std::vector<Scored<Genome>> result;
        for (std::size_t i = 0; i < order_.size() && static_cast<int>(i) < count; ++i)
            result.push_back(scored_[order_[i]]);
        return result;
    }

    /// Iterations done, the start among them.
    [[nodiscard]] int iteration() const noexcept { return iteration_; }
    /// Iterations since the last better genome.
    [[nodiscard]] int stale() const noexcept { return stale_; }
    [[nodiscard]] double limit() const noexcept { return limit_; }
    [[nodiscard]] const EvolutionOptions& options() const noexcept { return options_; }

    /// Goes back to where a search was after `iteration` iterations. Precondition: it is of the
    /// same problem, limit and options, and nothing was scored yet.
    void restore(int iteration, int stale, const std::vector<Scored<Genome>>& scored) {
        for (const Scored<Genome>& known : scored) remember(known.genome, known.score);
        iteration_ = iteration;
        stale_ = stale;
    }

private:
    static constexpr double infinity = std::numeric_limits<double>::infinity();
    static constexpr int tries = 200;  ///< of an offspring that the limit allows and is new

    void remember(const Genome& genome, double score) {
        scored_.push_back({genome, problem_.cost(genome), score});
        known_.add(problem_.text(genome));
        const std::size_t index = scored_.size() - 1;
        const auto place = std::upper_bound(
            order_.begin(), order_.end(), score,
            [this](double value, std::size_t i) { return value < scored_[i].score; });
        order_.insert(place, index);
        if (options_.guided > 0) surrogate_.add(problem_.traits(genome), score);
    }

    /// Candidates of an iteration, each once and none that is known.
    class Candidates {
    public:
        explicit Candidates(const Evolution& search) : search_(search) {}

        [[nodiscard]] bool is_new(const std::string& text) const {
            return !search_.known_.contains(text) && !texts_.contains(text);
        }
        /// False if `genome` is known already or costs too much.
        bool add(const Genome& genome) {
            std::string text = search_.problem_.text(genome);
            if (!is_new(text) || !(search_.problem_.cost(genome) <= search_.limit_)) return false;
            texts_.add(std::move(text));
            genomes_.push_back(genome);
            return true;
        }
        [[nodiscard]] std::vector<Genome> take() && { return std::move(genomes_); }

    private:
        const Evolution& search_;
        TextSet texts_;
        std::vector<Genome> genomes_;
    };

    /// Random genomes; where the limit forbids them, their children with the cheapest one, and
    /// theirs, which become ever more like it.
    [[nodiscard]] std::vector<Genome> first_generation(Random& random) const {
        Candidates candidates(*this);
        for (int i = 0; i < options_.population; ++i) {
            for (int attempt = 0; attempt < tries; ++attempt) {
                Genome genome = problem_.sample(random);
                for (int mixed = 0; mixed < attempt && !(problem_.cost(genome) <= limit_); ++mixed)
                    genome = problem_.crossover(genome, cheapest_, random);
                if (candidates.add(genome)) break;
            }
        }
        candidates.add(cheapest_);
        return std::move(candidates).take();
    }

    [[nodiscard]] std::vector<Genome> offspring(Random& random) {
        Candidates candidates(*this);
        const auto parent = [&]() -> const Genome& {
            const auto count =
                std::min<std::size_t>(order_.size(), static_cast<std::size_t>(options_.parents));
            return scored_[order_[static_cast<std::size_t>(random.below(count))]].genome;
        };
        const auto breed = [&](int count, const auto& draw) {
            for (int i = 0; i < count; ++i)
                for (int attempt = 0; attempt < tries; ++attempt)
                    if (candidates.add(draw())) break;
        };
        if (options_.guided > 0 && surrogate_.fit())
            for (int i = 0; i < options_.guided; ++i) propose(candidates, parent(), random);
        breed(options_.mutants,
              [&] { return problem_.mutate(parent(), options_.mutation_probability, random); });
        breed(options_.crossovers, [&] { return problem_.crossover(parent(), parent(), random); });
        return std::move(candidates).take();
    }

    /// Simulated annealing on the surrogate, from `start`, over genomes that the limit allows; adds
    /// the best new one on the way.
    void propose(Candidates& candidates, const Genome& start, Random& random) const {
        constexpr int steps = 1500;
        const auto count = std::min<std::size_t>(order_.size(), 50);
        const double spread = scored_[order_[count - 1]].score - scored_[order_.front()].score;
        double temperature = spread > 0 ? spread : 1e-6;
        const double cooling = std::pow(1e-3, 1.0 / steps);
        Genome at = start;
        const auto traits = problem_.traits(at);
        const double two_genes = 2.0 / static_cast<double>(std::max<std::size_t>(traits.size(), 2));
        double at_score = surrogate_(traits);
        Genome best_new = at;
        double best_score = infinity;
        for (int step = 0; step < steps; ++step, temperature *= cooling) {
            Genome next = problem_.mutate(at, two_genes, random);
            if (next == at) continue;
            const double score = surrogate_(problem_.traits(next));
            const bool accepted =
                score <= at_score || random.uniform() < std::exp((at_score - score) / temperature);
            if (!accepted || !(problem_.cost(next) <= limit_)) continue;
            at = std::move(next);
            at_score = score;
            if (score < best_score && candidates.is_new(problem_.text(at))) {
                best_new = at;
                best_score = score;
            }
        }
        if (best_score < infinity) candidates.add(best_new);
    }

    Problem& problem_;
    double limit_;
    EvolutionOptions options_;
    Genome cheapest_;
    std::vector<Scored<Genome>> scored_;
    std::vector<std::size_t> order_;  ///< of `scored_`, best first
    TextSet known_;
    AdditiveSurrogate surrogate_;
    int iteration_ = 0;
    int stale_ = 0;
    bool exhausted_ = false;
};

}  // namespace hat::search
