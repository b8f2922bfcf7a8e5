// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace hat::decode {

/// A sub-network that a sentence may be translated with, and how long it is predicted to take for
/// some sentence: the same one for all networks, of which only ratios are used.
struct Rung {
    model::Architecture architecture;
    double predicted_ms = 0;
};

/// How long lines may take, and what there is to choose among.
struct DeadlineOptions {
    double ms = 0;               ///< for a sentence; 0: none
    std::vector<Rung> ladder{};  ///< fastest first
};

/// Throws  `Error` if there is nothing to choose among, it is out of order, or a time is none.
inline void validate(const DeadlineOptions& options) {
    if (!(options.ms > 0) || !std::isfinite(options.ms))
        fail("deadline: ", options.ms, " ms, expected more than 0");
    if (options.ladder.empty()) fail("deadline: there are no networks to choose among");
    double before = 0;
    for (const Rung& rung : options.ladder) {
        if (!(rung.predicted_ms > before) || !std::isfinite(rung.predicted_ms))
            fail("deadline: a network is predicted to take ", rung.predicted_ms,
                 " ms, expected more than ", before, ", as the one before it takes");
        before = rung.predicted_ms;
    }
}

/// Chooses for each sentence the largest network that is expected to translate it in time. With
/// network r, a sentence of n tokens is expected to take
///
///     factor_r · predicted_ms_r · (n + 4)
///
/// where the factor says how fast this device is just now, with this search and these weights, and
/// how far sentences of one length differ: a small network that goes on and on takes longer than
/// its size tells. It is such that at most 4 of 100 sentences take longer, as those have shown that
/// the network had lately, and before it had any, others of its device. So 95 of 100 are in time.
///
///     Deadline deadline(options);
///     for (each rung) deadline.practise(rung, tokens, ms);
///     const Deadline::Choice choice = deadline.choose(tokens);
///     deadline.count(choice, tokens, ms);  // what it took
///
/// What no network is expected to do in time, the fastest does. Such sentences are among those 4,
/// so that fewer of the others may be late.
class Deadline {
public:
    /// How a sentence is translated.
    struct Choice {
        int rung = 0;          ///< an index in the ladder
        bool in_time = false;  ///< as is expected
    };

    /// Throws  `Error` as `validate`
    explicit Deadline(DeadlineOptions options)
        : options_(std::move(options)), networks_(options_.ladder.size()) {
        validate(options_);
    }

    /// The time for a sentence, and the networks to choose from.
    [[nodiscard]] double ms() const noexcept { return options_.ms; }
    [[nodiscard]] const std::vector<Rung>& ladder() const noexcept { return options_.ladder; }

    /// The network for a sentence of so many tokens.
    [[nodiscard]] Choice choose(int tokens) const {
        const double share = share_that_may_be_late();
        Choice fastest;  // whatever the share: a single outlier makes no other network faster
        double least_ms = std::numeric_limits<double>::infinity();
        for (int rung = static_cast<int>(networks_.size()) - 1; rung >= 0; --rung) {
            const double ms = factor(rung, share) * cost(rung, tokens);
            if (ms <= options_.ms) return {rung, true};
            const double usual_ms = factor(rung, late_share) * cost(rung, tokens);
            if (usual_ms < least_ms) fastest.rung = rung;
            least_ms = std::min(least_ms, usual_ms);
        }
        return fastest;
    }

    /// Learns from a sentence that was translated for practice, to about as many tokens.
    void practise(int rung, int tokens, double ms) {
        networks_[static_cast<std::size_t>(rung)].in_practice = ms / cost(rung, tokens);
    }
    /// Learns from a sentence that was asked for, and counts it.
    void count(const Choice& choice, int tokens, double ms) {
        const bool is_late = ms > options_.ms;
        const double seen = ms / cost(choice.rung, tokens);
        Network& network = networks_[static_cast<std::size_t>(choice.rung)];
        network.seen.add({seen, sentences_});
        speeds_.add(seen / network.in_practice);
        hopeless_lately_.add(is_late && !choice.in_time ? 1 : 0);
        ++network.sentences;
        ++sentences_;
        late_ += is_late ? 1 : 0;
        hopeless_ += is_late && !choice.in_time ? 1 : 0;
    }

