// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/data/subword.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>

#include <filesystem>
#include <string>
#include <string_view>

/// What `hat prepare` makes and `hat train` reads.
namespace hat::program {

/// The files of a data directory.
struct DataDirectory {
    std::string path;

    [[nodiscard]] std::string train() const { return path + "/train.corpus"; }
    [[nodiscard]] std::string validation() const { return path + "/valid.corpus"; }
    [[nodiscard]] std::string subword() const { return path + "/subword.model"; }
    /// Whole words, instead of a subword model: language models only.
    [[nodiscard]] std::string dictionary() const { return path + "/target.dict.txt"; }
    /// How text is treated before it is cut into pieces.
    [[nodiscard]] std::string rules() const { return path + "/text.json"; }
    [[nodiscard]] std::string configuration() const { return path + "/config.json"; }
};

/// Those files of a data directory that say how models of it read and write text.
inline io::TextFiles read_text_files(const std::string& path) {
    io::TextFiles files;
    for (const std::string_view name : io::text_file_names) {
        const std::string file = (path + '/').append(name);
        if (std::filesystem::exists(file)) files.emplace(name, io::read_file(file));
    }
    return files;
}

/// A data directory in memory.
struct TrainingData {
    io::TextFiles files;  ///< what models trained on this data read and write text with
    data::Subword subword;
    data::Corpus train;
    data::Corpus validation;

    [[nodiscard]] const io::TextFiles& text_files() const { return files; }
    [[nodiscard]] SpecialTokens special_tokens() const { return subword.special(); }
    static constexpr const char* unit = "pairs";
};

/// Throws  `Error` if a file is missing, damaged, or encoded with another subword model.
inline TrainingData load_training_data(const std::string& path) {
    const DataDirectory directory{path};
    if (!std::filesystem::is_directory(path)) {
        fail(path, ": there is no such data directory; `hat prepare --out ", path, " …` makes one");
    }
    if (std::filesystem::exists(directory.dictionary())) {
        fail(path, ": holds text for --task language-model, not sentence pairs");
    }
    TrainingData data{read_text_files(path), data::Subword::load(directory.subword()),
                      data::load_corpus(directory.train()),
                      data::load_corpus(directory.validation())};
    for (const data::Corpus* corpus : {&data.train, &data.validation}) {
        if (!corpus->has_source()) {
            fail(path, ": holds text for --task language-model, not sentence pairs");
        }
        for (const data::Side* side : {&corpus->source, &corpus->target}) {
            if (side->vocab_size != data.subword.size()) {
                fail(path, ": the corpus has a vocabulary of ", side->vocab_size,
                     ", but subword.model one of ", data.subword.size());
            }
        }
    }
    return data;
}

}  // namespace hat::program
