// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

/// Programs that run beside this one, many at once, and are talked with.
namespace hat::program {

/// An error of this machine, and not of a program that it talks with.
class ErrorHere : public Error {
public:
    using Error::Error;
};

/// Calls `f()`; an error of it is one of this machine.
template <class F>
decltype(auto) here(const F& f) {
    try {
        return f();
    } catch (const Error& error) {
        throw ErrorHere(error.what());
    }
}

/// A pipe whose ends no other program inherits.
class Pipe {
public:
    /// Throws  `ErrorHere` if the system has no descriptors left
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0)
            throw ErrorHere(std::string("cannot make a pipe: ") + std::strerror(errno));
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_reader();
        close_writer();
    }
    /// −1 once it is closed.
    [[nodiscard]] int reader() const noexcept { return ends_[0]; }
    [[nodiscard]] int writer() const noexcept { return ends_[1]; }
    void close_reader() noexcept { close(ends_[0]); }
    void close_writer() noexcept { close(ends_[1]); }

private:
    static void close(int& end) noexcept {
        if (end >= 0) ::close(std::exchange(end, -1));
    }
    std::array<int, 2> ends_{-1, -1};
};

/// A program in a session of its own, so that it asks no terminal for passwords and a signal to
/// this program is not one to it. Its standard streams are pipes; it ends when this does.
class ChildProcess {
public:
    /// Throws  `ErrorHere` naming the program if it cannot be started
    explicit ChildProcess(const std::vector<std::string>& command) {
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 1);
        for (const std::string& word : command)
            arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input_.reader(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output_.writer(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, error_.writer(), STDERR_FILENO);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        sigset_t usual;  // what this program ignores, that one does not
        sigemptyset(&usual);
        for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&usual, signal);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
        const int error =
            posix_spawnp(&id_, arguments[0], &actions, &attributes, arguments.data(), environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            throw ErrorHere(command[0] + ": cannot be started: " + std::strerror(error));
        input_.close_reader();
        output_.close_writer();
        error_.close_writer();
        ::fcntl(input_.writer(), F_SETFL, O_NONBLOCK);
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess() { end(); }

    [[nodiscard]] Pipe& input() noexcept { return input_; }
    [[nodiscard]] Pipe& output() noexcept { return output_; }
    [[nodiscard]] Pipe& error() noexcept { return error_; }

    [[nodiscard]] bool has_ended() noexcept {
        if (!status_) {
            int status = 0;
            const pid_t ended = ::waitpid(id_, &status, WNOHANG);
            // Where a caller ignores SIGCHLD, the system tells nobody how children end.
            if (ended == id_ || (ended < 0 && errno == ECHILD)) status_ = status;
        }
        return status_.has_value();
    }

    /// Ends it and what it has started, politely at first.
    void end() noexcept {
        using namespace std::chrono_literals;
        if (std::exchange(is_over_, true)) return;
        input_.close_writer();
        ::kill(-id_, SIGTERM);
        for (int i = 0; i < 150 && !has_ended(); ++i) std::this_thread::sleep_for(20ms);
        ::kill(-id_, SIGKILL);
        while (!has_ended()) std::this_thread::sleep_for(1ms);
    }

    /// Precondition: it has ended. How, in words: "exit code 1"; empty: well.
    [[nodiscard]] std::string ending() const {
        if (WIFSIGNALED(*status_)) return "signal " + std::to_string(WTERMSIG(*status_));
        const int code = WEXITSTATUS(*status_);
        return code == 0 ? "" : "exit code " + std::to_string(code);
    }

private:
    Pipe input_{}, output_{}, error_{};
    pid_t id_ = 0;
    std::optional<int> status_{};
    bool is_over_ = false;
};

/// What is said to a program, and who hears what it says.
struct Conversation {
    std::string_view input{};                             ///< for its standard input
    bool keeps_input_open = false;                        ///< behind that, as long as it runs
    std::function<void(std::string_view)> hear_output{};  ///< pieces, as they come
    std::function<void(std::string_view)> hear_error{};   ///< lines, without their ends
    int stop = -1;  ///< once this descriptor can be read, the program is ended
};

namespace detail {

/// Hands `listener` what a pipe has, and closes it at its end.
inline void hear(Pipe& pipe, const std::function<void(std::string_view)>& listener) {
    std::array<char, 1U << 14U> piece;
    const ssize_t size = ::read(pipe.reader(), piece.data(), piece.size());
    if (size > 0 && listener) listener({piece.data(), static_cast<std::size_t>(size)});
    if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) pipe.close_reader();
}

/// As much of `text` as the pipe takes; returns the rest.
[[nodiscard]] inline std::string_view say(Pipe& pipe, std::string_view text) {
    const ssize_t size = ::write(pipe.writer(), text.data(), text.size());
    if (size >= 0) return text.substr(static_cast<std::size_t>(size));
    if (errno == EINTR || errno == EAGAIN) return text;
    return {};  // it does not listen any more, and its ending will say why
}

/// Cuts what comes in pieces into lines.
class Lines {
public:
    explicit Lines(const std::function<void(std::string_view)>& listener) : listener_(listener) {}
    void add(std::string_view piece) {
        constexpr std::size_t longest = 4096;
        for (const char c : piece) {
            if (c == '\n' || c == '\r' || line_.size() == longest) finish();
            if (c != '\n' && c != '\r') line_ += c;
        }
    }
    void finish() {
        if (!line_.empty() && listener_) listener_(line_);
        line_.clear();
    }

private:
    const std::function<void(std::string_view)>& listener_;
    std::string line_;
};

}  // namespace detail

/// Runs a program and talks with it until it ends. Returns how it ended, as
/// `ChildProcess::ending`. Precondition: SIGPIPE is ignored.
///
/// Throws  `ErrorHere` if it cannot be started, or what the hearers throw, once it is ended
inline std::string converse(const std::vector<std::string>& command, const Conversation& talk) {
    ChildProcess child(command);
    detail::Lines errors(talk.hear_error);
    const std::function<void(std::string_view)> hear_error = [&](std::string_view piece) {
        errors.add(piece);
    };
    std::string_view left = talk.input;
    constexpr int look_ms = 200;  // whether it has ended, though others hold its streams open
    for (bool has_ended = false;;) {
        if (left.empty() && !talk.keeps_input_open) child.input().close_writer();
        std::array<pollfd, 4> streams{{{child.output().reader(), POLLIN, 0},
                                       {child.error().reader(), POLLIN, 0},
                                       {left.empty() ? -1 : child.input().writer(), POLLOUT, 0},
                                       {talk.stop, POLLIN, 0}}};
        const bool heard_all = streams[0].fd < 0 && streams[1].fd < 0;
        const int ready = ::poll(streams.data(), streams.size(), look_ms);
        if (ready < 0 && errno != EINTR)
            throw ErrorHere(std::string("cannot wait: ") + std::strerror(errno));
        if (ready > 0 && streams[3].revents != 0) break;
        if (ready > 0 && streams[0].revents != 0) detail::hear(child.output(), talk.hear_output);
        if (ready > 0 && streams[1].revents != 0) detail::hear(child.error(), hear_error);
        if (ready > 0 && streams[2].revents != 0) left = detail::say(child.input(), left);
        if (has_ended && (ready == 0 || heard_all)) break;
        has_ended = child.has_ended();
    }
    child.end();
    errors.finish();
    return child.ending();
}

}  // namespace hat::program
