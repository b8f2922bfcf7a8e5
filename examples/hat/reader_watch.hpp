// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <csignal>
#include <poll.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace hat::program {

/// Ends the process, as a write would, as soon as nobody is left who reads the pipe that standard
/// output is: what is being worked on would be for nobody. A reader who leaves when there is
/// nothing to be done has had all there was. Where SIGPIPE is ignored, the next write fails
/// instead.
///
/// There is one for the process, as there is one standard output.
class ReaderWatch {
public:
    /// Begins to watch, if standard output is a pipe.
    static void begin() {
        struct stat output {};
        if (::fstat(STDOUT_FILENO, &output) != 0 || !S_ISFIFO(output.st_mode)) return;
        std::thread([] {
            pollfd pipe{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
            while (::poll(&pipe, 1, -1) < 0) {
            }
            if ((pipe.revents & POLLERR) == 0) return;
            has_left = true;
            if (is_working) end();
        }).detach();
    }

    /// What is done while it lives is for the reader.
    class Work {
    public:
        Work() noexcept {
            is_working = true;
            if (has_left) end();
        }
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;
        ~Work() { is_working = false; }
    };

private:
    static void end() noexcept { static_cast<void>(::kill(::getpid(), SIGPIPE)); }

    inline static std::atomic<bool> is_working = false;
    inline static std::atomic<bool> has_left = false;
};

}  // namespace hat::program
