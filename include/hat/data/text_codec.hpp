// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json
#pragma once

#include <hat/core/special_tokens.hpp>
#include <hat/data/fairseq_text.hpp>
#include <hat/data/subword.hpp>
#include <hat/io/model_directory.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hat::data {

/// How a model directory reads lines and writes translations: with its SentencePiece model, or with
/// fairseq's dictionaries. A language model that knows whole words has one dictionary, for both.
///
///     const auto text = TextCodec::load(directory);
///     std::vector<int> ids = text.encode("Save the file.");
class TextCodec {
public:
    /// Throws  `Error` if a file of the directory is missing or damaged
    [[nodiscard]] static TextCodec load(const io::ModelDirectory& directory) {
        return from_files(directory.text_files(), directory.path());
    }

    /// The same from files in memory; `where` is the directory that errors name.
    ///
    /// Throws  `Error` if a file is missing or damaged
    [[nodiscard]] static TextCodec from_files(const io::TextFiles& files,
                                              const std::string& where) {
        const auto found = [&](const char* name) { return files.find(name); };
        const auto path = [&](const char* name) { return where + '/' + name; };
        if (const auto model = found("subword.model"); model != files.end())
            return TextCodec(Subword::from_bytes(model->second, path("subword.model")));
        const auto dictionary = [&](const char* name) {
            const auto file = found(name);
            if (file == files.end()) fail(where, ": ", name, " is missing");
            return FairseqDictionary::from_text(file->second, path(name));
        };
        std::optional<BpeCodes> codes;
        if (const auto merges = found("bpe.codes"); merges != files.end())
            codes = BpeCodes::from_text(merges->second, path("bpe.codes"));
        FairseqDictionary target = dictionary("target.dict.txt");
        FairseqDictionary source =
            found("source.dict.txt") == files.end() ? target : dictionary("source.dict.txt");
        return TextCodec(FairseqText(std::move(source), std::move(target), std::move(codes)));
    }

    explicit TextCodec(Subword subword) : codec_(std::move(subword)) {}
    explicit TextCodec(FairseqText text) : codec_(std::move(text)) {}

    [[nodiscard]] int source_size() const {
        const auto* fairseq = std::get_if<FairseqText>(&codec_);
        return fairseq != nullptr ? fairseq->source_size() : std::get<Subword>(codec_).size();
    }
    [[nodiscard]] int target_size() const {
        const auto* fairseq = std::get_if<FairseqText>(&codec_);
        return fairseq != nullptr ? fairseq->target_size() : std::get<Subword>(codec_).size();
    }
    [[nodiscard]] SpecialTokens special() const {
        return std::visit([](const auto& codec) { return codec.special(); }, codec_);
    }

    /// The ids of a line to translate, without an end of sentence.
    [[nodiscard]] std::vector<int> encode(std::string_view line) const {
        return std::visit([&](const auto& codec) { return codec.encode(line); }, codec_);
    }
    /// The translation that `ids` stand for.
    [[nodiscard]] std::string decode(const std::vector<int>& ids) const {
        return std::visit([&](const auto& codec) { return codec.decode(ids); }, codec_);
    }

private:
    std::variant<Subword, FairseqText> codec_;
};

}  // namespace hat::data
