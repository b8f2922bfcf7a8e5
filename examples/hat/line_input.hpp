// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/line_reader.hpp>

#include "standard_input.hpp"
#include "stop_signal.hpp"
#include "translation_tally.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

namespace hat::program {

struct LineInputOptions {
    bool strict =
        false;  ///< end at the first line that is not as it must be, instead of mending it
    std::size_t max_line_bytes = std::size_t{1} << 20;
    bool one_by_one = false;  ///< blocks of one line
    int first_lines = 64;     ///< of the first block, at most
};

/// A line as it is worked on.
struct InputLine {
    std::string text;
    std::uint64_t number = 0;
    bool is_mended = false;     ///< had bytes that are not UTF-8
    bool is_shortened = false;  ///< had more bytes than a line may have
};

/// Standard input as lines to work on: as many at once as are at hand, however many that are.
/// SIGTERM ends it: what was read by then is worked on.
class LineInput {
public:
    /// What is mended is told to `tally`, which must outlive this.
    LineInput(const LineInputOptions& options, TranslationTally& tally)
        : options_(options), tally_(&tally),
          reader_(STDIN_FILENO, standard_input, options.max_line_bytes, stop_.descriptor()),
          most_lines_(options.one_by_one ? 1 : std::min(options.first_lines, most_lines)) {}

    /// Waits for a line, and hands it and those that are there to `take(line)`, which tells whether
    /// it could do something with it. Returns whether there was one. The first blocks are small, so
    /// that the first answers come soon.
    template <class Take>
    bool read_block(const Take& take) {
        constexpr std::size_t most_bytes = std::size_t{1} << 20;
        int lines = 0;
        for (std::size_t bytes = 0; lines < most_lines_ && bytes < most_bytes && !fault_; ++lines) {
            auto line = lines == 0 ? reader_.next() : reader_.next_at_hand();
            if (!line) break;
            std::optional<InputLine> mended = mend(std::move(*line));
            if (!mended) break;
            bytes += mended->text.size();
            if (!take(*mended)) break;
        }
        if (!options_.one_by_one) most_lines_ = std::min(2 * most_lines_, most_lines);
        return lines > 0;
    }

    /// Tells what is wrong with a line and what is done about it. Returns whether to do that: if
    /// not, this is the end.
    [[nodiscard]] bool report(std::uint64_t number, const std::string& what,
                              const std::string& remedy) {
        if (options_.strict)
            end_with(place(number) + what);
        else
            note(number, what, remedy);
        return !options_.strict;
    }
    /// Tells what is done about a line that need not be otherwise.
    void note(std::uint64_t number, const std::string& what, const std::string& remedy) {
        tally_->note(place(number) + what + "; " + remedy);
    }

    /// The line at hand is the end: it is not to be worked on, but those before it are.
    void end_with(const std::string& fault) { fault_ = fault; }

    /// What `work()` makes of line `number`; nothing if it throws: the line is the end then, and
    /// those before it are worked on.
    template <class Work>
    [[nodiscard]] auto of_line(std::uint64_t number, const Work& work)
        -> std::optional<decltype(work())> {
        try {
            return work();
        } catch (const Error& error) {
            end_with(place(number) + error.what());
            return std::nullopt;
        }
    }

    /// Throws  `Error` if the input ended with a line that is not as it must be, or
    ///         `CLI::RuntimeError`, with a note, if SIGTERM ended it
    void check_end() {
        if (fault_) fail(*fault_);
        if (!reader_.is_stopped()) return;
        tally_->note("ended by SIGTERM, before the end of " + std::string(standard_input) +
                     "; the lines read by then are translated");
        throw CLI::RuntimeError(128 + SIGTERM);
    }

private:
    [[nodiscard]] static std::string place(std::uint64_t number) {
        return standard_input + (":" + std::to_string(number)) + ": ";
    }

    /// The line as it must be; nothing if it is the end.
    [[nodiscard]] std::optional<InputLine> mend(io::Line line) {
        if (line.dropped_bytes > 0 &&
            !report(line.number,
                    "the line has " + std::to_string(line.text.size() + line.dropped_bytes) +
                        " bytes, expected at most " + std::to_string(options_.max_line_bytes),
                    "the last " + std::to_string(line.dropped_bytes) + " are left out"))
            return std::nullopt;
        const std::size_t bad = data::find_invalid_utf8(line.text);
        const bool is_mended = bad != std::string::npos;
        if (is_mended) {
            line.text = data::replace_invalid_utf8(line.text);
            if (!report(line.number,
                        "byte " + std::to_string(bad + 1) + " of the line is not valid UTF-8",
                        "U+FFFD takes the place of such bytes"))
                return std::nullopt;
        }
        return InputLine{.text = std::move(line.text),
                         .number = line.number,
                         .is_mended = is_mended,
                         .is_shortened = line.dropped_bytes > 0};
    }

    static constexpr int most_lines = 1024;

    LineInputOptions options_;
    TranslationTally* tally_;
    StopSignal stop_;
    io::LineReader reader_;
    int most_lines_;
    std::optional<std::string> fault_;
};

}  // namespace hat::program
