// SPDX-License-Identifier: Apache-2.0

/// hat distill: training data and a teacher → training data whose targets are the teacher's
/// translations (sequence-level distillation, arXiv:1606.07947).

#include <hat/core/threads.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/decode/translate.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/pack.hpp>
#include <hat/train/progress.hpp>

#include "commands.hpp"
#include "data_directory.hpp"
#include "flags.hpp"
#include "model_argument.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hat::program {

namespace {

struct DistillOptions {
    std::string model, data, out;
    decode::SearchOptions search;
    int threads = 0;
    bool keep = false;
    bool resume = false;
};

/// Translates `source` from sentence `targets.size()` on and appends what comes to `targets`, a
/// block at a time; `save()` is called after each.
template <class Save>
void translate_all(const decode::SearchOptions& search, const model::PackedModel& packed,
                   const SpecialTokens& special, const data::Sentences& source,
                   data::Sentences& targets, ThreadPool& pool, const Save& save) {
    constexpr int block = 2048;
    decode::Translator translator(packed, special);
    std::vector<decode::Hypotheses> results;
    const auto start = std::chrono::steady_clock::now();
    const int done = targets.size();
    while (targets.size() < source.size()) {
        const int first = targets.size();
        const int last = std::min(first + block, source.size());
        std::vector<int> tokens;
        std::vector<int> offsets{0};
        for (int i = first; i < last; ++i) {
            tokens.insert(tokens.end(), source[i].begin(), source[i].end());
            offsets.push_back(static_cast<int>(tokens.size()));
        }
        translator.translate({tokens, Ragged(offsets.data(), last - first)}, search, pool, results);
        for (const decode::Hypotheses& best : results) targets.push_back(best.front().tokens);
        save();
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        const double rate = (last - done) / elapsed.count();
        std::fprintf(stderr, "%d/%d sentences  %.0f sentences/s  eta %s\n", last, source.size(),
                     rate, train::duration_text((source.size() - last) / rate).c_str());
    }
}

void distill(const DistillOptions& options) {
    const DataDirectory from{options.data};
    const DataDirectory out{options.out};
    const std::string unfinished = options.out + "/unfinished.corpus";
    if (std::filesystem::exists(out.configuration()))
        fail(options.out, ": holds training data already; choose another --out");
    if (std::filesystem::exists(unfinished) && !options.resume)
        fail(options.out, ": was begun already; go on with --resume, or choose another --out");
    TrainingData data = load_training_data(options.data);
    LoadedModel teacher(options.model);
    check_subword(teacher.directory, "--model " + options.model, data);
    const model::PackedModel packed(teacher.network.view());
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (error) fail(options.out, ": cannot make the directory: ", error.message());

    // The pairs done so far, as a corpus.
    data::Corpus distilled{
        .source = {.vocab_size = data.train.source.vocab_size, .eos = data.train.source.eos},
        .target = {.vocab_size = data.train.target.vocab_size, .eos = data.train.target.eos}};
    const data::Sentences& source = data.train.source.sentences;
    if (std::filesystem::exists(unfinished)) {
        distilled = data::load_corpus(unfinished);
        for (int i = 0; i < distilled.size(); ++i) {
            if (i >= source.size() || !std::ranges::equal(distilled.source.sentences[i], source[i]))
                fail(unfinished, ": is of other data than ", options.data);
        }
    }
    ThreadPool pool(options.threads);
    translate_all(options.search, packed, teacher.directory.config().special_tokens, source,
                  distilled.target.sentences, pool, [&] {
                      data::Sentences& done = distilled.source.sentences;
                      while (done.size() < distilled.target.sentences.size())
                          done.push_back(source[done.size()]);
                      data::save_corpus(distilled, unfinished);
                  });
    if (options.keep) {
        for (int i = 0; i < data.train.size(); ++i) {
            distilled.source.sentences.push_back(source[i]);
            distilled.target.sentences.push_back(data.train.target.sentences[i]);
        }
    }
    for (const auto& [name, content] : data.files)
        io::write_file((options.out + '/').append(name), content);
    data::save_corpus(distilled, out.train());
    data::save_corpus(data.validation, out.validation());
    io::Json configuration = io::Json::object();
    if (std::filesystem::exists(from.configuration()))
        configuration = io::parse_json(io::read_file(from.configuration()), from.configuration());
    configuration["distilled_from"] = options.data;
    configuration["teacher"] = options.model;
    configuration["beam"] = options.search.beam;
    configuration["keeps_original"] = options.keep;
    configuration["training_pairs"] = distilled.size();
    io::write_file(out.configuration(), configuration.dump(2) + "\n");
    std::filesystem::remove(unfinished, error);
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
    const NumberFlags number(*command);
    number("--beam", options->search.beam, {.low = 1, .high = 1000},
           "hypotheses a sentence; 1 is greedy");
    number("--threads", options->threads, {.low = 0}, "0: all cores");
    command->add_flag("--keep", options->keep, "keep the original pairs, too");
    command->add_flag("--resume", options->resume, "go on where an interrupted run stopped");
    command->callback([options] { distill(*options); });
}

}  // namespace hat::program
