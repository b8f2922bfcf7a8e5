// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/random.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/network.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace hat::decode {

/// What a translation is to be besides the likeliest.
struct Guidance {
    /// By sentence, the tokens that its target begins with; without any, all are free.
    Sources prefixes{};
    /// If there, targets are not searched for but drawn at random, one for each sentence.
    const SamplingOptions* sampling = nullptr;
    std::span<const RandomKey> keys{};  ///< by sentence, of what is drawn for it
};

/// What a translator can be given, checked before anything is computed. All throw `Error`.
///
/// Made where it is needed: `model` and `special`, the ids of the target vocabulary, must outlive
/// it.
template <class Packed>
struct InputChecks {
    const Packed& model;
    const SpecialTokens& special;

    /// Tokens that a source may have, its eos among them.
    [[nodiscard]] int max_source_length() const noexcept {
        return model::Network::most_tokens(model.view().source_positions);
    }
    /// Tokens that a target may have, its eos among them.
    [[nodiscard]] int max_target_length() const noexcept {
        return model::Network::most_tokens(model.view().target_positions);
    }

    /// eos, unk and pad are in the target vocabulary, the latter two if there are such.
    void check_special() const {
        const int size = model.architecture().target_vocab_size;
        const auto require = [&](const char* name, int id, int lowest) {
            if (id < lowest || id >= size)
                fail("translator: the id of ", name, " is ", id, ", expected ", lowest, " to ",
                     size - 1);
        };
        require("eos", special.eos, 0);
        require("unk", special.unk, -1);
        require("pad", special.pad, -1);
    }

    /// There are as many tokens as the sentences have.
    static void check_count(const Sources& list) {
        if (static_cast<std::size_t>(list.sentences.tokens()) != list.tokens.size())
            fail("translator: ", list.tokens.size(), " tokens, but the sentences have ",
                 list.sentences.tokens());
    }

    /// None is empty, longer than the model has positions for, or has a token that is not in the
    /// source vocabulary.
    void check_sources(const Sources& sources) const {
        const int vocab_size = model.architecture().source_vocab_size;
        const Ragged& sentences = sources.sentences;
        check_count(sources);
        if (!model.architecture().has_encoder()) return;
        const int longest = max_source_length();
        for (int s = 0; s < sentences.sentences(); ++s) {
            const int length = sentences.length(s);
            if (length < 1 || length > longest) {
                fail("translator: sentence ", s, " has ", length, " tokens, expected 1 to ",
                     longest);
            }
            check_token_ids(sources[s], vocab_size, "translator: sentence ", s);
        }
    }

    /// One for each source, of tokens of the target vocabulary, ending in eos, no longer than the
    /// model has positions for.
    void check_targets(const Sources& sources, const Sources& targets) const {
        const Ragged& sentences = targets.sentences;
        if (sentences.sentences() != sources.sentences.sentences())
            fail("translator: ", sources.sentences.sentences(), " sources, but ",
                 sentences.sentences(), " targets");
        check_count(targets);
        const int longest = max_target_length();
        for (int s = 0; s < sentences.sentences(); ++s) {
            const int length = sentences.length(s);
            if (length < 1 || length > longest)
                fail("translator: target ", s, " has ", length, " tokens, expected 1 to ", longest);
            const std::span<const int> tokens = targets[s];
            check_token_ids(tokens, model.architecture().target_vocab_size, "translator: target ",
                            s);
            if (tokens.back() != special.eos)
                fail("translator: target ", s, " ends in token ", tokens.back(), ", expected eos, ",
                     special.eos);
        }
    }

    /// A key or prefix for each source; prefixes without eos, of tokens of the target vocabulary,
    /// no longer than a target may be; and nothing of it beside a shortlist.
    void check_guidance(const Guidance& guidance, const Ragged& sources,
                        const SearchOptions& options, bool has_shortlist) const {
        const auto require_one_for_each = [&](const char* what, int count) {
            if (count != sources.sentences())
                fail("translator: ", count, " ", what, " for ", sources.sentences(), " sentences");
        };
        if (guidance.sampling != nullptr)
            require_one_for_each("keys", static_cast<int>(guidance.keys.size()));
        const Ragged& prefixes = guidance.prefixes.sentences;
        if (has_shortlist && (guidance.sampling != nullptr || prefixes.sentences() > 0))
            fail("translator: a shortlist goes with neither prefixes nor draws, which may need any "
                 "token");
        if (prefixes.sentences() == 0) return;
        require_one_for_each("prefixes", prefixes.sentences());
        check_count(guidance.prefixes);
        for (int s = 0; s < prefixes.sentences(); ++s) {
            const std::span<const int> prefix = guidance.prefixes[s];
            check_token_ids(prefix, model.architecture().target_vocab_size,
                            "translator: the prefix of sentence ", s);
            const int most =
                decode::max_target_length(options, sources.length(s), max_target_length());
            if (prefixes.length(s) > most)
                fail("translator: the prefix of sentence ", s, " has ", prefixes.length(s),
                     " tokens, expected at most ", most, ", as the target may have");
            if (std::find(prefix.begin(), prefix.end(), special.eos) != prefix.end())
                fail("translator: the prefix of sentence ", s, " has an eos");
        }
    }

    /// It is of the network's vocabularies, every list has eos, and the output layer tells tokens
    /// apart without all of them.
    void check_shortlist(const data::Shortlist& shortlist) const {
        const model::Architecture& a = model.architecture();
        if (hat::detail::is_present(model.view().adaptive_softmax))
            fail("translator: a shortlist needs an output layer that is no adaptive softmax");
        if (shortlist.source_vocab_size() != a.source_vocab_size ||
            shortlist.target_vocab_size() != a.target_vocab_size)
            fail("translator: the shortlist has vocabularies of ", shortlist.source_vocab_size(),
                 " and ", shortlist.target_vocab_size(), ", but the network of ",
                 a.source_vocab_size, " and ", a.target_vocab_size);
        const auto& always = shortlist.lists().always;
        if (!std::binary_search(always.begin(), always.end(), special.eos))
            fail("translator: the shortlist lacks eos, ", special.eos,
                 ", among what is always allowed");
    }
};

}  // namespace hat::decode
