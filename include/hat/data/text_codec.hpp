// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, xxHash
#pragma once

#include <hat/core/special_tokens.hpp>
#include <hat/data/fairseq_text.hpp>
#include <hat/data/subword.hpp>
#include <hat/data/text_rules.hpp>
#include <hat/data/unknown_text.hpp>
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
/// Before that, text is treated as text.json says: the one place where it is.
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
        TextRules rules;
        if (const auto json = found("text.json"); json != files.end())
            rules = text_rules_from_json(json->second, path("text.json"));
        if (const auto model = found("subword.model"); model != files.end())
            return TextCodec(Subword::from_bytes(model->second, path("subword.model")),
                             std::move(rules));
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
        return TextCodec(FairseqText(std::move(source), std::move(target), std::move(codes)),
                         std::move(rules));
    }

    /// Pieces of a subword model, or words of fairseq's dictionaries, of text by `rules`.
    explicit TextCodec(Subword subword, TextRules rules = {})
        : codec_(std::move(subword)), rules_(std::move(rules)) {}
    explicit TextCodec(FairseqText text, TextRules rules = {})
        : codec_(std::move(text)), rules_(std::move(rules)) {}

    /// How text is treated before it is cut.
    [[nodiscard]] const TextRules& rules() const noexcept { return rules_; }

    /// Tokens of the source's vocabulary.
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

    /// The ids of a line to translate, without an end of sentence: none of a blank line.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<int> encode(std::string_view line) const {
        if (is_blank(line)) return {};
        const std::string text = for_model(line);
        return std::visit([&](const auto& codec) { return codec.encode(text); }, codec_);
    }
    /// Likewise of a line in the language of the target.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<int> encode_target(std::string_view line) const {
        const std::string text = for_model(line);
        if (const auto* fairseq = std::get_if<FairseqText>(&codec_))
            return fairseq->encode_target(text);
        return std::get<Subword>(codec_).encode(text);
    }
    /// The parts of such a line that its vocabulary does not know.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<std::string> unknown_parts(std::string_view line) const {
        const std::string text = for_model(line);
        auto parts =
            std::visit([&](const auto& codec) { return codec.unknown_parts(text); }, codec_);
        for (std::string& part : parts) part = rules_.from_model(part);
        return parts;
    }
    /// Whether a token stands for what the vocabulary does not know, or for a byte of it.
    /// Precondition: 0 <= id < target_size().
    [[nodiscard]] bool is_unknown(int id) const {
        const auto* subword = std::get_if<Subword>(&codec_);
        return subword != nullptr ? subword->is_unknown(id) : id == special().unk;
    }
    /// The translation that `ids` stand for.
    [[nodiscard]] std::string decode(const std::vector<int>& ids) const {
        return rules_.from_model(
            std::visit([&](const auto& codec) { return codec.decode(ids); }, codec_));
    }
    /// The same with `unknown[k]`, or nothing where there is none, for the k-th unk among `ids`.
    [[nodiscard]] std::string decode(const std::vector<int>& ids,
                                     const std::vector<std::string>& unknown) const {
        return rules_.from_model(
            std::visit([&](const auto& codec) { return codec.decode(ids, unknown); }, codec_));
    }
    /// The line to translate that `ids` stand for, with `unknown` likewise.
    [[nodiscard]] std::string decode_source(const std::vector<int>& ids,
                                            const std::vector<std::string>& unknown) const {
        const auto* fairseq = std::get_if<FairseqText>(&codec_);
        return rules_.from_model(fairseq != nullptr
                                     ? fairseq->decode_source(ids, unknown)
                                     : std::get<Subword>(codec_).decode(ids, unknown));
    }
    /// What of a line to translate is unknown, token by token.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] UnknownTexts unknown(std::string_view line) const {
        const std::string text = for_model(line);
        UnknownTexts unknown =
            std::visit([&](const auto& codec) { return codec.unknown(text); }, codec_);
        for (UnknownText& token : unknown.tokens) token.text = rules_.from_model(token.text);
        return unknown;
    }

private:
    [[nodiscard]] std::string for_model(std::string_view line) const {
        return rules_.to_model(rules_.apply(line));
    }

    std::variant<Subword, FairseqText> codec_;
    TextRules rules_;
};

}  // namespace hat::data
