// SPDX-License-Identifier: Apache-2.0

/// hat quantize: a model → the same with its matrices stored in fewer bits, or as a network of
/// integers, or with a copy of its weights as they are served.

#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/data_directory.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/model_file.hpp>
#include <hat/integer/quantise.hpp>
#include <hat/integer/ranges.hpp>
#include <hat/integer/weight_sizes.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/io/stored_matrix.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/parameters.hpp>
#include <hat/version.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "model_argument.hpp"
#include "output_directory.hpp"
#include "run_data.hpp"
#include "text_facts.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct QuantizeOptions {
    std::string model, out, data, text;
    io::Storage weights = io::Storage::int8;
    std::optional<decode::WeightKind> packed;
    bool integer = false;
    int sentences = 1000;
    bool overwrite = false;
};

const std::map<std::string, io::Storage> storages = choices_of<io::Storage>(io::storage_words);
const auto packed_kinds =
    choices_of<decode::WeightKind, std::optional<decode::WeightKind>>(decode::weight_kind_words);

/// How far the matrices of a network moved, in parts of their size.
double relative_error(const model::Network& before, const model::Network& after) {
    double error = 0;
    double size = 0;
    for (const auto& entry : before.table()) {
        if (entry.is_vector) continue;
        const float* const x = before.values().matrix(entry).data();
        const float* const y = after.values().matrix(entry).data();
        for (std::ptrdiff_t i = 0; i < entry.size(); ++i) {
            error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
            size += std::pow(static_cast<double>(x[i]), 2);
        }
    }
    return size > 0 ? std::sqrt(error / size) : 0;
}

/// Throws  `Error` if a tensor of the model is rounded already
void require_floats(const io::ModelDirectory& model, const std::string& path) {
    for (const auto& entry : model::parameter_layout(model.config().architecture).table) {
        const io::Storage stored = io::storage_of(model.weights(), entry);
        if (stored != io::Storage::fp32)
            fail(path, ": ", io::in_quotes(entry.name), " is stored as ",
                 io::storage_words[static_cast<std::size_t>(stored)],
                 " already, expected fp32: what was rounded once would be rounded twice");
    }
}

/// The configuration of what becomes of a model.
io::ModelConfig quantized_config(const io::ModelDirectory& model, const std::string& path,
                                 const std::string& weights) {
    io::ModelConfig config = model.config();
    config.provenance["quantized_from"] = file_name(path);
    config.provenance["weights"] = weights;
    config.provenance["hat_version"] = std::string(version);
    return config;
}
void require_other_directory(const QuantizeOptions& options) {
    const std::string source = model_path(options.model);
    if (std::error_code none; std::filesystem::equivalent(source, options.out, none))
        fail("--out: ", options.out, " is the model itself, expected another directory");
}
double megabytes(const io::ModelDirectory& model) {
    return static_cast<double>(model.weights().file_bytes().size()) / 1e6;
}

/// Tokens of the longest sentence that a network reads on either side.
int longest_sentence(const model::Network& network) {
    const auto view = network.view();
    return std::min(model::Network::most_tokens(view.source_positions.value),
                    model::Network::most_tokens(view.target_positions.value));
}

/// Up to `count` pairs of a corpus that the network can read, all over it.
std::vector<integer::Pair> chosen_pairs(const data::Corpus& corpus, const model::Network& network,
                                        int count) {
    const int longest = longest_sentence(network);
    const int step = std::max(corpus.size() / count, 1);
    std::vector<integer::Pair> pairs;
    for (int i = 0; i < corpus.size() && std::ssize(pairs) < count; i += step) {
        const integer::Pair pair{corpus.source.sentences[i], corpus.target.sentences[i]};
        if (std::ssize(pair.source) <= longest && std::ssize(pair.target) <= longest)
            pairs.push_back(pair);
    }
    return pairs;
}

/// The first `count` lines of a text that the network can read, and what it says of them.
data::Corpus translated_text(const QuantizeOptions& options, const LoadedModel& model) {
    const auto codec = data::TextCodec::load(model.directory);
    const SpecialTokens& special = model.directory.config().special_tokens;
    decode::OwnedSources sources;
    data::Corpus corpus;
    for (const std::string& line : data::read_lines(options.text)) {
        const std::vector<int> tokens = codec.encode(line);
        if (tokens.empty() || std::ssize(tokens) > longest_sentence(model.network)) continue;
        sources.push_back(tokens);
        corpus.source.sentences.push_back(tokens);
        if (corpus.source.sentences.size() == options.sentences) break;
    }
    decode::AnyTranslator translator(model.network.view(), decode::WeightKind::fp32, special);
    std::vector<decode::Hypotheses> found;
    ThreadPool pool(1);
    translator.translate(sources.view(), {.beam = 1}, pool, found);
    for (const decode::Hypotheses& of_line : found)
        corpus.target.sentences.push_back(of_line.front().tokens);
    return corpus;
}

/// Where the pairs come from: --data, or what the run was trained on.
std::string data_of(const QuantizeOptions& options) {
    if (!options.data.empty()) return options.data;
    if (!io::exists(options.model + "/checkpoints"))
        fail("--integer: needs sentences to see how large numbers get; expected --data with the "
             "directory of data that ",
             options.model, " was trained on, or --calibrate with a text");
    return data_of_run(options.model);
}

/// Sentences to look at, of data or a text.
data::Corpus corpus_of(const QuantizeOptions& options, const LoadedModel& model) {
    if (!options.text.empty()) return translated_text(options, model);
    data::PreparedData data = data::load_data_directory(data_of(options));
    check_vocabulary(model.directory, "--data", data.text_files);
    return std::move(data.train);
}

