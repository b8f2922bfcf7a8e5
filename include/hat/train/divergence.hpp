// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace hat::train {

/// When a training is taken to have diverged. Neither changes what an update computes.
struct DivergenceOptions {
    /// So many updates in a row without a finite gradient; 0: however many.
    std::int64_t skipped = 20;
    /// So many updates in a row whose loss is above that of guessing; 0: however many.
    std::int64_t worse_than_guessing = 1000;
};

/// Looks at every update of a training, and says when it has diverged.
///
/// A network that gives every word the same probability has the loss ln(words), smoothed or not;
/// one that has learned and then is worse for long has lost what it knew. Before it has learned,
/// it must also be worse than at its first update: fresh weights may begin above ln(words), though
/// not at more than twice of it, and a long warm-up leaves them there.
class DivergenceWatch {
public:
    /// `words`: the target vocabulary. `best_loss`: of the validations so far.
    DivergenceWatch(const DivergenceOptions& options, int words, std::optional<double> best_loss)
        : options_(options), guessing_(std::log(static_cast<double>(std::max(words, 1)))),
          learned_(best_loss && *best_loss < guessing_) {}

    /// `loss` is per token, without smoothing; `skipped`: the gradient was not finite.
    void see(std::int64_t update, double loss, double learning_rate, bool skipped) {
        if (first_loss_ < 0 && std::isfinite(loss)) first_loss_ = loss;
        last_loss_ = loss;
        count(skips_, skipped, update, learning_rate, loss);
        count(guesses_, !(loss <= limit()), update, learning_rate, loss);
        learned_ = learned_ || loss < guessing_;
    }

    /// Whether nothing points to a divergence: one can go back to what the parameters are now. A
    /// few updates of a high loss point to nothing.
    [[nodiscard]] bool is_well() const noexcept {
        constexpr std::int64_t few = 20;
        return skips_.updates == 0 && guesses_.updates < few && !is_lost(last_loss_);
    }

    /// Whether a training that ends with this loss on validation data (per token, without
    /// smoothing) has diverged: it is no number, or far above that of guessing.
    [[nodiscard]] bool is_lost(double loss) const noexcept { return !(loss <= 2 * limit()); }

    /// What was seen, once that is enough: "the gradient was not finite in 20 updates in a row,
    /// from update 41 on (learning rate 5.00e-03, loss 1234.5)".
    [[nodiscard]] std::optional<std::string> verdict() const {
        if (options_.skipped > 0 && skips_.updates >= options_.skipped)
            return "the gradient was not finite in " + text(skips_);
        if (options_.worse_than_guessing > 0 && guesses_.updates >= options_.worse_than_guessing) {
            char guess[40];
            std::snprintf(guess, sizeof guess, "%.4f", guessing_);
            return std::string("the loss was above that of guessing, ") + guess + ", in " +
                   text(guesses_);
        }
        return std::nullopt;
    }

private:
    /// Updates in a row, with what was seen at the first of them.
    struct Streak {
        std::int64_t updates = 0;
        std::int64_t first = 0;
        double learning_rate = 0;
        double loss = 0;
    };

    [[nodiscard]] double limit() const noexcept {
        return learned_ ? guessing_ : std::clamp(first_loss_, guessing_, 2 * guessing_);
    }

    static void count(Streak& streak, bool goes_on, std::int64_t update, double learning_rate,
                      double loss) noexcept {
        if (!goes_on) streak.updates = 0;
        if (goes_on && streak.updates++ == 0) {
            streak.first = update;
            streak.learning_rate = learning_rate;
            streak.loss = loss;
        }
    }

    [[nodiscard]] static std::string text(const Streak& streak) {
        char line[160];
        std::snprintf(line, sizeof line,
                      "%lld updates in a row, from update %lld on (learning rate %.2e, loss %.4g)",
                      static_cast<long long>(streak.updates), static_cast<long long>(streak.first),
                      streak.learning_rate, streak.loss);
        return line;
    }

    DivergenceOptions options_;
    double guessing_;
    double first_loss_ = -1;
    double last_loss_ = 0;
    bool learned_;
    Streak skips_;
    Streak guesses_;
};

/// What helps against divergence, as the end of a line.
inline constexpr const char* divergence_advice =
    "try a lower learning rate, a longer warm-up, or gradients that are clipped";

}  // namespace hat::train
