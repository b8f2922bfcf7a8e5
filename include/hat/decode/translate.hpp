// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/forced.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/decode/input_checks.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/sampled_search.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/decode/sentence_queue.hpp>
#include <hat/decode/shortlisted_outputs.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace hat::decode {

/// Translates any number of sentences, longest first. Each thread has places for a batch of them,
/// and takes the next ones when places are free. The result is the same for any number of threads
/// and any batch size.
///
///     hat::decode::Translator translator(packed, special);
///     const auto results = translator.translate(sources, {.beam = 5}, pool);
///     const std::vector<int>& best = results[0][0].tokens;
template <class Packed>
class BasicTranslator {
public:
    /// `model` must outlive this. `special` are the ids of the target vocabulary.
    ///
    /// Throws  `Error` if eos, unk or pad is not in the vocabulary
    BasicTranslator(const Packed& model, const SpecialTokens& special)
        : model_(&model), special_(special) {
        checks().check_special();
    }

    /// From now on, a translation has no tokens but those in the list of its source; any if there
    /// is no list. `shortlist` must outlive this. Scores of given targets are of all tokens, and
    /// what is guided needs them.
    ///
    /// Throws  `Error` if it is of other vocabularies, a list lacks eos, or the network has an
    ///         adaptive softmax, which tells no tokens apart without all of them
    void use_shortlist(const data::Shortlist* shortlist) {
        static_assert(BasicCachedTransformer<Packed>::may_have_lists,
                      "translator: shortlists need packed weights of sizes of run time");
        if (shortlist != nullptr) checks().check_shortlist(*shortlist);
        shortlist_ = shortlist;
    }

    /// The hypotheses of every sentence, in the order of `sources`, `batch_sentences` of which a
    /// thread is at together. A beam of 1 is greedy search.
    ///
    /// Throws  `Error` if an option is out of range, a sentence is empty or longer than the model
    ///         has positions for, or a token is not in the source vocabulary
    [[nodiscard]] std::vector<Hypotheses> translate(const Sources& sources,
                                                    const SearchOptions& options, ThreadPool& pool,
                                                    int batch_sentences = 32);

    /// The same into `results`, whose memory is used again, as in a stream of blocks: each
    /// hypothesis has room for as many tokens as it may have, so that one thread that translates
    /// as many sentences, of the same lengths, asks for no memory. Guided, if so wished.
    ///
    /// Throws  `Error` also if there is not one prefix or key for each source, a prefix has eos, a
    ///         token that is not in the target vocabulary, or more tokens than the target may have;
    ///         or if there is guidance and a shortlist
    void translate(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                   std::vector<Hypotheses>& results, int batch_sentences = 32,
                   const Guidance& guidance = {});

    /// The given targets, each ending in eos, with the scores that a search gives them; `results`
    /// has one hypothesis for each pair.
    ///
    /// Throws  `Error` as `translate`, or if there is not one target for each source, of tokens of
    ///         the target vocabulary, ending in eos, and no longer than the model has positions for
    void score(const Sources& sources, const Sources& targets, const SearchOptions& options,
               ThreadPool& pool, std::vector<Hypotheses>& results, int batch_sentences = 32);

    /// How much each token of a target, its eos among them, attends to each token of its source,
    /// its eos among them, when it is said: the mean over the heads of decoder layer `layer`.
    ///
    /// Shapes  result[s] [target tokens, source tokens]
    ///
    /// Throws  `Error` as `score`, or if the layer has no attention to the source
    [[nodiscard]] std::vector<std::vector<float>> attention(const Sources& sources,
                                                            const Sources& targets, int layer,
                                                            ThreadPool& pool,
                                                            int batch_sentences = 32);

    /// Of the lists of what was translated so far.
    [[nodiscard]] ListCounts list_counts() const noexcept {
        ListCounts all;
        for (const Workspace& workspace : workspaces_) all += workspace.model.list_counts();
        return all;
    }

