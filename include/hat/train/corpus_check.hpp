// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/column.hpp>
#include <hat/data/corpus.hpp>
#include <hat/model/network.hpp>

#include <span>
#include <string>
#include <string_view>

namespace hat::train {

namespace detail {

inline void check_side(const data::Side& side, std::string_view name, int vocab_size,
                       ConstMatrix positions) {
    if (side.vocab_size != vocab_size)
        fail(name, " has a vocabulary of ", side.vocab_size, ", the network one of ", vocab_size);
    const int longest = model::Network::most_tokens(positions);
    for (int i = 0; i < side.sentences.size(); ++i) {
        if (side.sentences.length(i) == 0)
            fail(name, ": sentence ", i + 1, " is empty, without eos");
        if (side.sentences.length(i) > longest)
            fail(name, ": sentence ", i + 1, " has ", side.sentences.length(i),
                 " tokens, expected at most ", longest, ", as the network has positions for");
    }
    check_token_ids(std::span(&side.eos, 1), vocab_size, name);
    // Those of a mapped corpus were checked when it was loaded, which is to read all of it.
    const data::Column<int>& tokens = side.sentences.tokens;
    if (!tokens.is_mapped()) check_token_ids(tokens.view(), vocab_size, name);
}

}  // namespace detail

/// Checks that a network can read all of a corpus, which `name` stands for in messages.
///
/// Throws  `Error` if a side is missing or has another vocabulary, a token is not in it, or a
///         sentence has more tokens than the network has positions for
inline void check_corpus(model::Network& network, const data::Corpus& corpus,
                         std::string_view name) {
    const model::Architecture& architecture = network.architecture();
    if (corpus.size() == 0) fail(name, " is empty");
    if (corpus.has_source() && corpus.source.sentences.size() != corpus.target.sentences.size())
        fail(name, " has ", corpus.source.sentences.size(), " sources and ",
             corpus.target.sentences.size(), " targets");
    if (architecture.has_encoder() != corpus.has_source())
        fail(name, " has ", corpus.has_source() ? "sentence pairs" : "texts of one language",
             ", the network ", architecture.has_encoder() ? "an" : "no", " encoder");
    const auto model = network.view();
    const auto side = [&](const char* which) { return std::string(name) + ", " + which; };
    if (architecture.has_encoder())
        detail::check_side(corpus.source, side("source"), architecture.source_vocab_size,
                           model.source_positions.value);
    detail::check_side(corpus.target, side("target"), architecture.target_vocab_size,
                       model.target_positions.value);
}

}  // namespace hat::train
