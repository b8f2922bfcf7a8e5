// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/ragged.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/kernels/top_candidates.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace hat::decode {

/// What a hypothesis may be continued with: nothing but eos once it is as long as it may be, all
/// but eos as long as it is too short.
enum class Allowed : std::uint8_t { any, no_eos, only_eos };

/// One row of a step: the hypothesis of the sentence in place `sentence` that continues row
/// `parent` of the step before with `token`. In the first step of a sentence `token` is what every
/// target begins with, and there is no parent.
struct Row {
    int sentence = 0;
    int parent = 0;
    int token = 0;
    Allowed allowed = Allowed::any;
    std::span<const int> forbidden{};  ///< tokens that may not be next
    int only = -1;                     ///< if not negative, the one token that may be next
    int group = 0;                     ///< of a diverse search
};

/// Which candidates a step returns.
struct Selection {
    int count = 1;          ///< of each row, at most
    bool normalize = true;  ///< values are log-probabilities; else logits, enough to find the best
    float temperature = 1.0F;
    float unk_penalty = 0.0F;
    SpecialTokens special{};
};

/// Sentences to translate, one after the other, each ending in eos.
///
/// Shapes  tokens [sentences.tokens()]
struct Sources {
    std::span<const int> tokens;
    Ragged sentences;

    /// Precondition: 0 <= s < sentences.sentences().
    [[nodiscard]] std::span<const int> operator[](int s) const noexcept {
        return {tokens.data() + sentences.begin(s), static_cast<std::size_t>(sentences.length(s))};
    }
};

/// What the searches need of a model. `start` reads the sources and makes a place for each, with
/// room for `rows_per_sentence` hypotheses of up to `max_lengths[i]` positions; every `step` takes
/// the rows that live on, those of a sentence side by side, and returns the best candidates of
/// each, best first, valid until the next step. Sentences without a row are finished.
template <class Model>
concept StepModel = requires(Model& model, const Model& constant, const Sources& sources,
                             int rows_per_sentence, std::span<const int> max_lengths,
                             std::span<const Row> rows, const Selection& selection) {
    { constant.vocab_size() } -> std::same_as<int>;
    { constant.max_length() } -> std::same_as<int>;  // positions that a target may have
    model.start(sources, rows_per_sentence, max_lengths);
    { model.step(rows, selection) } -> std::same_as<kernels::CandidateRows>;
};

/// A step model that takes new sentences while others are on their way. `admit` reads sources, of
/// which sentence i gets `places[i]`, that of a finished one, for up to `max_lengths[i]` positions.
/// What a step returned before is valid no more.
///
/// Precondition: a source and a target are not longer than those that the place was made for.
template <class Model>
concept RefillableStepModel = StepModel<Model> &&
    requires(Model& model, const Sources& sources, std::span<const int> places,
             std::span<const int> max_lengths) {
    model.admit(sources, places, max_lengths);
};

/// Takes from a block of a row's outputs, those numbered `first` and up, what the rules forbid:
/// pad, and what the row does not allow or forbids; lowers unk by its penalty. `number(token)` is
/// the number of a token's output, −1 if it has none.
template <class Number>
void apply_rules(const Row& row, const Selection& selection, int first, std::span<float> outputs,
                 const Number& number) noexcept {
    constexpr float forbidden = -std::numeric_limits<float>::infinity();
    const SpecialTokens& special = selection.special;
    const auto n = static_cast<std::ptrdiff_t>(outputs.size());
    // visit(output) if that of a token is here.
    const auto find = [&](int token, const auto& visit) {
        const int place = token < 0 ? -1 : number(token);
        if (place >= first && place - first < n)
            visit(outputs[static_cast<std::size_t>(place - first)]);
    };
    const auto forbid = [&](float& output) { output = forbidden; };
    find(special.pad, forbid);
    find(special.unk, [&](float& output) { output -= selection.unk_penalty; });
    for (const int token : row.forbidden) find(token, forbid);
    if (row.allowed == Allowed::no_eos) find(special.eos, forbid);
    const int only = row.allowed == Allowed::only_eos ? special.eos : row.only;
    if (only >= 0) {
        float kept = forbidden;
        find(only, [&](const float& output) { kept = output; });
        std::fill_n(outputs.data(), n, forbidden);
        find(only, [&](float& output) { output = kept; });
    }
}
/// The same where every token has an output of its number.
inline void apply_rules(const Row& row, const Selection& selection, int first,
                        std::span<float> outputs) noexcept {
    apply_rules(row, selection, first, outputs, [](int token) { return token; });
}

}  // namespace hat::decode