    /// Throws  `Error` if decoder layer `layer`, from 0, is none, or has no attention to the source
    void check_attends(int layer) const {
        bool attends = false;
        for_each_layer(model_->view().decoder_layers, [&](const auto& of_model, int i) {
            attends = attends || (i == layer && of_model.attended_layers > 0);
        });
        if (!attends)
            fail("translator: decoder layer ", layer + 1, " of ", decoder_layers(),
                 " has no attention to the source");
    }
    [[nodiscard]] int decoder_layers() const noexcept {
        return decoder_layer_count(model_->view());
    }
    /// Tokens that a source may have, its eos among them.
    [[nodiscard]] int max_source_length() const noexcept { return checks().max_source_length(); }
    /// Tokens that a target may have, its eos among them.
    [[nodiscard]] int max_target_length() const noexcept { return checks().max_target_length(); }
    /// Tokens that the target of a source of `source_length` tokens may have before its eos.
    [[nodiscard]] int max_target_length(const SearchOptions& options,
                                        int source_length) const noexcept {
        return decode::max_target_length(options, source_length, max_target_length());
    }
    /// As `decode::is_cut`.
    [[nodiscard]] bool is_cut(const SearchOptions& options, int source_length,
                              std::span<const int> target) const noexcept {
        return decode::is_cut(options, source_length, target, max_target_length());
    }

private:
    [[nodiscard]] InputChecks<Packed> checks() const noexcept { return {*model_, special_}; }

    /// Some of many sentences; `chosen` has room for them.
    static Sources choose(const Sources& all, std::span<const int> numbers, OwnedSources& chosen) {
        chosen.clear();
        for (const int s : numbers) chosen.push_back(all[s]);
        return chosen.view();
    }

    /// What one thread takes from the queue.
    struct Supply {
        static constexpr bool refills = true;

        [[nodiscard]] Entrants take(int most) {
            const std::span<const int> numbers = queue.take(most);
            return {choose(sources, numbers, batch), numbers, prefixes};
        }

        const Sources& sources;
        const Sources& prefixes;
        SentenceQueue& queue;
        OwnedSources& batch;
    };

    struct CloseAtEnd {
        explicit CloseAtEnd(SentenceQueue& of) noexcept : queue(of) {}
        CloseAtEnd(const CloseAtEnd&) = delete;
        CloseAtEnd& operator=(const CloseAtEnd&) = delete;
        ~CloseAtEnd() { queue.close(); }

        SentenceQueue& queue;
    };

    /// What one thread needs.
    struct Workspace {
        explicit Workspace(const Packed& packed) : model(packed) {}

        void use_shortlist(const data::Shortlist* shortlist) noexcept {
            if constexpr (BasicCachedTransformer<Packed>::may_have_lists)
                model.use_shortlist(shortlist);
        }

        void translate(const Sources& sources, SentenceQueue& queue, int places,
                       const SpecialTokens& special, const SearchOptions& options,
                       const Guidance& guidance, std::span<Hypotheses> results) {
            Supply supply{sources, guidance.prefixes, queue, source};
            if (guidance.sampling != nullptr)
                sampled.run(model, supply, places, special, options, *guidance.sampling,
                            guidance.keys, results);
            else if (options.beam == 1)
                greedy.run(model, supply, places, special, options, results);
            else
                beam.run(model, supply, places, special, options, results);
        }

        template <class AfterStep>
        void score(const Sources& sources, const Sources& targets, std::span<const int> batch,
                   const SpecialTokens& special, const SearchOptions& options,
                   std::span<Hypotheses> results, const AfterStep& after_step) {
            const Sources own = choose(sources, batch, source);
            const Sources own_targets = choose(targets, batch, target);
            forced.run(model, own, own_targets, special, options, begin(batch, results),
                       after_step);
            swap_results(batch, results);
        }

        std::span<Hypotheses> begin(std::span<const int> batch, std::span<Hypotheses> results) {
            if (own_results.size() < batch.size()) own_results.resize(batch.size());
            swap_results(batch, results);
            return {own_results.data(), batch.size()};
        }

