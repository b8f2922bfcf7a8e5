// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
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
    double ms = 0;
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

/// Chooses for each sentence the largest network that is expected to translate it in time. A
/// sentence of n tokens is expected to take
///
///     factor · predicted_ms · (n + 4)
///
/// where the factor says how fast this device is just now, with this search and these weights, and
/// how far sentences of one length differ. It is learned from the last 256 sentences, such that at
/// most 4 of 100 take longer: as these have shown, 95 of 100 are then in time.
///
///     Deadline deadline(options);
///     const int rung = deadline.choose(tokens);
///     deadline.learn(rung, tokens, ms);  // what it took
///
/// A sentence that is late on the smallest network is late anyway. It is one of those 4, so that
/// fewer of the others may be.
class Deadline {
public:
    /// Throws  `Error` as `validate`
    explicit Deadline(DeadlineOptions options) : options_(std::move(options)) {
        validate(options_);
        served_.resize(options_.ladder.size());
        window_.reserve(window);
    }

    [[nodiscard]] double ms() const noexcept { return options_.ms; }
    [[nodiscard]] const std::vector<Rung>& ladder() const noexcept { return options_.ladder; }

    /// The network for a sentence of so many tokens, an index in the ladder.
    [[nodiscard]] int choose(int tokens) const {
        const double allowed = options_.ms / factor();
        int chosen = 0;
        for (std::size_t i = 1; i < options_.ladder.size(); ++i)
            if (cost(static_cast<int>(i), tokens) <= allowed) chosen = static_cast<int>(i);
        return chosen;
    }

    /// Learns from a sentence that was translated for practice.
    void learn(int rung, int tokens, double ms) {
        const Observation seen{ms / cost(rung, tokens), rung == 0 && ms > options_.ms};
        if (window_.size() < window)
            window_.push_back(seen);
        else
            window_[next_] = seen;
        next_ = (next_ + 1) % window;
    }
    /// Learns from a sentence that was asked for, and counts it.
    void count(int rung, int tokens, double ms) {
        learn(rung, tokens, ms);
        ++served_[static_cast<std::size_t>(rung)];
        if (ms <= options_.ms) return;
        ++late_;
        if (rung == 0) ++hopeless_;
    }

    /// Sentences that each network has translated.
    [[nodiscard]] const std::vector<std::int64_t>& served() const noexcept { return served_; }
    /// Sentences that took longer than they should.
    [[nodiscard]] std::int64_t late() const noexcept { return late_; }
    /// Those among them that had the smallest network.
    [[nodiscard]] std::int64_t hopeless() const noexcept { return hopeless_; }

private:
    static constexpr std::size_t window = 256;
    static constexpr double late_share = 0.04;

    struct Observation {
        double factor;
        bool hopeless;  ///< late on the smallest network
    };

    [[nodiscard]] double cost(int rung, int tokens) const noexcept {
        // Sentences have a beginning and an end besides their tokens, and the shorter they are the
        // more their translations differ in length.
        constexpr int more = 4;
        return options_.ladder[static_cast<std::size_t>(rung)].predicted_ms * (tokens + more);
    }

    /// That of the slowest sentence, but for those that may be late; 1 if nothing was seen yet.
    [[nodiscard]] double factor() const {
        if (window_.empty()) return 1;
        std::vector<double> factors;
        factors.reserve(window_.size());
        auto may_be_late = static_cast<std::ptrdiff_t>(
            std::floor(late_share * static_cast<double>(window_.size())));
        for (const Observation& seen : window_) {
            factors.push_back(seen.factor);
            if (seen.hopeless) --may_be_late;
        }
        const auto nth = factors.begin() + std::max(may_be_late, std::ptrdiff_t{0});
        std::nth_element(factors.begin(), nth, factors.end(), std::greater<>());
        return *nth;
    }

    DeadlineOptions options_;
    std::vector<Observation> window_;
    std::size_t next_ = 0;
    std::vector<std::int64_t> served_;
    std::int64_t late_ = 0;
    std::int64_t hopeless_ = 0;
};

}  // namespace hat::decode
