// SPDX-License-Identifier: Apache-2.0

/// hat inspect: sizes, parameters, multiply-adds and memory of a model, an architecture or a design
/// space.

#include <hat/core/ragged.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_dot.hpp>
#include <hat/data/shortlist_file.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/memory.hpp>
#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/design_space_yaml.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>

#include "architecture_argument.hpp"
#include "commands.hpp"
#include "flags.hpp"
#include "model_argument.hpp"
#include "version_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace hat::program {

namespace {

struct InspectOptions {
    std::string model, architecture, space, super;
    int vocab_size = 0;  ///< 0: the usual one
    int tokens = 30;
    int beam = decode::SearchOptions{}.beam;
    bool version = false;
};

/// "DExTra 256 → 128 of 4 layers, widest 512, at most 8 groups", behind `before`; nothing without.
std::string unit_text(const char* before, const nn::DExTraShape& unit) {
    if (unit.depth == 0) return {};
    const bool is_define = unit.variant == nn::DExTraVariant::define;
    return std::string(before) + (is_define ? "DeFINE " : "DExTra ") + std::to_string(unit.in_dim) +
           " → " + std::to_string(unit.out_dim) + " of " + std::to_string(unit.depth) +
           " layers, widest " + std::to_string(dextra_plan(unit).max_width()) + ", at most " +
           std::to_string(unit.max_groups) + " groups";
}

void print_layers(const model::Architecture& a) {
    if (a.embedding.dim > 0)
        std::printf("  embeddings: %s\n",
                    unit_text("", a.embedding_unit(a.decoder.embed_dim)).c_str());
    for (int i = 0; i < a.encoder.layer_count; ++i) {
        const auto& layer = a.encoder.layer_shapes[static_cast<std::size_t>(i)];
        std::printf("  encoder layer %d: ffn_dim %d, heads %d%s\n", i, layer.ffn_dim, layer.heads,
                    unit_text(", ", a.unit_of(layer, a.encoder.embed_dim)).c_str());
    }
    for (int i = 0; i < a.decoder.layer_count; ++i) {
        const auto& layer = a.decoder.layer_shapes[static_cast<std::size_t>(i)];
        std::printf("  decoder layer %d: ffn_dim %d, heads %d, cross_heads %d, attended_layers "
                    "%d%s\n",
                    i, layer.ffn_dim, layer.heads, layer.cross_heads, layer.attended_layers,
                    unit_text(", ", a.unit_of(layer, a.decoder.embed_dim)).c_str());
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

/// The design space that was named; vocabulary sizes it lacks are `vocab_size`.
elastic::DesignSpace inspected_space(const InspectOptions& options) {
    elastic::DesignSpace space = elastic::find_design_space(options.space).space;
    if (space.super.target_vocab_size == 0)
        space = with_vocabulary(std::move(space), options.vocab_size, options.vocab_size);
    model::validate(space.super);
    return space;
}

/// A member of the named space: a gene string, or a YAML file of either form.
model::Architecture member_argument(const InspectOptions& options) {
    const elastic::DesignSpace space = inspected_space(options);
    if (elastic::looks_like_gene_string(options.architecture))
        return elastic::parse_member(space, options.architecture, "--architecture");
    auto member = io::read_architecture_yaml(options.architecture, &space.super);
    elastic::validate_member(space, member);
    return member;
}

model::Architecture chosen_architecture(const InspectOptions& options) {
    if (!options.space.empty()) return member_argument(options);
    if (elastic::looks_like_gene_string(options.architecture))
        fail("--architecture ", options.architecture, ": genes need --space, which has the rest");
    if (!options.super.empty()) return published_argument(options);
    return architecture_argument(options.architecture, options.vocab_size);
}

void print_counts(const model::Architecture& a, int tokens) {
    const auto macs = model::macs(a, tokens, tokens);
    const auto million = [](std::int64_t n) { return static_cast<double>(n) / 1e6; };
    std::printf("parameters in layers: %lld (%.2f M)\n",
                static_cast<long long>(model::layer_parameters(a)),
                million(model::layer_parameters(a)));
    std::printf("parameters in all: %lld (%.2f M)\n", static_cast<long long>(model::parameters(a)),
                million(model::parameters(a)));
    std::printf("FLOPs for %d source and %d target tokens, without output projection: %lld "
                "(%.2f G)\n",
                tokens, tokens, static_cast<long long>(model::published_flops(a, tokens)),
                million(model::published_flops(a, tokens)) / 1e3);
    std::printf("multiply-adds of the output projection: %lld (%.2f M)\n",
                static_cast<long long>(macs.output_projection), million(macs.output_projection));
}

/// What serving takes, for each kind of weights: the weights, which all sentences share, and what a
/// sentence adds.
void print_memory(const model::Architecture& a, int tokens, int beam) {
    const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / 1e6; };
    const model::Transformer<nn::Sizes> sizes = model::packed_sizes(a);
    const std::array offsets{0, tokens};
    const int positions = tokens + 1;
    const std::size_t caches =
        decode::bytes_of_caches(sizes, Ragged(offsets.data(), 1), beam, std::span(&positions, 1));
    std::printf(
        "memory for a sentence of %d source and %d target tokens, beam %d (weights as they are "
        "served: a table of words that is output matrix, too, twice, and tables of "
        "positions):\n",
        tokens, tokens, beam);
    for (const auto kind :
         {decode::WeightKind::fp32, decode::WeightKind::bf16, decode::WeightKind::int8}) {
        decode::with_weights(kind, [&]<class Weights>() {
            const auto encoding = decode::memory_of_encoding<Weights>(sizes, tokens);
            const auto step = decode::memory_of_step<Weights>(sizes, beam, tokens, positions,
                                                              beam == 1 ? 1 : 2 * beam);
            std::printf("  %s: weights %.2f MB, caches %.2f MB, activations %.2f MB\n",
                        decode::word_of(kind),
                        megabytes(static_cast<std::size_t>(
                            nn::packed_bytes<model::Transformer<Weights>>(sizes))),
                        megabytes(caches),
                        megabytes(std::max(encoding.activations, step.activations) +
                                  std::max(encoding.scratch, step.scratch)));
        });
    }
}

void print_architecture(const model::Architecture& a, int tokens, int beam) {
    std::printf("embed_dim: encoder %d, decoder %d; qkv_dim %d\n", a.encoder.embed_dim,
                a.decoder.embed_dim, a.qkv_dim);
    std::printf("vocabulary: source %d, target %d\n", a.source_vocab_size, a.target_vocab_size);
    std::printf("genes: %s\n", elastic::gene_string(a).c_str());
    print_layers(a);
    print_counts(a, tokens);
    // Language models are not served by hat translate.
    if (a.has_encoder()) print_memory(a, std::min(tokens, model::Network::max_tokens), beam);
}

void inspect_model(const InspectOptions& options) {
    const auto model = io::ModelDirectory::open(model_path(options.model));
    print_architecture(model.config().architecture, options.tokens, options.beam);
    if (const auto shortlist = data::find_shortlist(model.text_files(), model.path()))
        std::printf("shortlist: %zu tokens always, %.1f more for each of a source on average\n",
                    shortlist->lists().always.size(),
                    static_cast<double>(shortlist->lists().tokens.size()) /
                        shortlist->source_vocab_size());
}

void inspect_space(const InspectOptions& options) {
    const elastic::DesignSpace space = inspected_space(options);
    std::printf("vocabulary: source %d, target %d; qkv_dim %d\n", space.super.source_vocab_size,
                space.super.target_vocab_size, space.super.qkv_dim);
    model::Architecture one_layer = space.super;  // all layers have the same choices
    one_layer.encoder.layer_count = std::min(one_layer.encoder.layer_count, 1);
    one_layer.decoder.layer_count = 1;
    elastic::for_each_gene(space, std::as_const(one_layer),
                           [](elastic::Gene gene, const int&, const elastic::Choices& choices) {
                               std::string list;
                               for (const int choice : choices)
                                   list += (list.empty() ? "" : ", ") + std::to_string(choice);
                               std::printf("%s%s: %s\n", std::string(gene.name).c_str(),
                                           gene.layer < 0 ? "" : " of each layer", list.c_str());
                           });
    const elastic::BigCount members = elastic::cardinality(space);
    const elastic::BigCount strings = elastic::published_cardinality(space);
    std::printf("members: %s (%.2e)\n", members.text().c_str(), members.approximate());
    std::printf("with genes of unused layers: %s (%.2e)\n", strings.text().c_str(),
                strings.approximate());
    for (const bool is_largest : {true, false}) {
        const model::Architecture a = is_largest ? largest(space) : smallest(space);
        std::printf("\n%s member: %s\n", is_largest ? "largest" : "smallest",
                    elastic::gene_string(a).c_str());
        print_counts(a, options.tokens);
    }
}

void inspect_program() {
    std::printf("hat %s: %s, %s; products of bytes: %s\n", version_text, simd::instruction_set,
                simd::has_fused_multiply_add
                    ? "fused multiply-add"
                    : "no fused multiply-add, so many times slower than with one "
                      "(build with -march=native, or -mfma)",
                simd::dot::instruction_set);
}

/// Throws  `Error` if a preset, which is a whole network, is to be a part of another.
void check_part(const InspectOptions& options) {
    if (options.space.empty() && options.super.empty()) return;
    if (find_preset(options.architecture) && !io::exists(options.architecture))
        fail("inspect: --architecture ", options.architecture,
             " is a whole network, which excludes ",
             options.space.empty()
                 ? "--super; with it, name a file of one of its parts"
                 : "--space; with it, name genes or a file of one of its members");
}

void inspect(InspectOptions options) {
    if (options.version) return inspect_program();
    const bool of_model = !options.model.empty();
    const bool of_architecture = !options.architecture.empty();
    const bool of_space = !options.space.empty();
    if (of_model == (of_architecture || of_space))
        fail("inspect: name a --model, an --architecture, a --space, or an --architecture of a "
             "--space");
    check_part(options);
    if (options.vocab_size == 0) options.vocab_size = vocab_size_of(options.architecture);
    if (of_model)
        inspect_model(options);
    else if (of_architecture)
        print_architecture(chosen_architecture(options), options.tokens, options.beam);
    else
        inspect_space(options);
}

}  // namespace

void add_inspect(CLI::App& app) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* command =
        app.add_subcommand("inspect", "Prints sizes, parameters, multiply-adds and memory.");
    command->footer("Examples:\n  hat inspect --architecture tiny --vocab-size 10000\n"
                    "  hat inspect --space multi30k");
    command->add_option("--model", options->model, "a run or model directory");
    CLI::Option* architecture =
        command
            ->add_option("--architecture", options->architecture,
                         "YAML file, or a network with a name; with --space, genes as one word or "
                         "a file; with --super, a file")
            ->type_name(file_or(preset_names()));
    CLI::Option* space =
        command->add_option("--space", options->space, "a design space: YAML file, or a name")
            ->type_name(file_or(elastic::built_in_space_names()));
    command
        ->add_option("--super", options->super,
                     "the file is a published SubTransformer of this SuperTransformer")
        ->check(CLI::IsMember({"wmt", "iwslt"}))
        ->needs(architecture)
        ->excludes(space);
    command->add_flag("--version", options->version,
                      "the version, and the instructions that this program uses");
    const NumberFlags number(*command);
    number.without_default("--vocab-size", options->vocab_size, {.low = 1, .high = 1 << 24},
                           "where the file does not say; without this flag " +
                               std::to_string(usual_vocab_size) + ", and " +
                               std::to_string(model::wikitext103_vocab_size) +
                               " for delight-wikitext103-N");
    number("--tokens", options->tokens, {.low = 1, .high = 1'000'000},
           "sentence length that FLOPs and memory are counted for");
    number("--beam", options->beam, {.low = 1, .high = 1000},
           "hypotheses that memory is counted for");
    command->callback([options] { inspect(*options); });
}

}  // namespace hat::program
