// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>
#include <hat/decode/hypothesis.hpp>

#include "flags.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace hat::program {

/// How a command translates.
struct SearchFlags {
    decode::SearchOptions options;
    int threads = 0;
    int batch = 32;
};

/// Adds the flags of a search to a command; what they say is in `flags`, which must outlive it.
inline void add_search_flags(CLI::App& command, SearchFlags& flags) {
    decode::SearchOptions& search = flags.options;
    const NumberFlags number(command);
    number("--beam", search.beam, {.low = 1, .high = 1000}, "hypotheses a sentence; 1 is greedy");
    number("--threads", flags.threads, {.low = 0, .high = ThreadPool::max_threads}, "0: all cores");
    number("--batch", flags.batch, {.low = 1}, "sentences that are translated together");
    number("--length-penalty", search.length_penalty, {.low = -10, .high = 10},
           "scores are divided by length to this power");
    number("--max-length-a", search.max_length_a, {.low = 0, .high = 10'000},
           "a translation has at most a · source length + b tokens");
    number("--max-length-b", search.max_length_b, {.low = 0}, "b of the above");
    number("--min-length", search.min_length, {.low = 0}, "tokens of a translation, at least");
    number("--no-repeat-ngram", search.no_repeat_ngram, {.low = 0},
           "no sequence of so many tokens twice in a translation; 0: any");
    command.add_flag_callback(
        "--no-unk", [&search] { search.unk = false; }, "never choose the unknown word");
}

/// Throws  `CLI::ValidationError` if no translation may be as long as --min-length asks for.
inline void check_lengths(const CLI::App& command, const decode::SearchOptions& search) {
    if (command.count("--min-length") == 0 || search.max_length_a > 0 ||
        search.min_length <= search.max_length_b)
        return;
    throw CLI::ValidationError("--min-length", std::to_string(search.min_length) +
                                                   ", expected at most --max-length-b " +
                                                   std::to_string(search.max_length_b));
}

/// What is said of translations that ended because they were as long as they may be.
inline constexpr const char* cut_translations =
    "as long as it may be, and may lack its end (--max-length-a, --max-length-b)";

}  // namespace hat::program
