// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/patterns.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/data/shortlist_file.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/integer_translator.hpp>
#include <hat/decode/serving.hpp>
#include <hat/integer/model_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/io/vocabulary_hash.hpp>
#include <hat/model/network.hpp>

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace hat::decode {

/// What a model directory holds, ready to be served: text codec, network, and a shortlist.
class ServedModel {
public:
    /// A copy of packed weights that the model has is served as it lies; `open_to_serve` a
    /// directory for that (see io/packed_copy.hpp). Without `weights`, a network is served as its
    /// architecture says, or in what its matrices are stored in. `shortlist` is the directory that
    /// has it, of data or a model; empty: this one. Without, a network whose architecture has lists
    /// uses that of this one, unless `all_tokens` are asked for.
    ///
    /// Throws  `Error` if the model is no translator, or damaged, or there is no such shortlist
    ServedModel(io::ModelDirectory directory, std::optional<WeightKind> weights,
                const std::optional<std::string>& shortlist, bool all_tokens = false)
        : directory_(std::move(directory)), text_(checked_text()), translator_(load(weights)) {
        const bool has_lists = directory_.config().architecture.serving.listed_tokens > 0;
        if (shortlist)
            load_shortlist(shortlist->empty() ? directory_.path() : *shortlist);
        else if (has_lists && !all_tokens)
            load_shortlist(directory_.path());
    }

    ServedModel(const ServedModel&) = delete;  // its parts refer to each other
    ServedModel& operator=(const ServedModel&) = delete;

    [[nodiscard]] const io::ModelDirectory& directory() const noexcept { return directory_; }
    [[nodiscard]] const data::TextCodec& text() const noexcept { return text_; }
    [[nodiscard]] AnyTranslator& translator() noexcept { return translator_; }
    [[nodiscard]] const AnyTranslator& translator() const noexcept { return translator_; }
    /// Null if there is none.
    [[nodiscard]] const data::Shortlist* shortlist() const noexcept {
        return shortlist_ ? &*shortlist_ : nullptr;
    }

    /// Why the copy of packed weights that the model has is not served; empty if nothing is wrong.
    [[nodiscard]] const std::string& note() const noexcept { return note_; }

    /// Tokens of the longest sentence of the training; nothing if the model does not tell.
    ///
    /// Throws  `Error` if what it tells is no number of tokens
    [[nodiscard]] std::optional<int> longest_source() const {
        const auto& provenance = directory_.config().provenance;
        const auto found = provenance.find(io::longest_source_key);
        if (found == provenance.end()) return {};
        const std::string& text = found->second;
        int longest = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), longest);
        if (error != std::errc() || end != text.data() + text.size() || longest < 1)
            fail(directory_.path(), "/config.json: provenance: ", io::longest_source_key,
                 ": found ", in_quotes(text), ", expected a number of tokens");
        return longest;
    }

private:
    [[nodiscard]] data::TextCodec checked_text() const {
        const std::string& path = directory_.path();
        const model::Architecture& architecture = directory_.config().architecture;
        if (!architecture.has_encoder())
            fail(path, ": is a language model; it has nothing to translate from");
        data::TextCodec text = data::TextCodec::load(directory_);
        if (text.source_size() != architecture.source_vocab_size ||
            text.target_size() != architecture.target_vocab_size) {
            fail(path, ": its text has vocabularies of ", text.source_size(), " and ",
                 text.target_size(), ", but its network of ", architecture.source_vocab_size,
                 " and ", architecture.target_vocab_size);
        }
        io::check_special_tokens(directory_, text.special());
        try {
            static_cast<void>(data::Patterns(text.rules().protect));
        } catch (const Error& error) {
            fail(directory_.file_path("text.json"), ": protect: ", error.what());
        }
        return text;
    }

    /// Serves the copy of packed weights that the model has, or packs them.
    [[nodiscard]] AnyTranslator load(std::optional<WeightKind> weights) {
        const io::ModelConfig& config = directory_.config();
        if (directory_.is_integer()) {
            if (weights)
                fail(directory_.path(), ": is a model of integers, which is served as it is, "
                                        "expected no other kind of weights");
            return {std::make_unique<IntegerTranslator>(integer::load_model(directory_),
                                                        config.special_tokens),
                    WeightKind::int8};
        }
        const WeightKind kind = weights.value_or(kind_of_model());
        try {
            if (auto copy = io::PackedCopy::find(directory_, word_of(kind)))
                return {config.architecture, std::move(*copy), kind, config.special_tokens};
        } catch (const Error& error) {
            note_ = std::string(error.what()) +
                    "; the weights are packed anew (hat quantize --packed " + word_of(kind) +
                    " makes another copy)";
        }
        model::Network network(config.architecture);
        directory_.load_weights(network.table(), network.values());
        return {network.view(), kind, config.special_tokens};
    }
    /// That of its architecture; what is made to be served in floats is served as it is stored.
    [[nodiscard]] WeightKind kind_of_model() const {
        const WeightKind kind = weight_kind_of(directory_.config().architecture.serving);
        if (kind != WeightKind::fp32) return kind;
        switch (directory_.storage()) {
        case io::Storage::bf16:
            return WeightKind::bf16;
        case io::Storage::int8:
            return WeightKind::int8;
        default:
            return WeightKind::fp32;
        }
    }

    void load_shortlist(const std::string& from) {
        if (!io::is_directory(from)) fail(from, ": there is no such directory of data or a model");
        shortlist_ = data::find_shortlist(io::read_text_files(from), from);
        if (!shortlist_)
            fail(from, ": has no shortlist; hat prepare --data DATA --shortlist 100 --out LISTED "
                       "makes one, and --shortlist-from LISTED uses it");
        if (shortlist_->vocabulary() != io::vocabulary_hash(directory_.text_files()))
            fail(from, ": its shortlist is of another vocabulary than that of ", directory_.path());
        io::of_model(directory_, [&] { translator_.use_shortlist(&*shortlist_); });
    }

    io::ModelDirectory directory_;
    std::string note_;
    data::TextCodec text_;
    AnyTranslator translator_;
    std::optional<data::Shortlist> shortlist_;
};

}  // namespace hat::decode
