// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/decode/memory.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/static_model.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace hat::decode {

/// The most that a translator is asked for, which decides what memory it takes.
struct TranslationLimits {
    int source_tokens = 32;   ///< eos among them
    int target_tokens = 32;   ///< eos among them
    int beam = 1;             ///< widest; 1 is greedy
    bool no_repeats = false;  ///< whether a search may forbid to repeat n-grams
    int listed_tokens = 0;    ///< of the list of a source at most; 0: there are no lists
};

/// Bytes of working memory that translating with a network of fixed sizes takes, part by part.
/// Its weights, `model::static_weight_bytes`, are not among them.
struct WorkingMemory {
    std::size_t positions = 0;    ///< sinusoids
    std::size_t caches = 0;       ///< what attention reads
    std::size_t activations = 0;  ///< of encoding a source, or of a step
    std::size_t scratch = 0;      ///< of kernels
    std::size_t search = 0;       ///< hypotheses
    std::size_t results = 0;
    std::size_t lists = 0;  ///< of a shortlist, and the outputs that they name

    [[nodiscard]] constexpr std::size_t sum() const noexcept {
        return positions + caches + activations + scratch + search + results + lists;
    }
};

/// A target and its scores as in `Hypothesis`, in memory of the translator.
struct BoundedHypothesis {
    BoundedVector<int> tokens;
    float score = 0;
    BoundedVector<float> positional_scores;
};

namespace detail {

/// As a search fills them: hypotheses that have their room already.
struct BoundedResults {
    BoundedHypothesis* room = nullptr;
    std::size_t count = 0;

    void resize(std::size_t n) noexcept { count = n; }
    [[nodiscard]] std::size_t size() const noexcept { return count; }
    BoundedHypothesis& operator[](std::size_t i) const noexcept { return room[i]; }
};

}  // namespace detail

/// What translating one sentence after the other takes with a network of these sizes.
///
/// Precondition: the limits are in range.
template <class Weights, class Lists = Absent, class Parts>
[[nodiscard]] constexpr WorkingMemory
working_memory(const model::Transformer<nn::Sizes, Parts>& sizes, const TranslationLimits& limits) {
    const auto& [source, target, beam, no_repeats, listed] = limits;
    const int ngram = no_repeats ? 1 : 0;
    const model::Architecture& a = sizes.architecture;
    const std::array offsets{0, source};
    const nn::ComputingMemory encoding = memory_of_encoding<Weights>(sizes, source);
    const int candidates = beam == 1 ? 1 : 2 * beam;
    const nn::ComputingMemory step =
        memory_of_step<Weights>(sizes, beam, source, target, candidates);
    std::size_t lists = 0;
    std::size_t choosing = 0;
    if constexpr (!std::same_as<Lists, Absent>) {
        using Outputs = ShortlistedOutputs<Weights, Lists>;
        const int inputs = sizes.output.inputs();
        lists = Outputs::bytes(listed, a.target_vocab_size, inputs);
        choosing = Outputs::bytes_of_choosing(beam, candidates, listed, inputs);
    }
    return {
        .positions = model::position_bytes(a, source, target),
        .caches = bytes_of_caches(sizes, Ragged(offsets.data(), 1), beam,
                                  std::span(&limits.target_tokens, 1)),
        .activations = std::max(encoding.activations, step.activations),
        .scratch = std::max({encoding.scratch, step.scratch, choosing}),
        .search = std::max(GreedySearch::bytes(1, target, ngram),
                           beam == 1 ? 0 : BeamSearch::bytes(1, target, beam, ngram)),
        .results = Arena::bytes_of<BoundedHypothesis>(beam) +
                   static_cast<std::size_t>(beam) *
                       (Arena::bytes_of<int>(target) + Arena::bytes_of<float>(target)),
        .lists = lists,
    };
}

/// Translates with a network of fixed sizes, one sentence after the other, from weights that lie
/// ready and in memory of its user: it allocates nothing. Of every layer, cache and search it is
/// the one definition, and its hypotheses are those of `Translator`, bit for bit.
///
///     using Translator = hat::decode::StaticTranslator<architecture>;
///     constexpr hat::decode::TranslationLimits limits{.source_tokens = 32, .target_tokens = 32};
///     alignas(hat::alignment) static std::byte memory[Translator::working_memory(limits).sum()];
///     Translator translator(weights, memory, special_tokens, limits);
///     const std::span<const int> target = translator.translate(source)[0].tokens;
///
/// Weights of fewer bits, such as `nn::PackedInt8`, are bytes, and their products need more of the
/// memory.
///
/// `Lists` are a `data::Shortlist`, or a view of one, if sources have lists (`use_shortlist`).
///
/// Limits: no adaptive softmax, and a network with an encoder.
template <model::Architecture A, class Weights = nn::Packed, class Lists = Absent>
class StaticTranslator {
    static_assert(A.has_encoder(),
                  "StaticTranslator: a network without encoder translates nothing");

