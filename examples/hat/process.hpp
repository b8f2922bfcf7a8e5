// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/atomic_file.hpp>

#include "stop_signal.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern char** environ;

namespace hat::program {

/// Where a program reads from, writes to and works; empty: as this one does.
struct Redirection {
    std::string input{};
    std::string output{};
    std::string directory{};
    /// SIGTERM that this hears while the program runs goes on to that. A terminal's SIGINT is sent
    /// to both.
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

/// Runs a program, found as a shell finds it, and waits for its end.
///
/// Throws  `ProgramFailed` naming the program if it does not end with exit code 0, another `Error`
///         if it cannot be started or a signal ends it
inline void run_program(const std::vector<std::string>& command, const Redirection& to = {}) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (!to.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, to.directory.c_str());
    if (!to.input.empty())
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, to.input.c_str(), O_RDONLY, 0);
    if (!to.output.empty())
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, to.output.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t child = 0;
    const int error =
        posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fail(command[0], ": cannot be started: ", std::strerror(error));

    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) fail(command[0], ": cannot wait for it: ", std::strerror(errno));
        if (to.stop && to.stop->signal() == SIGTERM) kill(child, SIGTERM);
    }
    if (WIFSIGNALED(status))
        fail(command[0], ": was ended by signal ", WTERMSIG(status), ", while running ",
             command_line(command));
    if (WEXITSTATUS(status) != 0)
        throw ProgramFailed(command[0] + ": ended with code " +
                            std::to_string(WEXITSTATUS(status)) + ", while running " +
                            command_line(command));
}

/// As `run_program`, with its output where `to` says once all of it is there.
inline void run_program_to_file(const std::vector<std::string>& command, Redirection to) {
    io::AtomicFile file(std::exchange(to.output, {}));
    to.output = file.temporary_path();
    run_program(command, to);
    file.commit();
}

}  // namespace hat::program
