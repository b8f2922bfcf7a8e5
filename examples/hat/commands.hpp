// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

/// The subcommands of `hat`, one file each: every function adds one to the program. A subcommand's
/// results go to stdout, all else to stderr.
namespace hat::program {

void add_card(CLI::App& app);
void add_prepare(CLI::App& app);
void add_train(CLI::App& app);
void add_completion(CLI::App& app);
void add_distill(CLI::App& app);
void add_export(CLI::App& app);
void add_extract(CLI::App& app);
void add_generate(CLI::App& app);
void add_import(CLI::App& app);
void add_latency(CLI::App& app);
void add_perplexity(CLI::App& app);
void add_predictor(CLI::App& app);
void add_translate(CLI::App& app);
void add_tune(CLI::App& app);
void add_quantize(CLI::App& app);
void add_quickstart(CLI::App& app);
void add_search(CLI::App& app);
void add_score(CLI::App& app);
void add_inspect(CLI::App& app);

}  // namespace hat::program