    using Model = model::StaticModel<A, Weights>;
    static constexpr bool has_lists = !std::same_as<Lists, Absent>;

public:
    /// Throws  `Error` if a limit is out of range; a constant of such limits does not compile.
    [[nodiscard]] static constexpr WorkingMemory working_memory(const TranslationLimits& limits) {
        check(limits);
        return decode::working_memory<Weights, Lists>(model::static_sizes<A>, limits);
    }

    /// `weights` are what `model::pack_weights<A, Weights>` writes; `memory` begins at a cache line
    /// and has `working_memory(limits).sum()` bytes. Both must outlive it. `special` are the ids of
    /// the target vocabulary.
    ///
    /// Throws  `Error` if weights or memory are too few or do not begin at a cache line, a limit is
    ///         out of range, or eos is not in the vocabulary
    StaticTranslator(std::span<const std::byte> weights, std::span<std::byte> memory,
                     const SpecialTokens& special, const TranslationLimits& limits)
        : StaticTranslator(weights, memory, special, limits, working_memory(limits)) {}
    /// The same where the limits are constants, and so `parts`, which is `working_memory(limits)`:
    /// the code that computes it takes some kilobytes.
    StaticTranslator(std::span<const std::byte> weights, std::span<std::byte> memory,
                     const SpecialTokens& special, const TranslationLimits& limits,
                     const WorkingMemory& parts)
        : limits_(limits), special_(special), parts_((check(memory, parts.sum()), parts)),
          memory_(memory), model_(weights, limits.source_tokens, limits.target_tokens, memory_),
          decoder_(model_, {.lasting = part(parts.caches),
                            .activations = part(parts.activations),
                            .scratch = part(parts.scratch),
                            .lists = part(parts.lists)}) {
        if (special.eos < 0 || special.eos >= A.target_vocab_size)
            fail("translator: the id of eos is ", special.eos, ", expected 0 to ",
                 A.target_vocab_size - 1);
        const std::span<std::byte> shared = bytes(parts.search);
        greedy_ = GreedySearch(shared);
        beam_ = BeamSearch(shared);
        results_.room = memory_.allocate<BoundedHypothesis>(limits.beam);
        const auto positions = static_cast<std::size_t>(limits.target_tokens);
        for (int i = 0; i < limits.beam; ++i)
            std::construct_at(results_.room + i,
                              BoundedHypothesis{{positions, memory_}, 0.0F, {positions, memory_}});
    }
    /// The same of weights that are floats.
    StaticTranslator(std::span<const float> weights, std::span<std::byte> memory,
                     const SpecialTokens& special, const TranslationLimits& limits)
        : StaticTranslator(std::as_bytes(weights), memory, special, limits) {
        static_assert(std::same_as<Weights, nn::Packed>,
                      "StaticTranslator: weights of this kind are bytes");
    }
    /// From the next source on, each may have the tokens of its list alone. `shortlist` must
    /// outlive this, and its vocabularies be those of the network.
    ///
    /// Throws  `Error` if a list may have more tokens than the limits tell, or the vocabularies
    ///         have another size
    void use_shortlist(const Lists& shortlist) requires has_lists {
        if (shortlist.source_vocab_size() != A.source_vocab_size ||
            shortlist.target_vocab_size() != A.target_vocab_size)
            fail("translator: a shortlist for ", shortlist.source_vocab_size(), " and ",
                 shortlist.target_vocab_size(), " tokens, expected ", A.source_vocab_size, " and ",
                 A.target_vocab_size);
        if (const int most = shortlist.most(limits_.source_tokens); most > limits_.listed_tokens)
            fail("translator: a list of a source of ", limits_.source_tokens, " tokens may have ",
                 most, " tokens, expected at most listed_tokens = ", limits_.listed_tokens);
        decoder_.use_shortlist(&shortlist);
    }
    // Its parts point at each other.
    StaticTranslator(const StaticTranslator&) = delete;
    StaticTranslator& operator=(const StaticTranslator&) = delete;

    /// The hypotheses of a source, best first, valid until the next call. A beam of 1 is greedy
    /// search. A network that learned from sources that end in eos, as `hat` trains them, expects
    /// it there.
    ///
    /// Throws  `Error` if an option is out of range or above the limits, or the source is empty,
    ///         too long, or has tokens that are not in the vocabulary
    std::span<const BoundedHypothesis> translate(std::span<const int> source,
                                                 SearchOptions options = {.beam = 1}) {
        start(source, options);
        while (step()) {
        }
        return hypotheses();
    }

