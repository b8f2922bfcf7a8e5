// SPDX-License-Identifier: Apache-2.0

/// hat translate: text on stdin → its translation on stdout.

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/lines.hpp>
#include <hat/decode/line_translator.hpp>
#include <hat/io/model_directory.hpp>

#include "commands.hpp"
#include "deadline_flags.hpp"
#include "flags.hpp"
#include "line_input.hpp"
#include "model_argument.hpp"
#include "protection.hpp"
#include "reader_watch.hpp"
#include "search_flags.hpp"
#include "standard_streams.hpp"
#include "translation_output.hpp"
#include "translation_tally.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct TranslateOptions {
    std::string model, targets;
    SearchFlags search;
    decode::LineTranslatorOptions lines;  ///< but for what `search` has
    LineInputOptions input;
    OutputOptions output;
    int alignment_layer = 0;  ///< from 1; 0: the last but one
    bool has_prefixes = false;
    bool is_sampled = false;
    decode::SamplingOptions sampling;
    DeadlineFlags deadline;
    bool stats = false;
};

/// Whether a text has U+FFFD, which stands for bytes that are no character.
bool has_replacement(std::string_view text) {
    return text.find("\uFFFD") != std::string_view::npos;
}

const std::map<std::string, data::UnknownPolicy> unknown_policies{
    {"copy", data::UnknownPolicy::copy},
    {"drop", data::UnknownPolicy::drop},
    {"mark", data::UnknownPolicy::mark}};
const auto weight_kinds = [] {
    using Kind = decode::WeightKind;
    auto choices = choices_of<Kind, std::optional<Kind>>(decode::weight_kind_words);
    choices.emplace("stored", std::nullopt);
    return choices;
}();
const std::map<std::string, OutputFormat> output_formats{{"text", OutputFormat::text},
                                                         {"jsonl", OutputFormat::jsonl}};

/// Lines as they were read, and as the network reads them.
struct Block {
    std::vector<InputLine> lines;
    std::vector<data::SourceLine> sources;
    std::vector<std::vector<int>> prefixes;       ///< with --prefix, of each line
    std::chrono::steady_clock::time_point begin;  ///< when the first of them was read

    [[nodiscard]] double age_seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
};

/// Tells that a line is translated in parts. Returns whether to do so: if not, this is the end.
bool report_parts(LineInput& input, const decode::LineTranslator& translator, const InputLine& line,
                  const data::SourceLine& source) {
    const int most = source.is_unreadable ? translator.most_tokens() : translator.whole_tokens();
    const std::string what = "the line has " + std::to_string(source.tokens) +
                             " tokens, expected at most " + std::to_string(most);
    const std::string remedy =
        "it is translated in " + std::to_string(source.parts.size()) + " parts";
    if (source.is_unreadable) return input.report(line.number, what, remedy);
    input.note(line.number, what, remedy);
    return true;
}

/// Cuts what a translation is to begin with, behind the first tab, off a line.
std::string take_prefix(std::string& line) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) return {};
    std::string prefix = line.substr(tab + 1);
    line.resize(tab);
    return prefix;
}

/// The tokens that a translation is to begin with. What cannot be is told and left out, or nothing
/// if this is the end.
std::optional<std::vector<int>>
encoded_prefix(LineInput& input, const decode::LineTranslator& translator, const InputLine& line,
               const data::SourceLine& source, const std::string& prefix) {
    const auto leave_out = [&](const std::string& why) -> std::optional<std::vector<int>> {
        if (!input.report(line.number, why, "its prefix is left out")) return {};
        return std::vector<int>();
    };
    if (!prefix.empty() && !translator.has_text(source))
        return leave_out("there is nothing to translate in front of the prefix");
    try {
        return translator.encode_prefix(prefix, source);
    } catch (const Error& error) {
        return leave_out(error.what());
    }
}

Block read_block(LineInput& input, const decode::LineTranslator& translator, bool has_prefixes) {
    Block block;
    input.read_block([&](InputLine& line) {
        if (block.lines.empty()) block.begin = std::chrono::steady_clock::now();
        const std::string prefix = has_prefixes ? take_prefix(line.text) : std::string();
        auto source = input.of_line(line.number, [&] { return translator.encode(line.text); });
        if (!source) return false;
        if (source->parts.size() > 1 && !report_parts(input, translator, line, *source))
            return false;
        if (has_prefixes) {
            auto tokens = encoded_prefix(input, translator, line, *source, prefix);
            if (!tokens) return false;
            block.prefixes.push_back(std::move(*tokens));
        }
        block.lines.push_back(std::move(line));
        block.sources.push_back(std::move(*source));
        return true;
    });
    return block;
}

