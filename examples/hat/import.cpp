// SPDX-License-Identifier: Apache-2.0

/// hat import: a checkpoint of HAT's authors → a model directory.

#include <hat/core/in_quotes.hpp>
#include <hat/data/bpe.hpp>
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/interop/fairseq.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/network.hpp>
#include <hat/version.hpp>

#include "commands.hpp"
#include "output_directory.hpp"
#include "text_facts.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hat::program {

namespace {

struct ImportOptions {
    std::string checkpoint, source_dict, target_dict, bpe_codes, architecture, out;
    bool overwrite = false;
    TextFacts facts;
};

/// The dictionary at `path`, checked against what the network has words for.
std::string read_dictionary(const std::string& path, int vocab_size) {
    const auto dictionary = data::FairseqDictionary::load(path);
    if (dictionary.size() != vocab_size) {
        fail(path, ": has ", dictionary.size(),
             " words, the four special ones among them, but the "
             "network ",
             vocab_size);
    }
    return io::read_file(path);
}

/// A dictionary whose words are their numbers.
std::string numbered_dictionary(int vocab_size) {
    std::string text;
    for (int id = data::FairseqDictionary().size(); id < vocab_size; ++id) {
        text += std::to_string(id) + " 0\n";
    }
    return text;
}

io::TextFiles text_files(const ImportOptions& options, const model::Architecture& network) {
    const auto dictionary = [&](const std::string& own, const std::string& other, int vocab_size) {
        if (!own.empty()) return read_dictionary(own, vocab_size);
        if (!other.empty()) return read_dictionary(other, vocab_size);
        return numbered_dictionary(vocab_size);
    };
    const bool one = options.source_dict.empty() != options.target_dict.empty();
    if (one && network.sharing != model::Sharing::all) {
        fail("import: the network has a dictionary for each side; name both --source-dict and "
             "--target-dict");
    }
    io::TextFiles files{{"source.dict.txt", dictionary(options.source_dict, options.target_dict,
                                                       network.source_vocab_size)},
                        {"target.dict.txt", dictionary(options.target_dict, options.source_dict,
                                                       network.target_vocab_size)}};
    if (!options.bpe_codes.empty()) {
        files["bpe.codes"] = io::read_file(options.bpe_codes);
        static_cast<void>(data::BpeCodes::from_text(files["bpe.codes"], options.bpe_codes));
    }
    return files;
}

/// What the weights are of: the network as it is stored, or the part of it that was trained or is
/// asked for.
model::Network load_network(const ImportOptions& options,
                            const interop::FairseqCheckpoint& checkpoint) {
    model::Network stored(checkpoint.architecture());
    checkpoint.load_weights(stored.table(), stored.values());
    std::optional<model::Architecture> part = checkpoint.sub_transformer();
    if (!options.architecture.empty()) {
        part = io::published_from_yaml(io::read_file(options.architecture), options.architecture,
                                       stored.architecture());
    }
    return part ? elastic::extract(stored, *part) : std::move(stored);
}

io::ModelConfig model_config(const ImportOptions& options,
                             const interop::FairseqCheckpoint& checkpoint,
                             const model::Architecture& network) {
    io::ModelConfig config{
        .architecture = network,
        .special_tokens = fairseq_special_tokens,
        .provenance = {{"imported_from", file_name(options.checkpoint)},
                       {"arch", std::string(checkpoint.arguments().text("arch"))},
                       {"genes", elastic::gene_string(network)},
                       {"hat_version", std::string(version)}}};
    if (const auto updates = checkpoint.updates()) {
        config.provenance["updates"] = std::to_string(*updates);
    }
    visit_facts(options.facts, [&](const char* key, const std::string& value) {
        if (!value.empty()) config.provenance[key] = value;
    });
    return config;
}

void report_ignored(const interop::FairseqCheckpoint& checkpoint) {
    if (checkpoint.ignored().empty()) return;
    std::string names;
    for (const std::string& name : checkpoint.ignored()) {
        names += (names.empty() ? "" : ", ") + in_quotes(name);
    }
    std::fprintf(stderr, "%s: left out %zu tensors that the network has no use for: %s\n",
                 checkpoint.file().path().c_str(), checkpoint.ignored().size(), names.c_str());
}

void import_checkpoint(const ImportOptions& options) {
    const OutputDirectory place(options.out, io::DirectoryKind::model, io::model_directory_names,
                                options.overwrite);
    const auto checkpoint = interop::FairseqCheckpoint::open(options.checkpoint);
    const io::TextFiles files = text_files(options, checkpoint.architecture());
    report_ignored(checkpoint);
    const model::Network network = load_network(options, checkpoint);
    const io::ModelConfig config = model_config(options, checkpoint, network.architecture());
    io::save_model_directory(
        options.out, config, network.table(), network.values(), files,
        report::model_card_to_markdown(model_card(config, options.out), config.architecture));
    std::printf("%s\n", options.out.c_str());
}

}  // namespace

void add_import(CLI::App& app) {
    auto options = std::make_shared<ImportOptions>();
    CLI::App* command = app.add_subcommand(
        "import", "Turns a checkpoint of HAT's authors (PyTorch, fairseq) into a model.");
    command->footer("Example:\n  hat import --checkpoint HAT_wmt14ende_super.pt --source-dict "
                    "dict.en.txt --target-dict dict.de.txt --out super");
    command->add_option("--checkpoint", options->checkpoint, "the .pt file")->required();
    command->add_option("--source-dict", options->source_dict,
                        "dict.txt of the source; without dictionaries, text is numbers of words");
    command->add_option("--target-dict", options->target_dict, "dict.txt of the target");
    command->add_option("--bpe-codes", options->bpe_codes,
                        "merges that cut words (subword-nmt); without, text comes cut, with @@");
    command->add_option("--architecture", options->architecture,
                        "YAML of the published SubTransformer to cut out; without, the one that "
                        "was trained");
    command->add_option("--out", options->out, "model directory to write")->required();
    add_overwrite_flag(*command, options->overwrite);
    add_fact_flags(*command, options->facts);
    command->callback([options] { import_checkpoint(*options); });
}

}  // namespace hat::program
