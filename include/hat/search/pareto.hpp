// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/surrogate.hpp>
#include <hat/search/text_set.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::search {

/// What a search for a whole front must know of its genomes.
/// - `sample`, `mutate`, `crossover`, `traits`, `text`: as in `SearchProblem`
/// - `violation`: cheap to tell; 0 if the genome is allowed, else by how much it is not
/// - `objectives`: expensive to tell; per genome as many numbers, all to be small; asked only of
///   genomes that are allowed, once each, for many at once
///
/// `TradeOff` (trade_off.hpp) makes one of a `SearchProblem`.
template <class P>
concept ParetoProblem = requires(P& problem, const P& p, const typename P::Genome& genome,
                                 Random& random, std::span<const typename P::Genome> genomes) {
    { p.sample(random) } -> std::same_as<typename P::Genome>;
    { p.mutate(genome, 0.3, random) } -> std::same_as<typename P::Genome>;
    { p.crossover(genome, genome, random) } -> std::same_as<typename P::Genome>;
    { p.traits(genome) } -> std::same_as<std::vector<std::uint64_t>>;
    { p.text(genome) } -> std::same_as<std::string>;
    { p.violation(genome) } -> std::same_as<double>;
    { problem.objectives(genomes) } -> std::same_as<std::vector<Objectives>>;
};

/// How a `ParetoSearch` searches.
struct ParetoOptions {
    int iterations = 30;  ///< after the first scores, at most
    int population = 60;  ///< genomes of the start, parents and offspring of every iteration
    double crossover_probability = 0.9;  ///< that an offspring has two parents
    double mutation_probability = 0.1;   ///< of a gene, in every offspring
    /// So many offspring are drawn for one that is scored: those that surrogates of the objectives
    /// expect on the front. 1: all that are drawn are scored, as published.
    int screening = 10;
    std::uint64_t seed = 1;  ///< of all that is drawn
};

/// Throws  `Error` naming the first number that is out of range.
inline void validate(const ParetoOptions& options) {
    const auto require = [](const char* name, auto value, auto low, auto high) {
        require_between("front", name, value, low, high);
    };
    constexpr int many = 1'000'000;
    require("iterations", options.iterations, 0, many);
    require("population", options.population, 2, many);
    require("screening", options.screening, 1, 1000);
    require("crossover_probability", options.crossover_probability, 0.0, 1.0);
    require("mutation_probability", options.mutation_probability, 0.0, 1.0);
}

/// A genome and where it lies: its objectives if it is allowed, else by how much it is not.
template <class Genome>
struct ParetoMember {
    Genome genome;
    Objectives objectives;  ///< empty if it is not allowed
    double violation = 0;
};

/// Of members, those that were scored and that no other dominates, by ascending first objective; of
/// equal points the first.
template <class Genome>
[[nodiscard]] std::vector<ParetoMember<Genome>>
front_of(const std::vector<ParetoMember<Genome>>& members) {
    using Member = ParetoMember<Genome>;
    std::vector<Objectives> points;
    std::vector<const Member*> scored;
    for (const Member& member : members) {
        if (member.objectives.empty()) continue;
        points.push_back(member.objectives);
        scored.push_back(&member);
    }
    std::vector<Member> front;
    for (const int i : non_dominated(points)) front.push_back(*scored[static_cast<std::size_t>(i)]);
    std::stable_sort(front.begin(), front.end(),
                     [](const Member& a, const Member& b) { return a.objectives < b.objectives; });
    front.erase(
        std::unique(front.begin(), front.end(),
                    [](const Member& a, const Member& b) { return a.objectives == b.objectives; }),
        front.end());
    return front;
}

/// Looks for all best trade-offs at once: genomes of which none is better in one objective without
/// being worse in another (NSGA-II, Deb et al. 2002, doi:10.1109/4235.996017).
///
/// Parents are chosen by rank of their front, then by the room they have on it. A genome that is
/// allowed goes before one that is not, and of two that are not, the one that is closer (there,
/// §VI); those are never scored, and serve as parents only while there are too few others. Beyond
/// the published algorithm, nothing that was scored is forgotten: parents come from all genomes so
/// far; none is scored twice; and surrogates choose among more offspring than are scored.
///
///     TradeOff problem(search_problem, limit_ms, {parameters});
///     ParetoSearch search(problem, {.seed = 7});
///     while (search.iterate()) {}
///     for (const auto& member : search.front()) write(member.genome, member.objectives);
///
/// The same front for the same seed. It always ends: offspring that are known already are drawn
/// anew only so often.
template <ParetoProblem Problem>
class ParetoSearch {
public:
    using Genome = typename Problem::Genome;
    using Member = ParetoMember<Genome>;

