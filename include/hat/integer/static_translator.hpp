// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/search.hpp>
#include <hat/integer/transformer.hpp>
#include <hat/integer/weight_sizes.hpp>
#include <hat/integer/weights.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hat::integer {

/// Bytes of working memory that translating with a network of integers takes, part by part.
struct WorkingMemory {
    std::size_t network = 0;  ///< what attention reads, and what layers compute
    std::size_t search = 0;   ///< hypotheses and results

    /// Bytes of both.
    [[nodiscard]] constexpr std::size_t sum() const noexcept { return network + search; }
};

/// Translates with a network of integers of fixed sizes, one sentence after the other, from weights
/// that lie ready and in memory of its user: it allocates nothing, and asks for no floating point.
/// What it finds is what `hat translate` finds with the same network and limits that suffice.
///
///     using Translator = hat::integer::StaticTranslator<architecture, limits>;
///     alignas(hat::alignment) static std::byte memory[Translator::working_memory(limits).sum()];
///     Translator translator(weights, memory, special_tokens, limits,
///                           Translator::working_memory(limits));
///     translator.start(source, {.beam = 2});
///     while (translator.step()) {}
///     const std::span<const int> target = translator.hypotheses()[0].tokens;
template <model::Architecture A, Limits L>
class StaticTranslator {
    static constexpr Transformer<Sizes> sizes = [] {
        check_supported(A);
        return weight_sizes(A, L.source_tokens, L.target_tokens);
    }();
    static constexpr auto bytes_of_weights = static_cast<std::size_t>(weight_bytes(sizes));
    static constexpr int most_positions(int learned) noexcept {
        return learned > 0 ? learned : model::most_sinusoidal_positions;
    }
    static_assert(L.beam >= 1 && has_places(L),
                  "StaticTranslator: beam · target_tokens of integers is at most 65536");
    static_assert(L.source_tokens >= 1 &&
                      L.source_tokens <= most_positions(A.encoder.max_positions),
                  "StaticTranslator: the network has no positions for so many tokens of a source");
    static_assert(L.target_tokens >= 1 &&
                      L.target_tokens <= most_positions(A.decoder.max_positions),
                  "StaticTranslator: the network has no positions for so many tokens of a target");

public:
    /// What translating within `limits` takes of memory, part by part.
    [[nodiscard]] static constexpr WorkingMemory working_memory(const Limits& limits) noexcept {
        return {.network = Network::bytes(sizes, limits), .search = Search::bytes(limits)};
    }

    /// `weights` are those of `static_weights`; `memory` begins at a cache line and has
    /// `working_memory(L).sum()` bytes, which `parts` is, as `limits` are L. Both must outlive it.
    /// `special` are the ids of the target vocabulary.
    ///
    /// Throws  `Error` if weights or memory are too few or do not begin where they must, or eos is
    ///         not in the vocabulary
    StaticTranslator(std::span<const std::byte> weights, std::span<std::byte> memory,
                     const SpecialTokens& special, const Limits& limits, const WorkingMemory& parts)
        : special_((check(weights, memory, special, parts), special)), memory_(memory),
          view_(shared_view(weights.data())), network_(view_, limits, memory_),
          search_(limits, memory_) {}
    // Its parts point at each other.
    StaticTranslator(const StaticTranslator&) = delete;
    StaticTranslator& operator=(const StaticTranslator&) = delete;

    /// Reads a source. Precondition: it has 1 … L.source_tokens tokens of the vocabulary, and
    /// options.beam is at most L.beam. May be called at any time.
    void start(std::span<const int> source, SearchOptions options) noexcept {
        options.beam = std::clamp(options.beam, 1, std::max(1, A.target_vocab_size - 1));
        options.max_length = std::min(longest_target(options, 0), L.target_tokens - 1);
        network_.start(source);
        search_.begin(special_, options);
        is_ranked_ = false;
    }
    /// Adds a token to every hypothesis, and says whether there is more to do.
    [[nodiscard]] bool step() noexcept {
        if (!search_.is_done()) search_.advance(network_);
        return !search_.is_done();
    }
    /// Best first, when there is nothing more to do, and none before; valid until the next `start`.
    [[nodiscard]] std::span<const Hypothesis> hypotheses() noexcept {
        if (!search_.is_done()) return {};
        if (!is_ranked_) ranked_ = search_.ranked();
        is_ranked_ = true;
        return ranked_;
    }