using Translations = std::vector<std::vector<decode::LineTranslation>>;

/// What becomes of a block, or of its lines before the first that cannot be translated, which is
/// the end.
Translations translated(LineInput& input, decode::LineTranslator& translator, const Block& block,
                        int n_best) {
    try {
        return translator.translate(block.sources, n_best, block.prefixes);
    } catch (const Error&) {  // of a line that is found below: each says the same alone
    }
    Translations translations;
    const auto prefixes = std::span(block.prefixes);
    for (std::size_t i = 0; i < block.lines.size(); ++i) {
        auto of_line = input.of_line(block.lines[i].number, [&] {
            return translator.translate(std::span(block.sources).subspan(i, 1), n_best,
                                        prefixes.empty() ? prefixes : prefixes.subspan(i, 1));
        });
        if (!of_line) break;
        translations.push_back(std::move(of_line->front()));
    }
    return translations;
}

void translate_lines(const TranslateOptions& options, decode::LineTranslator& translator) {
    TranslationTally tally;
    LineInput input(options.input, tally);
    const TranslationOutput output(options.output);
    const int n_best = std::max(options.output.n_best, 1);
    const auto next_block = [&] { return read_block(input, translator, options.has_prefixes); };
    for (Block block = next_block(); !block.lines.empty(); block = next_block()) {
        const auto translations = [&] {
            const ReaderWatch::Work work;
            return translated(input, translator, block, n_best);
        }();
        for (std::size_t i = 0; i < translations.size(); ++i) {
            const InputLine& line = block.lines[i];
            const decode::LineTranslation& best = translations[i].front();
            output.print(line, block.sources[i], translations[i]);
            tally.add(line.text, block.sources[i]);
            if (best.is_cut) tally.add_cut(line.number);
            if (has_replacement(best.text) && !has_replacement(line.text))
                tally.add_broken(line.number);
            tally.add(best.placeholders);
        }
        flush_standard_output();
        tally.add_block(std::ssize(translations), block.age_seconds());
        tally.show_progress();
    }
    tally.finish(options.stats);
    if (const auto listed = translator.mean_listed(); options.stats && listed)
        std::fprintf(stderr, "shortlist: %.0f tokens a sentence on average\n", *listed);
    if (translator.deadline() != nullptr) report_deadline(*translator.deadline(), options.stats);
    input.check_end();
}

/// Pairs to score; those that are too long have no tokens.
struct PairBlock {
    std::vector<InputLine> sources;
    std::vector<std::string> targets;
    std::vector<std::optional<data::TokenPair>> pairs;
};

PairBlock read_pairs(LineInput& input, const decode::LineTranslator& translator,
                     const std::vector<std::string>& targets) {
    PairBlock block;
    input.read_block([&](InputLine& line) {
        if (line.number > targets.size()) {
            input.end_with("standard input has more lines than --score-targets");
            return false;
        }
        const std::string& target = targets[static_cast<std::size_t>(line.number - 1)];
        std::optional<data::TokenPair> pair =
            input.of_line(line.number, [&] { return translator.encode_pair(line.text, target); });
        if (!pair) return false;
        if (!translator.fits(*pair)) {
            if (!input.report(line.number,
                              "the pair has " + std::to_string(pair->source.size()) + " and " +
                                  std::to_string(pair->target.size()) +
                                  " tokens, more than the network reads",
                              "it has no score"))
                return false;
            pair.reset();
        }
        block.sources.push_back(std::move(line));
        block.targets.push_back(target);
        block.pairs.push_back(std::move(pair));
        return true;
    });
    return block;
}

