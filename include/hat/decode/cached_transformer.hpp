// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/position.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/memory.hpp>
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/kernels/packed_matrix.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/nn/attention_step.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace hat::decode {

/// What a decoder works in.
struct DecoderArenas {
    Arena lasting = Arena();      ///< what attention reads
    Arena activations = Arena();  ///< of encoding, and of a step
    Arena scratch = Arena();
    Arena lists = Arena();  ///< of a shortlist, see `ShortlistedOutputs`
};

namespace detail {

template <class Weights, class Parts>
Weights weights_of(const model::Transformer<Weights, Parts>&);
/// The weights of a model.
template <class Model>
using WeightsOf = decltype(weights_of(std::declval<const Model&>().view()));

/// The output layer of packed weights with lists, and of no others.
template <class Weights, class Lists>
struct ListedOutputsOf {
    using type = Absent;
};
template <class Format, class Lists>
requires(!std::same_as<Lists, Absent>) struct ListedOutputsOf<nn::PackedAs<Format>, Lists> {
    using type = ShortlistedOutputs<nn::PackedAs<Format>, Lists>;
    using Matrix = kernels::PackedOf<Format>;
};

template <class Model>
using OutputOf = std::remove_cvref_t<decltype(std::declval<const Model&>().view().output)>;
template <class Weights>
using ListedMatrixOf = typename ListedOutputsOf<Weights, data::Shortlist>::Matrix;

/// Whether the sizes of a model are those of run time, and its weights packed.
template <class Model>
concept MayHaveShortlist = std::same_as<OutputOf<Model>, ListedMatrixOf<WeightsOf<Model>>>;

/// The lists that a model's sentences may have unless others are named.
template <class Model>
using ListsOf = std::conditional_t<MayHaveShortlist<Model>, data::Shortlist, Absent>;

}  // namespace detail

/// A Transformer that decodes step by step: a `StepModel`. It owns the caches and all memory
/// of a batch, and keeps it: a batch no bigger than one before allocates nothing. It may be given
/// memory instead.
///
/// What a step returns for a row depends on the row's source and prefix alone: the same bits in any
/// batch and beam.
///
/// `Model` has the `view()` of a Transformer of any weights: `model::PackedModel`, a network of
/// fixed sizes, or views that train, which are decoded as they are, and with other roundings. Its
/// decoder is a template also where there is one model, so that only those who use it wait for a
/// compiler to go through a network.
///
/// `Lists` are a `data::Shortlist` or a view of one, which sentences may have; `Absent` if they
/// have none.
template <class Model, class Lists = detail::ListsOf<Model>>
class BasicCachedTransformer {
public:
    /// `model` must outlive this.
    explicit BasicCachedTransformer(const Model& model) : model_(&model) {}

    /// Works in arenas that have the bytes which `decode/memory.hpp` tells of packed weights:
    /// enough for `start` and `step`. `logits` takes [rows, target_vocab_size] floats of
    /// activations more.
    BasicCachedTransformer(const Model& model, DecoderArenas arenas)
        : model_(&model), arenas_(std::move(arenas)) {
        if constexpr (may_have_lists) shortlisted_ = Shortlisted(std::move(arenas_.lists));
    }

    /// What it works in.
    [[nodiscard]] const DecoderArenas& arenas() const noexcept { return arenas_; }

    /// Tokens of the target's vocabulary.
    [[nodiscard]] int vocab_size() const noexcept {
        return network().architecture.target_vocab_size;
    }
    /// Positions that a target may have.
    [[nodiscard]] int max_length() const noexcept {
        return model::Network::most_tokens(Weights::table(network().target_positions).value);
    }
    /// Tokens that a source may have, its eos among them.
    [[nodiscard]] int max_source_length() const noexcept {
        return model::Network::most_tokens(Weights::table(network().source_positions).value);
    }

    /// From the next `start` on, each sentence may have the tokens of its list alone; all if there
    /// is no list. `shortlist` must outlive this.
    ///
    /// Precondition: the vocabularies are those of the network, which has no adaptive softmax.
    void use_shortlist(const Lists* shortlist) noexcept {
        static_assert(may_have_lists, "BasicCachedTransformer: shortlists need packed weights, and "
                                      "the type of the lists where sizes are fixed");
        shortlisted_.use(shortlist);
    }

    /// Of all lists that sentences had so far.
    [[nodiscard]] ListCounts list_counts() const noexcept {
        if constexpr (may_have_lists) return shortlisted_.counts();
        return {};
    }

    /// Makes a place for every sentence, runs the encoder, and projects what cross-attention will
    /// read of it.
    void start(const Sources& sources, int rows_per_sentence, std::span<const int> max_lengths);
    /// The same of sentences that take the places of others, which were not shorter.
    void admit(const Sources& sources, std::span<const int> places,
               std::span<const int> max_lengths);

    /// Precondition: the network has no adaptive softmax, which does not compute its words in
    /// blocks; see `logits`.
    [[nodiscard]] kernels::CandidateRows step(std::span<const Row> rows,
                                              const Selection& selection);

    /// From now on, each step tells `attention`: of decoder layer `layer`, which must have
    /// attention to the source; −1: of none.
    void watch(int layer) noexcept { watched_layer_ = layer; }
    /// How much a row of the last step attended to each token of its source in the layer that is
    /// watched: the mean over its heads. Where it attends to several encoder layers, a token is
    /// what it is in all of them. Valid until the next step.
    ///
    /// Shapes  result [tokens of the source]
    [[nodiscard]] ConstVector attention(int row) const noexcept {
        return {attention_.row_data(row), attention_tokens_[row]};
    }

    /// As `step`, with the logits of all tokens: what sampling draws from. Those of an adaptive
    /// softmax are log-probabilities. Valid until the next step.
    ///
    /// Shapes  result [rows, target_vocab_size]
    [[nodiscard]] Matrix logits(std::span<const Row> rows);

private:
    static constexpr bool view_stays =
        std::is_lvalue_reference_v<decltype(std::declval<const Model&>().view())>;
    static_assert(view_stays,
                  "BasicCachedTransformer: view() must return a reference to views that "
                  "the model keeps");

    using Weights = detail::WeightsOf<Model>;
    [[nodiscard]] const auto& network() const noexcept { return model_->view(); }

    using Shortlisted = typename detail::ListedOutputsOf<Weights, Lists>::type;

public:
    /// Whether sentences may have lists.
    static constexpr bool may_have_lists = !std::same_as<Shortlisted, Absent>;

private:
    [[nodiscard]] bool has_lists() const noexcept {
        if constexpr (may_have_lists) return shortlisted_.is_used();
        return false;
    }

    /// Takes every row one position further. Returns what their logits are made from.
    ///
    /// Shapes  result [rows, output_dim]
    [[nodiscard]] Matrix advance(std::span<const Row> rows);

    [[nodiscard]] std::span<nn::MemoryKeysValues> cross(int layer) noexcept {
        return {cross_ + std::ptrdiff_t{layer} * sentences_, static_cast<std::size_t>(sentences_)};
    }

    /// Lets sentences into their places: sentence i into `place(i)`.
    template <class Place>
    void enter(const Sources& sources, const Place& place);
    /// Encodes the sentences `first` … `last − 1`.
    template <class Place>
    void encode(const Sources& sources, int first, int last, const Place& place);

    /// Makes room for what the watched layer attends to.
    void prepare_attention(int rows);
    /// Adds up what was attended to of the same token in several encoder layers.
    void add_attended_layers(std::span<const Row> rows);

    /// The embedded tokens of the rows.
    autograd::Variable embed(autograd::Eval& context, std::span<const Row> rows);

    const Model* model_;
    int sentences_ = 0;  ///< places of them
    nn::PrefixTable table_;
    nn::KeyValueCaches caches_;
    nn::MemoryKeysValues* cross_ = nullptr;  ///< [layer][place]
    int watched_layer_ = -1;
    Matrix attention_;
    int* attention_tokens_ = nullptr;  ///< of each row
    DecoderArenas arenas_{};
    [[no_unique_address]] Shortlisted shortlisted_{};
};

// Not inside the class, where members are inline: a compiler goes through those wherever they are
// used, though another source has them (HAT_SHARED_INSTANCES).

template <class Model, class Lists>
void BasicCachedTransformer<Model, Lists>::start(const Sources& sources, int rows_per_sentence,
                                                 std::span<const int> max_lengths) {
    const int layers = decoder_layer_count(network());
    arenas_.lasting.reset(
        bytes_of_caches(network(), sources.sentences, rows_per_sentence, max_lengths));
    arenas_.activations.reset();
    arenas_.scratch.reset();
    table_.start(rows_per_sentence, max_lengths, arenas_.lasting);
    caches_.start(layers, widest_keys(network()), table_.page_capacity(), arenas_.lasting);
    sentences_ = sources.sentences.sentences();
    cross_ = arenas_.lasting.allocate<nn::MemoryKeysValues>(std::ptrdiff_t{layers} * sentences_);
    for_each_layer(network().decoder_layers, [&](const auto& layer, int i) {
        for (int s = 0; layer.attended_layers > 0 && s < sentences_; ++s)
            cross(i)[static_cast<std::size_t>(s)] = nn::place_for_memory(
                layer.encoder_attn, layer.attended_layers * sources.sentences.length(s),
                arenas_.lasting);
    });
    if constexpr (may_have_lists)
        if (has_lists()) shortlisted_.start(sources.sentences, rows_per_sentence, network().output);
    enter(sources, [](int sentence) { return sentence; });
}

template <class Model, class Lists>
void BasicCachedTransformer<Model, Lists>::admit(const Sources& sources,
                                                 std::span<const int> places,
                                                 std::span<const int> max_lengths) {
    arenas_.activations.reset();
    arenas_.scratch.reset();
    for (std::size_t i = 0; i < places.size(); ++i) table_.restart(places[i], max_lengths[i]);
    enter(sources, [&](int sentence) { return places[static_cast<std::size_t>(sentence)]; });
}

template <class Model, class Lists>
template <class Place>
void BasicCachedTransformer<Model, Lists>::enter(const Sources& sources, const Place& place) {
    if (!network().architecture.has_encoder()) return;
    const int sentences = sources.sentences.sentences();
    if constexpr (may_have_lists) {
        for (int s = 0; has_lists() && s < sentences; ++s)
            shortlisted_.enter(place(s), {sources.tokens.data() + sources.sentences.begin(s),
                                          static_cast<std::size_t>(sources.sentences.length(s))});
    }
    // A few sentences at a time, so that their activations stay in the second-level cache.
    constexpr int tokens_at_a_time = 256;
    for (int first = 0, last = 0; first < sentences; first = last) {
        const auto tokens = [&] {
            return sources.sentences.offsets()[last] - sources.sentences.begin(first);
        };
        for (++last; last < sentences && tokens() < tokens_at_a_time;) ++last;
        encode(sources, first, last, place);
    }
}

template <class Model, class Lists>
kernels::CandidateRows BasicCachedTransformer<Model, Lists>::step(std::span<const Row> rows,
                                                                  const Selection& selection) {
    HAT_ASSERT(!hat::detail::is_present(network().adaptive_softmax));
    const Matrix states = advance(rows);
    if constexpr (may_have_lists)
        if (has_lists()) return shortlisted_.choose(states, rows, selection, arenas_.scratch);
    const auto x = Weights::prepare(states, arenas_.scratch);
    return kernels::top_candidates(
        states.rows(), vocab_size(),
        [&](int first, Matrix y) {
            Weights::outputs(x, network().output, first, y, arenas_.scratch);
        },
        selection.count, selection.normalize, 1.0F / selection.temperature,
        [&](int row, int first, std::span<float> outputs) {
            apply_rules(rows[static_cast<std::size_t>(row)], selection, first, outputs);
        },
        arenas_.scratch);
}

template <class Model, class Lists>
Matrix BasicCachedTransformer<Model, Lists>::logits(std::span<const Row> rows) {
    const Matrix x = advance(rows);
    const Matrix y = arenas_.activations.matrix(x.rows(), vocab_size());
    using Adaptive = std::remove_cvref_t<decltype(network().adaptive_softmax)>;
    if constexpr (!std::same_as<Adaptive, Absent>) {
        if (network().adaptive_softmax) {
            autograd::Eval context(arenas_.activations, arenas_.scratch);
            nn::log_probabilities(context, *network().adaptive_softmax, {x, nullptr}, y);
            return y;
        }
    }
    Weights::outputs(Weights::prepare(x, arenas_.scratch), network().output, 0, y, arenas_.scratch);
    return y;
}

template <class Model, class Lists>
Matrix BasicCachedTransformer<Model, Lists>::advance(std::span<const Row> rows) {
    arenas_.activations.reset();
    arenas_.scratch.reset();
    autograd::Eval context(arenas_.activations, arenas_.scratch);
    table_.advance(rows);
    const auto past = [&](const auto& layer, int i) {
        return nn::CachedPrefixes{table_, caches_.layer(i, layer.self_attn.query.weight.outputs())};
    };
    if (watched_layer_ >= 0) prepare_attention(static_cast<int>(rows.size()));
    const auto memory = [&](const auto& /*layer*/, int i) {
        return nn::CachedMemory{table_, cross(i), i == watched_layer_ ? attention_ : Matrix()};
    };
    const Matrix states = run_decoder(context, network(), {}, embed(context, rows), past, memory,
                                      [](int, const autograd::Variable&) {})
                              .value;
    if (watched_layer_ >= 0) add_attended_layers(rows);
    return states;
}

template <class Model, class Lists>
void BasicCachedTransformer<Model, Lists>::prepare_attention(int rows) {
    int longest = 0;
    for (const nn::SentenceRows& group : table_.groups())
        longest = std::max(
            longest, cross(watched_layer_)[static_cast<std::size_t>(group.sentence)].positions);
    attention_ = arenas_.activations.matrix(rows, longest);
    attention_tokens_ = arenas_.activations.allocate<int>(rows);
}

template <class Model, class Lists>
void BasicCachedTransformer<Model, Lists>::add_attended_layers(std::span<const Row> rows) {
    int layers = 1;
    for_each_layer(network().decoder_layers, [&](const auto& layer, int i) {
        if (i == watched_layer_) layers = layer.attended_layers;
    });
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto place = static_cast<std::size_t>(rows[i].sentence);
        const int tokens = cross(watched_layer_)[place].positions / layers;
        float* const attention = attention_.row_data(static_cast<int>(i));
        for (int k = tokens; k < layers * tokens; ++k) attention[k % tokens] += attention[k];
        attention_tokens_[i] = tokens;
    }
}

