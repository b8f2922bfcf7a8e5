// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>
#include <variant>

namespace hat::train {

/// A rise from `initial_rate` to `peak_rate` in `warmup` updates, then cosines that fall from
/// `peak_rate` to `minimal_rate` (SGDR, arXiv:1608.03983):
///
///     u < warmup    initial + u·(peak − initial)/warmup
///     period i      s·minimal + ½·s·(peak − minimal)·(1 + cos(π·t/T)),
///                   T = period · growth^i,  s = shrink^i,  t = updates since period i began
struct CosineSchedule {
    double peak_rate;
    double minimal_rate;
    double initial_rate;
    std::int64_t warmup = 0;
    double period;      ///< updates; for a single fall, all updates less `warmup`
    double growth = 1;  ///< of the period, from one to the next
    double shrink = 1;  ///< of all rates, from one period to the next

    /// The learning rate of update number `update`, which is counted from 0.
    [[nodiscard]] double rate(std::int64_t update) const noexcept {
        const auto u = static_cast<double>(update);
        const auto w = static_cast<double>(warmup);
        if (update < warmup) return initial_rate + u * ((peak_rate - initial_rate) / w);
        const double c = u - w;
        double i = std::floor(c / period);
        double length = period;
        double t = c - i * period;
        if (growth != 1) {
            i = std::floor(std::log(1 - c / period * (1 - growth)) / std::log(growth));
            length = period * std::pow(growth, i);
            t = c - (1 - std::pow(growth, i)) / (1 - growth) * period;
        }
        const double s = std::pow(shrink, i);
        const double low = s * minimal_rate;
        const double high = s * peak_rate;
        return low + 0.5 * (high - low) * (1 + std::cos(std::numbers::pi * t / length));
    }
};

/// A rise from `initial_rate` to `peak_rate` in `warmup` updates, then a fall with the inverse
/// square root of the update (arXiv:1706.03762, §5.3):
///
///     u < warmup    initial + u·(peak − initial)/warmup
///     after it      peak·√(warmup/u)
struct InverseSqrtSchedule {
    double peak_rate;
    double initial_rate;
    std::int64_t warmup;

    /// The learning rate of update number `update`, which is counted from 0.
    [[nodiscard]] double rate(std::int64_t update) const noexcept {
        const auto u = static_cast<double>(update);
        const auto w = static_cast<double>(warmup);
        if (update < warmup) return initial_rate + u * ((peak_rate - initial_rate) / w);
        return peak_rate * std::sqrt(w) / std::sqrt(u);
    }
};

/// Two straight lines: from `initial_rate` at update 0 up to `peak_rate` at update `warmup` − 1,
/// and from there at update `warmup` down to `final_rate` at update `updates` and for ever after.
///
/// The peak is held for two updates, as in DeLighT's reference implementation.
struct LinearSchedule {
    double peak_rate;
    double initial_rate;
    double final_rate;
    std::int64_t warmup;
    std::int64_t updates;

    /// The learning rate of update number `update`, which is counted from 0.
    [[nodiscard]] double rate(std::int64_t update) const noexcept {
        const auto u = static_cast<double>(update);
        const auto w = static_cast<double>(warmup);
        if (update == 0 && warmup > 0) return initial_rate;
        if (update < warmup) return initial_rate + u * ((peak_rate - initial_rate) / (w - 1));
        if (update >= updates) return final_rate;
        return peak_rate +
               (u - w) * ((final_rate - peak_rate) / (static_cast<double>(updates) - w));
    }
};

/// The learning rate as a function of the updates done so far, 0 for the first update.
///
/// It has no state: who resumes at an update has its rate.
///
///     const Schedule schedule = InverseSqrtSchedule{.peak_rate = 5e-4, .initial_rate = 1e-7,
///                                                   .warmup = 4000};
///     adam.step(…, {.learning_rate = schedule.rate(update)}, pool);
class Schedule {
public:
    using Kind = std::variant<CosineSchedule, InverseSqrtSchedule, LinearSchedule>;

    /// Throws  `Error` if a number of the schedule is out of range.
    Schedule(const CosineSchedule& cosine) : kind_(cosine) {  // NOLINT: a Schedule is one of these
        constexpr const char* name = "cosine schedule";
        check_rates(name, {cosine.peak_rate, cosine.minimal_rate, cosine.initial_rate});
        check(cosine.warmup >= 0, name, "warmup", cosine.warmup, "0 or more");
        check(is_positive(cosine.period), name, "period", cosine.period, "a positive number");
        check(is_positive(cosine.growth) && cosine.growth >= 1, name, "growth", cosine.growth,
              "1 or more");
        check(is_positive(cosine.shrink) && cosine.shrink <= 1, name, "shrink", cosine.shrink,
              "a number in (0, 1]");
    }
    Schedule(const InverseSqrtSchedule& inverse) : kind_(inverse) {  // NOLINT: as above
        constexpr const char* name = "inverse square root schedule";
        check_rates(name, {inverse.peak_rate, inverse.initial_rate});
        check(inverse.warmup >= 1, name, "warmup", inverse.warmup, "1 or more");
    }
    Schedule(const LinearSchedule& linear) : kind_(linear) {  // NOLINT: as above
        constexpr const char* name = "linear schedule";
        check_rates(name, {linear.peak_rate, linear.initial_rate, linear.final_rate});
        check(linear.warmup >= 0, name, "warmup", linear.warmup, "0 or more");
        check(linear.updates > linear.warmup, name, "updates", linear.updates,
              "more than the warmup");
    }

    /// The learning rate of update number `update`, which is counted from 0.
    [[nodiscard]] double rate(std::int64_t update) const noexcept {
        // std::visit would cost all who include this more than these three.
        static_assert(std::variant_size_v<Kind> == 3);
        if (const auto* cosine = std::get_if<CosineSchedule>(&kind_)) return cosine->rate(update);
        if (const auto* linear = std::get_if<LinearSchedule>(&kind_)) return linear->rate(update);
        return std::get_if<InverseSqrtSchedule>(&kind_)->rate(update);
    }

    /// Which schedule it is.
    [[nodiscard]] const Kind& kind() const noexcept { return kind_; }

private:
    static bool is_positive(double x) noexcept { return std::isfinite(x) && x > 0; }

    template <class Number>
    static void check(bool good, const char* schedule, const char* name, Number found,
                      const char* expected) {
        if (!good) fail(schedule, ": ", name, " = ", found, ", expected ", expected);
    }

    static void check_rates(const char* schedule, std::initializer_list<double> rates) {
        for (const double rate : rates) {
            check(std::isfinite(rate) && rate >= 0, schedule, "learning rate", rate, "0 or more");
        }
    }

    Kind kind_;
};

}  // namespace hat::train
