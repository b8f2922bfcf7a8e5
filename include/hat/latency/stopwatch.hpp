// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <ctime>
#include <thread>

namespace hat::latency {

/// What times are taken with: milliseconds that only grow, and a way to let some pass. Tests bring
/// their own.
template <class T>
concept Clock = requires(T& clock, double ms) {
    { clock.now_ms() } -> std::same_as<double>;
    clock.sleep_ms(ms);
};

/// The clock on the wall, unmoved by changes of date or time.
struct SteadyClock {
    [[nodiscard]] double now_ms() const noexcept {
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration<double, std::milli>(since).count();
    }
    void sleep_ms(double ms) const {
        std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(ms));
    }
};

/// The time that the calling thread computes. Work that never waits takes as long as on the wall,
/// less what other programs take of the core.
struct ThreadClock {
    [[nodiscard]] double now_ms() const noexcept {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
    }
    void sleep_ms(double ms) const { SteadyClock{}.sleep_ms(ms); }
};

/// Whose time it is that counts.
enum class TimeKind : std::uint8_t { thread, wall };

/// `ThreadClock` or `SteadyClock`, as the user says.
struct ChosenClock {
    TimeKind kind = TimeKind::thread;

    [[nodiscard]] double now_ms() const noexcept {
        return kind == TimeKind::thread ? ThreadClock{}.now_ms() : SteadyClock{}.now_ms();
    }
    void sleep_ms(double ms) const { SteadyClock{}.sleep_ms(ms); }
};

static_assert(Clock<SteadyClock> && Clock<ThreadClock> && Clock<ChosenClock>);

}  // namespace hat::latency
