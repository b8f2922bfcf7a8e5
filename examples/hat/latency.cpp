// SPDX-License-Identifier: Apache-2.0

/// hat latency: a design space → how long its members take on this machine.

#include <hat/data/corpus_file.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/workload.hpp>

#include "../latency/survey.hpp"
#include "commands.hpp"
#include "data_directory.hpp"
#include "devices.hpp"
#include "flags.hpp"
#include "model_argument.hpp"
#include "output_file.hpp"
#include "shelf.hpp"
#include "space_argument.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace hat::program {

namespace {

struct LatencyOptions {
    std::string space, data, run, length, write_plan, devices, time = "thread";
    int vocab_size = 32768;
    int samples = 50;
    int sentences = 10;
    int beam = 5;
    std::uint64_t seed = 1;
    SurveyOptions survey;
};

/// Sets lengths from the corpus, and the vocabulary size.
std::vector<latency::PairLength> lengths_of_data(LatencyOptions& options) {
    const DataDirectory directory{options.data};
    if (!io::is_directory(options.data)) {
        fail("--data ", options.data, ": there is no such data directory");
    }
    const data::Corpus corpus = data::load_corpus(directory.validation());
    options.vocab_size = corpus.target.vocab_size;
    return latency::sample_lengths(corpus, options.sentences, options.seed);
}

latency::LatencyPlan make_plan(LatencyOptions& options) {
    latency::LatencyWorkload workload{
        .beam = options.beam,
        .time = io::parse_enum<latency::TimeKind>(options.time, "--time: "),
        .seed = options.seed};
    if (!options.data.empty())
        workload.lengths = lengths_of_data(options);
    else if (options.length == "corpus")
        fail("--length corpus: needs --data, whose sentences it means");
    if (!options.length.empty() && options.length != "corpus") {
        workload.lengths = latency::parse_lengths(options.length, "--length " + options.length);
    }
    const auto space = space_argument(options.space, options.vocab_size);
    validate(space);
    return latency::plan_latency(space, workload, options.samples, options.seed);
}

bool is_plan(const std::string& path) {
    return latency::looks_like_plan(first_line(path));
}

/// What is measured on other devices has random weights.
void measure_on_devices(const latency::LatencyPlan& plan, const LatencyOptions& options) {
    if (!options.run.empty()) fail("latency: --devices measures random weights, without --run");
    if (options.survey.out.empty()) fail("latency: name the folder for the tables: --out FOLDER");
    measure_shelf(plan, read_devices(options.devices),
                  {.out = options.survey.out,
                   .protocol = options.survey.protocol,
                   .core = options.survey.core,
                   .resume = options.survey.resume});
}

void latency(LatencyOptions options) {
    if (!options.write_plan.empty())
        check_output({.flag = "--write-plan",
                      .path = options.write_plan,
                      .kind = "a latency plan",
                      .is_of_kind = is_plan},
                     {options.space});
    const latency::LatencyPlan plan = make_plan(options);
    if (static_cast<int>(plan.members.size()) < options.samples) {
        std::fprintf(stderr, "note: the space has only %zu members\n", plan.members.size());
    }
    if (!options.write_plan.empty()) {
        io::write_file(options.write_plan, latency::plan_to_text(plan));
        std::printf("%s\n", options.write_plan.c_str());
        return;
    }
    if (!options.devices.empty()) return measure_on_devices(plan, options);
    if (options.survey.out.empty()) fail("latency: name the table to write: --out LATENCY.csv");
    elastic::SuperTransformer super(plan.super);
    if (options.run.empty()) {
        super.network().initialize(options.seed);
    } else {
        const auto model = io::ModelDirectory::open(model_path(options.run));
        if (!options.data.empty())
            check_vocabulary(model, "--run " + options.run, io::read_text_files(options.data));
        if (model.config().architecture != plan.super)
            fail("--run ", options.run, ": is not a SuperTransformer of the space ", options.space);
        model.load_weights(super.network().table(), super.network().values());
    }
    measure_latencies(plan, super.network(), options.survey);
}

}  // namespace

