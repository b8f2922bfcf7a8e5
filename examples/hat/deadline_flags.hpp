// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/csv.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/predictor.hpp>
#include <hat/search/size_ladder.hpp>

#include "flags.hpp"
#include "predictor_vocabulary.hpp"
#include "run_space.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

namespace hat::program {

/// How long a line may take, and what tells which sub-networks there are to choose among.
struct DeadlineFlags {
    double ms = 0;  ///< 0: as long as it does
    std::string predictor, front;
};

/// Adds the flags of a deadline to a command; what they say is in `flags`, which must outlive it.
/// Returns the first, which the others need.
inline CLI::Option* add_deadline_flags(CLI::App& command, DeadlineFlags& flags) {
    const NumberFlags number(command);
    CLI::Option* deadline = number.without_default(
        "--deadline-ms", flags.ms, {.above = 0, .high = 1e9},
        "translate each line with the largest sub-network of this SuperTransformer that is "
        "expected to take no longer; 95 of 100 lines are then in time, if the fastest can be. "
        "Translations then have at most 2 · source length + 10 tokens, unless --max-length-a or "
        "--max-length-b say otherwise");
    CLI::Option* predictor = command.add_option(
        "--predictor", flags.predictor,
        "of --deadline-ms: what `hat predictor` made; up to eight sub-networks of the run's space, "
        "the largest of their latencies, are chosen among");
    predictor->needs(deadline);
    command
        .add_option("--front", flags.front,
                    "instead: what `hat search --pareto` made; those of its networks that no "
                    "faster one is as good as are chosen among")
        ->needs(deadline)
        ->excludes(predictor);
    return deadline;
}

/// The members of `space` that are served as the largest one is: all networks of a deadline are
/// views on the same packed weights.
[[nodiscard]] inline elastic::DesignSpace served_alike(elastic::DesignSpace space) {
    const model::Architecture top = largest(space);
    for (const model::ServingGene& gene : model::serving_table)
        if (elastic::Choices& choices = choices_of(space, gene); !choices.empty())
            choices = {gene.of(top)};
    return space;
}

/// Bounds what networks say under a deadline, unless the user has done so: small ones of a
/// SuperTransformer may not find an end.
inline void bound_lengths(const CLI::App& command, decode::SearchOptions& search) {
    if (command.count("--max-length-a") > 0 || command.count("--max-length-b") > 0) return;
    search.max_length_a = 2;
    search.max_length_b = 10;
}

/// The networks of a front, fastest first, without those whose loss a faster one has, and those
/// that are not served as the largest member is.
///
/// Throws  `Error` if the file is no front, or one of another design space
[[nodiscard]] inline std::vector<decode::Rung> ladder_of_front(const elastic::DesignSpace& space,
                                                               const std::string& path) {
    struct Member {
        double loss;
        decode::Rung rung;
    };
    const io::Csv csv = io::Csv::parse(io::read_file(path), path);
    const auto column = [&](const char* name) {
        const int found = csv.find(name);
        if (found < 0)
            fail(path, ":1: has no column ", name, ": expected what hat search --pareto wrote");
        return found;
    };
    const int loss = column("loss");
    const int latency = column("latency_ms");
    const int genes = column("genes");
    std::vector<Member> members;
    for (int row = 0; row < csv.rows(); ++row) {
        const std::string where = path + ":" + std::to_string(io::Csv::line(row)) + ": genes";
        const double ms = csv.number(row, latency);
        if (!(ms > 0)) csv.reject(row, latency, "a number above 0");
        const auto member = elastic::parse_member(space, csv.text(row, genes), where);
        if (member.serving == largest(space).serving)
            members.push_back({csv.number(row, loss), {member, ms}});
    }
    if (const auto others = csv.rows() - std::ssize(members); others > 0)
        std::fprintf(
            stderr,
            "note: %s: %lld of %d networks are served in another way than the largest one, "
            "and left out\n",
            path.c_str(), static_cast<long long>(others), csv.rows());
    std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
        return a.rung.predicted_ms != b.rung.predicted_ms
                   ? a.rung.predicted_ms < b.rung.predicted_ms
                   : a.loss < b.loss;
    });
    std::vector<decode::Rung> ladder;
    double least_loss = 0;
    for (const Member& member : members) {
        const bool is_better =
            ladder.empty() ||
            (member.loss < least_loss && member.rung.predicted_ms > ladder.back().predicted_ms);
        if (!is_better) continue;
        ladder.push_back(member.rung);
        least_loss = member.loss;
    }
    if (ladder.empty()) fail(path, ": has no networks");
    return ladder;
}

/// What the flags ask for, of the SuperTransformer that `run` holds.
///
/// Throws  `Error` if the run has no design space, or predictor or front is missing, or of another
///         space
[[nodiscard]] inline decode::DeadlineOptions
deadline_of(const DeadlineFlags& flags, const std::string& run, const io::ModelDirectory& super) {
    const elastic::DesignSpace space = space_of_run(run, super);
    if (!flags.front.empty()) return {flags.ms, ladder_of_front(space, flags.front)};
    if (flags.predictor.empty())
        fail(
            "--deadline-ms: needs --predictor, which tells how long sub-networks take, or --front");
    constexpr int networks = 8;
    const latency::Predictor predictor =
        load_predictor(flags.predictor, run, super.config().architecture.target_vocab_size);
    const auto predict_ms = [&](const model::Architecture& a) { return predictor.predict_ms(a); };
    try {
        return {flags.ms, search::size_ladder(served_alike(space), predict_ms, networks)};
    } catch (const Error& error) {
        fail("--predictor ", flags.predictor, ": ", error.what());
    }
}

/// Tells if a deadline was not kept; with `stats`, also that it was, and by which networks.
inline void report_deadline(const decode::Deadline& deadline, bool stats) {
    std::string networks;
    for (std::size_t i = 0; i < deadline.ladder().size(); ++i)
        networks += "\n  " + std::to_string(deadline.served(static_cast<int>(i))) + " lines by " +
                    elastic::gene_string(deadline.ladder()[i].architecture);
    const std::int64_t lines = deadline.sentences();
    const bool is_kept = 20 * deadline.late() <= lines;
    if (is_kept && !stats) return;
    std::fprintf(stderr,
                 "%sdeadline: %lld of %lld lines took longer than %.6g ms, as was expected of %lld "
                 "of them%s\n",
                 is_kept ? "" : "note: ", static_cast<long long>(deadline.late()),
                 static_cast<long long>(lines), deadline.ms(),
                 static_cast<long long>(deadline.hopeless()), stats ? networks.c_str() : "");
}

}  // namespace hat::program
