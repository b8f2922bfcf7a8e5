// SPDX-License-Identifier: Apache-2.0

/// hat quantize: a model → the same with its matrices stored in fewer bits, or with a copy of its
/// weights as they are served.

#include <hat/core/error.hpp>
#include <hat/decode/any_translator.hpp>
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
#include "text_facts.hpp"

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

namespace hat::program {

namespace {

struct QuantizeOptions {
    std::string model, out;
    io::Storage weights = io::Storage::int8;
    std::optional<decode::WeightKind> packed;
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

void quantize(const QuantizeOptions& options) {
    const std::string source = model_path(options.model);
    if (std::error_code none; std::filesystem::equivalent(source, options.out, none))
        fail("--out: ", options.out, " is the model itself, expected another directory");
    const OutputDirectory place(options.out, io::DirectoryKind::model, io::model_directory_names,
                                options.overwrite);
    const LoadedModel model(options.model);
    require_floats(model.directory, options.model);
    const std::string word = io::storage_words[static_cast<std::size_t>(options.weights)];
    io::ModelConfig config = model.directory.config();
    config.provenance["quantized_from"] = file_name(options.model);
    config.provenance["weights"] = word;
    config.provenance["hat_version"] = std::string(version);
    io::save_model_directory(
        options.out, config, model.network.table(), model.network.values(),
        model.directory.text_files(),
        report::model_card_to_markdown(model_card(config, options.out), config.architecture),
        options.weights);
    const LoadedModel saved(options.out);
    const auto megabytes = [](const LoadedModel& of) {
        return static_cast<double>(of.directory.weights().file_bytes().size()) / 1e6;
    };
    std::fprintf(
        stderr, "weights: %.2f MB, were %.2f MB; matrices moved by %.2f %% of their size\n",
        megabytes(saved), megabytes(model), 100 * relative_error(model.network, saved.network));
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
        "Stores the matrices of a model in fewer bits (see include/hat/io/stored_matrix.hpp), or "
        "keeps a copy of its weights that is served without loading.");
    command->footer("Examples:\n  hat quantize --model run/model --weights int8 --out small\n"
                    "  hat quantize --model small --packed int8\n\n"
                    "int8 and bf16 are what hat translate computes with, too; kmeans8, kmeans4 and "
                    "int4\nbecome floats again when they are loaded.");
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
    add_overwrite_flag(*command, options->overwrite)->excludes("--packed");
    command->callback([options, out] {
        if (options->packed) return keep_packed(options->model, *options->packed);
        if (out->count() == 0) throw CLI::RequiredError("--out");
        quantize(*options);
    });
}

}  // namespace hat::program