template <class Model, class Lists>
template <class Place>
void BasicCachedTransformer<Model, Lists>::encode(const Sources& sources, int first, int last,
                                                  const Place& place) {
    const ArenaScope memory_scope(arenas_.activations);
    const ArenaScope scratch_scope(arenas_.scratch);
    autograd::Eval context(arenas_.activations, arenas_.scratch);
    const int begin = sources.sentences.begin(first);
    int* const offsets = arenas_.activations.allocate<int>(last - first + 1);
    for (int s = first; s <= last; ++s) {
        offsets[s - first] = sources.sentences.offsets()[s] - begin;
    }
    const Ragged sentences(offsets, last - first);
    const auto tokens = sources.tokens.subspan(static_cast<std::size_t>(begin),
                                               static_cast<std::size_t>(sentences.tokens()));
    const model::Encoded encoded = model::encode(context, network(), {}, tokens, sentences);
    model::Memories memories(network().architecture, encoded);
    for_each_layer(network().decoder_layers, [&](const auto& layer, int i) {
        const model::Memory& memory = memories.of(context, layer.attended_layers);
        nn::cache_memory(context, layer.encoder_attn, memory.states, memory.sentences,
                         [&](int s) -> nn::MemoryKeysValues& {
                             return cross(i)[static_cast<std::size_t>(place(first + s))];
                         });
    });
}

