// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/input_checks.hpp>
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/integer/exponential.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/search.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

namespace hat::decode {

/// Translates with a network of integers, a sentence at a time on each thread. Scores become floats
/// behind the search, which has none: what it finds is the same wherever integers are.
///
/// It searches and nothing else: no sampling, prefixes, groups, forbidden n-grams, scores of given
/// targets, alignments or shortlists.
class IntegerTranslator final : public TranslatorInterface {
public:
    /// Throws  `Error` if eos is not in the vocabulary
    IntegerTranslator(integer::Model model, const SpecialTokens& special)
        : model_(std::move(model)), special_(special) {
        const int size = model_.view().vocab_size();
        if (special.eos < 0 || special.eos >= size)
            fail("translator: the id of eos is ", special.eos, ", expected 0 to ", size - 1);
    }

    [[nodiscard]] std::unique_ptr<TranslatorInterface>
    part(const model::Architecture& /*sub*/) const override {
        refuse("has no sub-networks");
    }
    void use_shortlist(const data::Shortlist* shortlist) override {
        if (shortlist != nullptr) refuse("goes with no shortlist");
    }
    [[nodiscard]] ListCounts list_counts() const noexcept override { return {}; }

    /// Throws  `Error` if an option is out of range or not for such a network, a sentence is empty
    ///         or longer than the network has positions for, or a token is not in its vocabulary
    void translate(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                   std::vector<Hypotheses>& results, int /*batch_sentences*/,
                   const Guidance& guidance) override {
        check(sources, options, guidance);
        const int count = sources.sentences.sentences();
        results.resize(static_cast<std::size_t>(count));
        make_workspaces(sources, options, pool.size());
        pool.run(count, [&](int s, int thread) {
            translate(*workspaces_[static_cast<std::size_t>(thread)], sources[s], options,
                      results[static_cast<std::size_t>(s)]);
        });
    }
    void score(const Sources& /*sources*/, const Sources& /*targets*/,
               const SearchOptions& /*options*/, ThreadPool& /*pool*/,
               std::vector<Hypotheses>& /*results*/, int /*batch_sentences*/) override {
        refuse("does not score given translations");
    }
    [[nodiscard]] std::vector<std::vector<float>> attention(const Sources& /*sources*/,
                                                            const Sources& /*targets*/,
                                                            int /*layer*/, ThreadPool& /*pool*/,
                                                            int /*batch_sentences*/) override {
        refuse("tells no alignments");
    }
    void check_attends(int /*layer*/) const override { refuse("tells no alignments"); }

    [[nodiscard]] int decoder_layers() const noexcept override {
        return static_cast<int>(model_.view().decoder_layers.size());
    }
    [[nodiscard]] std::size_t weight_bytes() const noexcept override { return model_.size_bytes(); }
    [[nodiscard]] int max_source_length() const noexcept override {
        return most_tokens(model_.view().source);
    }
    [[nodiscard]] int max_target_length() const noexcept override {
        return most_tokens(model_.view().target);
    }

private:
    /// What one thread needs.
    struct Workspace {
        Workspace(const integer::Transformer<integer::Constants>& model,
                  const integer::Limits& limits)
            : network(model, limits, memory), search(limits, memory) {}

        Arena memory{};
        integer::Network network;
        integer::Search search;
    };

    [[noreturn]] static void refuse(const char* what) { fail("a network of integers ", what); }
    [[nodiscard]] static int
    most_tokens(const integer::Embedding<integer::Constants>& embedding) noexcept {
        return embedding.positions.empty() ? model::Network::max_tokens
                                           : embedding.positions.rows();
    }

    void check(const Sources& sources, const SearchOptions& options,
               const Guidance& guidance) const {
        validate(options);
        if (guidance.sampling != nullptr) refuse("draws no translations");
        if (guidance.prefixes.sentences.sentences() > 0) refuse("takes no prefixes");
        if (options.groups > 1) refuse("searches in one group");
        if (options.no_repeat_ngram > 0) refuse("does not look for n-grams that repeat");
        if (options.temperature != 1 || options.unk_penalty != 0)
            refuse("has neither temperature nor a penalty of unk");
        for (int s = 0; s < sources.sentences.sentences(); ++s) {
            const int length = sources.sentences.length(s);
            if (length < 1 || length > max_source_length())
                fail("translator: sentence ", s, " has ", length, " tokens, expected 1 to ",
                     max_source_length());
            check_token_ids(sources[s], model_.view().source.scales.size(), "translator: sentence ",
                            s);
        }
    }

    void make_workspaces(const Sources& sources, const SearchOptions& options, int threads) {
        integer::Limits limits{.source_tokens = 1,
                               .target_tokens =
                                   most_target_positions(options, sources, max_target_length()),
                               .beam = beam_of(options)};
        for (int s = 0; s < sources.sentences.sentences(); ++s)
            limits.source_tokens = std::max(limits.source_tokens, sources.sentences.length(s));
        if (!has_places(limits))
            fail("a network of integers has room for ", integer::most_places,
                 " tokens of all hypotheses of a sentence; a beam of ", limits.beam, " with ",
                 limits.target_tokens, " tokens each has more");
        // Those of calls before, too, so that memory stays; but for what no memory has room for.
        const integer::Limits all{
            .source_tokens = std::max(limits.source_tokens, limits_.source_tokens),
            .target_tokens = std::max(limits.target_tokens, limits_.target_tokens),
            .beam = std::max(limits.beam, limits_.beam)};
        if (has_places(all)) limits = all;
        if (limits.source_tokens != limits_.source_tokens ||
            limits.target_tokens != limits_.target_tokens || limits.beam != limits_.beam)
            workspaces_.clear();
        limits_ = limits;
        while (workspaces_.size() < static_cast<std::size_t>(threads))
            workspaces_.push_back(std::make_unique<Workspace>(model_.view(), limits_));
    }
    [[nodiscard]] int beam_of(const SearchOptions& options) const noexcept {
        return std::clamp(options.beam, 1, std::max(1, model_.view().vocab_size() - 1));
    }

    void translate(Workspace& workspace, std::span<const int> source, const SearchOptions& options,
                   Hypotheses& result) const {
        workspace.network.start(source);
        const auto found = workspace.search.run(
            workspace.network, special_,
            {.beam = beam_of(options),
             .max_length = decode::max_target_length(options, static_cast<int>(source.size()),
                                                     max_target_length()),
             .min_length = options.min_length,
             .unk = options.unk,
             .normalize = options.normalize,
             .length_penalty = static_cast<std::int32_t>(
                 std::lround(std::ldexp(options.length_penalty, integer::log_bits)))});
        result.resize(found.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            Hypothesis& to = result[i];
            to.tokens.assign(found[i].tokens.begin(), found[i].tokens.end());
            to.score = natural(found[i].score);
            to.positional_scores.clear();
            std::int64_t before = 0;
            for (const std::int64_t sum : found[i].sums)
                to.positional_scores.push_back(natural(sum - std::exchange(before, sum)));
        }
    }
    /// A logarithm of base e.
    [[nodiscard]] static float natural(std::int64_t logarithm) noexcept {
        return static_cast<float>(
            std::ldexp(static_cast<double>(logarithm) * std::numbers::ln2, -integer::log_bits));
    }

    integer::Model model_;
    SpecialTokens special_;
    integer::Limits limits_{.source_tokens = 1, .target_tokens = 1, .beam = 1};
    std::vector<std::unique_ptr<Workspace>> workspaces_;
};

}  // namespace hat::decode
