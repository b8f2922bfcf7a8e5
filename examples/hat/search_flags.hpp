// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/decode/hypothesis.hpp>

#include <CLI/CLI.hpp>

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
    const auto number = [&](const char* name, auto& value, const char* text) {
        return command.add_option(name, value, text)->capture_default_str();
    };
    number("--beam", search.beam, "hypotheses a sentence; 1 is greedy")->check(CLI::Range(1, 1000));
    number("--threads", flags.threads, "0: all cores")->check(CLI::NonNegativeNumber);
    number("--batch", flags.batch, "sentences that are translated together")
        ->check(CLI::PositiveNumber);
    number("--length-penalty", search.length_penalty, "scores are divided by length to this power");
    number("--max-length-a", search.max_length_a,
           "a translation has at most a · source length + b tokens")
        ->check(CLI::NonNegativeNumber);
    number("--max-length-b", search.max_length_b, "b of the above")->check(CLI::NonNegativeNumber);
    number("--min-length", search.min_length, "tokens of a translation, at least")
        ->check(CLI::NonNegativeNumber);
    number("--no-repeat-ngram", search.no_repeat_ngram,
           "no sequence of so many tokens twice in a translation; 0: any")
        ->check(CLI::NonNegativeNumber);
    command.add_flag("!--no-unk", search.unk, "never choose the unknown word");
}

}  // namespace hat::program
