// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/data_directory.hpp>
#include <hat/data/text_blocks.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>

#include "data_directory.hpp"

#include <string>
#include <utility>

/// What `hat prepare --task language-model` makes, and `hat train` and `hat perplexity` read.
namespace hat::program {

/// A data directory of text in memory: encoded lines, each ending with eos.
struct TextData {
    io::TextFiles files{};  ///< how text is encoded, as models of this data will do it
    SpecialTokens special{};
    int vocab_size = 0;
    data::Side train{};
    data::Side validation{};
    data::CorpusCheck check = data::CorpusCheck::all;
};

/// Throws  `Error` if a file is missing, damaged, or encoded with another vocabulary.
inline TextData load_text_data(const std::string& path,
                               data::CorpusCheck check = data::CorpusCheck::all) {
    if (!io::is_directory(path)) {
        fail(path, ": there is no such data directory; `hat prepare --task language-model --out ",
             path, " …` makes one");
    }
    data::PreparedData prepared = data::load_data_directory(path, check);
    if (prepared.train.has_source()) {
        fail(path, ": holds sentence pairs, for --task translation; a language model needs what "
                   "`hat prepare --task language-model` makes");
    }
    TextData text{.files = std::move(prepared.text_files),
                  .train = std::move(prepared.train.target),
                  .validation = std::move(prepared.validation.target),
                  .check = check};
    const auto codec = data::TextCodec::from_files(text.files, path);
    text.special = codec.special();
    text.vocab_size = codec.target_size();
    for (const data::Side* corpus : {&text.train, &text.validation}) {
        if (corpus->vocab_size != text.vocab_size) {
            fail(path, ": the text has a vocabulary of ", corpus->vocab_size,
                 ", but the directory one of ", text.vocab_size);
        }
    }
    return text;
}

/// A text cut into blocks, as a training takes it.
struct BlockData {
    io::TextFiles files;
    SpecialTokens special;
    data::Corpus train;
    data::Corpus validation;
    data::CorpusCheck check;

    BlockData(TextData text, int block)
        : files(std::move(text.files)), special(text.special),
          train(data::cut_into_blocks(std::move(text.train), block)),
          validation(data::cut_into_blocks(std::move(text.validation), block)), check(text.check) {}

    [[nodiscard]] const io::TextFiles& text_files() const { return files; }
    [[nodiscard]] SpecialTokens special_tokens() const { return special; }
    static constexpr const char* unit = "blocks";
};

}  // namespace hat::program
