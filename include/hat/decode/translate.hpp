// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/forced.hpp>
#include <hat/decode/greedy.hpp>
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

/// What a translation is to be besides the likeliest.
struct Guidance {
    /// By sentence, the tokens that its target begins with; without any, all are free.
    Sources prefixes{};
    /// If there, targets are not searched for but drawn at random, one for each sentence.
    const SamplingOptions* sampling = nullptr;
    std::span<const RandomKey> keys{};  ///< by sentence, of what is drawn for it
};

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
        const int size = model.architecture().target_vocab_size;
        const auto check = [&](const char* name, int id, int lowest) {
            if (id < lowest || id >= size) {
                fail("translator: the id of ", name, " is ", id, ", expected ", lowest, " to ",
                     size - 1);
            }
        };
        check("eos", special.eos, 0);
        check("unk", special.unk, -1);
        check("pad", special.pad, -1);
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
        if (shortlist != nullptr) check(*shortlist);
        shortlist_ = shortlist;
    }

    /// The hypotheses of every sentence, in the order of `sources`, `batch_sentences` of which a
    /// thread is at together. A beam of 1 is greedy search.
    ///
    /// Throws  `Error` if an option is out of range, a sentence is empty or longer than the model
    ///         has positions for, or a token is not in the source vocabulary
    [[nodiscard]] std::vector<Hypotheses> translate(const Sources& sources,
                                                    const SearchOptions& options, ThreadPool& pool,
                                                    int batch_sentences = 32) {
        std::vector<Hypotheses> results;
        const int places = prepare(sources, options, pool, results, batch_sentences);
        search(sources, options, pool, results, places, {});
        return results;
    }

    /// The same into `results`, whose memory is used again, as in a stream of blocks: each
    /// hypothesis has room for as many tokens as it may have, so that one thread that translates
    /// as many sentences, of the same lengths, asks for no memory. Guided, if so wished.
    ///
    /// Throws  `Error` also if there is not one prefix or key for each source, a prefix has eos, a
    ///         token that is not in the target vocabulary, or more tokens than the target may have;
    ///         or if there is guidance and a shortlist
    void translate(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                   std::vector<Hypotheses>& results, int batch_sentences = 32,
                   const Guidance& guidance = {}) {
        const int places = prepare(sources, options, pool, results, batch_sentences);
        check(guidance, sources.sentences, options);
        make_room(sources.sentences, options, guidance.sampling != nullptr ? 1 : options.beam,
                  results);
        search(sources, options, pool, results, places, guidance);
    }

    /// The given targets, each ending in eos, with the scores that a search gives them; `results`
    /// has one hypothesis for each pair.
    ///
    /// Throws  `Error` as `translate`, or if there is not one target for each source, of tokens of
    ///         the target vocabulary, ending in eos, and no longer than the model has positions for
    void score(const Sources& sources, const Sources& targets, const SearchOptions& options,
               ThreadPool& pool, std::vector<Hypotheses>& results, int batch_sentences = 32) {
        force(sources, targets, options, pool, results, batch_sentences,
              [](Workspace& /*workspace*/, std::span<const int> /*batch*/) {
                  return [](std::span<const Row> /*rows*/) {};
              });
    }

    /// How much each token of a target, its eos among them, attends to each token of its source,
    /// its eos among them, when it is said: the mean over the heads of decoder layer `layer`.
    ///
    /// Shapes  result[s] [target tokens, source tokens]
    ///
    /// Throws  `Error` as `score`, or if the layer has no attention to the source
    [[nodiscard]] std::vector<std::vector<float>> attention(const Sources& sources,
                                                            const Sources& targets, int layer,
                                                            ThreadPool& pool,
                                                            int batch_sentences = 32) {
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
                          of_sentence.insert(of_sentence.end(), row.data(),
                                             row.data() + row.size());
                      }
                  };
              });
        return attention;
    }

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
    [[nodiscard]] int max_source_length() const noexcept {
        return model::Network::most_tokens(model_->view().source_positions);
    }
    /// Tokens that a target may have, its eos among them.
    [[nodiscard]] int max_target_length() const noexcept {
        return model::Network::most_tokens(model_->view().target_positions);
    }
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
    /// Some of many sentences, one after the other.
    struct Batch {
        Sources of(const Sources& all, std::span<const int> chosen) {
            tokens.clear();
            offsets.assign(1, 0);
            for (const int s : chosen) {
                const int* const sentence = all.tokens.data() + all.sentences.begin(s);
                tokens.insert(tokens.end(), sentence, sentence + all.sentences.length(s));
                offsets.push_back(static_cast<int>(tokens.size()));
            }
            return {tokens, Ragged(offsets.data(), static_cast<int>(chosen.size()))};
        }

        std::vector<int> tokens;
        std::vector<int> offsets;
    };

    /// What one thread takes from the queue.
    struct Supply {
        static constexpr bool refills = true;

        [[nodiscard]] Entrants take(int most) {
            const std::span<const int> numbers = queue.take(most);
            return {batch.of(sources, numbers), numbers, prefixes};
        }

        const Sources& sources;
        const Sources& prefixes;
        SentenceQueue& queue;
        Batch& batch;
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
            const Sources own = source.of(sources, batch);
            const Sources own_targets = target.of(targets, batch);
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
        Batch source;
        Batch target;
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
        check_targets(sources, targets);
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
        check(sources);
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

    void check(const data::Shortlist& shortlist) const {
        const model::Architecture& a = model_->architecture();
        if (hat::detail::is_present(model_->view().adaptive_softmax))
            fail("translator: a shortlist needs an output layer that is no adaptive softmax");
        if (shortlist.source_vocab_size() != a.source_vocab_size ||
            shortlist.target_vocab_size() != a.target_vocab_size)
            fail("translator: the shortlist has vocabularies of ", shortlist.source_vocab_size(),
                 " and ", shortlist.target_vocab_size(), ", but the network of ",
                 a.source_vocab_size, " and ", a.target_vocab_size);
        const auto& always = shortlist.lists().always;
        if (!std::binary_search(always.begin(), always.end(), special_.eos))
            fail("translator: the shortlist lacks eos, ", special_.eos,
                 ", among what is always allowed");
    }

    void check_targets(const Sources& sources, const Sources& targets) const {
        const Ragged& sentences = targets.sentences;
        if (sentences.sentences() != sources.sentences.sentences())
            fail("translator: ", sources.sentences.sentences(), " sources, but ",
                 sentences.sentences(), " targets");
        const int longest = max_target_length();
        for (int s = 0; s < sentences.sentences(); ++s) {
            const int length = sentences.length(s);
            if (length < 1 || length > longest)
                fail("translator: target ", s, " has ", length, " tokens, expected 1 to ", longest);
            const auto tokens = targets.tokens.subspan(static_cast<std::size_t>(sentences.begin(s)),
                                                       static_cast<std::size_t>(length));
            check_token_ids(tokens, model_->architecture().target_vocab_size, "translator: target ",
                            s);
            if (tokens.back() != special_.eos)
                fail("translator: target ", s, " ends in token ", tokens.back(), ", expected eos, ",
                     special_.eos);
        }
    }

    void check(const Guidance& guidance, const Ragged& sources,
               const SearchOptions& options) const {
        const auto require_one_for_each = [&](const char* what, int count) {
            if (count != sources.sentences())
                fail("translator: ", count, " ", what, " for ", sources.sentences(), " sentences");
        };
        if (guidance.sampling != nullptr)
            require_one_for_each("keys", static_cast<int>(guidance.keys.size()));
        const Ragged& prefixes = guidance.prefixes.sentences;
        if (shortlist_ != nullptr && (guidance.sampling != nullptr || prefixes.sentences() > 0))
            fail("translator: a shortlist goes with neither prefixes nor draws, which may need any "
                 "token");
        if (prefixes.sentences() == 0) return;
        require_one_for_each("prefixes", prefixes.sentences());
        for (int s = 0; s < prefixes.sentences(); ++s) {
            const auto prefix =
                guidance.prefixes.tokens.subspan(static_cast<std::size_t>(prefixes.begin(s)),
                                                 static_cast<std::size_t>(prefixes.length(s)));
            check_token_ids(prefix, model_->architecture().target_vocab_size,
                            "translator: the prefix of sentence ", s);
            const int most = max_target_length(options, sources.length(s));
            if (prefixes.length(s) > most)
                fail("translator: the prefix of sentence ", s, " has ", prefixes.length(s),
                     " tokens, expected at most ", most, ", as the target may have");
            if (std::find(prefix.begin(), prefix.end(), special_.eos) != prefix.end())
                fail("translator: the prefix of sentence ", s, " has an eos");
        }
    }

    void check(const Sources& sources) const {
        const int vocab_size = model_->architecture().source_vocab_size;
        const Ragged& sentences = sources.sentences;
        if (static_cast<std::size_t>(sentences.tokens()) != sources.tokens.size()) {
            fail("translator: ", sources.tokens.size(), " tokens, but the sentences have ",
                 sentences.tokens());
        }
        if (!model_->architecture().has_encoder()) return;
        const int longest = max_source_length();
        for (int s = 0; s < sentences.sentences(); ++s) {
            const int length = sentences.length(s);
            if (length < 1 || length > longest) {
                fail("translator: sentence ", s, " has ", length, " tokens, expected 1 to ",
                     longest);
            }
            check_token_ids(sources.tokens.subspan(static_cast<std::size_t>(sentences.begin(s)),
                                                   static_cast<std::size_t>(length)),
                            vocab_size, "translator: sentence ", s);
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

using Translator = BasicTranslator<model::PackedModel>;

}  // namespace hat::decode
