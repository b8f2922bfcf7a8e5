// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/data/subword.hpp>
#include <hat/io/model_directory.hpp>

#include <filesystem>
#include <string>

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
    [[nodiscard]] std::string configuration() const { return path + "/config.json"; }
};

/// A data directory in memory.
struct TrainingData {
    data::Subword subword;
    data::Corpus train;
    data::Corpus validation;

    /// What models trained on this data read and write text with.
    [[nodiscard]] io::TextFiles text_files() const { return {{"subword.model", subword.bytes()}}; }
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
    TrainingData data{data::Subword::load(directory.subword()),
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
