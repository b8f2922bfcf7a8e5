// SPDX-License-Identifier: Apache-2.0

/// hat score: translations on stdin against a reference.

#include <hat/data/bleu.hpp>
#include <hat/data/chrf.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/paired_bootstrap.hpp>

#include "commands.hpp"
#include "standard_input.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace hat::program {

namespace {

struct ScoreOptions {
    std::string reference, against;
    std::string metric = "bleu";
};

void score(const ScoreOptions& options) {
    const std::vector<std::string> references = data::read_lines(options.reference);
    const std::vector<std::string> lines = read_standard_input();
    if (lines.size() != references.size()) {
        fail("standard input has ", lines.size(), " lines, but ", options.reference, " has ",
             references.size());
    }
    const bool is_chrf = options.metric == "chrf";
    const std::string line = is_chrf ? data::corpus_chrf(lines, references).line()
                                     : data::corpus_bleu(lines, references).line();
    std::printf("%s\n", line.c_str());
    if (options.against.empty()) return;
    const std::vector<std::string> others = data::read_lines(options.against);
    if (others.size() != references.size()) {
        fail(options.against, " has ", others.size(), " lines, but ", options.reference, " has ",
             references.size());
    }
    const data::PairedDifference difference =
        is_chrf ? data::paired_bootstrap(lines, others, references, {}, data::ChrfOptions{})
                : data::paired_bootstrap(lines, others, references);
    std::printf("%s\n", difference.line().c_str());
}

}  // namespace

void add_score(CLI::App& app) {
    auto options = std::make_shared<ScoreOptions>();
    CLI::App* command = app.add_subcommand(
        "score", "Scores translations on standard input, with sacreBLEU's signature.");
    command->footer("Example:\n  hat translate --model model < test.en | hat score --reference "
                    "test.de");
    command->add_option("--reference", options->reference, "the right translations, line by line")
        ->required();
    command->add_option("--metric", options->metric, "bleu or chrf")
        ->check(CLI::IsMember({"bleu", "chrf"}))
        ->capture_default_str();
    command->add_option("--against", options->against,
                        "translations of another system: prints how much better the first one is, "
                        "with a bootstrap interval");
    command->callback([options] { score(*options); });
}

}  // namespace hat::program
