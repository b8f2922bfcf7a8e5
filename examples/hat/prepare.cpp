// SPDX-License-Identifier: Apache-2.0

/// hat prepare: parallel text, or the text of a language model → vocabulary and encoded corpora.

#include <hat/core/threads.hpp>
#include <hat/data/data_directory.hpp>
#include <hat/data/held_out.hpp>
#include <hat/data/spooled_text.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/json.hpp>
#include <hat/version.hpp>

#include "cleaning.hpp"
#include "commands.hpp"
#include "data_directory.hpp"
#include "encode_text.hpp"
#include "flags.hpp"
#include "output_directory.hpp"
#include "prepare_resources.hpp"
#include "prepare_stop.hpp"
#include "prepare_text.hpp"
#include "shortlist_flags.hpp"
#include "text_facts.hpp"
#include "text_files.hpp"
#include "vocabulary_flags.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct PrepareOptions {
    TextFileNames source, target, valid_source, valid_target;
    std::string out;
    std::string task = "translation";
    TextFileNames text, valid_text;
    std::string data;
    std::int64_t words = 0;
    VocabularyFlags vocabulary;
    int max_length = 250;
    bool drop_empty = false;
    TextFacts facts;
    CleaningFlags cleaning;
    ShortlistFlags shortlist;
    PrepareResources resources;
    bool overwrite = false;
};

/// Moves the pairs that are drawn from `text` to the result.
data::SpooledText hold_out(data::SpooledText& text, const PrepareResources& resources) {
    data::HeldOutDraw draw(resources.out, resources.sort_bytes());
    text.visit([&](const auto& pair) { draw.add(io::content_key(pair.lines[0])); });
    const data::HeldOutDraw::Drawn drawn = draw.draw();
    data::SpooledText held(resources.out, data::SpooledText::pairs, resources.block_bytes());
    std::int64_t copies = 0;
    std::int64_t at = 0;
    text.visit([&](const data::SpooledText::Entry& pair) {
        const auto [source, target] = pair.lines;
        const bool is_held = drawn.pairs.contains(at++);
        if (is_held) held.push_back(source, target);
        const bool is_copy =
            !is_held && !drawn.dropped.empty() && drawn.dropped.contains(io::content_key(source));
        copies += is_copy ? 1 : 0;
        if (is_held || is_copy) text.leave_out(pair.number);
    });
    if (copies > 0)
        std::fprintf(stderr, "left out %lld training pairs whose source is held out\n",
                     static_cast<long long>(copies));
    return held;
}

/// The validation pairs that are given, or held out of `text`; none leaks into it.
data::SpooledText validation_pairs(const PrepareOptions& options, data::SpooledText& text,
                                   const std::vector<std::string>& patterns) {
    if (options.valid_source.empty()) return hold_out(text, options.resources);
    data::SpooledText pairs =
        read_pairs({.sources = options.valid_source,
                    .targets = options.valid_target,
                    .source_flag = "--valid-source",
                    .target_flag = "--valid-target"},
                   options.drop_empty, patterns, "validation", options.resources);
    leave_out_leaks(pairs, text, options.cleaning);
    return pairs;
}

void prepare_pairs(const PrepareOptions& options, PrepareStop& stop) {
    ThreadPool pool(options.resources.threads);
    const std::vector<std::string> patterns = protected_patterns(options.vocabulary);
    data::SpooledText text =
        read_pairs({.sources = options.source, .targets = options.target}, options.drop_empty,
                   patterns, "training", options.resources);
    clean(text, options.cleaning, options.resources, pool);
    data::SpooledText validation = validation_pairs(options, text, patterns);
    const Vocabulary vocabulary = make_vocabulary(options.vocabulary, text, options.resources);
    const auto encode = [&](data::SpooledText& of, double max_unknown, const char* name) {
        return encode_pairs(of, vocabulary.codec,
                            {.max_length = options.max_length, .max_unknown = max_unknown}, name,
                            options.out, pool);
    };
    data::PreparedData prepared{.text_files = vocabulary.files,
                                .train = encode(text, options.cleaning.unknown_share(), "training"),
                                .validation = encode(validation, 0, "validation")};
    prepared.origin = {{"hat_version", std::string(version)},
                       {"source", names_json(options.source)},
                       {"target", names_json(options.target)},
                       {"validation", options.valid_source.empty()
                                          ? io::Json("held out of the training pairs")
                                          : names_json(options.valid_source)},
                       {"vocab_size", vocabulary.codec.target_size()},
                       {"subword", options.vocabulary.subword.empty()
                                       ? word_of(subword_models, options.vocabulary.model)
                                       : options.vocabulary.subword},
                       {"max_length", options.max_length},
                       {"training_pairs", prepared.train.size()},
                       {"validation_pairs", prepared.validation.size()}};
    add_facts(prepared.origin, named_after_files(options.facts, options.source, options.target));
    if (options.shortlist.best > 0)
        add_shortlist(options.shortlist, prepared, vocabulary.codec.special(), pool);
    stop.wait_for_end();
    data::save_data_directory(options.out, std::move(prepared));
    std::printf("%s\n", options.out.c_str());
}

/// Adds a shortlist to data that is there.
void prepare_again(const PrepareOptions& options, PrepareStop& stop) {
    ThreadPool pool(options.resources.threads);
    TrainingData data = load_training_data(options.data);
    const SpecialTokens special = data.special_tokens();
    data::PreparedData prepared{std::move(data.files), std::move(data.train),
                                std::move(data.validation), std::move(data.origin)};
    add_shortlist(options.shortlist, prepared, special, pool);
    stop.wait_for_end();
    data::save_data_directory(options.out, std::move(prepared));
    std::printf("%s\n", options.out.c_str());
}

