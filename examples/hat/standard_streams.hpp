// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hat::program {

/// Takes the numbers of standard streams that were closed when the program began, so that no file
/// it opens is mistaken for one; to read or write them remains an error.
///
/// Throws  `Error` if standard output was closed: there is nowhere to put results
inline void reserve_standard_streams() {
    const auto is_closed = [](int stream) { return ::fcntl(stream, F_GETFD) < 0; };
    const bool has_no_output = is_closed(STDOUT_FILENO);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (is_closed(stream))
            static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    if (has_no_output) fail("standard output: is closed");
}

/// Gives all that was printed to standard output to the system.
///
/// Throws  `Error` if some of it, now or before, could not be written
inline void flush_standard_output() {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
    if (errno == 0) fail("standard output: cannot be written");
    fail("standard output: cannot be written: ", std::strerror(errno));
}

}  // namespace hat::program
