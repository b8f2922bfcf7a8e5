// SPDX-License-Identifier: Apache-2.0

/// `hat-latency`: what `hat latency` does, as one program without libraries, for devices that have
/// none. Built for 64-bit Arm, statically linked: cmake --workflow --preset aarch64.

#include <hat/core/error.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_transformer.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/workload.hpp>

#include "../hat/nearest_name.hpp"
#include "../hat/number.hpp"
#include "survey.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

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
  --replace            begin anew where a table is there
  --attached           the table goes to standard output as it grows, and the end of standard input
                       ends this: how `hat latency --devices` starts it on many devices at once
)";

/// What the command line is wrong about.
struct UsageError {
    std::string message;
};

struct Options {
    std::string plan, space;
    hat::latency::LatencyWorkload workload;
    int samples = 50;
    int vocab_size = 32768;
    hat::program::SurveyOptions survey;
    bool help = false;
};

/// Every "--name" of the help.
std::vector<std::string> flags() {
    std::vector<std::string> names{"--help"};
    for (std::string_view text : {std::string_view(help), std::string_view(help_of_options)})
        for (std::size_t at = text.find("\n  --"); at != text.npos;
             at = text.find("\n  --", at + 1))
            names.emplace_back(text.substr(at + 3, text.find(' ', at + 3) - at - 3));
    return names;
}

std::string unknown(std::string_view word) {
    const std::string nearest = hat::program::nearest_name(word, flags());
    return "there is no option " + hat::program::detail::shown(word) +
           (nearest.empty() ? "" : "; did you mean " + nearest + "?");
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
        const auto number = [&]<class T>(T low, T high) {
            return hat::program::parse_number<T>(name, value(), {.low = low, .high = high});
        };
        constexpr int many = 1'000'000;
        if (name == "--help" || name == "-h")
            options.help = true;
        else if (name == "--plan")
            options.plan = value();
        else if (name == "--space")
            options.space = value();
        else if (name == "--out")
            options.survey.out = value();
        else if (name == "--samples")
            options.samples = number(1, many);
        else if (name == "--vocab-size")
            options.vocab_size = number(5, 1 << 24);
        else if (name == "--beam")
            options.workload.beam = number(1, 1000);
        else if (name == "--length")
            options.workload.lengths = hat::latency::parse_lengths(value(), name);
        else if (name == "--time")
            options.workload.time =
                hat::io::parse_enum<hat::latency::TimeKind>(value(), "--time: ");
        else if (name == "--seed")
            options.workload.seed = number(std::uint64_t{0}, std::uint64_t{1} << 62U);
        else if (name == "--repeats")
            protocol.repeats = number(1, many);
        else if (name == "--attempts")
            protocol.attempts = number(1, 100);
        else if (name == "--settle")
            protocol.settle_ms = 1e3 * number(0, many);
        else if (name == "--core")
            options.survey.core = number(-1, 1 << 16);
        else if (name == "--resume")
            options.survey.resume = true;
        else if (name == "--replace")
            options.survey.replace = true;
        else if (name == "--attached")
            options.survey.attached = true;
        else
            throw UsageError{unknown(name)};
    }
    if (options.help) return options;
    if (options.plan.empty() == options.space.empty())
        throw UsageError{"name one of --plan and --space"};
    if (options.survey.resume && options.survey.replace)
        throw UsageError{"name one of --resume and --replace"};
    if (options.survey.out.empty()) throw UsageError{"name the table to write: --out LATENCY.csv"};
    return options;
}

hat::latency::LatencyPlan plan_of(const Options& options) {
    if (!options.plan.empty()) {
        constexpr std::size_t limit_bytes = std::size_t{1} << 26U;
        return hat::latency::plan_from_text(hat::io::read_file(options.plan, limit_bytes),
                                            options.plan);
    }
    return hat::latency::plan_latency(with_vocabulary(hat::elastic::built_in_space(options.space),
                                                      options.vocab_size, options.vocab_size),
                                      options.workload, options.samples, options.workload.seed);
}

int run(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (options.help) {
        std::printf("%s%s%s", help, hat::elastic::built_in_space_names().c_str(), help_of_options);
        return 0;
    }
    const hat::latency::LatencyPlan plan = plan_of(options);
    hat::elastic::SuperTransformer super(plan.super);
    super.network().initialize(1);
    hat::program::measure_latencies(plan, super.network(), options.survey);
    return 0;
}

int wrong_usage(const std::string& line) {
    std::fprintf(stderr, "hat-latency: %s (--help explains)\n", line.c_str());
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of its write
    try {
        return run(argc, argv);
    } catch (const UsageError& error) {
        return wrong_usage(error.message);
    } catch (const hat::program::NumberError& error) {
        return wrong_usage(error.line);
    } catch (const hat::Error& error) {
        std::fprintf(stderr, "hat-latency: %s\n", error.what());
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "hat-latency: out of memory\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hat-latency: %s\n", error.what());
    }
    return 1;
}
