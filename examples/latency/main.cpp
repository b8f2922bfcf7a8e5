// SPDX-License-Identifier: Apache-2.0

/// `hat-latency`: what `hat latency` does, as one program without libraries, for devices that have
/// none. Built for 64-bit Arm, statically linked: cmake --workflow --preset aarch64.

#include <hat/core/error.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_transformer.hpp>
#include <hat/io/text_file.hpp>
#include <hat/search/latency_plan.hpp>
#include <hat/search/latency_plan_text.hpp>
#include <hat/search/latency_workload.hpp>

#include "survey.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

constexpr const char* help =
    R"(hat-latency: measures how long translation models take on this device.

  hat-latency --plan PLAN --out LATENCY.csv
  hat-latency --space NAME --out LATENCY.csv [--vocab-size N] [--samples N] …

A plan names the networks, their sizes and the sentence lengths:
  1. here:            hat latency --space SPACE.yml --data DATA --write-plan plan.txt
  2. cross-compile:   cmake --preset aarch64 && cmake --build --preset aarch64
  3. to the device:   scp plan.txt build/aarch64/bin/hat-latency pi:
  4. on the device:   ./hat-latency --plan plan.txt --out latency.csv
  5. back here:       scp pi:latency.csv . && hat predictor --latency latency.csv --out predictor

A slow device may need an hour; a table that is there is continued with --resume. Weights are
random numbers: they do not change the time.

  --plan FILE          what to measure; the first network in it is the sentinel
  --space NAME         or members of a built-in space: )";

constexpr const char* help_of_options = R"(
  --out FILE           table to write (CSV)
  --samples N          of --space: networks, the largest and the smallest among them (50)
  --vocab-size N       of --space (32768)
  --beam N             of --space: hypotheses a sentence; 1 is greedy (5)
  --length LENGTHS     of --space: fixed:TOKENS or SOURCExTARGET+… (fixed:30)
  --time thread|wall   of --space: the time that the program computes, or that of the clock on the
                       wall, with what others take of the core (thread)
  --seed N             of --space: of the sample and the tokens (1)
  --repeats N          timed runs over all lengths (21)
  --attempts N         of a measurement that was disturbed (3)
  --settle SECONDS     run before the first measurement (2)
  --core N             to stay on; -1: the last one (-1)
  --resume             go on with a table that is there
)";

/// What the command line is wrong about.
struct UsageError {
    std::string message;
};

struct Options {
    std::string plan, space;
    hat::search::LatencyWorkload workload;
    std::uint64_t samples = 50;
    std::uint64_t vocab_size = 32768;
    hat::program::SurveyOptions survey;
    bool help = false;
};

std::uint64_t number(std::string_view name, std::string_view text, std::uint64_t low,
                     std::uint64_t high) {
    std::uint64_t value = 0;
    const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || after != text.data() + text.size() || value < low || value > high)
        throw UsageError{std::string(name) + ": expected a number from " + std::to_string(low) +
                         " to " + std::to_string(high) + ", found \"" + std::string(text) + "\""};
    return value;
}

Options parse(int argc, char** argv) {
    Options options;
    auto& protocol = options.survey.protocol;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const auto value = [&]() -> std::string_view {
            if (i + 1 == argc) throw UsageError{std::string(name) + ": needs a value"};
            return argv[++i];
        };
        const auto integer = [&](std::uint64_t low, std::uint64_t high) {
            return number(name, value(), low, high);
        };
        constexpr std::uint64_t many = 1'000'000;
        if (name == "--help" || name == "-h")
            options.help = true;
        else if (name == "--plan")
            options.plan = value();
        else if (name == "--space")
            options.space = value();
        else if (name == "--out")
            options.survey.out = value();
        else if (name == "--samples")
            options.samples = integer(1, many);
        else if (name == "--vocab-size")
            options.vocab_size = integer(5, 1U << 24U);
        else if (name == "--beam")
            options.workload.beam = static_cast<int>(integer(1, 1000));
        else if (name == "--length")
            options.workload.lengths = hat::search::parse_lengths(value(), name);
        else if (name == "--time")
            options.workload.time = hat::io::parse_enum<hat::search::TimeKind>(value(), "--time: ");
        else if (name == "--seed")
            options.workload.seed = integer(0, std::uint64_t{1} << 62U);
        else if (name == "--repeats")
            protocol.repeats = static_cast<int>(integer(1, many));
        else if (name == "--attempts")
            protocol.attempts = static_cast<int>(integer(1, 100));
        else if (name == "--settle")
            protocol.settle_ms = 1e3 * static_cast<double>(integer(0, many));
        else if (name == "--core" && i + 1 < argc && std::string_view(argv[i + 1]) == "-1")
            options.survey.core = (++i, -1);
        else if (name == "--core")
            options.survey.core = static_cast<int>(integer(0, 1U << 16U));
        else if (name == "--resume")
            options.survey.resume = true;
        else
            throw UsageError{"there is no option " + std::string(name)};
    }
    if (options.help) return options;
    if (options.plan.empty() == options.space.empty())
        throw UsageError{"name one of --plan and --space"};
    if (options.survey.out.empty()) throw UsageError{"name the table to write: --out LATENCY.csv"};
    return options;
}

hat::search::LatencyPlan plan_of(const Options& options) {
    if (!options.plan.empty()) {
        constexpr std::size_t limit_bytes = std::size_t{1} << 26U;
        return hat::search::plan_from_text(hat::io::read_file(options.plan, limit_bytes),
                                           options.plan);
    }
    const int vocab_size = static_cast<int>(options.vocab_size);
    return hat::search::plan_latency(
        with_vocabulary(hat::elastic::built_in_space(options.space), vocab_size, vocab_size),
        options.workload, static_cast<int>(options.samples), options.workload.seed);
}

int run(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (options.help) {
        std::printf("%s%s%s", help, hat::elastic::built_in_space_names().c_str(), help_of_options);
        return 0;
    }
    const hat::search::LatencyPlan plan = plan_of(options);
    hat::elastic::SuperTransformer super(plan.super);
    super.network().initialize(1);
    hat::program::measure_latencies(plan, super, options.survey);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const UsageError& error) {
        std::fprintf(stderr, "hat-latency: %s (--help explains)\n", error.message.c_str());
        return 2;
    } catch (const hat::Error& error) {
        std::fprintf(stderr, "hat-latency: %s\n", error.what());
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "hat-latency: out of memory\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hat-latency: %s\n", error.what());
    }
    return 1;
}
