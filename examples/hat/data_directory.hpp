// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/data/subword.hpp>

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
    [[nodiscard]] std::string configuration() const { return path + "/config.json"; }
};

/// A data directory in memory.
struct TrainingData {
    data::Subword subword;
    data::Corpus train;
    data::Corpus validation;
};

/// Throws  `Error` if a file is missing, damaged, or encoded with another subword model.
inline TrainingData load_training_data(const std::string& path) {
    const DataDirectory directory{path};
    if (!std::filesystem::is_directory(path)) {
        fail(path, ": there is no such data directory; `hat prepare --out ", path, " …` makes one");
    }
    TrainingData data{data::Subword::load(directory.subword()),
                      data::load_corpus(directory.train()),
                      data::load_corpus(directory.validation())};
    for (const data::Corpus* corpus : {&data.train, &data.validation}) {
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
