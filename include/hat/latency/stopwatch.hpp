// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <ctime>

namespace hat::latency {

/// What times are taken with: milliseconds that only grow, and a way to let some pass. Tests bring
/// their own.
template <class T>
concept Clock = requires(T& clock, double ms) {
    { clock.now_ms() } -> std::same_as<double>;
    clock.sleep_ms(ms);
};

namespace detail {

[[nodiscard]] inline double read_ms(clockid_t clock) noexcept {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

}  // namespace detail

/// The clock on the wall, unmoved by changes of date or time.
struct SteadyClock {
    [[nodiscard]] double now_ms() const noexcept { return detail::read_ms(CLOCK_MONOTONIC); }
    /// Sleeps at least so long.
    void sleep_ms(double ms) const noexcept {
        const double seconds = std::floor(ms / 1e3);
        timespec left{};
        left.tv_sec = static_cast<std::time_t>(seconds);
        left.tv_nsec = static_cast<long>((ms - seconds * 1e3) * 1e6);
        while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
        }
    }
};

/// The time that the calling thread computes. Work that never waits takes as long as on the wall,
/// less what other programs take of the core.
struct ThreadClock {
    /// Milliseconds that this thread has computed.
    [[nodiscard]] double now_ms() const noexcept {
        return detail::read_ms(CLOCK_THREAD_CPUTIME_ID);
    }
    /// Sleeps at least so long.
    void sleep_ms(double ms) const { SteadyClock{}.sleep_ms(ms); }
};

/// Whose time it is that counts.
enum class TimeKind : std::uint8_t { thread, wall };

/// `ThreadClock` or `SteadyClock`, as the user says.
struct ChosenClock {
    TimeKind kind = TimeKind::thread;

    /// Milliseconds of the clock that was chosen.
    [[nodiscard]] double now_ms() const noexcept {
        return kind == TimeKind::thread ? ThreadClock{}.now_ms() : SteadyClock{}.now_ms();
    }
    /// Sleeps at least so long.
    void sleep_ms(double ms) const { SteadyClock{}.sleep_ms(ms); }
};

static_assert(Clock<SteadyClock> && Clock<ThreadClock> && Clock<ChosenClock>);

}  // namespace hat::latency
