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
/// fairseq's dictionaries.
///
///     const auto text = TextCodec::load(directory);
///     std::vector<int> ids = text.encode("Save the file.");
class TextCodec {
public:
    /// Throws  `Error` if a file of the directory is missing or damaged
    [[nodiscard]] static TextCodec load(const io::ModelDirectory& directory) {
        const io::TextFiles files = directory.text_files();
        const auto found = [&](const char* name) { return files.find(name); };
        if (const auto model = found("subword.model"); model != files.end())
            return TextCodec(
                Subword::from_bytes(model->second, directory.file_path("subword.model")));
        const auto dictionary = [&](const char* name) {
            return FairseqDictionary::from_text(found(name)->second, directory.file_path(name));
        };
        std::optional<BpeCodes> codes;
        if (const auto merges = found("bpe.codes"); merges != files.end())
            codes = BpeCodes::from_text(merges->second, directory.file_path("bpe.codes"));
        return TextCodec(FairseqText(dictionary("source.dict.txt"), dictionary("target.dict.txt"),
                                     std::move(codes)));
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
