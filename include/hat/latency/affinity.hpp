// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#if defined(__linux__)
#include <cerrno>
#include <cstring>
#include <sched.h>
#endif

namespace hat::latency {

/// Keeps the calling thread on one core as long as it lives: a thread that moves loses its caches,
/// and cores are not all alike. Where the system does not allow it nothing happens, and `problem`
/// says why.
///
///     const PinnedThread pin;
///     if (!pin.problem().empty()) std::fprintf(stderr, "%s\n", pin.problem().c_str());
class PinnedThread {
public:
    /// To core `core`; −1: the last one that the thread may use, since the first serves most
    /// interrupts.
    explicit PinnedThread(int core = -1) {
#if defined(__linux__)
        CPU_ZERO(&before_);
        if (::sched_getaffinity(0, sizeof before_, &before_) != 0) {
            problem_ =
                std::string("cannot find out which cores may be used: ") + std::strerror(errno);
            return;
        }
        for (int i = 0; core < 0 && i < CPU_SETSIZE; ++i) {
            if (CPU_ISSET(static_cast<unsigned>(i), &before_)) last_ = i;
        }
        const int wanted = core < 0 ? last_ : core;
        if (wanted < 0 || wanted >= CPU_SETSIZE ||
            !CPU_ISSET(static_cast<unsigned>(wanted), &before_)) {
            problem_ = "cannot stay on core " + std::to_string(wanted) +
                       ": it is not among those that may be used";
            return;
        }
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(wanted), &one);
        if (::sched_setaffinity(0, sizeof one, &one) != 0) {
            problem_ =
                "cannot stay on core " + std::to_string(wanted) + ": " + std::strerror(errno);
            return;
        }
        core_ = wanted;
#else
        static_cast<void>(core);
        problem_ = "cannot stay on one core: this system has no way to ask for it";
#endif
    }
    PinnedThread(const PinnedThread&) = delete;
    PinnedThread& operator=(const PinnedThread&) = delete;
    ~PinnedThread() {
#if defined(__linux__)
        if (core_ >= 0) ::sched_setaffinity(0, sizeof before_, &before_);
#endif
    }

    /// The core; −1 if the thread may still move.
    [[nodiscard]] int core() const noexcept {
        return core_;
    }
    /// Why it may; empty if it stays.
    [[nodiscard]] const std::string& problem() const noexcept {
        return problem_;
    }

private:
    int core_ = -1;
    std::string problem_;
#if defined(__linux__)
    int last_ = -1;
    cpu_set_t before_;
#endif
};

}  // namespace hat::latency