    /// The most multiply-adds of reading a source, and of a step of all hypotheses.
    [[nodiscard]] static constexpr std::int64_t
    multiply_adds_of_start(const Limits& limits) noexcept {
        const std::int64_t tokens = limits.source_tokens;
        std::int64_t sum = 0;
        for (const auto& layer : sizes.encoder_layers)
            sum += tokens * (weights_of(layer.self_attn) + weights_of(layer.feed_forward)) +
                   2 * tokens * tokens * layer.self_attn.query.weight.rows;
        for (const auto& layer : sizes.decoder_layers)
            sum += tokens * layer.attended_layers *
                   (weights_of(layer.encoder_attn.key) + weights_of(layer.encoder_attn.value));
        return sum;
    }
    [[nodiscard]] static constexpr std::int64_t
    multiply_adds_of_step(const Limits& limits) noexcept {
        std::int64_t sum =
            weights_of(sizes.output) + std::int64_t{sizes.output.scales.cols} *
                                           (sizes.shares_output ? A.decoder.embed_dim : 0);
        for (const auto& layer : sizes.decoder_layers) {
            const auto& cross = layer.encoder_attn;
            sum += weights_of(layer.self_attn) + weights_of(layer.feed_forward) +
                   weights_of(cross.query) + weights_of(cross.out_proj) +
                   std::int64_t{2} * limits.target_tokens * layer.self_attn.query.weight.rows +
                   std::int64_t{2} * limits.source_tokens * layer.attended_layers *
                       cross.query.weight.rows;
        }
        return limits.beam * sum;
    }

    /// Tokens before eos that a target may have with any limits, whatever its source has.
    [[nodiscard]] static constexpr int longest_target(const SearchOptions& options,
                                                      int /*source_tokens*/) noexcept {
        return std::min(options.max_length, most_positions(A.decoder.max_positions) - 1);
    }

private:
    static constexpr std::int64_t weights_of(const Linear<Sizes>& layer) noexcept {
        return std::int64_t{layer.weight.rows} * layer.weight.cols;
    }
    static constexpr std::int64_t weights_of(const Attention<Sizes>& layer) noexcept {
        return weights_of(layer.query) + weights_of(layer.key) + weights_of(layer.value) +
               weights_of(layer.out_proj);
    }
    static constexpr std::int64_t weights_of(const FeedForward<Sizes>& layer) noexcept {
        return weights_of(layer.first) + weights_of(layer.second);
    }

    static void check(std::span<const std::byte> weights, std::span<std::byte> memory,
                      const SpecialTokens& special, const WorkingMemory& parts) {
        const auto is_multiple = [](const std::byte* address, std::size_t of) {
            return reinterpret_cast<std::uintptr_t>(address) % of == 0;
        };
        if (weights.size() != bytes_of_weights || !is_multiple(weights.data(), weight_alignment))
            fail("translator: ", weights.size(), " bytes of weights, expected ", bytes_of_weights,
                 " that begin at a multiple of ", weight_alignment);
        if (memory.size() < parts.sum() || !is_multiple(memory.data(), alignment))
            fail("translator: ", memory.size(), " bytes of working memory, expected ", parts.sum(),
                 " that begin at a multiple of ", alignment);
        if (special.eos < 0 || special.eos >= A.target_vocab_size)
            fail("translator: the id of eos is ", special.eos, ", expected 0 to ",
                 A.target_vocab_size - 1);
    }
    static Transformer<Constants> shared_view(const std::byte* weights) {
        Transformer<Constants> view = place_weights<Constants>(sizes, weights);
        share_tables(view);
        return view;
    }

    SpecialTokens special_;
    Arena memory_;
    Transformer<Constants> view_;
    Network network_;
    Search search_;
    std::span<const Hypothesis> ranked_;
    bool is_ranked_ = false;
};

}  // namespace hat::integer