        /// There and back, so that each sentence's result keeps its memory.
        void swap_results(std::span<const int> batch, std::span<Hypotheses> results) {
            for (std::size_t i = 0; i < batch.size(); ++i) {
                std::swap(results[static_cast<std::size_t>(batch[i])], own_results[i]);
            }
        }

        BasicCachedTransformer<Packed> model;
        GreedySearch greedy;
        BeamSearch beam;
        SampledSearch sampled;
        ForcedDecoding forced;
        OwnedSources source;
        OwnedSources target;
        std::vector<Hypotheses> own_results;
    };

    /// Also if something fails.
    struct WatchNoneAtEnd {
        explicit WatchNoneAtEnd(std::vector<Workspace>& of) noexcept : workspaces(of) {}
        WatchNoneAtEnd(const WatchNoneAtEnd&) = delete;
        WatchNoneAtEnd& operator=(const WatchNoneAtEnd&) = delete;
        ~WatchNoneAtEnd() {
            for (Workspace& workspace : workspaces) workspace.model.watch(-1);
        }

        std::vector<Workspace>& workspaces;
    };

    void search(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                std::vector<Hypotheses>& results, int places, const Guidance& guidance) {
        SentenceQueue queue(order_);
        pool.run(pool.size(), [&](int /*index*/, int thread) {
            // Also if this fails: then others need not go on.
            const CloseAtEnd close{queue};
            Workspace& workspace = workspaces_[static_cast<std::size_t>(thread)];
            workspace.use_shortlist(shortlist_);
            workspace.translate(sources, queue, places, special_, options, guidance, results);
        });
    }

    /// Decodes the given targets; `watcher(workspace, batch)` is what sees the steps of a batch.
    template <class Watcher>
    void force(const Sources& sources, const Sources& targets, const SearchOptions& options,
               ThreadPool& pool, std::vector<Hypotheses>& results, int batch_sentences,
               const Watcher& watcher) {
        checks().check_targets(sources, targets);
        const int size = prepare(sources, options, pool, results, batch_sentences);
        const std::span<const int> order(order_);
        const int batches = (sources.sentences.sentences() + size - 1) / size;
        pool.run(batches, [&](int index, int thread) {
            const std::size_t first =
                static_cast<std::size_t>(index) * static_cast<std::size_t>(size);
            const auto batch = order.subspan(
                first, std::min(static_cast<std::size_t>(size), order.size() - first));
            Workspace& workspace = workspaces_[static_cast<std::size_t>(thread)];
            workspace.use_shortlist(nullptr);
            workspace.score(sources, targets, batch, special_, options, results,
                            watcher(workspace, batch));
        });
    }

    /// Checks the sources and sorts them. Returns how many a thread is to have at once.
    int prepare(const Sources& sources, const SearchOptions& options, const ThreadPool& pool,
                std::vector<Hypotheses>& results, int batch_sentences) {
        validate(options);
        if (batch_sentences < 1) {
            fail("translator: batches of ", batch_sentences, " sentences, expected 1 or more");
        }
        while (workspaces_.size() < static_cast<std::size_t>(pool.size())) {
            workspaces_.emplace_back(*model_);
        }
        checks().check_sources(sources);
        sort_by_length(sources.sentences);
        const int sentences = sources.sentences.sentences();
        results.resize(static_cast<std::size_t>(sentences));
        const int share = (sentences + pool.size() - 1) / pool.size();
        return std::max(1, std::min(batch_sentences, share));
    }

    /// Makes room for the longest targets that may be found, unless they would be absurdly many.
    void make_room(const Ragged& sources, const SearchOptions& options, int hypotheses,
                   std::vector<Hypotheses>& results) const {
        constexpr std::int64_t most_tokens = std::int64_t{1} << 22;
        std::int64_t tokens = 0;
        for (int s = 0; s < sources.sentences(); ++s)
            tokens += std::int64_t{hypotheses} * max_target_length(options, sources.length(s));
        if (tokens > most_tokens) return;
        for (int s = 0; s < sources.sentences(); ++s) {
            Hypotheses& of_sentence = results[static_cast<std::size_t>(s)];
            of_sentence.resize(static_cast<std::size_t>(hypotheses));
            const auto most =
                static_cast<std::size_t>(max_target_length(options, sources.length(s)) + 1);
            for (Hypothesis& hypothesis : of_sentence) {
                hypothesis.tokens.reserve(most);
                hypothesis.positional_scores.reserve(most);
            }
        }
    }