void prepare(PrepareOptions options) {
    const bool pairs = options.task == "translation";
    const bool again = !options.data.empty();
    if (pairs && !again && options.source.empty()) throw CLI::RequiredError("--source");
    if (!pairs && options.text.empty()) throw CLI::RequiredError("--text");
    const OutputDirectory place(options.out, io::DirectoryKind::data, data::data_directory_names,
                                options.overwrite);
    options.resources.out = without_slash(options.out);
    PrepareStop stop(options.out);
    if (again) return prepare_again(options, stop);
    if (pairs) return prepare_pairs(options, stop);
    prepare_text({.text = options.text,
                  .valid_text = options.valid_text,
                  .out = options.out,
                  .vocabulary = options.vocabulary,
                  .words = options.words,
                  .facts = options.facts,
                  .cleaning = options.cleaning},
                 options.resources, stop);
}

/// The flags of language models.
void add_text_flags(CLI::App& command, PrepareOptions& options, CLI::Option* pairs) {
    const auto add = [&](const char* name, TextFileNames& value, const char* what) {
        return add_files_flag(command, name, value, what)->group("Language model");
    };
    CLI::Option* text = add("--text", options.text, "training text, whose lines follow one another")
                            ->excludes(pairs);
    add("--valid-text", options.valid_text,
        "validation text; without it, the last 1 % of the lines are held out")
        ->needs(text);
    CLI::Option* words =
        NumberFlags(command)
            .without_default("--words", options.words, {.low = 1},
                             "words that spaces part, if they appear so often, instead of subword "
                             "pieces; the most frequent one first")
            ->group("Language model")
            ->needs(text);
    for (const char* of_pieces : {"--subword", "--model", "--byte-fallback", "--character-coverage",
                                  "--split-digits", "--symbols", "--sample"})
        words->excludes(command.get_option(of_pieces));
}

/// The flags of shortlists, and of adding one to data that is there.
void add_shortlist_flags(CLI::App& command, PrepareOptions& options) {
    const NumberFlags number(command);
    const auto add = [&](CLI::Option* option) {
        return option->group("Shortlist")->excludes(command.get_option("--text"));
    };
    CLI::Option* best =
        add(number.without_default("--shortlist", options.shortlist.best, {.low = 1},
                                   "keep for each token the tokens that translate it best, so many "
                                   "at most, as aligned by IBM model 1: see hat translate "
                                   "--shortlist"));
    add(number("--shortlist-frequent", options.shortlist.frequent, {.low = 0},
               "most frequent target tokens, which every sentence may have"))
        ->needs(best);
    add(command.add_option("--data", options.data,
                           "data that is prepared already, to which to add a shortlist"))
        ->needs(best);
}

/// Throws  `CLI::ExcludesError` if anything is said of how to prepare what is prepared already.
void check_data_flag(const CLI::App& command) {
    if (command.count("--data") == 0) return;
    for (const CLI::Option* option : command.get_options()) {
        const bool is_of_shortlist =
            option->get_group() == "Shortlist" || option->check_lname("out") ||
            option->check_lname("overwrite") || option->check_lname("threads");
        if (option->count() > 0 && !is_of_shortlist)
            throw CLI::ExcludesError("--data", option->get_name());
    }
}

}  // namespace

void add_prepare(CLI::App& app) {
    auto options = std::make_shared<PrepareOptions>();
    CLI::App* command = app.add_subcommand(
        "prepare", "Turns two texts, one sentence a line, into training data for a translator; or "
                   "one text into that of a language model. A text is one file, or several one "
                   "after the other; those whose names end in .gz are unpacked.");
    command->footer(
        "Examples:\n  hat prepare --source train.en --target train.de --valid-source "
        "valid.en --valid-target valid.de --vocab-size 8000 --out data\n  hat prepare "
        "--task language-model --text train.txt --words 1 --out data\n  hat prepare "
        "--data data --shortlist 100 --out data --overwrite\n  hat prepare --source a.en.gz "
        "b.en --target a.de.gz b.de --max-copies 1 --memory 500M --out data");
    command->add_option("--task", options->task, "what the data is for")
        ->check(CLI::IsMember({"translation", "language-model"}))
        ->capture_default_str();
    auto* source =
        add_files_flag(*command, "--source", options->source, "training text to translate from");
    auto* target = add_files_flag(*command, "--target", options->target,
                                  "its translation, file by file and line by line");
    source->needs(target);
    target->needs(source);
    auto* valid_source = add_files_flag(
        *command, "--valid-source", options->valid_source,
        "validation text; without it, 1 % of the training pairs (at most 1,000) are held out");
    auto* valid_target =
        add_files_flag(*command, "--valid-target", options->valid_target, "its translation");
    valid_source->needs(valid_target)->needs(source);
    valid_target->needs(valid_source);
    add_vocabulary_flags(*command, options->vocabulary);
    command->get_option("--protect")->needs(source);
    add_text_flags(*command, *options, source);
    NumberFlags{*command}("--max-length", options->max_length, {.low = 1, .high = 1024},
                          "leave out pairs with more tokens");
    command->add_flag("--drop-empty", options->drop_empty,
                      "leave out pairs with an empty line instead of refusing them");
    add_cleaning_flags(*command, options->cleaning);
    command->add_option("--out", options->out, "directory to write")->required();
    add_fact_flags(*command, options->facts);
    add_overwrite_flag(*command, options->overwrite);
    add_resource_flags(*command, options->resources);
    add_shortlist_flags(*command, *options);
    command->callback([options, command] {
        check_data_flag(*command);
        prepare(*options);
    });
}

}  // namespace hat::program
