// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <poll.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace hat::program {

/// Ends the process, as a write would, as soon as nobody is left who reads the pipe that standard
/// output is: what is being worked on would be for nobody.
inline void end_without_reader() {
    struct stat output {};
    if (::fstat(STDOUT_FILENO, &output) != 0 || !S_ISFIFO(output.st_mode)) return;
    std::thread([] {
        pollfd pipe{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
        while (::poll(&pipe, 1, -1) < 0) {
        }
        if ((pipe.revents & POLLERR) != 0) static_cast<void>(::kill(::getpid(), SIGPIPE));
    }).detach();
}

}  // namespace hat::program
