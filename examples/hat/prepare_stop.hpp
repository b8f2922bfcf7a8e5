// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/io/temporary.hpp>

#include "output_directory.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <string>
#include <unistd.h>

namespace hat::program {

/// What SIGTERM and SIGINT do to `hat prepare`: they end it, and nothing of it is left. What it
/// puts aside has no names, so that the lock of its directory is all that is to be removed; while
/// the directory itself is written, the first signal waits until it is there. There is one at a
/// time.
class PrepareStop {
public:
    /// `out` is locked by this process.
    explicit PrepareStop(const std::string& out) {
        const std::string lock = lock_path(without_slash(out));
        if (lock.size() < path.size()) lock.copy(path.data(), lock.size());
        path[lock.size() < path.size() ? lock.size() : 0] = '\0';
        is_writing = 0;
        for (std::size_t i = 0; i < signals.size(); ++i)
            before_[i] = std::signal(signals[i], handle);
    }
    PrepareStop(const PrepareStop&) = delete;
    PrepareStop& operator=(const PrepareStop&) = delete;
    ~PrepareStop() {
        for (std::size_t i = 0; i < signals.size(); ++i) std::signal(signals[i], before_[i]);
    }

    /// From now on, the directory is written.
    void wait_for_end() noexcept { is_writing = 1; }

private:
    static constexpr std::array<int, 2> signals{SIGTERM, SIGINT};
    using Handler = void (*)(int);

    static void handle(int signal) {
        std::signal(signal, SIG_DFL);
        if (is_writing != 0) return;
        if (path.front() != '\0') ::unlink(path.data());
        std::raise(signal);
    }

    inline static std::array<char, 4096> path{};
    inline static volatile std::sig_atomic_t is_writing = 0;

    std::array<Handler, 2> before_{};
};

}  // namespace hat::program
