// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <thread>

namespace hat::search {

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

static_assert(Clock<SteadyClock>);

}  // namespace hat::search
