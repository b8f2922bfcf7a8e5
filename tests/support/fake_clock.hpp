// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hat::support {

/// A clock that stands still unless told to go on. Copies share the time.
///
///     FakeTime time;
///     Laboratory laboratory(…, FakeClock{&time});
///     time.now_ms += 20;
struct FakeTime {
    double now_ms = 0;
    double tick_ms = 0;   ///< passes whenever the clock is read
    double slept_ms = 0;  ///< in all
};

struct FakeClock {
    FakeTime* time;

    double now_ms() const noexcept { return time->now_ms += time->tick_ms; }
    void sleep_ms(double ms) const noexcept {
        time->now_ms += ms;
        time->slept_ms += ms;
    }
};

}  // namespace hat::support