void quantize_to_integers(const QuantizeOptions& options) {
    require_other_directory(options);
    const OutputDirectory place(options.out, io::DirectoryKind::model, io::model_directory_names,
                                options.overwrite);
    const LoadedModel model(options.model);
    io::of_model(model.directory, [&] { integer::check_supported(model.network.architecture()); });
    const data::Corpus corpus = corpus_of(options, model);
    const auto pairs = chosen_pairs(corpus, model.network, options.sentences);
    if (pairs.empty())
        fail(options.text.empty() ? "--data" : "--calibrate",
             ": has no sentence that the network can read");
    integer::Ranges ranges;
    integer::observe(model.network.view(), pairs, ranges);
    const integer::Model integers = io::of_model(
        model.directory, [&] { return integer::quantise(model.network.view(), ranges); });
    io::ModelConfig config = quantized_config(model.directory, options.model, "integer");
    config.provenance["observed_pairs"] = std::to_string(pairs.size());
    integer::save_model_directory(
        options.out, config, integers, model.directory.text_files(),
        report::model_card_to_markdown(model_card(config, options.out), config.architecture));
    const auto saved = io::ModelDirectory::open_to_serve(options.out);
    std::fprintf(stderr, "integers: %.2f MB, weights were %.2f MB; %zu pairs were observed\n",
                 megabytes(saved), megabytes(model.directory), pairs.size());
    std::printf("%s\n", options.out.c_str());
}

void quantize(const QuantizeOptions& options) {
    require_other_directory(options);
    const OutputDirectory place(options.out, io::DirectoryKind::model, io::model_directory_names,
                                options.overwrite);
    const LoadedModel model(options.model);
    require_floats(model.directory, options.model);
    const std::string word = io::storage_words[static_cast<std::size_t>(options.weights)];
    const io::ModelConfig config = quantized_config(model.directory, options.model, word);
    io::save_model_directory(
        options.out, config, model.network.table(), model.network.values(),
        model.directory.text_files(),
        report::model_card_to_markdown(model_card(config, options.out), config.architecture),
        options.weights);
    const LoadedModel saved(options.out);
    std::fprintf(stderr,
                 "weights: %.2f MB, were %.2f MB; matrices moved by %.2f %% of their size\n",
                 megabytes(saved.directory), megabytes(model.directory),
                 100 * relative_error(model.network, saved.network));
    std::printf("%s\n", options.out.c_str());
}

/// Writes a copy of the weights, packed as they are served, into the directory of the model.
void keep_packed(const std::string& path, decode::WeightKind kind) {
    const std::string directory = model_path(path);
    const io::FileLock lock(lock_path(without_slash(directory)), directory);
    const LoadedModel model(path);
    if (!model.network.architecture().has_encoder())
        fail(path, ": is a language model; packed weights are kept for hat translate");
    decode::with_weights(kind, [&]<class Weights>() {
        const model::PackedModelOf<Weights> packed(model.network.view());
        const std::string copy =
            io::PackedCopy::write(model.directory, decode::word_of(kind), packed.bytes());
        std::fprintf(stderr, "packed weights: %.2f MB\n",
                     static_cast<double>(packed.bytes().size()) / 1e6);
        std::printf("%s\n", copy.c_str());
    });
}

}  // namespace

void add_quantize(CLI::App& app) {
    auto options = std::make_shared<QuantizeOptions>();
    CLI::App* command = app.add_subcommand(
        "quantize",
        "Stores the matrices of a model in fewer bits (see include/hat/io/stored_matrix.hpp), "
        "makes "
        "it a network of integers, or keeps a copy of its weights that is served without loading.");
    command->footer(
        "Examples:\n  hat quantize --model run/model --weights int8 --out small\n"
        "  hat quantize --model run --integer --out integers\n"
        "  hat quantize --model small --packed int8\n\n"
        "int8 and bf16 are what hat translate computes with, too; kmeans8, kmeans4 and "
        "int4\nbecome floats again when they are loaded, but kmeans4 in an exported header.");
    command->add_option("--model", options->model, "run or model directory")->required();
    CLI::Option* weights =
        add_choice(*command, "--weights", options->weights, storages,
                   "a scale for each output (int8) or each 32 inputs (int4), a table of 256 or 16 "
                   "numbers for each matrix (kmeans8, kmeans4), half of a float (bf16)");
    CLI::Option* out = command->add_option("--out", options->out, "model directory to write");
    add_choice(*command, "--packed", options->packed, packed_kinds,
               "write nothing but packed.<kind>.safetensors, into the model itself: its weights as "
               "hat translate --weights <kind> computes with them, which then maps them")
        ->excludes(weights)
        ->excludes(out);
    CLI::Option* integer =
        command
            ->add_flag("--integer", options->integer,
                       "make a network without floating point: weights and activations in 8 bits, "
                       "all else in integers and small tables, with scales for numbers as large as "
                       "pairs of sentences make them; hat translate says the same with it on every "
                       "processor")
            ->excludes(weights)
            ->excludes("--packed");
    command
        ->add_option("--data", options->data,
                     "directory of data whose training pairs are looked at [that of the run]")
        ->needs(integer);
    command
        ->add_option("--calibrate", options->text,
                     "look at the lines of this text instead, and at what the network says of them")
        ->needs(integer)
        ->excludes("--data");
    const NumberFlags number(*command);
    number("--sentences", options->sentences, {.low = 1, .high = 1'000'000},
           "how many of them are looked at")
        ->needs(integer);
    add_overwrite_flag(*command, options->overwrite)->excludes("--packed");
    command->callback([options, out] {
        if (options->packed) return keep_packed(options->model, *options->packed);
        if (out->count() == 0) throw CLI::RequiredError("--out");
        if (options->integer) return quantize_to_integers(*options);
        quantize(*options);
    });
}

}  // namespace hat::program