    /// Sentences that a network has translated.
    [[nodiscard]] std::int64_t served(int rung) const noexcept {
        return networks_[static_cast<std::size_t>(rung)].sentences;
    }
    [[nodiscard]] std::int64_t sentences() const noexcept { return sentences_; }
    /// Sentences that took longer than they should.
    [[nodiscard]] std::int64_t late() const noexcept { return late_; }
    /// Those among them that no network was expected to translate in time.
    [[nodiscard]] std::int64_t hopeless() const noexcept { return hopeless_; }

private:
    static constexpr double late_share = 0.04;

    /// The last `N` of what is added.
    template <class T, std::size_t N>
    class Last {
    public:
        void add(const T& value) {
            if (values_.size() < N)
                values_.push_back(value);
            else
                values_[next_] = value;
            next_ = (next_ + 1) % N;
        }
        [[nodiscard]] const std::vector<T>& all() const noexcept { return values_; }

    private:
        std::vector<T> values_;
        std::size_t next_ = 0;
    };

    struct Observation {
        double factor;
        std::int64_t number;  ///< of sentences that came before it
    };

    struct Network {
        double in_practice = 1;  ///< its factor, of a sentence that is translated to its own length
        Last<Observation, 256> seen{};
        std::int64_t sentences = 0;
    };

    [[nodiscard]] double cost(int rung, int tokens) const noexcept {
        // Sentences have a beginning and an end besides their tokens, and the shorter they are the
        // more their translations differ in length.
        constexpr int more = 4;
        return options_.ladder[static_cast<std::size_t>(rung)].predicted_ms * (tokens + more);
    }

    /// The n-th largest, from 0; or the smallest.
    [[nodiscard]] static double largest(std::vector<double> values, std::size_t n) {
        const std::size_t from_below = values.size() - 1 - std::min(n, values.size() - 1);
        const auto nth = values.begin() + static_cast<std::ptrdiff_t>(from_below);
        std::nth_element(values.begin(), nth, values.end());
        return *nth;
    }

    /// How many times longer than in practice sentences take just now; 1 if there were none.
    [[nodiscard]] double slowness() const {
        if (speeds_.all().empty()) return 1;
        return largest(speeds_.all(), speeds_.all().size() / 2);
    }

    [[nodiscard]] double share_that_may_be_late() const {
        const std::vector<double>& hopeless = hopeless_lately_.all();
        if (hopeless.empty()) return late_share;
        double sum = 0;
        for (const double is_hopeless : hopeless) sum += is_hopeless;
        return std::max(late_share - sum / static_cast<double>(hopeless.size()), 0.0);
    }

    /// What all sentences of a network but that share take no longer than. Besides those that it
    /// had lately, it is given fifty whose times are spread as usual around what is to be expected:
    /// one that was not seen for long, or was unlucky once, has another chance.
    [[nodiscard]] double factor(int rung, double share) const {
        constexpr int given = 50;
        constexpr std::int64_t too_old = 1024;
        const Network& network = networks_[static_cast<std::size_t>(rung)];
        const double expected = network.in_practice * slowness();
        std::vector<double> factors;
        factors.reserve(network.seen.all().size() + given);
        for (int i = 0; i < given; ++i)  // 0.6 … 1.6 times that
            factors.push_back(expected * std::exp((i + 0.5) / given - 0.5));
        for (const Observation& seen : network.seen.all())
            if (sentences_ - seen.number <= too_old) factors.push_back(seen.factor);
        const double may_be_late = share * static_cast<double>(factors.size());
        return largest(std::move(factors), static_cast<std::size_t>(may_be_late));
    }

    DeadlineOptions options_;
    std::vector<Network> networks_;
    Last<double, 64> speeds_;
    Last<double, 256> hopeless_lately_;  ///< 1 for each that was, 0 for the others
    std::int64_t sentences_ = 0;
    std::int64_t late_ = 0;
    std::int64_t hopeless_ = 0;
};

}  // namespace hat::decode
