// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/corpus_hash.hpp>
#include <hat/data/data_directory.hpp>
#include <hat/data/subword.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/vocabulary_hash.hpp>

#include "agreement.hpp"
#include "job.hpp"

#include <string>
#include <utility>

/// What `hat prepare` makes and `hat train` reads.
namespace hat::program {

/// The files of a data directory.
struct DataDirectory {
    std::string path;

    [[nodiscard]] std::string training() const { return path + "/train.corpus"; }
    [[nodiscard]] std::string validation() const { return path + "/valid.corpus"; }
    [[nodiscard]] std::string configuration() const { return path + "/config.json"; }
};

/// A data directory of sentence pairs in memory.
struct TrainingData {
    io::TextFiles files;  ///< what models trained on this data read and write text with
    data::Subword subword;
    data::Corpus train;
    data::Corpus validation;
    io::Json origin;  ///< how it came to be
    data::CorpusCheck check = data::CorpusCheck::all;

    [[nodiscard]] const io::TextFiles& text_files() const { return files; }
    [[nodiscard]] SpecialTokens special_tokens() const { return subword.special(); }
    static constexpr const char* unit = "pairs";
};

/// How the corpora in `path` are checked: of ranks on one machine that read the same files, one
/// checks them. Collective.
[[nodiscard]] inline data::CorpusCheck corpus_check(const std::string& path, const Job& job) {
    const DataDirectory directory{path};
    const std::string own =
        io::file_identity(directory.training()) + ' ' + io::file_identity(directory.validation());
    std::string checked = own;
    distributed::broadcast(job.here, checked);
    return job.is_first_here() || checked != own ? data::CorpusCheck::all
                                                 : data::CorpusCheck::lengths;
}

/// Throws  `Error` if a file is missing, damaged, or encoded with another subword model.
inline TrainingData load_training_data(const std::string& path,
                                       data::CorpusCheck check = data::CorpusCheck::all) {
    if (!io::is_directory(path)) {
        fail(path, ": there is no such data directory; `hat prepare --out ", path, " …` makes one");
    }
    data::PreparedData prepared = data::load_data_directory(path, check);
    if (!prepared.train.has_source() || prepared.text_files.contains("target.dict.txt")) {
        fail(path, ": holds text for --task language-model, not sentence pairs");
    }
    const auto model = prepared.text_files.find("subword.model");
    if (model == prepared.text_files.end()) fail(path, ": subword.model is missing");
    auto subword = data::Subword::from_bytes(model->second, path + "/subword.model");
    TrainingData data{std::move(prepared.text_files), std::move(subword),
                      std::move(prepared.train),      std::move(prepared.validation),
                      std::move(prepared.origin),     check};
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

/// What data is, for settings that are to tell its content; `Data` is a `TrainingData` or a
/// `BlockData`.
template <class Data>
io::Json data_content(const Data& data) {
    return {{"training", data::corpus_hash(data.train)},
            {"validation", data::corpus_hash(data.validation)},
            {"vocabulary", io::vocabulary_hash(data.text_files())}};
}

/// The same on one of several ranks: one that has not read all of it takes the first one's word.
/// Collective.
template <class Data>
io::Json data_content(const Data& data, const Job& job) {
    const bool is_read = data.check == data::CorpusCheck::all;
    io::Json content = is_read ? data_content(data) : io::Json();
    const io::Json of_first_rank = of_first(job, content);
    return is_read ? content : of_first_rank;
}

}  // namespace hat::program
