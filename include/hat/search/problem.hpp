// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::search {

/// What an evolutionary search is about: genomes, of which those that cost at most a limit are
/// wanted, and of those the one with the lowest score.
///
/// `Genome` is a value with `==`.
/// - `sample`, `mutate(parent, probability of a change per gene)`, `crossover`: draw genomes
/// - `cost`: cheap to tell, such as a predicted latency; asked many times
/// - `cheapest`: a genome of which no other costs less, as far as is known
/// - `score`: expensive to tell, such as a validation loss; asked once a genome, for many at once
/// - `traits`: a number for each thing that a genome has, equal numbers for equal things
///   (gene 3 is 512, …); the score is expected to be roughly a sum over them
/// - `text`, `parse`: a genome as one word, for checkpoints, and back
template <class P>
concept SearchProblem = requires(P& problem, const P& p, const typename P::Genome& genome,
                                 Random& random, std::span<const typename P::Genome> genomes,
                                 const std::string& word) {
    requires std::equality_comparable<typename P::Genome>;
    { p.sample(random) } -> std::same_as<typename P::Genome>;
    { p.mutate(genome, 0.3, random) } -> std::same_as<typename P::Genome>;
    { p.crossover(genome, genome, random) } -> std::same_as<typename P::Genome>;
    { p.cost(genome) } -> std::same_as<double>;
    { p.cheapest() } -> std::same_as<typename P::Genome>;
    { problem.score(genomes) } -> std::same_as<std::vector<double>>;
    { p.traits(genome) } -> std::same_as<std::vector<std::uint64_t>>;
    { p.text(genome) } -> std::same_as<std::string>;
    { p.parse(word) } -> std::same_as<typename P::Genome>;
};

}  // namespace hat::search