template <class Model, class Lists>
autograd::Variable BasicCachedTransformer<Model, Lists>::embed(autograd::Eval& context,
                                                               std::span<const Row> rows) {
    const int n = static_cast<int>(rows.size());
    int* const tokens = arenas_.activations.allocate<int>(n);
    int* const offsets = arenas_.activations.allocate<int>(n + 1);
    for (int i = 0; i < n; ++i) tokens[i] = rows[static_cast<std::size_t>(i)].token;
    const auto embedded = [&](int sentences, const autograd::Parameter& positions) {
        for (int i = 0; i <= sentences; ++i) offsets[i] = i * (n / sentences);
        return embed_target(context, network(), {}, {tokens, rows.size()},
                            Ragged(offsets, sentences), positions);
    };
    const autograd::Parameter all = Weights::table(network().target_positions);
    const auto position = [&](const auto& row) { return table_.length(row.sentence) - 1; };
    const auto& groups = table_.groups();
    const bool is_together = std::all_of(groups.begin(), groups.end(), [&](const auto& group) {
        return position(group) == position(groups.front());
    });
    if (is_together || all.empty()) {
        // Every row is the first token of a sentence.
        const int first = all.empty() ? 0 : position(groups.front());
        return embedded(n, all.empty() ? all : all.middle_rows(first, all.outputs() - first));
    }
    // The rows are the tokens of one sentence, whose positions are theirs.
    const Matrix own = arenas_.activations.matrix(first_position + n, all.inputs());
    for (int i = 0; i < n; ++i)
        std::copy_n(
            all.value.row_data(first_position + position(rows[static_cast<std::size_t>(i)])),
            own.cols(), own.row_data(first_position + i));
    return embedded(1, autograd::constant(own));
}

/// That of networks packed in fp32.
using CachedTransformer = BasicCachedTransformer<model::PackedModel>;
#ifdef HAT_SHARED_INSTANCES
extern template class BasicCachedTransformer<model::PackedModel>;
extern template class BasicCachedTransformer<model::PackedModelOf<nn::PackedBf16>>;
extern template class BasicCachedTransformer<model::PackedModelOf<nn::PackedInt8>>;
#endif

static_assert(RefillableStepModel<CachedTransformer>);

}  // namespace hat::decode
