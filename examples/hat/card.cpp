// SPDX-License-Identifier: Apache-2.0

/// hat card: a model and what is known of it → its README.md, as model hubs read it.

#include <hat/data/bleu.hpp>
#include <hat/data/chrf.hpp>
#include <hat/data/lines.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/affinity.hpp>
#include <hat/latency/device.hpp>
#include <hat/latency/served_translation.hpp>
#include <hat/latency/statistics.hpp>
#include <hat/latency/workload.hpp>
#include <hat/model/pack.hpp>
#include <hat/report/model_card.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "model_argument.hpp"
#include "text_facts.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct CardOptions {
    std::string model, name, translations, reference, test = "held-out text", device;
    TextFacts facts;
    bool measure = false;
    bool overwrite = false;
    int beam = 5;
    std::string length = "fixed:30";
};

/// What follows "metric|" in front of " = " in the line that a score prints.
std::string signature_of(const std::string& line) {
    const auto begin = line.find('|') + 1;
    return line.substr(begin, line.find(' ', begin) - begin);
}

std::vector<report::ModelScore> scores(const CardOptions& options) {
    const std::vector<std::string> lines = data::read_lines(options.translations);
    const std::vector<std::string> references = data::read_lines(options.reference);
    if (lines.size() != references.size()) {
        fail(options.translations, " has ", lines.size(), " lines, but ", options.reference,
             " has ", references.size());
    }
    const data::Bleu bleu = data::corpus_bleu(lines, references);
    const data::Chrf chrf = data::corpus_chrf(lines, references);
    const std::string test = options.test + ", " + std::to_string(lines.size()) + " sentences";
    return {{test, "BLEU", bleu.score, signature_of(bleu.line())},
            {test, "chrF2", chrf.score, signature_of(chrf.line())}};
}

/// The median of runs on one core of this machine, served as the architecture says.
report::ModelLatency measured_latency(const CardOptions& options, LoadedModel& model) {
    const latency::LatencyWorkload workload{
        .lengths = latency::parse_lengths(options.length, "--length " + options.length),
        .beam = options.beam,
        .special = model.directory.config().special_tokens};
    latency::ServedTranslation timed(model.network, model.network.architecture(), workload,
                                     latency::ThreadClock{});
    constexpr int runs = 21;
    const latency::PinnedThread pin;
    static_cast<void>(timed.run());  // asks for memory
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) times.push_back(timed.run().total_ms());
    const auto tokens = [](double mean) { return std::to_string(static_cast<int>(mean + 0.5)); };
    return {.device = options.device.empty() ? latency::device_name() : options.device,
            .setting = "one sentence, one thread, beam " + std::to_string(options.beam) + ", " +
                       tokens(workload.mean_source_length()) + " tokens in, " +
                       tokens(workload.mean_target_length()) + " out",
            .median_ms = latency::median(times)};
}

/// The lines of a text that are not blank.
std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
    return lines;
}

/// Checks that the card at `path` has no lines but those of the new one and those that come of the
/// model alone, under whatever name.
///
/// Throws  `Error` that says what would be lost
void check_nothing_is_lost(const std::string& path, const std::string& text,
                           const io::ModelConfig& config) {
    if (!io::exists(path)) return;
    const std::vector<std::string> old = lines_of(io::read_file(path));
    report::ModelCard plain = model_card(config, path);
    const auto title =
        std::ranges::find_if(old, [](const std::string& line) { return line.starts_with("# "); });
    if (title != old.end()) plain.name = title->substr(2);
    std::set<std::string> kept;
    for (const std::string& card :
         {text, report::model_card_to_markdown(plain, config.architecture)})
        for (std::string& line : lines_of(card)) kept.insert(std::move(line));
    const auto is_lost = [&](const std::string& line) { return !kept.contains(line); };
    const auto first = std::ranges::find_if(old, is_lost);
    if (first == old.end()) return;
    fail(path, ": ", std::ranges::count_if(old, is_lost),
         " of its lines would be lost, the first: ", io::in_quotes(*first),
         "; --overwrite writes it anew all the same");
}

void write_card(const CardOptions& options) {
    LoadedModel model(options.model);
    const io::ModelConfig& config = model.directory.config();
    io::ModelConfig told = config;
    visit_facts(options.facts, [&](const char* key, const std::string& value) {
        if (!value.empty()) told.provenance[key] = value;
    });
    report::ModelCard card = model_card(told, options.name.empty() ? options.model : options.name);
    if (!options.translations.empty()) card.scores = scores(options);
    if (options.measure) {
        if (!config.architecture.has_encoder())
            fail(options.model, ": is a language model; --measure times translations");
        card.latencies.push_back(measured_latency(options, model));
    }
    const std::string path = model.directory.file_path("README.md");
    const std::string text = report::model_card_to_markdown(card, config.architecture);
    if (!options.overwrite) check_nothing_is_lost(path, text, config);
    io::write_file(path, text);
    std::printf("%s\n", path.c_str());
}

}  // namespace

void add_card(CLI::App& app) {
    auto options = std::make_shared<CardOptions>();
    CLI::App* command = app.add_subcommand(
        "card", "Writes a model's README.md anew: what it is, scores, latency, licence.");
    command->footer("Example:\n  hat translate --model model < test.en > test.out\n  hat card "
                    "--model model --translations test.out --reference test.de --measure\n"
                    "What `hat prepare` was told of the text is known; flags say otherwise.");
    command->add_option("--model", options->model, "run or model directory")->required();
    command->add_option("--name", options->name, "of the model; else that of its directory");
    CLI::Option* translations =
        command->add_option("--translations", options->translations,
                            "what the model made of a test text, to be scored");
    CLI::Option* reference =
        command->add_option("--reference", options->reference, "the right translations of it");
    translations->needs(reference);
    reference->needs(translations);
    command->add_option("--test", options->test, "what that text is called")
        ->capture_default_str()
        ->needs(translations);
    CLI::Option* measure =
        command->add_flag("--measure", options->measure, "time the model on this machine");
    command->add_option("--device", options->device, "what this machine is called; else its kind")
        ->needs(measure);
    NumberFlags{*command}("--beam", options->beam, {.low = 1, .high = 1000},
                          "hypotheses of the timed sentence")
        ->needs(measure);
    command->add_option("--length", options->length, "fixed:TOKENS, or SOURCExTARGET+…")
        ->capture_default_str()
        ->needs(measure);
    add_fact_flags(*command, options->facts);
    command->add_flag("--overwrite", options->overwrite,
                      "also where README.md has lines of its own that the new one lacks");
    command->callback([options] { write_card(*options); });
}

}  // namespace hat::program
