// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/ragged.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/decode/hypothesis.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace hat::decode {

/// The translators of a deadline's networks, all with the weights of one, and the clock that tells
/// the deadline what they took.
///
///     DeadlineLadder ladder(whole, {.ms = 20, .ladder = rungs});
///     ladder.practise(source_vocab_size, eos, search, pool);
///     auto found = ladder.run(tokens, [&](AnyTranslator& translator) { … });
class DeadlineLadder {
public:
    /// `whole` must outlive this.
    ///
    /// Throws  `Error` as `validate`, or if a network is no part of `whole`
    DeadlineLadder(const AnyTranslator& whole, const DeadlineOptions& options)
        : deadline_(options) {
        for (const Rung& rung : options.ladder)
            translators_.push_back(whole.part(rung.architecture));
    }

    [[nodiscard]] const Deadline& deadline() const noexcept { return deadline_; }
    /// Of the rungs, fastest first.
    [[nodiscard]] const std::vector<AnyTranslator>& translators() const noexcept {
        return translators_;
    }

    /// Has every network translate random tokens, which also has it ask for its memory.
    void practise(int source_vocab_size, int eos, const SearchOptions& search, ThreadPool& pool) {
        Random random(std::uint64_t{0});
        int count = practice_tokens;
        for (const AnyTranslator& translator : translators_)
            count = std::min(count, translator.max_source_length());
        std::vector<int> tokens(static_cast<std::size_t>(count) - 1);
        for (int& token : tokens)
            token = static_cast<int>(random.below(static_cast<std::uint64_t>(source_vocab_size)));
        tokens.push_back(eos);
        // What a network says to that may have no end.
        SearchOptions bounded = search;
        bounded.max_length_a = 0;
        bounded.max_length_b = std::min(bounded.max_length_b, count);
        for (std::size_t i = 0; i < translators_.size(); ++i)
            deadline_.practise(static_cast<int>(i), count,
                               least_ms(translators_[i], tokens, bounded, pool));
    }

    /// What `translate(translator)` returns, with the network that a sentence of so many tokens is
    /// to have.
    template <class Translate>
    auto run(int tokens, const Translate& translate) {
        const auto before = Clock::now();
        const Deadline::Choice choice = deadline_.choose(tokens);
        auto found = translate(translators_[static_cast<std::size_t>(choice.rung)]);
        deadline_.count(choice, tokens, milliseconds_since(before));
        return found;
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr int practice_tokens = 16;

    [[nodiscard]] static double milliseconds_since(Clock::time_point begin) {
        return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    }

    [[nodiscard]] static double least_ms(AnyTranslator& translator, const std::vector<int>& tokens,
                                         const SearchOptions& search, ThreadPool& pool) {
        constexpr int times = 4;
        const int offsets[] = {0, static_cast<int>(tokens.size())};
        std::vector<Hypotheses> results;
        double least = std::numeric_limits<double>::infinity();
        for (int i = 0; i < times; ++i) {
            const auto before = Clock::now();
            translator.translate({tokens, Ragged(offsets, 1)}, search, pool, results);
            least = std::min(least, milliseconds_since(before));
        }
        return least;
    }

    Deadline deadline_;
    std::vector<AnyTranslator> translators_;
};

}  // namespace hat::decode
