// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hat::report {

/// `seconds` as m:ss, h:mm:ss or, from a day on, 1d 02:03:04; "?" if it is no number.
[[nodiscard]] inline std::string duration_text(double seconds) {
    constexpr double longest = 1e10;  // three hundred years
    if (!(seconds >= 0 && seconds < longest)) return "?";
    const auto total = static_cast<long long>(std::llround(seconds));
    const long long days = total / 86400;
    const int hours = static_cast<int>(total / 3600 % 24);
    const int minutes = static_cast<int>(total / 60 % 60);
    const int rest = static_cast<int>(total % 60);
    char text[40];
    if (days > 0)
        std::snprintf(text, sizeof text, "%lldd %02d:%02d:%02d", days, hours, minutes, rest);
    else if (hours > 0)
        std::snprintf(text, sizeof text, "%d:%02d:%02d", hours, minutes, rest);
    else
        std::snprintf(text, sizeof text, "%d:%02d", minutes, rest);
    return text;
}

/// What is told of one update.
struct ProgressReport {
    std::int64_t update = 0;  ///< updates done, this one included
    std::int64_t epoch = 0;
    double loss = 0;          ///< per token
    std::int64_t tokens = 0;  ///< target tokens of this update
    double learning_rate = 0;
    double communication_seconds = 0;  ///< of this update, where there are several ranks
};

/// What is told of a training, and where.
struct ProgressOptions {
    std::int64_t updates = 0;           ///< of the whole training
    std::int64_t done = 0;              ///< of them, before this run
    int ranks = 1;                      ///< that train together
    double interval_seconds = 10;       ///< between lines, where there is no terminal
    std::FILE* out = stderr;            ///< where lines go
    std::optional<bool> terminal = {};  ///< whether `out` is one; found out if not told
};

/// How a training is going and when it ends: one line that renews itself on a terminal, a plain
/// line every now and then elsewhere.
///
///     update 1200/40000  epoch 3  loss 4.213  8123 tokens/s  lr 1.23e-04  eta 1:23:45
///
/// Of several ranks it tells how many they are and what share of its time the first one spends on
/// messages and waits for others: "… tokens/s  4 ranks, 3.1 % communication  lr …".
///
/// Loss and speed are means over the last ten seconds or so; the time left follows from all updates
/// of this run, validations included.
///
/// Cost    allocates nothing; a line is made a few times a second at most
class Progress {
public:
    /// Of a run that begins now.
    explicit Progress(const ProgressOptions& options)
        : options_(options),
          terminal_(options.terminal.value_or(::isatty(::fileno(options.out)) != 0)) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { finish(); }

    void report(const ProgressReport& report) {
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
        this->report(report, elapsed.count());
    }

    /// The same with a clock of the caller: `seconds` since this object was made.
    void report(const ProgressReport& report, double seconds) {
        const double kept = std::exp((last_report_ - seconds) / window_seconds);
        seconds_ = kept * seconds_ + (seconds - last_report_);
        tokens_ = kept * tokens_ + static_cast<double>(report.tokens);
        communication_ = kept * communication_ + report.communication_seconds;
        // A loss that is no number is shown, but does not stay in the mean for ever.
        loss_ = std::isfinite(loss_)
                    ? kept * loss_ + report.loss * static_cast<double>(report.tokens)
                    : report.loss * tokens_;
        last_report_ = seconds;
        const double interval = terminal_ ? refresh_seconds : options_.interval_seconds;
        const bool is_last = report.update >= options_.updates;
        if (!is_last && last_line_ && seconds - *last_line_ < interval) return;
        last_line_ = seconds;
        print(report, seconds);
    }

    /// Prints a line of its own, such as the result of a validation.
    void note(std::string_view line) {
        if (line_is_open_) std::fputs("\r\033[K", options_.out);
        line_is_open_ = false;
        std::fprintf(options_.out, "%.*s\n", static_cast<int>(line.size()), line.data());
        std::fflush(options_.out);
    }

    /// Ends the line that renews itself; the next report begins another.
    void finish() {
        if (line_is_open_) std::fputc('\n', options_.out);
        line_is_open_ = false;
        std::fflush(options_.out);
    }

private:
    static constexpr double window_seconds = 10;
    static constexpr double refresh_seconds = 0.2;

    void print(const ProgressReport& report, double seconds) {
        const auto in_this_run = static_cast<double>(report.update - options_.done);
        const auto left = static_cast<double>(options_.updates - report.update);
        char ranks[60] = "";
        if (options_.ranks > 1)
            std::snprintf(ranks, sizeof ranks, "  %d ranks, %.1f %% communication", options_.ranks,
                          100 * communication_ / seconds_);
        char line[260];
        const int length = std::snprintf(
            line, sizeof line,
            "update %lld/%lld  epoch %lld  loss %.3f  %.0f tokens/s%s  lr %.2e  eta %s",
            static_cast<long long>(report.update), static_cast<long long>(options_.updates),
            static_cast<long long>(report.epoch), loss_ / tokens_, tokens_ / seconds_, ranks,
            report.learning_rate, duration_text(seconds / in_this_run * left).c_str());
        if (terminal_) {
            // A line that the terminal wraps could not be renewed.
            std::fprintf(options_.out, "\r%.*s\033[K", std::min(length, columns() - 1), line);
            line_is_open_ = true;
        } else {
            std::fprintf(options_.out, "%s\n", line);
        }
        std::fflush(options_.out);
    }

    [[nodiscard]] int columns() const noexcept {
        winsize size{};
        constexpr int usual = 80;
        if (::ioctl(::fileno(options_.out), TIOCGWINSZ, &size) != 0) return usual;
        return size.ws_col > 1 ? size.ws_col : usual;
    }

    ProgressOptions options_;
    bool terminal_;
    bool line_is_open_ = false;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    double last_report_ = 0;
    std::optional<double> last_line_;
    // Sums in which a report weighs less the older it is.
    double seconds_ = 0;
    double tokens_ = 0;
    double loss_ = 0;
    double communication_ = 0;
};

}  // namespace hat::report