void add_latency(CLI::App& app) {
    auto options = std::make_shared<LatencyOptions>();
    auto& survey = options->survey;
    CLI::App* command = app.add_subcommand(
        "latency", "Measures how long members of a design space take on this machine.");
    command->footer(
        "A sentence is translated at a time, on one core, as `hat translate` does it, to exactly\n"
        "the length given; the weights do not matter, so none are needed. Between the networks a\n"
        "sentinel is timed again and again: it tells whether the machine does other things or\n"
        "throttles. Such measurements are made again, and marked if that does not help.\n"
        "Where the space lets members choose how they are served (weight-bits-choice,\n"
        "listed-tokens-choice), each is timed so, with random lists. Measure about fifty\n"
        "networks for each kind of weights: hat predictor finds costs of its own for each.\n"
        "The table has the published 14 columns and ours behind them.\n\n"
        "Example:\n"
        "  hat latency --space multi30k --data data --out latency.csv\n\n"
        "On another device, without any library:\n"
        "  hat latency --space multi30k --data data --write-plan plan.txt\n"
        "  copy plan.txt and hat-latency there; hat-latency --plan plan.txt --out latency.csv\n\n"
        "On many devices at once, each as above:\n"
        "  hat latency --space multi30k --data data --devices devices.yml --out tables\n"
        "where devices.yml has, for each, a name and (all but shell may be left out)\n"
        "  kitchen:\n"
        "    shell: ssh -o ServerAliveInterval=15 pi@kitchen  # takes a line for a shell there\n"
        "    program: build/aarch64/bin/hat-latency  # is brought there; else it is there\n"
        "    copy: scp FILE pi@kitchen:PLACE         # brings it; else it goes through shell\n"
        "    folder: hat-latency                     # there, where plan and table are kept\n"
        "    start: taskset -c 3 ./hat-latency.kitchen   # in it\n"
        "shell: sh -c is this machine. tables/NAME.csv is here after every network. A device that\n"
        "is gone is told, the others go on, and --resume measures what is missing; devices that\n"
        "lost their tables get them back. Without --resume, a device begins anew, whatever table\n"
        "an earlier survey has left on it.");
    const NumberFlags number(*command);
    command->add_option("--space", options->space, "YAML file, or the name of a built-in space")
        ->type_name(file_or(elastic::built_in_space_names()))
        ->required();
    command->add_option("--data", options->data,
                        "data directory: lengths and vocabulary size are those of its sentences");
    command->add_option("--out", survey.out,
                        "table to write (CSV); with --devices, a folder of them");
    command
        ->add_option("--write-plan", options->write_plan,
                     "write what would be measured, for hat-latency, and measure nothing")
        ->excludes(command->add_option("--devices", options->devices,
                                       "measure on these devices (YAML), in place of this one"));
    command->add_option("--run", options->run,
                        "SuperTransformer whose weights are used; else random ones");
    number("--samples", options->samples, {.low = 1, .high = 1'000'000},
           "networks: the middle one (the sentinel), the largest, the smallest, and those "
           "that say most about all others");
    number("--beam", options->beam, {.low = 1, .high = 1000}, "hypotheses a sentence; 1 is greedy");
    command->add_option("--length", options->length,
                        "corpus (with --data), fixed:TOKENS, or SOURCExTARGET+…; without --data, "
                        "fixed:30");
    number("--sentences", options->sentences, {.low = 1, .high = 10'000},
           "lengths drawn from the corpus");
    command
        ->add_option("--time", options->time,
                     "thread: that the program computes, or wall: with what others take of the "
                     "core")
        ->check(CLI::IsMember({"thread", "wall"}))
        ->capture_default_str();
    number("--repeats", survey.protocol.repeats, {.low = 1, .high = 1'000'000},
           "timed runs over all lengths");
    number("--attempts", survey.protocol.attempts, {.low = 1, .high = 100},
           "of a measurement that was disturbed");
    number("--vocab-size", options->vocab_size, {.low = 5, .high = 1 << 24},
           "where --data does not say");
    number("--seed", options->seed, {.low = 0, .high = std::uint64_t{1} << 62U},
           "of the sample, the lengths and the tokens");
    number("--core", survey.core, {.low = -1, .high = 1 << 16}, "to stay on; -1: the last one");
    command->add_flag("--resume", survey.resume, "go on with a table that is there");
    command->callback([options] { latency(*options); });
}

}  // namespace hat::program
