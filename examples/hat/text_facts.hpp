// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/report/language_name.hpp>
#include <hat/report/model_card.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// What people want to know of a model and no program can find out: they are told `hat prepare`,
/// stand in the data's config.json, and go from there into every model's provenance and card.
namespace hat::program {

struct TextFacts {
    std::string source_language, target_language;  ///< codes, or any name
    std::string licence;    ///< of the text and what is made of it, as SPDX says
    std::string text_name;  ///< "LibreOffice's help"
};

/// visit(key, value) for each fact.
template <class Facts, class Visitor>
void visit_facts(Facts& facts, Visitor visit) {
    visit("source_language", facts.source_language);
    visit("target_language", facts.target_language);
    visit("licence", facts.licence);
    visit("text_name", facts.text_name);
}

inline void add_fact_flags(CLI::App& command, TextFacts& facts) {
    const auto add = [&](const char* name, std::string& value, const char* what) {
        command.add_option(name, value, what)->group("Model card");
    };
    add("--source-language", facts.source_language, "its code, such as en or pt-BR, or its name");
    add("--target-language", facts.target_language, "likewise");
    add("--licence,--license", facts.licence, "of the text and its models, as SPDX names it");
    add("--text-name", facts.text_name, "what the text is, in a few words");
}

/// The language that a file is named after: "de" of "train.de" and "train.de.gz"; nothing if that
/// is no language.
[[nodiscard]] inline std::string language_of_file(const std::string& path) {
    std::filesystem::path name(path);
    if (name.extension() == ".gz") name.replace_extension();
    std::string code = name.extension().string();
    if (!code.empty()) code.erase(0, 1);
    return report::language_name(code).empty() ? std::string() : code;
}

/// That of several files; nothing if they are not all of one.
[[nodiscard]] inline std::string language_of_files(const std::vector<std::string>& paths) {
    std::string code;
    for (const std::string& path : paths) {
        const std::string found = language_of_file(path);
        if (found.empty() || (!code.empty() && found != code)) return {};
        code = found;
    }
    return code;
}

/// `facts` with the languages that nobody named, as the files of the two sides are; says so.
[[nodiscard]] inline TextFacts named_after_files(TextFacts facts,
                                                 const std::vector<std::string>& sources,
                                                 const std::vector<std::string>& targets) {
    if (!facts.source_language.empty() || !facts.target_language.empty()) return facts;
    const std::string from = language_of_files(sources);
    const std::string to = language_of_files(targets);
    if (from.empty() || to.empty()) return facts;
    std::fprintf(stderr,
                 "model cards will say %s to %s, after the files' names; --source-language and "
                 "--target-language say otherwise\n",
                 report::language_name(from).c_str(), report::language_name(to).c_str());
    facts.source_language = from;
    facts.target_language = to;
    return facts;
}

/// Puts those facts that were told into a data directory's configuration.
inline void add_facts(io::Json& configuration, const TextFacts& facts) {
    visit_facts(facts, [&](const char* key, const std::string& value) {
        if (!value.empty()) configuration[key] = value;
    });
}

/// The last part of a path: what of it may be published.
[[nodiscard]] inline std::string file_name(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return std::filesystem::path(path).filename().string();
}

/// What the provenance of a model says of the data in a directory: the facts, and how much it was.
[[nodiscard]] inline std::map<std::string, std::string> data_provenance(const std::string& config) {
    std::map<std::string, std::string> provenance;
    if (!io::exists(config)) return provenance;
    const io::Json json = io::parse_json(io::read_file(config), config);
    const TextFacts none;
    visit_facts(none, [&](const char* key, const std::string&) {
        const auto found = json.find(key);
        if (found == json.end()) return;
        if (const auto text = io::json_as<std::string>(*found, config); !text.empty())
            provenance[key] = text;
    });
    for (const char* key : {"training_pairs", "training_tokens"})
        if (const auto found = json.find(key); found != json.end())
            provenance[key] = std::to_string(io::json_as<std::int64_t>(*found, config));
    return provenance;
}

/// "29,000 pairs of sentences, Multi30k".
[[nodiscard]] inline std::string
describe_training_data(const std::map<std::string, std::string>& provenance) {
    const auto value = [&](const char* key) {
        const auto found = provenance.find(key);
        return found == provenance.end() ? std::string() : found->second;
    };
    std::string text;
    for (const auto& [key, unit] : {std::pair{"training_pairs", " pairs of sentences"},
                                    std::pair{"training_tokens", " tokens of text"}}) {
        std::string count = value(key);
        if (count.empty()) continue;
        for (auto at = std::ssize(count) - 3; at > 0; at -= 3)
            count.insert(static_cast<std::size_t>(at), 1, ',');
        text = count + unit;
    }
    if (const std::string name = value("text_name"); !name.empty())
        text += (text.empty() ? "" : ", ") + name;
    if (const std::string from = value("imported_from"); !from.empty())
        text = "what the checkpoint " + file_name(from) + " was trained on";
    if (!text.empty() && provenance.contains("extracted_from"))
        text += "; the weights are inherited from a SuperTransformer, not tuned";
    return text;
}

/// The card of a model, as far as its provenance tells.
[[nodiscard]] inline report::ModelCard model_card(const io::ModelConfig& config,
                                                  const std::string& path) {
    report::ModelCard card{.name = file_name(path),
                           .training_data = describe_training_data(config.provenance)};
    const auto take = [&](const char* key, std::string& to) {
        if (const auto found = config.provenance.find(key); found != config.provenance.end())
            to = found->second;
    };
    take("source_language", card.source_language);
    take("target_language", card.target_language);
    take("licence", card.licence);
    return card;
}

}  // namespace hat::program