    /// The same one step after the other, for who has other things to do meanwhile: `start` reads
    /// the source; `step` adds a token to every hypothesis, and says whether there is more to do;
    /// when there is not, `hypotheses` are as above. `start` may be called at any time.
    void start(std::span<const int> source, SearchOptions options = {.beam = 1}) {
        validate(options);
        check(source, options);
        const int longest =
            max_target_length(options, static_cast<int>(source.size()), limits_.target_tokens);
        options.max_length_a = 0.0F;
        options.max_length_b = longest;
        const std::array offsets{0, static_cast<int>(source.size())};
        const Entrants one{{source, Ragged(offsets.data(), 1)}};
        results_.resize(0);
        is_greedy_ = options.beam == 1;
        if (is_greedy_)
            greedy_.begin(decoder_, one, special_, options);
        else
            beam_.begin(decoder_, one, special_, options);
    }
    /// One step; whether there is another one to come.
    [[nodiscard]] bool step() {
        const std::span results(&results_, 1);
        if (is_greedy_) {
            if (!greedy_.is_done()) greedy_.advance(decoder_, results);
            return !greedy_.is_done();
        }
        if (!beam_.is_done()) beam_.advance(decoder_, results);
        return !beam_.is_done();
    }
    [[nodiscard]] std::span<const BoundedHypothesis> hypotheses() const noexcept {
        return {results_.room, results_.size()};
    }

    /// The most multiply-adds of reading a source, and of a step of all hypotheses.
    [[nodiscard]] static constexpr std::int64_t
    multiply_adds_of_start(const TranslationLimits& limits) noexcept {
        return model::encoding_macs(A, limits.source_tokens);
    }
    [[nodiscard]] static constexpr std::int64_t
    multiply_adds_of_step(const TranslationLimits& limits) noexcept {
        std::int64_t of_row = model::step_macs(A, limits.source_tokens, limits.target_tokens - 1);
        if (has_lists)
            of_row -= (std::int64_t{A.target_vocab_size} - limits.listed_tokens) * A.output_dim();
        return limits.beam * of_row;
    }

    /// Tokens before eos that a target of so many source tokens may have with any limits.
    [[nodiscard]] static int longest_target(const SearchOptions& options,
                                            int source_tokens) noexcept {
        constexpr int positions =
            A.decoder.max_positions > 0 ? A.decoder.max_positions : model::Network::max_tokens;
        return max_target_length(options, source_tokens, positions);
    }

    /// The network, as views on its weights.
    [[nodiscard]] const model::StaticTransformer<A, Weights>& network() const noexcept {
        return model_.view();
    }

    /// The most that was used so far of each part of the working memory.
    [[nodiscard]] WorkingMemory most_used() const noexcept {
        const auto& [lasting, activations, scratch, lists] = decoder_.arenas();
        return {.positions = parts_.positions,
                .caches = lasting.most_used_bytes(),
                .activations = activations.most_used_bytes(),
                .scratch = scratch.most_used_bytes(),
                .search =
                    std::max(greedy_.memory().most_used_bytes(), beam_.memory().most_used_bytes()),
                .results = parts_.results,
                .lists = parts_.lists};
    }

private:
    static constexpr void check(const TranslationLimits& limits) {
        require_between("translator", "beam", limits.beam, 1, 1'000);
        require_between("translator", "listed_tokens", limits.listed_tokens, has_lists ? 1 : 0,
                        has_lists ? A.target_vocab_size : 0);
        Model::check_tokens("source", limits.source_tokens, A.encoder.max_positions);
        Model::check_tokens("target", limits.target_tokens, A.decoder.max_positions);
    }
    static void check(std::span<const std::byte> memory, std::size_t bytes) {
        if (memory.size() < bytes ||
            reinterpret_cast<std::uintptr_t>(memory.data()) % alignment != 0)
            fail("translator: ", memory.size(), " bytes of working memory, expected ", bytes,
                 " that begin at a multiple of ", alignment);
    }
    void check(std::span<const int> source, const SearchOptions& options) const {
        require_between("translator", "tokens of the source", std::ssize(source), 1,
                        limits_.source_tokens);
        require_between("translator", "beam", options.beam, 1, limits_.beam);
        if (options.no_repeat_ngram > 0 && !limits_.no_repeats)
            fail("translator: no_repeat_ngram = ", options.no_repeat_ngram,
                 ", but its limits were made without no_repeats");
        check_token_ids(source, A.source_vocab_size, "translator: the source");
    }

    std::span<std::byte> bytes(std::size_t size) {
        return {memory_.allocate<std::byte>(static_cast<std::ptrdiff_t>(size)), size};
    }
    Arena part(std::size_t size) { return Arena(bytes(size)); }

    TranslationLimits limits_;
    SpecialTokens special_;
    WorkingMemory parts_;
    Arena memory_;
    Model model_;
    BasicCachedTransformer<Model, Lists> decoder_;
    GreedySearch greedy_;
    BeamSearch beam_;
    detail::BoundedResults results_;
    bool is_greedy_ = true;
};

}  // namespace hat::decode
