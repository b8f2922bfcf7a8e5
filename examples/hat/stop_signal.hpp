// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hat::program {

/// What the first SIGTERM does while it lives: `descriptor` has something to read, and nothing else
/// happens. The second one ends the process.
/// There is one at a time.
class StopSignal {
public:
    /// Throws  `Error` if the system has no descriptors left
    StopSignal() {
        if (::pipe(ends_.data()) != 0) fail("cannot make a pipe: ", std::strerror(errno));
        for (const int end : ends_) ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);  // a full pipe has been heard
        write_end = ends_[1];
        struct sigaction action {};
        action.sa_handler = [](int) {
            const int before = errno;
            static_cast<void>(!::write(write_end, "", 1));
            errno = before;
        };
        action.sa_flags = SA_RESETHAND;
        ::sigaction(SIGTERM, &action, &before_);
    }
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;
    ~StopSignal() {
        ::sigaction(SIGTERM, &before_, nullptr);
        for (const int end : ends_) ::close(end);
    }

    [[nodiscard]] int descriptor() const noexcept { return ends_[0]; }

private:
    inline static volatile std::sig_atomic_t write_end = -1;

    std::array<int, 2> ends_{-1, -1};
    struct sigaction before_ {};
};

}  // namespace hat::program
