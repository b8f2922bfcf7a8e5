// SPDX-License-Identifier: Apache-2.0

/// hat inspect: sizes, parameters and multiply-adds of a model or an architecture.

#include <hat/io/model_directory.hpp>
#include <hat/model/counts.hpp>

#include "architecture_argument.hpp"
#include "commands.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace hat::program {

namespace {

struct InspectOptions {
    std::string model, architecture, super;
    int vocab_size = 32768;
    int tokens = 30;
};

void print_layers(const model::Architecture& a) {
    for (int i = 0; i < a.encoder_layer_count; ++i) {
        const auto& layer = a.encoder_layer_shapes[static_cast<std::size_t>(i)];
        std::printf("  encoder layer %d: ffn_dim %d, heads %d\n", i, layer.ffn_dim, layer.heads);
    }
    for (int i = 0; i < a.decoder_layer_count; ++i) {
        const auto& layer = a.decoder_layer_shapes[static_cast<std::size_t>(i)];
        std::printf("  decoder layer %d: ffn_dim %d, heads %d, cross_heads %d, attended_layers "
                    "%d\n",
                    i, layer.ffn_dim, layer.heads, layer.cross_heads, layer.attended_layers);
    }
}

/// A SubTransformer in the published form needs to know what it is a part of.
model::Architecture published_argument(const InspectOptions& options) {
    const auto super = options.super == "iwslt"
                           ? model::hat_super_iwslt(options.vocab_size, options.vocab_size)
                           : model::hat_super_wmt(options.vocab_size);
    return io::published_from_yaml(io::read_file(options.architecture), options.architecture,
                                   super);
}

void inspect(const InspectOptions& options) {
    if (options.model.empty() == options.architecture.empty()) {
        fail("inspect: name one of --model and --architecture");
    }
    const model::Architecture a =
        !options.model.empty()  ? io::ModelDirectory::open(options.model).config().architecture
        : options.super.empty() ? architecture_argument(options.architecture, options.vocab_size)
                                : published_argument(options);
    const auto macs = model::macs(a, options.tokens, options.tokens);
    std::printf("embed_dim: encoder %d, decoder %d; qkv_dim %d\n", a.encoder_embed_dim,
                a.decoder_embed_dim, a.qkv_dim);
    std::printf("vocabulary: source %d, target %d\n", a.source_vocab_size, a.target_vocab_size);
    print_layers(a);
    const auto million = [](std::int64_t n) { return static_cast<double>(n) / 1e6; };
    std::printf("parameters in layers: %lld (%.2f M)\n",
                static_cast<long long>(model::layer_parameters(a)),
                million(model::layer_parameters(a)));
    std::printf("parameters in all: %lld (%.2f M)\n", static_cast<long long>(model::parameters(a)),
                million(model::parameters(a)));
    std::printf("FLOPs for %d source and %d target tokens, without output projection: %lld "
                "(%.2f G)\n",
                options.tokens, options.tokens,
                static_cast<long long>(model::published_flops(a, options.tokens)),
                million(model::published_flops(a, options.tokens)) / 1e3);
    std::printf("multiply-adds of the output projection: %lld (%.2f M)\n",
                static_cast<long long>(macs.output_projection), million(macs.output_projection));
}

}  // namespace

void add_inspect(CLI::App& app) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* command =
        app.add_subcommand("inspect", "Prints sizes, parameters and multiply-adds.");
    command->footer("Example:\n  hat inspect --architecture tiny --vocab-size 10000");
    command->add_option("--model", options->model, "a model directory");
    command->add_option("--architecture", options->architecture, "YAML file, or tiny, base or big");
    command
        ->add_option("--super", options->super,
                     "the file is a published SubTransformer of this SuperTransformer")
        ->check(CLI::IsMember({"wmt", "iwslt"}));
    command->add_option("--vocab-size", options->vocab_size, "where the file does not say")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--tokens", options->tokens, "sentence length that FLOPs are counted for")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->callback([options] { inspect(*options); });
}

}  // namespace hat::program
