// SPDX-License-Identifier: Apache-2.0

/// hat score: translations on stdin against one or more references.

#include <hat/data/lines.hpp>
#include <hat/data/metric.hpp>
#include <hat/data/paired_bootstrap.hpp>
#include <hat/data/references.hpp>
#include <hat/data/tokenizer.hpp>
#include <hat/data/unicode.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "standard_input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hat::program {

namespace {

struct ScoreOptions {
    std::vector<std::string> references{};
    std::string against{};
    std::vector<std::string> metrics{"bleu"};
    std::string tokenizer = "13a";
    int word_order = 0;
    bool lowercase = false;
    bool by_sentence = false;
};

using Metric = std::variant<data::BleuMetric, data::ChrfMetric, data::TerMetric>;

Metric make_metric(const std::string& name, const ScoreOptions& options) {
    const int references = static_cast<int>(options.references.size());
    if (name == "chrf")
        return data::ChrfMetric{{.word_order = options.word_order,
                                 .lowercase = options.lowercase,
                                 .references = references}};
    if (name == "ter") return data::TerMetric{{.references = references}};
    return data::BleuMetric{{.tokenizer = data::tokenizer_named(options.tokenizer),
                             .lowercase = options.lowercase,
                             .effective_order = options.by_sentence,
                             .references = references}};
}

/// The lines of `path`, as many as those of `first_path`.
std::vector<std::string> read_as_many(const std::string& path, std::size_t count,
                                      const std::string& first_path) {
    std::vector<std::string> lines = data::read_lines(path);
    if (lines.size() != count)
        fail(path, " has ", lines.size(), " lines, but ", first_path, " has ", count);
    return lines;
}

/// Prints a line a sentence: its scores, with tabs between. How they were computed goes to stderr.
void print_sentences(const std::vector<Metric>& metrics, const std::vector<std::string>& lines,
                     data::References references) {
    for (const Metric& metric : metrics) {
        const auto name = [](const auto& m) {
            return m.name() + '|' + m.score(m.none()).signature;
        };
        std::fprintf(stderr, "%s\n", std::visit(name, metric).c_str());
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto right = data::references_of(references, i);
        std::string text;
        for (const Metric& metric : metrics) {
            const auto score = [&](const auto& m) {
                return m.score(m.count(lines[i], right)).score;
            };
            text += (text.empty() ? "" : "\t") + data::detail::fixed(std::visit(score, metric), 2);
        }
        std::printf("%s\n", text.c_str());
    }
}

void print_corpus(const Metric& metric, const std::vector<std::string>& lines,
                  data::References references) {
    const auto line = [&](const auto& m) {
        auto sum = m.none();
        for (std::size_t i = 0; i < lines.size(); ++i)
            m.add(m.count(lines[i], data::references_of(references, i)), sum);
        return m.score(sum).line();
    };
    std::printf("%s\n", std::visit(line, metric).c_str());
}

/// Says how many of the lines are empty: a score of them means little.
void note_empty_lines(const std::string& name, const std::vector<std::string>& lines) {
    const auto is_empty = [](const std::string& line) { return data::is_blank(line); };
    const auto count = std::count_if(lines.begin(), lines.end(), is_empty);
    if (count == 0) return;
    const auto first = std::find_if(lines.begin(), lines.end(), is_empty) - lines.begin();
    std::fprintf(stderr, "note: %td of %zu lines of %s %s empty; the first, line %td\n", count,
                 lines.size(), one_line(name).c_str(), count == 1 ? "is" : "are", first + 1);
}

void score(const ScoreOptions& options) {
    const std::string& first_path = options.references.front();
    std::vector<std::vector<std::string>> references{data::read_lines(first_path)};
    const std::size_t count = references.front().size();
    for (std::size_t r = 1; r < options.references.size(); ++r)
        references.push_back(read_as_many(options.references[r], count, first_path));
    const std::vector<std::string> lines = read_standard_input();
    if (lines.size() != count) {
        fail("standard input has ", lines.size(), " lines, but ", first_path, " has ", count);
    }
    for (std::size_t r = 0; r < references.size(); ++r)
        note_empty_lines(options.references[r], references[r]);
    note_empty_lines(standard_input, lines);
    std::vector<Metric> metrics;
    for (const std::string& name : options.metrics) metrics.push_back(make_metric(name, options));
    if (options.by_sentence) return print_sentences(metrics, lines, references);
    for (const Metric& metric : metrics) print_corpus(metric, lines, references);
    if (options.against.empty()) return;
    const auto others = read_as_many(options.against, count, first_path);
    note_empty_lines(options.against, others);
    for (const Metric& metric : metrics) {
        const auto compare = [&](const auto& m) {
            return data::paired_bootstrap(m, lines, others, data::References(references)).line();
        };
        std::printf("%s\n", std::visit(compare, metric).c_str());
    }
}

/// Throws  `CLI::ValidationError` if `flag` is given, but not the only metric that it is for
void check_metric_of(const CLI::App& command, const std::string& flag, const std::string& metric,
                     const std::vector<std::string>& metrics) {
    if (command.count(flag) == 0 || std::ranges::count(metrics, metric) > 0) return;
    throw CLI::ValidationError(flag, "is for --metric " + metric);
}

std::vector<std::string> tokenizer_names() {
    std::vector<std::string> names;
    for (const data::Tokenizer t : data::all_tokenizers) names.emplace_back(data::name(t));
    return names;
}

}  // namespace

void add_score(CLI::App& app) {
    auto options = std::make_shared<ScoreOptions>();
    CLI::App* command = app.add_subcommand(
        "score", "Scores translations on standard input, with sacreBLEU's signature.");
    command->footer("Example:\n  hat translate --model model < test.en | hat score --reference "
                    "test.de --metric bleu --metric chrf");
    command
        ->add_option("--reference", options->references,
                     "the right translations, line by line; may be given several times")
        ->allow_extra_args(false)
        ->required();
    command
        ->add_option("--metric", options->metrics,
                     "bleu, chrf or ter (lower is better); may be given several times")
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"bleu", "chrf", "ter"}))
        ->capture_default_str();
    command->add_option("--tokenize", options->tokenizer, "how BLEU cuts text into words")
        ->check(CLI::IsMember(tokenizer_names()))
        ->capture_default_str();
    const NumberFlags number(*command);
    number("--word-order", options->word_order, {.low = 0, .high = 4},
           "longest n-grams of words in chrF; 2: chrF++");
    command->add_flag("--lowercase", options->lowercase,
                      "upper and lower case are the same in BLEU and chrF; in TER they always are");
    CLI::Option* by_sentence = command->add_flag(
        "--sentence", options->by_sentence,
        "a line of scores for every sentence; BLEU without the orders that it is too short for");
    command
        ->add_option("--against", options->against,
                     "translations of another system: prints how much better the first one is, "
                     "with a bootstrap interval")
        ->excludes(by_sentence);
    command->callback([options, command] {
        check_metric_of(*command, "--tokenize", "bleu", options->metrics);
        check_metric_of(*command, "--word-order", "chrf", options->metrics);
        score(*options);
    });
}

}  // namespace hat::program