    /// `start`: genomes to begin with, such as the ends of the space; random ones fill the rest.
    /// Throws  `Error` if an option is out of range.
    explicit ParetoSearch(Problem& problem, const ParetoOptions& options = {},
                          std::vector<Genome> start = {})
        : problem_(problem), options_(options), start_(std::move(start)) {
        validate(options);
    }

    /// Scores the start, or one generation of offspring; false once there is nothing left to do.
    /// Throws  `Error` if an objective is no finite number, or genomes have different numbers of
    ///         them, or none.
    bool iterate() {
        if (is_finished()) return false;
        Random random(RandomKey(options_.seed).split(static_cast<std::uint64_t>(iteration_)));
        Candidates candidates(*this);
        if (iteration_ == 0)
            first_generation(candidates, random);
        else
            offspring(candidates, random);
        ++iteration_;
        if (candidates.allowed.empty() && candidates.forbidden.empty()) {
            exhausted_ = true;  // everything that can be reached is known
            return false;
        }
        for (Member& member : candidates.forbidden) add(std::move(member));
        if (candidates.allowed.empty()) return true;
        std::vector<Objectives> objectives = problem_.objectives(candidates.allowed);
        if (objectives.size() != candidates.allowed.size())
            fail("front: objectives of ", objectives.size(), " of ", candidates.allowed.size(),
                 " genomes, expected those of each");
        for (std::size_t i = 0; i < candidates.allowed.size(); ++i) {
            check(candidates.allowed[i], objectives[i]);
            add({std::move(candidates.allowed[i]), std::move(objectives[i]), 0});
        }
        return true;
    }

    /// Whether all iterations are done, or all genomes are known.
    [[nodiscard]] bool is_finished() const noexcept {
        return exhausted_ || iteration_ > options_.iterations;
    }

    /// The front of all genomes so far, as `front_of`. Empty if no allowed genome was found.
    [[nodiscard]] std::vector<Member> front() const { return front_of(members_); }

