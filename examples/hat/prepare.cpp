// SPDX-License-Identifier: Apache-2.0

/// hat prepare: parallel text, or the text of a language model → vocabulary and encoded corpora.

#include <hat/core/threads.hpp>
#include <hat/data/held_out.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/io/json.hpp>
#include <hat/version.hpp>

#include "cleaning.hpp"
#include "commands.hpp"
#include "data_directory.hpp"
#include "encode_text.hpp"
#include "flags.hpp"
#include "output_directory.hpp"
#include "prepare_text.hpp"
#include "protection.hpp"
#include "shortlist_flags.hpp"
#include "text_facts.hpp"
#include "vocabulary_flags.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct PrepareOptions {
    std::string source, target, valid_source, valid_target, out;
    std::string task = "translation";
    std::string text, valid_text;
    std::string data;
    std::int64_t words = 0;
    VocabularyFlags vocabulary;
    int max_length = 250;
    bool drop_empty = false;
    TextFacts facts;
    CleaningFlags cleaning;
    ShortlistFlags shortlist;
    bool overwrite = false;
};

data::ParallelText read(const std::string& source, const std::string& target, bool drop_empty) {
    auto text = data::read_parallel_text(
        source, target, drop_empty ? data::EmptyLines::drop : data::EmptyLines::error);
    if (text.dropped > 0) {
        std::fprintf(stderr, "%s: left out %d pairs with an empty line\n", source.c_str(),
                     text.dropped);
    }
    return text;
}

/// The validation pairs that are given, or held out of `text`; none leaks into it.
data::ParallelText validation_pairs(const PrepareOptions& options, data::ParallelText& text,
                                    const std::vector<std::string>& patterns) {
    if (options.valid_source.empty()) {
        data::HeldOut out = data::hold_out(text);
        if (out.copies > 0)
            std::fprintf(stderr, "left out %d training pairs whose source is held out\n",
                         out.copies);
        return std::move(out.held);
    }
    auto pairs = read(options.valid_source, options.valid_target, options.drop_empty);
    protect(pairs, patterns, "validation");
    leave_out_leaks(pairs, text, options.cleaning);
    return pairs;
}

data::Corpus encode(const PrepareOptions& options, const data::ParallelText& text,
                    const data::TextCodec& codec, const char* name) {
    data::Corpus corpus = encode_pairs(text, codec, name);
    const int dropped = data::drop_long_pairs(corpus, options.max_length);
    if (corpus.size() == 0) {
        fail("prepare: no ", name, " pair has at most ", options.max_length,
             " tokens a side; raise --max-length");
    }
    std::fprintf(stderr, "%s: %d pairs, %zu source and %zu target tokens", name, corpus.size(),
                 corpus.source.sentences.tokens.size(), corpus.target.sentences.tokens.size());
    if (dropped > 0) std::fprintf(stderr, " (left out %d pairs that are too long)", dropped);
    std::fputc('\n', stderr);
    return corpus;
}

void prepare_pairs(const PrepareOptions& options) {
    data::ParallelText text = read(options.source, options.target, options.drop_empty);
    const std::vector<std::string> patterns = protected_patterns(options.vocabulary);
    protect(text, patterns, "training");
    clean(text, options.cleaning);
    const data::ParallelText validation = validation_pairs(options, text, patterns);
    const Vocabulary vocabulary = make_vocabulary(options.vocabulary, {&text.source, &text.target});
    data::PreparedData prepared{.text_files = vocabulary.files,
                                .train = encode(options, text, vocabulary.codec, "training"),
                                .validation =
                                    encode(options, validation, vocabulary.codec, "validation")};
    leave_out_unknown(
        prepared.train, [&](int id) { return vocabulary.codec.is_unknown(id); }, options.cleaning);
    prepared.origin = {{"hat_version", std::string(version)},
                       {"source", options.source},
                       {"target", options.target},
                       {"validation", options.valid_source.empty()
                                          ? "held out of the training pairs"
                                          : options.valid_source},
                       {"vocab_size", vocabulary.codec.target_size()},
                       {"subword", options.vocabulary.subword.empty()
                                       ? word_of(subword_models, options.vocabulary.model)
                                       : options.vocabulary.subword},
                       {"max_length", options.max_length},
                       {"training_pairs", prepared.train.size()},
                       {"validation_pairs", prepared.validation.size()}};
    add_facts(prepared.origin, named_after_files(options.facts, options.source, options.target));
    if (options.shortlist.best > 0)
        add_shortlist(options.shortlist, prepared, vocabulary.codec.special());
    data::save_data_directory(options.out, std::move(prepared));
    std::printf("%s\n", options.out.c_str());
}

