// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <unistd.h>
#include <vector>

namespace hat::program {

/// What the first SIGTERM, or another of its signals, does while it lives: `descriptor` has
/// something to read, and nothing else happens. The second one ends the process. A signal that was
/// ignored before stays so. There is one at a time.
class StopSignal {
public:
    /// Throws  `Error` if the system has no descriptors left
    StopSignal(std::initializer_list<int> signals = {SIGTERM}) : signals_(signals) {
        if (::pipe(ends_.data()) != 0) fail("cannot make a pipe: ", std::strerror(errno));
        for (const int end : ends_) ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);  // a full pipe has been heard
        write_end = ends_[1];
        caught = 0;
        struct sigaction action {};
        action.sa_handler = [](int signal) {
            const int before = errno;
            caught = signal;
            static_cast<void>(!::write(write_end, "", 1));
            errno = before;
        };
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        for (const int signal : signals_) {
            struct sigaction& before = before_.emplace_back();
            ::sigaction(signal, &action, &before);
            // As nohup has it, and a shell of what it runs in the background.
            if (before.sa_handler == SIG_IGN) ::sigaction(signal, &before, nullptr);
        }
    }
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;
    ~StopSignal() {
        for (std::size_t i = 0; i < signals_.size(); ++i)
            ::sigaction(signals_[i], &before_[i], nullptr);
        for (const int end : ends_) ::close(end);
    }

    [[nodiscard]] int descriptor() const noexcept { return ends_[0]; }
    /// The one that has come; 0: none.
    [[nodiscard]] int signal() const noexcept { return caught; }

private:
    inline static volatile std::sig_atomic_t write_end = -1;
    inline static volatile std::sig_atomic_t caught = 0;

    std::array<int, 2> ends_{-1, -1};
    std::vector<int> signals_;
    std::vector<struct sigaction> before_{};
};

}  // namespace hat::program
