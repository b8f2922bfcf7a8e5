// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <ctime>
#include <limits>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace hat::support {

/// Seconds that this thread has spent computing: what else the machine does counts little.
inline double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Between what is linear, up to a logarithm and to caches (some 4.5), and what is quadratic (16).
inline constexpr double linear_growth = 8;

/// Lets freed memory be used again, where otherwise large blocks would go back to the system, and
/// their pages be cleared each time.
inline void keep_freed_memory() {
#ifdef __GLIBC__
    static const bool kept =
        mallopt(M_MMAP_THRESHOLD, 1 << 30) != 0 && mallopt(M_TRIM_THRESHOLD, 1 << 30) != 0;
    static_cast<void>(kept);
#endif
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAT_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAT_TEST_SANITIZED 1
#endif
#endif
#ifdef HAT_TEST_SANITIZED
inline constexpr bool times_tell = false;  // a sanitizer's heap takes time of its own
#else
inline constexpr bool times_tell = true;
#endif

/// How many times longer `run(input)` takes on `make(4 * n)` than on `make(n)`, the best of several
/// runs of each; to be compared with `linear_growth`. Where it is more, it is measured again. Where
/// times tell nothing, runs once and returns 1.
template <class Make, class Run>
double growth(int n, Make make, Run run) {
    keep_freed_memory();
    const auto small = make(n);
    if (!times_tell) {
        run(small);
        return 1;
    }
    const auto large = make(4 * n);
    const auto seconds = [&](const auto& input) {
        const double begin = thread_seconds();
        run(input);
        return thread_seconds() - begin;
    };
    double small_best = std::numeric_limits<double>::max();
    double large_best = small_best;
    double ratio = small_best;
    for (int round = 0; round < 5 && ratio >= linear_growth; ++round) {
        for (int i = 0; i < 4; ++i) small_best = std::min(small_best, seconds(small));
        large_best = std::min(large_best, seconds(large));
        ratio = large_best / std::max(small_best, 1e-9);
    }
    return ratio;
}

}  // namespace hat::support
