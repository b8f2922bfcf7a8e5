// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../corpus/libreoffice.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <sstream>
#include <string>

namespace hat::program {

/// How much of everything there is in a quickstart.
struct QuickstartAmounts {
    std::string space = "quickstart";
    int max_words = corpus::most_words;
    int vocab_size = 4000;
    double speedup = 2;
    std::int64_t updates = 3000;
    std::int64_t tune_updates = 4500;
    int samples = 40;
    int health = 8;

    // What no flag sets: how trainings, measurements and the search go.
    std::string training = "--max-tokens 2000 --learning-rate 4e-3 --dropout 0.2";
    std::string tuning = "--max-tokens 2000 --learning-rate 3.5e-3 --dropout 0.1";
    std::string measuring;
    std::string searching = "--population 60 --iterations 12 --patience 4 --front 8";

    /// The flags, each with what it sets.
    static void flags(const auto& f, auto&... amounts) {
        f("--space", amounts.space...);
        f("--max-words", amounts.max_words...);
        f("--vocab-size", amounts.vocab_size...);
        f("--speedup", amounts.speedup...);
        f("--updates", amounts.updates...);
        f("--tune-updates", amounts.tune_updates...);
        f("--samples", amounts.samples...);
        f("--health", amounts.health...);
    }

    friend bool operator==(const QuickstartAmounts&, const QuickstartAmounts&) = default;
};

/// Those of `--quick`: some seven minutes of one core, so four of two.
[[nodiscard]] inline QuickstartAmounts quick_amounts() {
    return {.space = "quick",
            .max_words = 10,
            .vocab_size = 2000,
            .speedup = 1.7,
            .updates = 1000,
            .tune_updates = 4000,
            .samples = 16,
            .health = 0,
            .training = "--max-tokens 1000 --learning-rate 4e-3 --dropout 0.1",
            .tuning = "--max-tokens 1000 --learning-rate 4e-3 --dropout 0.05",
            .measuring = "--sentences 6 --repeats 11",
            .searching = "--population 40 --iterations 4 --patience 3 --front 3"};
}

/// Those of `--quick`, but for what flags of `command` have set in `usual`.
[[nodiscard]] inline QuickstartAmounts quick_amounts(const CLI::App& command,
                                                     const QuickstartAmounts& usual) {
    QuickstartAmounts quick = quick_amounts();
    QuickstartAmounts::flags(
        [&](const char* flag, auto& to, const auto& given) {
            if (command.get_option(flag)->count() > 0) to = given;
        },
        quick, usual);
    return quick;
}

/// The flags that `--quick` stands for.
[[nodiscard]] inline std::string quick_flags() {
    const QuickstartAmounts quick = quick_amounts();
    std::ostringstream words;
    QuickstartAmounts::flags(
        [&](const char* flag, const auto& value) { words << ' ' << flag << ' ' << value; }, quick);
    return words.str();
}

}  // namespace hat::program
