// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/latency/stopwatch.hpp>
#include <hat/latency/workload.hpp>
#include <hat/model/pack.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hat::latency {

/// How long a sentence takes, mean over the workload.
struct Latency {
    double encoder_ms = 0;  ///< up to the first step of the decoder
    double decoder_ms = 0;  ///< all steps, the search among them

    /// The whole sentence.
    [[nodiscard]] constexpr double total_ms() const noexcept { return encoder_ms + decoder_ms; }
    friend constexpr bool operator==(const Latency&, const Latency&) = default;
};

/// A network and the sentences it is timed on: the packed weights, the caches and the search that
/// `decode::Translator` serves with, one sentence at a time on the calling thread.
///
/// The encoder's time contains the projections of its output that cross-attention reads, which a
/// served network makes once a sentence. The sources are random tokens; so are the lists of a
/// network that has them, each as long as they may be: the time depends on how many tokens they
/// have, not on which.
///
///     TimedTranslation timed(model::PackedModel(network.view(genes)), workload);
///     timed.run();                       // the first run asks for memory
///     const Latency latency = timed.run();
template <Clock Timer = SteadyClock, class Weights = nn::Packed>
class TimedTranslation {
    using Model = model::PackedModelOf<Weights>;

public:
    /// Throws  `Error` if a sentence is longer than the network has positions for, or the
    ///         vocabulary has no tokens besides the special ones
    TimedTranslation(model::PackedModelOf<Weights> model, const LatencyWorkload& workload,
                     Timer clock = {})
        : packed_(std::move(model)), steps_(packed_, clock), special_(workload.special),
          clock_(clock) {
        decode::validate({.beam = workload.beam});
        const model::Architecture& a = packed_.architecture();
        if (workload.lengths.empty()) fail("latency: there are no sentences to time");
        for (const PairLength& pair : workload.lengths) {
            check("source", pair.source, steps_.max_source_length());
            check("target", pair.target, steps_.max_length());
        }
        constexpr int first_token = 4;  // those before it are special in all our vocabularies
        if ((a.has_encoder() && a.source_vocab_size <= first_token) ||
            a.target_vocab_size <= first_token)
            fail("latency: vocabularies of ", a.source_vocab_size, " and ", a.target_vocab_size,
                 ", expected more than ", first_token);
        if (a.serving.listed_tokens > 0) {
            list_ = random_list(a, special_.eos, workload.seed);
            steps_.use_shortlist(&list_);
        }
        Random random(workload.seed);
        for (const PairLength& pair : workload.lengths) {
            Sentence sentence;
            for (int i = 1; a.has_encoder() && i < pair.source; ++i) {
                const auto tokens = static_cast<std::uint64_t>(a.source_vocab_size - first_token);
                sentence.source.push_back(first_token + static_cast<int>(random.below(tokens)));
            }
            sentence.source.push_back(special_.eos);
            sentence.options = {.beam = workload.beam,
                                .max_length_b = pair.target - 1,
                                .min_length = pair.target - 1,
                                .scores = workload.beam > 1};
            sentence.results.resize(1);
            sentences_.push_back(std::move(sentence));
        }
    }
    TimedTranslation(const TimedTranslation&) = delete;
    TimedTranslation& operator=(const TimedTranslation&) = delete;

    /// Translates every sentence once.
    ///
    /// Cost    allocates nothing from the second run on
    Latency run() {
        steps_.encoder_ms = 0;
        double all_ms = 0;
        for (Sentence& sentence : sentences_) {
            const int offsets[] = {0, static_cast<int>(sentence.source.size())};
            const decode::Sources sources{sentence.source, Ragged(offsets, 1)};
            const double before = clock_.now_ms();
            if (sentence.options.beam == 1)
                greedy_.run(steps_, sources, special_, sentence.options, sentence.results);
            else
                beam_.run(steps_, sources, special_, sentence.options, sentence.results);
            all_ms += clock_.now_ms() - before;
        }
        const auto n = static_cast<double>(sentences_.size());
        return {steps_.encoder_ms / n, (all_ms - steps_.encoder_ms) / n};
    }

    /// Of the network that translates.
    [[nodiscard]] const model::Architecture& architecture() const noexcept {
        return packed_.architecture();
    }
    /// The source of sentence `i`, and the translations that the last run made of it.
    [[nodiscard]] std::span<const int> source(std::size_t i) const noexcept {
        return sentences_[i].source;
    }
    [[nodiscard]] const decode::Hypotheses& translations(std::size_t i) const noexcept {
        return sentences_[i].results.front();
    }

private:
    /// The step model that is served, with the time that `start` takes.
    class TimedSteps {
    public:
        TimedSteps(const Model& packed, Timer clock) : model_(packed), clock_(clock) {}

        [[nodiscard]] int vocab_size() const noexcept { return model_.vocab_size(); }
        [[nodiscard]] int max_length() const noexcept { return model_.max_length(); }
        [[nodiscard]] int max_source_length() const noexcept { return model_.max_source_length(); }

        void use_shortlist(const data::Shortlist* shortlist) noexcept {
            model_.use_shortlist(shortlist);
        }
        void start(const decode::Sources& sources, int rows, std::span<const int> max_lengths) {
            const double before = clock_.now_ms();
            model_.start(sources, rows, max_lengths);
            encoder_ms += clock_.now_ms() - before;
        }
        [[nodiscard]] kernels::CandidateRows step(std::span<const decode::Row> rows,
                                                  const decode::Selection& selection) {
            return model_.step(rows, selection);
        }

        double encoder_ms = 0;

    private:
        decode::BasicCachedTransformer<Model> model_;
        Timer clock_;
    };

    struct Sentence {
        std::vector<int> source;
        decode::SearchOptions options;
        std::vector<decode::Hypotheses> results;
    };

    /// The same tokens for every sentence, the end of sentence among them.
    static data::Shortlist random_list(const model::Architecture& a, int eos, std::uint64_t seed) {
        std::vector<int> tokens = indices_of(a.target_vocab_size);
        std::swap(tokens.front(), tokens[static_cast<std::size_t>(eos)]);
        constexpr std::uint64_t of_lists = 1;  // not the draws that make the sources
        Random random(RandomKey(seed).split(of_lists));
        const auto listed = static_cast<std::size_t>(a.serving.listed_tokens);
        for (std::size_t i = 1; i < listed; ++i)
            std::swap(tokens[i], tokens[i + random.below(tokens.size() - i)]);
        tokens.resize(listed);
        std::sort(tokens.begin(), tokens.end());
        const auto sources = static_cast<std::size_t>(a.source_vocab_size) + 1;
        return {{.always = std::move(tokens), .offsets = std::vector<int>(sources, 0)},
                a.target_vocab_size};
    }

    static void check(const char* side, int length, int longest) {
        if (length < 1 || length > longest)
            fail("latency: a ", side, " of ", length, " tokens, expected 1 to ", longest,
                 ", the positions that the network has");
    }

    Model packed_;
    TimedSteps steps_;
    data::Shortlist list_;
    SpecialTokens special_;
    Timer clock_;
    decode::GreedySearch greedy_;
    decode::BeamSearch beam_;
    std::vector<Sentence> sentences_;
};

}  // namespace hat::latency
