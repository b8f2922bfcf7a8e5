// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::support {

/// A search over words of digits: digit d at place i costs d, and is worth `worth[i][d]`.
struct ToySearch {
    using Genome = std::vector<int>;

    int places = 8;
    int digits = 4;
    int scored = 0;  ///< how many genomes were asked for
    std::vector<std::vector<double>> worth = default_worth();

    [[nodiscard]] static std::vector<std::vector<double>> default_worth() {
        std::vector<std::vector<double>> worth;
        Random random(99);
        for (int i = 0; i < 16; ++i) {
            double value = 0;
            auto& place = worth.emplace_back();
            for (int d = 0; d < 8; ++d) {
                place.push_back(value);
                value -= random.uniform();
            }
        }
        return worth;
    }

    [[nodiscard]] Genome sample(Random& random) const {
        Genome genome(static_cast<std::size_t>(places));
        for (int& digit : genome) digit = draw(random);
        return genome;
    }
    [[nodiscard]] Genome mutate(Genome genome, double probability, Random& random) const {
        for (int& digit : genome)
            if (random.uniform() < probability) digit = draw(random);
        return genome;
    }
    [[nodiscard]] Genome crossover(Genome a, const Genome& b, Random& random) const {
        for (std::size_t i = 0; i < a.size(); ++i)
            if (random.below(2) == 1) a[i] = b[i];
        return a;
    }
    [[nodiscard]] double cost(const Genome& genome) const {
        double sum = 1;
        for (const int digit : genome) sum += digit;
        return sum;
    }
    [[nodiscard]] Genome cheapest() const { return Genome(static_cast<std::size_t>(places)); }
    [[nodiscard]] double value(const Genome& genome) const {
        double sum = 10;
        for (std::size_t i = 0; i < genome.size(); ++i)
            sum += worth[i][static_cast<std::size_t>(genome[i])];
        return sum;
    }
    std::vector<double> score(std::span<const Genome> genomes) {
        std::vector<double> scores;
        for (const Genome& genome : genomes) scores.push_back(value(genome));
        scored += static_cast<int>(genomes.size());
        return scores;
    }
    [[nodiscard]] std::vector<std::uint64_t> traits(const Genome& genome) const {
        std::vector<std::uint64_t> all;
        for (std::size_t i = 0; i < genome.size(); ++i)
            all.push_back(i * 100 + static_cast<std::uint64_t>(genome[i]));
        return all;
    }
    [[nodiscard]] std::string text(const Genome& genome) const {
        std::string word;
        for (const int digit : genome) word += static_cast<char>('0' + digit);
        return word;
    }
    [[nodiscard]] Genome parse(const std::string& word) const {
        Genome genome;
        for (const char c : word) genome.push_back(c - '0');
        return genome;
    }

    /// The lowest value among all genomes that cost at most `limit`, by trying them all.
    [[nodiscard]] double optimum(double limit) const {
        Genome genome = cheapest();
        double best = value(genome);
        for (;;) {
            std::size_t i = 0;
            while (i < genome.size() && ++genome[i] == digits) genome[i++] = 0;
            if (i == genome.size()) return best;
            if (cost(genome) <= limit && value(genome) < best) best = value(genome);
        }
    }

private:
    [[nodiscard]] int draw(Random& random) const {
        return static_cast<int>(random.below(static_cast<std::uint64_t>(digits)));
    }
};

}  // namespace hat::support