void score_targets(const TranslateOptions& options, decode::LineTranslator& translator) {
    const std::vector<std::string> targets = data::read_lines(options.targets);
    TranslationTally tally;
    LineInput input(options.input, tally);
    const TranslationOutput output(options.output);
    std::size_t lines = 0;
    for (PairBlock block = read_pairs(input, translator, targets); !block.sources.empty();
         block = read_pairs(input, translator, targets)) {
        std::vector<data::TokenPair> pairs;
        for (auto& pair : block.pairs)
            if (pair) pairs.push_back(*pair);
        const std::vector<float> of_pairs = translator.score(pairs);
        std::size_t next = 0;
        for (std::size_t i = 0; i < block.sources.size(); ++i) {
            std::optional<float> score;
            if (block.pairs[i]) score = of_pairs[next++];
            output.print(block.sources[i], block.targets[i], score);
        }
        flush_standard_output();
        lines += block.sources.size();
    }
    input.check_end();
    if (lines < targets.size())
        fail("standard input has ", lines, " lines, but ", options.targets, " has ",
             targets.size());
}

void translate(const TranslateOptions& options) {
    if (options.output.n_best > options.search.options.beam && !options.is_sampled)
        fail("--n-best: ", options.output.n_best, ", but a beam of ", options.search.options.beam,
             " has no more translations; see --beam");
    if (options.search.options.beam % options.search.options.groups != 0)
        fail("--groups: ", options.search.options.groups,
             ", expected a number that divides --beam ", options.search.options.beam);
    decode::LineTranslatorOptions lines = options.lines;
    lines.search = options.search.options;
    lines.threads = options.search.threads;
    lines.batch_sentences = options.search.batch;
    lines.word_scores = options.output.word_scores;
    if (options.is_sampled) lines.sampling = options.sampling;
    // A prefix or a given translation may need any.
    if (options.has_prefixes || !options.targets.empty()) lines.all_tokens = true;
    if (lines.shortlist && !lines.shortlist->empty())
        lines.shortlist = model_path(*lines.shortlist);
    if (options.output.alignment) lines.alignment_layer = options.alignment_layer - 1;
    auto directory = io::ModelDirectory::open_to_serve(model_path(options.model));
    if (options.deadline.ms > 0) {
        lines.deadline = deadline_of(options.deadline, options.model, directory);
        lines.threads = 1;  // a sentence has no work for more
    }
    decode::LineTranslator translator(std::move(directory), lines);
    if (!translator.note().empty())
        std::fprintf(stderr, "note: %s\n", one_line(translator.note()).c_str());
    ReaderWatch::begin();
    if (options.targets.empty())
        translate_lines(options, translator);
    else
        score_targets(options, translator);
}

}  // namespace