    /// Every genome that was looked at, in that order: what a checkpoint must hold, with
    /// `iteration`.
    [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
    /// How many of them were scored.
    [[nodiscard]] int scored() const noexcept { return static_cast<int>(scored_.size()); }
    /// Iterations done, the start among them.
    [[nodiscard]] int iteration() const noexcept { return iteration_; }
    [[nodiscard]] const ParetoOptions& options() const noexcept { return options_; }

    /// Goes back to where a search was after `iteration` iterations. Precondition: it is of the
    /// same problem and options, and nothing was scored yet.
    void restore(int iteration, const std::vector<Member>& members) {
        for (const Member& member : members) add(member);
        iteration_ = iteration;
    }

private:
    static constexpr std::size_t tries = 200;  ///< of an offspring that is new

    /// New genomes of an iteration, each once.
    struct Candidates {
        explicit Candidates(const ParetoSearch& owner) : search(owner) {}

        /// False if `genome` is known already. Forbidden ones are kept while parents are few.
        bool add(Genome genome) {
            std::string text = search.problem_.text(genome);
            if (search.known_.contains(text) || !texts.add(std::move(text))) return false;
            const double violation = search.problem_.violation(genome);
            if (violation > 0)
                forbidden.push_back({std::move(genome), {}, violation});
            else
                allowed.push_back(std::move(genome));
            return true;
        }

        const ParetoSearch& search;
        TextSet texts{};
        std::vector<Genome> allowed{};
        std::vector<Member> forbidden{};
    };

    /// A member that may have offspring. The lower the rank the better, then the more room.
    struct Parent {
        std::size_t member;
        std::size_t rank;
        double room;
    };

    void check(const Genome& genome, const Objectives& objectives) const {
        const std::size_t expected =
            scored_.empty() ? objectives.size() : members_[scored_[0]].objectives.size();
        if (objectives.empty() || objectives.size() != expected)
            fail("front: ", problem_.text(genome), " has ", objectives.size(),
                 " objectives, expected ", std::max<std::size_t>(expected, 1));
        for (const double x : objectives)
            if (!std::isfinite(x))
                fail("front: an objective of ", problem_.text(genome), " is not a finite number");
    }

    void add(Member member) {
        known_.add(problem_.text(member.genome));
        if (!member.objectives.empty()) {
            scored_.push_back(members_.size());
            if (options_.screening > 1) {
                const auto traits = problem_.traits(member.genome);
                surrogates_.resize(member.objectives.size());
                for (std::size_t i = 0; i < surrogates_.size(); ++i)
                    surrogates_[i].add(traits, member.objectives[i]);
            }
        }
        members_.push_back(std::move(member));
    }

    [[nodiscard]] std::vector<Objectives> scored_points() const {
        std::vector<Objectives> points;
        for (const std::size_t i : scored_) points.push_back(members_[i].objectives);
        return points;
    }

    [[nodiscard]] std::size_t population() const noexcept {
        return static_cast<std::size_t>(options_.population);
    }

    void first_generation(Candidates& candidates, Random& random) const {
        for (const Genome& genome : start_) candidates.add(genome);
        for (std::size_t i = start_.size(); i < population(); ++i)
            for (std::size_t attempt = 0; attempt < tries; ++attempt)
                if (candidates.add(problem_.sample(random))) break;
    }

    /// The best `population` of all members.
    [[nodiscard]] std::vector<Parent> parents() const {
        std::vector<Parent> parents;
        const std::vector<Objectives> points = scored_points();
        std::size_t rank = 0;
        for (const std::vector<int>& front : non_dominated_fronts(points)) {
            const std::vector<double> room = crowding_distances(points, front);
            for (std::size_t i = 0; i < front.size(); ++i)
                parents.push_back({scored_[static_cast<std::size_t>(front[i])], rank, room[i]});
            ++rank;
            if (parents.size() >= population()) break;
        }
        if (parents.size() < population()) {
            for (std::size_t i = 0; i < members_.size(); ++i)
                if (members_[i].objectives.empty())
                    parents.push_back({i, rank, -members_[i].violation});
        }
        std::stable_sort(parents.begin(), parents.end(), is_better);
        parents.resize(std::min(parents.size(), population()));
        return parents;
    }

    [[nodiscard]] static bool is_better(const Parent& a, const Parent& b) noexcept {
        return a.rank != b.rank ? a.rank < b.rank : a.room > b.room;
    }

    void offspring(Candidates& candidates, Random& random) {
        const std::vector<Parent> pool = parents();
        const auto draw = [&]() -> const Parent& {
            return pool[static_cast<std::size_t>(random.below(pool.size()))];
        };
        const auto parent = [&]() -> const Genome& {
            const Parent& a = draw();
            const Parent& b = draw();
            return members_[(is_better(b, a) ? b : a).member].genome;
        };
        // Where nearly all offspring are forbidden or known, fewer to choose from must do.
        const std::size_t wanted = population() * static_cast<std::size_t>(options_.screening);
        const std::size_t enough = 4 * wanted;
        const std::size_t limit = std::max(enough, tries * population());
        for (std::size_t attempt = 0;
             attempt < (candidates.allowed.size() < population() ? limit : enough) &&
             candidates.allowed.size() < wanted;
             ++attempt) {
            Genome child = parent();
            if (random.uniform() < options_.crossover_probability)
                child = problem_.crossover(child, parent(), random);
            candidates.add(problem_.mutate(child, options_.mutation_probability, random));
        }
        if (candidates.allowed.size() > population()) screen(candidates.allowed);
        const bool crowded = scored_.size() >= population();
        const auto keep = crowded ? 0 : std::min(candidates.forbidden.size(), population());
        std::stable_sort(
            candidates.forbidden.begin(), candidates.forbidden.end(),
            [](const Member& a, const Member& b) { return a.violation < b.violation; });
        candidates.forbidden.resize(keep);
    }

    /// Leaves the `population` genomes that look best among all that is known.
    void screen(std::vector<Genome>& genomes) {
        if (scored_.empty()) {
            genomes.resize(population());
            return;
        }
        for (AdditiveSurrogate& surrogate : surrogates_) surrogate.fit();
        std::vector<Objectives> points = scored_points();
        const std::size_t known = points.size();
        for (const Genome& genome : genomes) {
            const auto traits = problem_.traits(genome);
            Objectives& guess = points.emplace_back();
            for (const AdditiveSurrogate& surrogate : surrogates_)
                guess.push_back(surrogate(traits));
        }
        std::vector<Parent> ranked;
        std::size_t rank = 0;
        for (const std::vector<int>& front : non_dominated_fronts(points)) {
            const std::vector<double> room = crowding_distances(points, front);
            for (std::size_t i = 0; i < front.size(); ++i)
                if (const auto point = static_cast<std::size_t>(front[i]); point >= known)
                    ranked.push_back({point - known, rank, room[i]});
            ++rank;
        }
        std::stable_sort(ranked.begin(), ranked.end(), is_better);
        std::vector<Genome> kept;
        for (std::size_t i = 0; i < population(); ++i)
            kept.push_back(std::move(genomes[ranked[i].member]));
        genomes = std::move(kept);
    }

    Problem& problem_;
    ParetoOptions options_;
    std::vector<Genome> start_;
    std::vector<Member> members_;
    std::vector<std::size_t> scored_;  ///< of `members_`
    TextSet known_;
    std::vector<AdditiveSurrogate> surrogates_;  ///< one per objective
    int iteration_ = 0;
    bool exhausted_ = false;
};

}  // namespace hat::search