    /// Longest first: what takes longest begins first. Equals keep their order.
    void sort_by_length(const Ragged& sentences) {
        order_.resize(static_cast<std::size_t>(sentences.sentences()));
        std::iota(order_.begin(), order_.end(), 0);
        std::sort(order_.begin(), order_.end(), [&](int a, int b) {
            const int difference = sentences.length(a) - sentences.length(b);
            return difference != 0 ? difference > 0 : a < b;
        });
    }

    const Packed* model_;
    SpecialTokens special_;
    const data::Shortlist* shortlist_ = nullptr;
    std::vector<Workspace> workspaces_;  ///< one per thread
    std::vector<int> order_;
};

// Not inside the class, as of BasicCachedTransformer.

template <class Packed>
std::vector<Hypotheses> BasicTranslator<Packed>::translate(const Sources& sources,
                                                           const SearchOptions& options,
                                                           ThreadPool& pool, int batch_sentences) {
    std::vector<Hypotheses> results;
    const int places = prepare(sources, options, pool, results, batch_sentences);
    search(sources, options, pool, results, places, {});
    return results;
}

template <class Packed>
void BasicTranslator<Packed>::translate(const Sources& sources, const SearchOptions& options,
                                        ThreadPool& pool, std::vector<Hypotheses>& results,
                                        int batch_sentences, const Guidance& guidance) {
    const int places = prepare(sources, options, pool, results, batch_sentences);
    checks().check_guidance(guidance, sources.sentences, options, shortlist_ != nullptr);
    make_room(sources.sentences, options, guidance.sampling != nullptr ? 1 : options.beam, results);
    search(sources, options, pool, results, places, guidance);
}

template <class Packed>
void BasicTranslator<Packed>::score(const Sources& sources, const Sources& targets,
                                    const SearchOptions& options, ThreadPool& pool,
                                    std::vector<Hypotheses>& results, int batch_sentences) {
    force(sources, targets, options, pool, results, batch_sentences,
          [](Workspace& /*workspace*/, std::span<const int> /*batch*/) {
              return [](std::span<const Row> /*rows*/) {};
          });
}

template <class Packed>
std::vector<std::vector<float>>
BasicTranslator<Packed>::attention(const Sources& sources, const Sources& targets, int layer,
                                   ThreadPool& pool, int batch_sentences) {
    check_attends(layer);
    std::vector<std::vector<float>> attention(
        static_cast<std::size_t>(sources.sentences.sentences()));
    std::vector<Hypotheses> results;
    const WatchNoneAtEnd watch_none{workspaces_};
    force(sources, targets, {}, pool, results, batch_sentences,
          [&](Workspace& workspace, std::span<const int> batch) {
              workspace.model.watch(layer);
              return [&attention, &workspace, batch](std::span<const Row> rows) {
                  for (std::size_t i = 0; i < rows.size(); ++i) {
                      const ConstVector row = workspace.model.attention(static_cast<int>(i));
                      const int s = batch[static_cast<std::size_t>(rows[i].sentence)];
                      auto& of_sentence = attention[static_cast<std::size_t>(s)];
                      of_sentence.insert(of_sentence.end(), row.data(), row.data() + row.size());
                  }
              };
          });
    return attention;
}

/// That of networks packed in fp32.
using Translator = BasicTranslator<model::PackedModel>;
#ifdef HAT_SHARED_INSTANCES  // they are in <hat/decode/instances.hpp>
extern template class BasicTranslator<model::PackedModel>;
extern template class BasicTranslator<model::PackedModelOf<nn::PackedBf16>>;
extern template class BasicTranslator<model::PackedModelOf<nn::PackedInt8>>;
#endif

}  // namespace hat::decode
