// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/line_codec.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/sampling.hpp>

#include <optional>
#include <string>

namespace hat::decode {

/// How a `LineTranslator` translates.
struct LineTranslatorOptions {
    SearchOptions search{};                                   ///< beam, penalties and limits
    int threads = 0;                                          ///< 0: all cores
    int batch_sentences = 32;                                 ///< that are translated together
    data::UnknownPolicy unknown = data::UnknownPolicy::copy;  ///< of what the vocabulary lacks
    data::LostStrings lost =
        data::LostStrings::append;  ///< of protected strings that a translation lacks
    /// A line with more tokens is cut into parts; 0: only what the network cannot read. Nothing: as
    /// the model's training says.
    std::optional<int> split_over{};
    /// What the network is served in. Nothing: as its architecture says, or what its matrices are
    /// stored in.
    std::optional<WeightKind> weights{};
    /// The directory, of data or a model, that has the shortlist to use; empty: the model itself.
    /// Nothing: the model's if its architecture has lists; else translations may have any token.
    std::optional<std::string> shortlist{};
    bool all_tokens = false;   ///< whatever the architecture says; draws may always have any token
    bool word_scores = false;  ///< whether translations have them
    /// The decoder layer whose attention says which words translations stand for, from 0; −1: the
    /// last but one, which knows it best (arXiv:1909.02074). Without one, they do not say it.
    std::optional<int> alignment_layer{};
    /// If there, translations are drawn at random instead of searched for. What is drawn for a line
    /// follows from the seed and from how many lines were translated before it.
    std::optional<SamplingOptions> sampling{};
    /// If there, each line is translated by itself, with a sub-network of the model that is to
    /// have it done in time.
    std::optional<DeadlineOptions> deadline{};
};

/// Throws  `Error` naming the first option that is out of range, or goes with no other.
inline void validate(const LineTranslatorOptions& options) {
    validate(options.search);
    if (options.sampling) validate(*options.sampling);
    if (options.deadline) validate(*options.deadline);
    if (options.word_scores && options.search.beam == 1 && !options.search.scores &&
        !options.sampling)
        fail("translator: scores of words need a search that has scores");
    const auto require = [](const char* name, int value, int lowest) {
        if (value < lowest)
            fail("translator: ", name, " = ", value, ", expected ", lowest, " or more");
    };
    require("threads", options.threads, 0);
    require("sentences of a batch", options.batch_sentences, 1);
    require("tokens that lines are split over", options.split_over.value_or(0), 0);
    require("decoder layer of the alignment", options.alignment_layer.value_or(0), -1);
    if (options.shortlist && options.all_tokens)
        fail("translator: a shortlist goes with no wish for all tokens");
    if (options.shortlist && options.sampling)
        fail("translator: a shortlist goes with no draws, which may need any token");
}

}  // namespace hat::decode
