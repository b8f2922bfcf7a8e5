// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/running_batch.hpp>
#include <hat/decode/sentence_queue.hpp>
#include <hat/decode/step_model.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace hat::decode {

/// Greedy search: always the best next token, one hypothesis a sentence. The same tokens as beam
/// search with a beam of 1, without a softmax unless scores are wanted.
///
/// An object keeps its memory: a search no bigger than one before allocates nothing. It may be
/// given memory instead.
class GreedySearch {
public:
    GreedySearch() = default;
    /// Works in `memory`, which must outlive it and have the `bytes` of every search.
    explicit GreedySearch(std::span<std::byte> memory) noexcept : memory_(memory) {}

    /// What it works in.
    [[nodiscard]] const Arena& memory() const noexcept { return memory_; }

    /// Bytes that a search takes for `sentences` targets of at most `positions` tokens, eos among
    /// them.
    [[nodiscard]] static constexpr std::size_t bytes(int sentences, int positions,
                                                     int no_repeat_ngram) noexcept {
        return RunningBatch::bytes(extents(sentences, positions, no_repeat_ngram));
    }

    /// Fills `results`, one entry of one hypothesis for every sentence of `sources`: `Hypotheses`,
    /// or whatever else has their members.
    ///
    /// Throws  `Error` if an option is out of range, or the model's output is not a number
    template <StepModel Model>
    void run(Model& model, const Sources& sources, const SpecialTokens& special,
             const SearchOptions& options, auto&& results) {
        OneBatch batch(sources);
        run(model, batch, sources.sentences.sentences(), special, options, results);
    }

    /// The same of all sentences of `supply`, `places` of them at once.
    template <StepModel Model, SentenceSupply Supply>
    void run(Model& model, Supply& supply, int places, const SpecialTokens& special,
             const SearchOptions& options, auto&& results) {
        begin(model, supply.take(places), special, options);
        while (!is_done()) {
            advance(model, results);
            batch_.refill(model, supply, options_, special_.eos);
        }
    }

    /// The same with other choices: `step(rows)` takes a step, and what it returns, asked with the
    /// number of a row and its place, tells the row's next token and its log-probability, or
    /// `none`.
    template <StepModel Model, SentenceSupply Supply, class Step>
    void run(Model& model, Supply& supply, int places, const SpecialTokens& special,
             const SearchOptions& options, auto&& results, const Step& step) {
        begin(model, supply.take(places), special, options);
        while (!is_done()) {
            take_step(step, results);
            batch_.refill(model, supply, options_, special_.eos);
        }
    }

    /// One step after the other: `begin` with all sentences, then `advance` until the search
    /// `is_done`. So long their prefixes must last.
    template <StepModel Model>
    void begin(Model& model, const Entrants& sentences, const SpecialTokens& special,
               const SearchOptions& options) {
        validate(options);
        options_ = options;
        special_ = special;
        start(model, sentences, options);
    }
    [[nodiscard]] bool is_done() const noexcept { return batch_.rows().empty(); }
    template <StepModel Model>
    void advance(Model& model, auto&& results) {
        const Selection selection{.count = 1,
                                  .normalize = options_.scores,
                                  .temperature = options_.temperature,
                                  .unk_penalty = effective_unk_penalty(options_),
                                  .special = special_};
        take_step(
            [&](std::span<const Row> rows) {
                return [candidates = model.step(rows, selection)](int row,
                                                                  const RunningBatch::Place&) {
                    const auto best = candidates.row(row);
                    return best.empty() ? none : best.front();
                };
            },
            results);
    }

    /// No token can be next.
    static constexpr kernels::Candidate none{.value = 0, .index = -1};

private:
    static constexpr RunningBatch::Extents extents(int places, int positions,
                                                   int no_repeat_ngram) noexcept {
        return {.places = places,
                .rows_per_place = 1,
                .positions = positions,
                .nodes = 1 + static_cast<std::size_t>(positions),
                .no_repeat_ngram = no_repeat_ngram};
    }

    template <StepModel Model>
    void start(Model& model, const Entrants& first, const SearchOptions& options) {
        const auto size = extents(first.count(),
                                  most_target_positions(options, first.sources, model.max_length()),
                                  options.no_repeat_ngram);
        memory_.reset(RunningBatch::bytes(size));
        batch_.start(model, first, size, options, special_.eos, memory_);
    }

    template <class Step>
    void take_step(const Step& step, auto& results) {
        batch_.apply_rules(options_);
        extend(step(std::span<const Row>(batch_.rows().data(), batch_.rows().size())), results);
    }

    /// Continues every row with the token chosen for it; those that end leave.
    template <class Choose>
    void extend(const Choose& choose, auto& results) {
        auto& rows = batch_.rows();
        auto& ends = batch_.ends();
        std::size_t live = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const Row row = rows[i];
            RunningBatch::Place& place = batch_.at(row.sentence);
            const auto [value, token] = choose(static_cast<int>(i), std::as_const(place));
            if (token < 0) fail_without_next("greedy search", place.number, place.length, options_);
            const float score = options_.scores ? place.history.score(ends[i]) + value : 0.0F;
            const int end = place.history.add(ends[i], token, score);
            ++place.length;
            if (token == special_.eos) {
                finish(place, end, options_, results);
                batch_.leave(row.sentence);
                continue;
            }
            rows[live] = {.sentence = row.sentence, .parent = static_cast<int>(i), .token = token};
            ends[live++] = end;
        }
        rows.resize(live);
        ends.resize(live);
    }

    static void finish(const RunningBatch::Place& place, int end, const SearchOptions& options,
                       auto& results) {
        auto& result = results[static_cast<std::size_t>(place.number)];
        result.resize(1);
        place.history.trace(end, options.scores, result[0]);
        result[0].score = final_score(place.history.score(end), result[0].tokens.size(), options);
    }

    SpecialTokens special_;
    SearchOptions options_;
    Arena memory_;
    RunningBatch batch_;
};

}  // namespace hat::decode
