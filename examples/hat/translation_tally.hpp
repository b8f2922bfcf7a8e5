// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/in_quotes.hpp>
#include <hat/data/line_codec.hpp>
#include <hat/data/white_space.hpp>

#include "line_times.hpp"
#include "search_flags.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace hat::program {

/// What is told of a translation on stderr: what is wrong at once, how far it is on a terminal, and
/// at the end what it met.
class TranslationTally {
public:
    /// Counts a line that was read.
    void add(std::string_view line, const data::SourceLine& source) {
        ++lines_;
        words_ += data::count_words(line);
        tokens_ += source.tokens;
        unknown_tokens_ += source.unknown_tokens;
        if (source.unknown_tokens == 0) return;
        if (unknown_lines_++ > 0) return;
        first_unknown_line_ = lines_;
        for (const data::SourcePart& part : source.parts)
            if (first_unknown_.empty() && !part.unknown.empty())
                first_unknown_ = part.unknown.front().text;
    }
    /// Counts a translation that was cut, of line `number` of the input.
    void add_cut(std::uint64_t number) {
        if (cut_++ == 0) first_cut_line_ = number;
    }
    /// Counts a translation with bytes that are no character, of line `number` of the input.
    void add_broken(std::uint64_t number) {
        if (broken_++ == 0) first_broken_line_ = number;
    }
    /// Counts what became of the protected strings of a line.
    void add(const data::PlaceholderCounts& placeholders) noexcept {
        placeholders_ += placeholders;
    }

    /// Tells something at once.
    void note(const std::string& text) {
        clear_progress();
        std::fprintf(stderr, "note: %s\n", one_line(text).c_str());
    }

    /// Counts lines that were read, translated and written together, in so many seconds.
    void add_block(std::int64_t lines, double seconds) noexcept { times_.add(seconds, lines); }

    /// Renews the line of progress, if there is a terminal that shows nothing else.
    void show_progress() {
        if (!shows_progress_) return;
        std::fprintf(stderr, "\r%lld lines  %.0f words/s\033[K", static_cast<long long>(lines_),
                     words_per_second());
        progress_is_shown_ = true;
    }

    /// Tells what was met; with `stats`, also what was not.
    void finish(bool stats) {
        clear_progress();
        if (unknown_lines_ > 0)
            note(std::to_string(unknown_lines_) + " of " + std::to_string(lines_) +
                 (unknown_lines_ == 1 ? " lines has" : " lines have") +
                 " text that the vocabulary lacks; the first, line " +
                 std::to_string(first_unknown_line_) + ": " + readable(first_unknown_));
        if (cut_ > 0)
            note(std::to_string(cut_) + " of " + std::to_string(lines_) +
                 (cut_ == 1 ? " translations is " : " translations are ") + cut_translations +
                 "; the first, line " + std::to_string(first_cut_line_));
        if (broken_ > 0)
            note(std::to_string(broken_) + " of " + std::to_string(lines_) +
                 (broken_ == 1 ? " translations has" : " translations have") +
                 " bytes that are no character (U+FFFD); the first, line " +
                 std::to_string(first_broken_line_));
        if (placeholders_.strings > 0 || placeholders_.invented > 0)
            note(std::to_string(placeholders_.strings) + " protected strings in " +
                 std::to_string(placeholders_.lines) + " lines; " +
                 std::to_string(placeholders_.lost) + " were lost in translation (--lost), " +
                 std::to_string(placeholders_.invented) + " invented ones removed");
        if (!stats) return;
        const double share = tokens_ == 0 ? 0.0
                                          : 100.0 * static_cast<double>(unknown_tokens_) /
                                                static_cast<double>(tokens_);
        std::fprintf(stderr,
                     "%lld lines, %lld words, %lld tokens, %lld of them unknown (%.2f %%) in %lld "
                     "lines; %lld translations cut, %lld with bytes that are no character; %.1f "
                     "s, %.0f words/s, %.0f lines/s\n",
                     static_cast<long long>(lines_), static_cast<long long>(words_),
                     static_cast<long long>(tokens_), static_cast<long long>(unknown_tokens_),
                     share, static_cast<long long>(unknown_lines_), static_cast<long long>(cut_),
                     static_cast<long long>(broken_), seconds(), words_per_second(),
                     static_cast<double>(lines_) / seconds());
        std::fprintf(stderr,
                     "from reading a line to its translation: half of them within %.3g ms, 95 %% "
                     "within %.3g ms, 99 %% within %.3g ms; memory at most %.0f MB\n",
                     1e3 * times_.quantile(0.5), 1e3 * times_.quantile(0.95),
                     1e3 * times_.quantile(0.99), peak_megabytes());
    }

private:
    void clear_progress() {
        if (progress_is_shown_) std::fputs("\r\033[K", stderr);
        progress_is_shown_ = false;
    }
    [[nodiscard]] double seconds() const {
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
        return elapsed.count();
    }
    /// The most memory that the process ever had in use.
    [[nodiscard]] static double peak_megabytes() noexcept {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return static_cast<double>(usage.ru_maxrss) / 1024;
    }
    [[nodiscard]] double words_per_second() const {
        return static_cast<double>(words_) / seconds();
    }

    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool shows_progress_ =
        ::isatty(STDERR_FILENO) != 0 && ::isatty(STDIN_FILENO) == 0 && ::isatty(STDOUT_FILENO) == 0;
    bool progress_is_shown_ = false;
    LineTimes times_;
    std::int64_t lines_ = 0;
    std::int64_t words_ = 0;
    std::int64_t tokens_ = 0;
    std::int64_t unknown_tokens_ = 0;
    std::int64_t unknown_lines_ = 0;
    std::int64_t first_unknown_line_ = 0;
    std::string first_unknown_;
    data::PlaceholderCounts placeholders_;
    std::int64_t cut_ = 0;
    std::uint64_t first_cut_line_ = 0;
    std::int64_t broken_ = 0;
    std::uint64_t first_broken_line_ = 0;
};

}  // namespace hat::program
