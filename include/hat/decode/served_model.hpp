// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/patterns.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/data/shortlist_file.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/served_network.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/vocabulary_hash.hpp>

#include <optional>
#include <string>
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
        : directory_(std::move(directory)), text_(checked_text()),
          network_(load_network(directory_, weights)) {
        const bool has_lists = directory_.config().architecture.serving.listed_tokens > 0;
        if (shortlist)
            load_shortlist(shortlist->empty() ? directory_.path() : *shortlist);
        else if (has_lists && !all_tokens)
            load_shortlist(directory_.path());
    }

    ServedModel(const ServedModel&) = delete;  // its parts refer to each other
    ServedModel& operator=(const ServedModel&) = delete;

    /// What it is made of: the directory, how that treats text, the network, and what translates
    /// with it.
    [[nodiscard]] const io::ModelDirectory& directory() const noexcept { return directory_; }
    [[nodiscard]] const data::TextCodec& text() const noexcept { return text_; }
    [[nodiscard]] const ServedNetwork& network() const noexcept { return network_; }
    [[nodiscard]] AnyTranslator& translator() noexcept { return network_.translator; }
    [[nodiscard]] const AnyTranslator& translator() const noexcept { return network_.translator; }
    /// Null if there is none.
    [[nodiscard]] const data::Shortlist* shortlist() const noexcept {
        return shortlist_ ? &*shortlist_ : nullptr;
    }

    /// Why the copy of packed weights that the model has is not served; empty if nothing is wrong.
    [[nodiscard]] const std::string& note() const noexcept { return network_.note; }

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

    void load_shortlist(const std::string& from) {
        if (!io::is_directory(from)) fail(from, ": there is no such directory of data or a model");
        shortlist_ = data::find_shortlist(io::read_text_files(from), from);
        if (!shortlist_)
            fail(from, ": has no shortlist; hat prepare --data DATA --shortlist 100 --out LISTED "
                       "makes one, and --shortlist-from LISTED uses it");
        if (shortlist_->vocabulary() != io::vocabulary_hash(directory_.text_files()))
            fail(from, ": its shortlist is of another vocabulary than that of ", directory_.path());
        io::of_model(directory_, [&] { translator().use_shortlist(&*shortlist_); });
    }

    io::ModelDirectory directory_;
    data::TextCodec text_;
    ServedNetwork network_;
    std::optional<data::Shortlist> shortlist_;
};

}  // namespace hat::decode
