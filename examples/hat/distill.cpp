// SPDX-License-Identifier: Apache-2.0

/// hat distill: training data and a teacher → training data whose targets are the teacher's
/// translations (sequence-level distillation, arXiv:1606.07947).

#include <hat/core/threads.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/translate.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/settings_difference.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/pack.hpp>
#include <hat/report/progress.hpp>

#include "commands.hpp"
#include "data_directory.hpp"
#include "model_argument.hpp"
#include "output_directory.hpp"
#include "search_flags.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct DistillOptions {
    std::string model, data, out;
    SearchFlags search;
    bool keep = false;
    bool resume = false;
    bool overwrite = false;
};

/// What a directory holds before its data is there; a lock, if an older version left it.
constexpr std::array<std::string_view, 3> leftovers{"unfinished.corpus", "unfinished.json", "lock"};

/// Translates `source` from sentence `targets.size()` on and appends what comes to `targets`, a
/// block at a time; `save()` is called after each.
template <class Save>
void translate_all(const SearchFlags& search, decode::Translator& translator,
                   const data::Sentences& source, data::Sentences& targets, ThreadPool& pool,
                   const Save& save) {
    constexpr int block = 2048;
    std::vector<decode::Hypotheses> results;
    const auto start = std::chrono::steady_clock::now();
    const int done = targets.size();
    while (targets.size() < source.size()) {
        const int first = targets.size();
        const int last = std::min(first + block, source.size());
        decode::OwnedSources block_sources;
        for (int i = first; i < last; ++i) block_sources.push_back(source[i]);
        translator.translate(block_sources.view(), search.options, pool, results, search.batch);
        for (const decode::Hypotheses& best : results) targets.push_back(best.front().tokens);
        save();
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        const double rate = (last - done) / elapsed.count();
        std::fprintf(stderr, "%d/%d sentences  %.0f sentences/s  eta %s\n", last, source.size(),
                     rate, report::duration_text((source.size() - last) / rate).c_str());
    }
}

/// What decides which translations come out, as `io::settings_difference` compares it.
io::Json settings_of(const DistillOptions& options, const TrainingData& data,
                     const io::ModelDirectory& teacher) {
    const decode::SearchOptions& search = options.search.options;
    return {{"data", options.data},
            {"model", options.model},
            {"beam", search.beam},
            {"length_penalty", search.length_penalty},
            {"max_length_a", search.max_length_a},
            {"max_length_b", search.max_length_b},
            {"min_length", search.min_length},
            {"no_repeat_ngram", search.no_repeat_ngram},
            {"unk", search.unk},
            {"content", {{"data", data_content(data)}, {"model", model_content(teacher)}}}};
}

/// Compares the settings with those that the file keeps of what was begun, if it is there, and
/// keeps these.
///
/// Throws  `Error` if they differ.
void check_settings(const std::string& path, const std::string& settings) {
    if (io::exists(path)) {
        const std::string difference = io::settings_difference(io::read_file(path), settings);
        if (!difference.empty()) fail(path, ": was begun with other settings: ", difference);
    }
    io::write_file(path, settings);
}

void distill(const DistillOptions& options) {
    const std::string unfinished = options.out + "/unfinished.corpus";
    const auto is_begun = [&] {
        return std::any_of(leftovers.begin(), leftovers.end(), [&](std::string_view name) {
            return io::exists((options.out + '/').append(name));
        });
    };
    const bool begun = is_begun();
    if (begun && !options.resume && !options.overwrite)
        fail(options.out, ": was begun already; go on with --resume, or choose another --out");
    std::vector<std::string_view> names(leftovers.begin(), leftovers.end());
    names.insert(names.end(), data::data_directory_names.begin(), data::data_directory_names.end());
    const OutputDirectory place(options.out, io::DirectoryKind::data, names,
                                options.overwrite || begun);
    if (begun && !is_begun())
        fail(options.out, ": another process ended there just now; look again");
    TrainingData data = load_training_data(options.data);
    LoadedModel teacher(options.model);
    check_vocabulary(teacher.directory, "--model " + options.model, data.files);
    const model::PackedModel packed(teacher.network.view());
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (error) fail(options.out, ": cannot make the directory: ", error.message());
    if (!options.resume) std::filesystem::remove(unfinished, error);
    if (!io::exists(unfinished)) std::filesystem::remove(options.out + "/unfinished.json", error);
    const std::string settings = settings_of(options, data, teacher.directory).dump();
    check_settings(options.out + "/unfinished.json", settings);

    // The pairs done so far, as a corpus.
    data::Corpus distilled{
        .source = {.vocab_size = data.train.source.vocab_size, .eos = data.train.source.eos},
        .target = {.vocab_size = data.train.target.vocab_size, .eos = data.train.target.eos}};
    const data::Sentences& source = data.train.source.sentences;
    if (io::exists(unfinished)) {
        distilled = data::load_corpus(unfinished);
        for (int i = 0; i < distilled.size(); ++i) {
            if (i >= source.size() || !std::ranges::equal(distilled.source.sentences[i], source[i]))
                fail(unfinished, ": is of other data than ", options.data);
        }
    }
    ThreadPool pool(options.search.threads);
    decode::Translator translator(packed, teacher.directory.config().special_tokens);
    translate_all(options.search, translator, source, distilled.target.sentences, pool, [&] {
        data::Sentences& done = distilled.source.sentences;
        while (done.size() < distilled.target.sentences.size()) done.push_back(source[done.size()]);
        data::save_corpus(distilled, unfinished);
    });
    int cut = 0;
    for (int i = 0; i < distilled.size(); ++i)
        if (translator.is_cut(options.search.options, static_cast<int>(source[i].size()),
                              distilled.target.sentences[i]))
            ++cut;
    if (cut > 0)
        std::fprintf(stderr, "note: %d of %d translations %s %s\n", cut, distilled.size(),
                     cut == 1 ? "is" : "are", cut_translations);
    if (options.keep) {
        for (int i = 0; i < data.train.size(); ++i) {
            distilled.source.sentences.push_back(source[i]);
            distilled.target.sentences.push_back(data.train.target.sentences[i]);
        }
    }
    data.origin["distilled_from"] = options.data;
    data.origin["teacher"] = options.model;
    data.origin["beam"] = options.search.options.beam;
    data.origin["cut_translations"] = cut;
    data.origin["keeps_original"] = options.keep;
    data.origin["training_pairs"] = distilled.size();
    data::save_data_directory(options.out,
                              {.text_files = std::move(data.files),
                               .train = std::move(distilled),
                               .validation = std::move(data.validation),
                               .origin = std::move(data.origin)},
                              leftovers);
    std::printf("%s\n", options.out.c_str());
}

}  // namespace

void add_distill(CLI::App& app) {
    auto options = std::make_shared<DistillOptions>();
    CLI::App* command = app.add_subcommand(
        "distill", "Replaces the targets of training data by a teacher's translations.");
    command->footer("Example:\n  hat distill --model super --data data --out easier\n  hat tune "
                    "--model small --data easier --out tuned");
    command->add_option("--model", options->model, "model directory or run of the teacher")
        ->required();
    command->add_option("--data", options->data, "what `hat prepare` made")->required();
    command->add_option("--out", options->out, "data directory to write")->required();
    add_search_flags(*command, options->search);
    command->add_flag("--keep", options->keep, "keep the original pairs, too");
    add_overwrite_flag(*command, options->overwrite);
    command->add_flag("--resume", options->resume, "go on where an interrupted run stopped");
    command->callback([options, command] {
        check_lengths(*command, options->search.options);
        distill(*options);
    });
}

}  // namespace hat::program