void add_translate(CLI::App& app) {
    auto options = std::make_shared<TranslateOptions>();
    CLI::App* command =
        app.add_subcommand("translate", "Translates standard input, one sentence a line.");
    command->footer("Example:\n  echo 'Save the file.' | hat translate --model run/model");
    command->add_option("--model,--run", options->model, "run or model directory")->required();
    add_search_flags(*command, options->search);
    const NumberFlags number(*command);
    command->add_flag(
        "--scores", options->output.scores,
        "print the score of each translation in front of it, and a tab: the logarithm of its "
        "probability (with a shortlist, among the tokens of that), divided as "
        "--length-penalty says");
    command->add_flag(
        "--word-scores", options->output.word_scores,
        "print the log-probability of each word of a translation in front of it, with "
        "spaces between, and a tab; that of its end, which is part of the score, is none of them");
    command->add_flag("--alignment", options->output.alignment,
                      "print in front of a translation which word of the line each of its words "
                      "stands for, source-target, counted from 0, with spaces between, and a tab; "
                      "words that --unk copies have none");
    number
        .without_default("--alignment-layer", options->alignment_layer, {.low = 1},
                         "the decoder layer whose attention tells that [the last but one]")
        ->needs("--alignment");
    CLI::Option* n_best = number.without_default(
        "--n-best", options->output.n_best, {.low = 1, .high = 1000},
        "print so many translations of each line, or as many as there are, behind its number and a "
        "tab: best first, but those of --sample as they were drawn");
    CLI::Option* targets =
        command
            ->add_option("--score-targets", options->targets,
                         "translate nothing; print the scores of these translations, line by line")
            ->excludes(n_best)
            ->excludes("--word-scores")
            ->excludes("--alignment");
    command
        ->add_flag("--prefix", options->has_prefixes,
                   "a line may have a tab, and behind it what its translation begins with")
        ->excludes(targets);
    number(
        "--groups", options->search.options.groups, {.low = 1, .high = 1000},
        "equal parts of the beam that search for themselves and avoid what the others choose: with "
        "--n-best, translations that differ more (two parts may still find the same one)");
    number("--diversity", options->search.options.diversity, {.low = 0, .high = 1e6F},
           "what each choice of a word by another group makes it worth less, in log-probability")
        ->needs("--groups");
    CLI::Option* sample =
        command
            ->add_flag("--sample", options->is_sampled,
                       "draw translations at random, as likely as the network finds them; with "
                       "--n-best, so many of each line")
            ->excludes(targets)
            ->excludes("--beam")
            ->excludes("--groups");
    number("--temperature", options->sampling.temperature, {.low = 1e-6F, .high = 1e6F},
           "of --sample: below 1, likely words are likelier")
        ->needs(sample);
    number("--top-k", options->sampling.top_k, {.low = 0},
           "of --sample: only the so many likeliest words; 0: all")
        ->needs(sample);
    number("--top-p", options->sampling.top_p, {.low = 1e-6F, .high = 1},
           "of --sample: only the likeliest words that have this probability together")
        ->needs(sample);
    number("--seed", options->sampling.seed, {},
           "of --sample: another one draws other translations")
        ->needs(sample);
    add_choice(*command, "--format", options->output.format, output_formats,
               "lines of text, or of JSON: source, target and score (null for a blank line), what "
               "is asked "
               "for of n_best, word_scores and alignment, and where there is something to say "
               "unknown_tokens, is_cut, parts, lost, mended and shortened");
    add_choice(
        *command, "--weights", options->lines.weights, weight_kinds,
        "what the network computes with: floats, half or a quarter of their bits, or what its "
        "architecture says (weight_bits, see hat search) or, if that is floats, what it is stored "
        "in (see hat quantize; tables of fewer bits become floats)");
    CLI::Option* shortlist =
        command
            ->add_flag_callback(
                "--shortlist", [options] { options->lines.shortlist.emplace(); },
                "allow each sentence only the tokens that may translate its own, which is faster; "
                "without it, the search is exact (see hat prepare --shortlist)")
            ->excludes(targets)
            ->excludes("--prefix")
            ->excludes(sample);
    command
        ->add_flag("--all-tokens", options->lines.all_tokens,
                   "allow all tokens, even if the model was searched with a shortlist "
                   "(listed_tokens)")
        ->excludes(shortlist);
    command
        ->add_option("--shortlist-from", options->lines.shortlist,
                     "the same, with the shortlist of this data or model of the same vocabulary")
        ->check([](const std::string& path) {
            return path.empty() ? "is empty, expected a directory" : "";
        })
        ->excludes(targets)
        ->excludes("--prefix")
        ->excludes(sample)
        ->excludes("--all-tokens")
        ->excludes(shortlist);
    add_choice(*command, "--unk", options->lines.unknown, unknown_policies,
               "where the network says that it does not know, and for a line of which it knows "
               "nothing: copy what the vocabulary lacks of the line, drop it, or put a mark (⁇) in "
               "its place; what the network leaves out is lost (unknown_tokens in JSON tells)")
        ->excludes(targets);
    add_lost_flag(*command, options->lines.lost)->excludes(targets);
    number
        .without_default("--split-over", options->lines.split_over, {.low = 0},
                         "cut a line of more tokens into parts, and join their translations; 0: "
                         "only what the network cannot read [as many as the longest sentence of "
                         "the training has]")
        ->excludes(targets);
    command->add_flag("--strict", options->input.strict,
                      "end at the first line that is too long for the network or --max-line-bytes, "
                      "not UTF-8, or with a --prefix that cannot be, instead of mending it");
    command->add_flag(
        "--flush", options->input.one_by_one,
        "translate every line by itself, before the next is read; else those that are "
        "at hand are translated together");
    add_deadline_flags(*command, options->deadline)
        ->excludes(targets)
        ->excludes("--threads")
        ->excludes("--batch");
    number("--max-line-bytes", options->input.max_line_bytes,
           {.low = std::size_t{16}, .high = std::size_t{1} << 30},
           "what a longer line has behind these is left out, with a note");
    command
        ->add_flag("--stats", options->stats,
                   "say at the end how much was translated, unknown and cut, how fast, how long "
                   "lines waited, and the most memory in use")
        ->excludes(targets);
    command->callback([options, command] {
        check_lengths(*command, options->search.options);
        // A line that waits for others is late.
        if (options->deadline.ms > 0) {
            options->input.one_by_one = true;
            bound_lengths(*command, options->search.options);
        }
        translate(*options);
    });
}

}  // namespace hat::program