/// Adds a shortlist to data that is there.
void prepare_again(const PrepareOptions& options) {
    TrainingData data = load_training_data(options.data);
    const SpecialTokens special = data.special_tokens();
    data::PreparedData prepared{std::move(data.files), std::move(data.train),
                                std::move(data.validation), std::move(data.origin)};
    add_shortlist(options.shortlist, prepared, special);
    data::save_data_directory(options.out, std::move(prepared));
    std::printf("%s\n", options.out.c_str());
}

void prepare(const PrepareOptions& options) {
    const bool pairs = options.task == "translation";
    const bool again = !options.data.empty();
    if (pairs && !again && options.source.empty()) throw CLI::RequiredError("--source");
    if (!pairs && options.text.empty()) throw CLI::RequiredError("--text");
    const OutputDirectory place(options.out, io::DirectoryKind::data, data::data_directory_names,
                                options.overwrite);
    if (again) return prepare_again(options);
    if (pairs) return prepare_pairs(options);
    prepare_text({.text = options.text,
                  .valid_text = options.valid_text,
                  .out = options.out,
                  .vocabulary = options.vocabulary,
                  .words = options.words,
                  .facts = options.facts,
                  .cleaning = options.cleaning});
}

/// The flags of language models.
void add_text_flags(CLI::App& command, PrepareOptions& options, CLI::Option* pairs) {
    const auto add = [&](const char* name, auto& value, const char* what) {
        return command.add_option(name, value, what)->group("Language model");
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
    add(number("--threads", options.shortlist.threads, {.low = 0, .high = ThreadPool::max_threads},
               "to align with; 0: all cores"))
        ->needs(best);
    add(command.add_option("--data", options.data,
                           "data that is prepared already, to which to add a shortlist"))
        ->needs(best);
}

/// Throws  `CLI::ExcludesError` if anything is said of how to prepare what is prepared already.
void check_data_flag(const CLI::App& command) {
    if (command.count("--data") == 0) return;
    for (const CLI::Option* option : command.get_options()) {
        const bool is_of_shortlist = option->get_group() == "Shortlist" ||
                                     option->check_lname("out") || option->check_lname("overwrite");
        if (option->count() > 0 && !is_of_shortlist)
            throw CLI::ExcludesError("--data", option->get_name());
    }
}

}  // namespace

void add_prepare(CLI::App& app) {
    auto options = std::make_shared<PrepareOptions>();
    CLI::App* command = app.add_subcommand(
        "prepare", "Turns two text files, one sentence a line, into training data for a "
                   "translator; or one text into that of a language model.");
    command->footer("Examples:\n  hat prepare --source train.en --target train.de --valid-source "
                    "valid.en --valid-target valid.de --vocab-size 8000 --out data\n  hat prepare "
                    "--task language-model --text train.txt --words 1 --out data\n  hat prepare "
                    "--data data --shortlist 100 --out data --overwrite");
    command->add_option("--task", options->task, "what the data is for")
        ->check(CLI::IsMember({"translation", "language-model"}))
        ->capture_default_str();
    auto* source =
        command->add_option("--source", options->source, "training text to translate from");
    auto* target =
        command->add_option("--target", options->target, "its translation, line by line");
    source->needs(target);
    target->needs(source);
    auto* valid_source = command->add_option(
        "--valid-source", options->valid_source,
        "validation text; without it, 1 % of the training pairs (at most 1,000) are held out");
    auto* valid_target =
        command->add_option("--valid-target", options->valid_target, "its translation");
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
    add_shortlist_flags(*command, *options);
    command->callback([options, command] {
        check_data_flag(*command);
        prepare(*options);
    });
}

}  // namespace hat::program
