// SPDX-License-Identifier: Apache-2.0

/// hat extract: a SuperTransformer and an architecture → a true small model.

#include <hat/elastic/design_space_yaml.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/model/genes.hpp>
#include <hat/version.hpp>

#include "commands.hpp"
#include "model_argument.hpp"
#include "output_directory.hpp"
#include "text_facts.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace hat::program {

namespace {

struct ExtractOptions {
    std::string run, architecture, out;
    bool overwrite = false;
};

/// The design space that a run was trained for; none if the model comes without.
std::optional<elastic::DesignSpace> space_of_run(const std::string& run, const LoadedModel& model) {
    const std::string path = run + "/space.yml";
    if (!io::exists(path)) return std::nullopt;
    check_space(path, model.directory);
    const model::Architecture& super = model.network.architecture();
    return with_vocabulary(elastic::read_design_space(path).space, super.source_vocab_size,
                           super.target_vocab_size);
}

/// The sub-network of `super` that a file describes, in our form or the published one. Vocabulary
/// sizes, and what it keeps of the super network, may be left out.
model::Architecture architecture_of_file(const std::string& path,
                                         const model::Architecture& super) {
    model::Architecture found = io::read_architecture_yaml(path, &super);
    const model::Architecture sub = sub_architecture(found, super);
    const auto complete = [](int& field, int value) {
        if (field == 0) field = value;
    };
    complete(found.source_vocab_size, sub.source_vocab_size);
    complete(found.target_vocab_size, sub.target_vocab_size);
    complete(found.origin.encoder_dim, sub.origin.encoder_dim);
    complete(found.origin.decoder_dim, sub.origin.decoder_dim);
    complete(found.origin.identity_layers, sub.origin.identity_layers);
    return found;
}

/// The sub-network that `--architecture` names.
model::Architecture chosen_architecture(const std::string& name, const model::Architecture& super,
                                        const std::optional<elastic::DesignSpace>& space) {
    const std::string where = "--architecture " + name;
    if (name == "largest") return space ? largest(*space) : super;
    if (name == "smallest") {
        if (!space) fail(where, ": the model comes without a design space, which would tell");
        return smallest(*space);
    }
    const bool is_file = io::exists(name);
    if (!is_file && !elastic::looks_like_gene_string(name)) {
        fail(where, ": there is no such file, nor is it a gene string, largest or smallest");
    }
    if (is_file) {
        const model::Architecture found = architecture_of_file(name, super);
        try {
            validate_genes_fit_in(found, super);
            validate(found);
            validate_fits_in(found, super);
            if (space) validate_member(*space, found);
        } catch (const Error& error) {
            fail(where, ": is not of this run's design space: ", error.what());
        }
        return found;
    }
    if (space) return elastic::parse_member(*space, name, where);
    return sub_architecture(elastic::parse_genes(name, where), super);
}

void extract(const ExtractOptions& options) {
    const OutputDirectory place(options.out, io::DirectoryKind::model, io::model_directory_names,
                                options.overwrite);
    LoadedModel super(options.run);
    const auto space = space_of_run(options.run, super);
    const auto architecture =
        chosen_architecture(options.architecture, super.network.architecture(), space);
    const model::Network small = elastic::extract(super.network, architecture);
    io::ModelConfig config = super.directory.config();
    config.architecture = small.architecture();
    config.provenance["extracted_from"] = file_name(options.run);
    config.provenance["genes"] = elastic::gene_string(architecture);
    config.provenance["hat_version"] = std::string(version);
    io::save_model_directory(
        options.out, config, small.table(), small.values(), super.directory.text_files(),
        report::model_card_to_markdown(model_card(config, options.out), config.architecture));
    std::printf("%s\n", options.out.c_str());
}

}  // namespace

void add_extract(CLI::App& app) {
    auto options = std::make_shared<ExtractOptions>();
    CLI::App* command = app.add_subcommand(
        "extract", "Cuts a small model out of a SuperTransformer: only the weights it needs.");
    command->footer("Example:\n  hat extract --run super --architecture chosen.yml --out small");
    command->add_option("--run", options->run, "run or model directory of the SuperTransformer")
        ->required();
    command
        ->add_option("--architecture", options->architecture,
                     "YAML file in our form or the published one, a gene string such as "
                     "e192:512x8+…/d128:256x4x4x1+…, largest or smallest")
        ->type_name("FILE|largest|smallest")
        ->required();
    command->add_option("--out", options->out, "model directory to write")->required();
    add_overwrite_flag(*command, options->overwrite);
    command->callback([options] { extract(*options); });
}

}  // namespace hat::program
