// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/integer_translator.hpp>
#include <hat/decode/serving.hpp>
#include <hat/integer/model_file.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/model/network.hpp>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

/// What of a model directory computes, without its text.
namespace hat::decode {

/// The network of a model directory, ready to be served.
struct ServedNetwork {
    AnyTranslator translator;
    /// Tokens of the longest sentence of the training; nothing if the model does not tell.
    std::optional<int> longest_source{};
    /// Why the copy of packed weights that the model has is not served; empty if nothing is wrong.
    std::string note{};

    /// Tokens of a line that the network can read in one piece, at most.
    [[nodiscard]] int most_tokens() const noexcept { return translator.max_source_length() - 1; }
    /// Of the parts of a line that is cut: half of what a translation may have, so that those of
    /// the parts are not cut; but sentences do not become crumbs where little is allowed.
    [[nodiscard]] int part_tokens(const SearchOptions& search) const noexcept {
        constexpr int least = 32;
        return std::max(least, translator.max_target_length(search, most_tokens()) / 2);
    }
    /// A line of more tokens is better cut: as many as the longest sentence of the training has, as
    /// of a longer one the network says a part. 0 if the model does not tell.
    [[nodiscard]] int split_over(const SearchOptions& search) const noexcept {
        return longest_source ? std::max(*longest_source, part_tokens(search)) : 0;
    }
};

namespace detail {

/// That of its architecture; what is made to be served in floats is served as it is stored.
inline WeightKind kind_of_model(const io::ModelDirectory& directory) {
    const WeightKind kind = weight_kind_of(directory.config().architecture.serving);
    if (kind != WeightKind::fp32) return kind;
    switch (directory.storage()) {
    case io::Storage::bf16:
        return WeightKind::bf16;
    case io::Storage::int8:
        return WeightKind::int8;
    default:
        return WeightKind::fp32;
    }
}

/// Throws  `Error` if what the model tells is no number of tokens
inline std::optional<int> longest_source_of(const io::ModelDirectory& directory) {
    const auto& provenance = directory.config().provenance;
    const auto found = provenance.find(io::longest_source_key);
    if (found == provenance.end()) return {};
    const std::string& text = found->second;
    int longest = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), longest);
    if (error != std::errc() || end != text.data() + text.size() || longest < 1)
        fail(directory.path(), "/config.json: provenance: ", io::longest_source_key, ": found ",
             in_quotes(text), ", expected a number of tokens");
    return longest;
}

}  // namespace detail

/// A copy of packed weights that the model has is served as it lies; `open_to_serve` the directory
/// for that (see io/packed_copy.hpp). Without `weights`, a network is served as its architecture
/// says, or in what its matrices are stored in.
///
/// Throws  `Error` if the model is damaged, one of integers and `weights` are given, or it tells
///         no number as the length of its longest sentence
[[nodiscard]] inline ServedNetwork load_network(const io::ModelDirectory& directory,
                                                std::optional<WeightKind> weights) {
    const io::ModelConfig& config = directory.config();
    const std::optional<int> longest = detail::longest_source_of(directory);
    if (directory.is_integer()) {
        if (weights)
            fail(directory.path(), ": is a model of integers, which is served as it is, "
                                   "expected no other kind of weights");
        return {{std::make_unique<IntegerTranslator>(integer::load_model(directory),
                                                     config.special_tokens),
                 WeightKind::int8},
                longest};
    }
    const WeightKind kind = weights.value_or(detail::kind_of_model(directory));
    std::string note;
    try {
        if (auto copy = io::PackedCopy::find(directory, word_of(kind)))
            return {{config.architecture, std::move(*copy), kind, config.special_tokens}, longest};
    } catch (const Error& error) {
        note = std::string(error.what()) + "; the weights are packed anew (hat quantize --packed " +
               word_of(kind) + " makes another copy)";
    }
    model::Network network(config.architecture);
    directory.load_weights(network.table(), network.values());
    return {{network.view(), kind, config.special_tokens}, longest, std::move(note)};
}

}  // namespace hat::decode
