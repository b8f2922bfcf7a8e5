// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/atomic_file.hpp>

#include "stop_signal.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace hat::program {

/// How a program is run: where it reads from, writes to and works; empty: as this one does.
struct ProgramOptions {
    std::string input{};
    std::string output{};
    std::string directory{};
    /// A signal that this catches is sent on to the program, which no other of the signals of a
    /// terminal or of this one's process group reaches; null: it hears what this one hears.
    const StopSignal* stop = nullptr;
};

/// A command line as a shell would take it.
[[nodiscard]] inline std::string command_line(const std::vector<std::string>& command) {
    std::string line;
    for (const std::string& word : command) {
        const bool plain = !word.empty() && word.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
                                                "YZ0123456789_-+=/.,:%@") == std::string::npos;
        if (!line.empty()) line += ' ';
        if (plain) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += '\'';
    }
    return line;
}

/// A program has ended with another exit code than 0, of which it has said why.
class ProgramFailed : public Error {
public:
    using Error::Error;
};

namespace detail {

/// The status of `child` at its end.
inline int wait_for(pid_t child, const StopSignal* stop) {
    int status = 0;
    if (stop != nullptr) {
        constexpr int between_looks_ms = 50;
        pollfd heard{stop->descriptor(), POLLIN, 0};
        while (stop->signal() == 0) {
            const pid_t ended = waitpid(child, &status, WNOHANG);
            if (ended == child) return status;
            poll(&heard, 1, between_looks_ms);
        }
        kill(child, stop->signal());
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) fail("cannot wait for a program: ", std::strerror(errno));
    return status;
}

}  // namespace detail

/// Runs a program, found as a shell finds it, and waits for its end.
///
/// Throws  `ProgramFailed` naming the program if it does not end with exit code 0, another `Error`
///         if it cannot be started or a signal ends it
inline void run_program(const std::vector<std::string>& command, const ProgramOptions& how = {}) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (!how.input.empty())
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, how.input.c_str(), O_RDONLY, 0);
    if (!how.output.empty())
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, how.output.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!how.directory.empty())  // last, as the files' paths are this program's
        posix_spawn_file_actions_addchdir_np(&actions, how.directory.c_str());
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    if (how.stop != nullptr) {  // in a group of its own, so that a signal reaches it once
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(&attributes, 0);
    }
    pid_t child = 0;
    const int error =
        posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fail(command[0], ": cannot be started: ", std::strerror(error));

    const int status = detail::wait_for(child, how.stop);
    if (WIFSIGNALED(status))
        fail(command[0], ": was ended by signal ", WTERMSIG(status), ", while running ",
             command_line(command));
    if (WEXITSTATUS(status) != 0)
        throw ProgramFailed(command[0] + ": ended with code " +
                            std::to_string(WEXITSTATUS(status)) + ", while running " +
                            command_line(command));
}

/// As `run_program`, with its output in the file at `path` once all of it is there; else what was
/// there before still is.
inline void run_program_to_file(const std::vector<std::string>& command, const std::string& path,
                                ProgramOptions how) {
    io::AtomicFile file(path);
    how.output = file.temporary_path();
    run_program(command, how);
    file.commit();
}

}  // namespace hat::program
