// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/autograd/recurrent_dropout.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/tree.hpp>
#include <hat/model/any_architecture.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/encoded.hpp>
#include <hat/model/layer_points.hpp>
#include <hat/nn/adaptive_input.hpp>
#include <hat/nn/adaptive_softmax.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/embedding.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

namespace hat::model {

/// The Transformer of HAT (arXiv:2005.14187) and of DeLighT (arXiv:2008.00623): a value made of
/// views only. It knows nothing of slicing, ownership or training; `Weights` says what its weights
/// are, `Parts` which of its sizes the compiler knows. Without encoder layers it is a language
/// model.
///
/// Shapes  source_embedding [source_vocab_size, E],  target_embedding [target_vocab_size, D],
///         output [target_vocab_size, D],  positions [rows, E or D] or empty. Where units widen the
///         embeddings, tables and output have `architecture.embedding.dim` columns, and project_out
///         leads there from D, unless that is as wide.
template <class Weights, class Parts = AnyArchitecture>
struct Transformer {
    Architecture architecture{};
    nn::Embedding<Weights, typename Parts::SourceVocab, typename Parts::SourceTableDim>
        source_embedding{};
    nn::Embedding<Weights, typename Parts::TargetVocab, typename Parts::TargetTableDim>
        target_embedding{};
    typename Weights::template Table<int, typename Parts::EncoderDim> source_positions{};
    typename Weights::template Table<int, typename Parts::DecoderDim> target_positions{};
    typename Parts::template EncoderLayers<Weights> encoder_layers{};
    typename Parts::template DecoderLayers<Weights> decoder_layers{};
    /// Pre-norm with a final norm only.
    nn::LayerNorm<Weights, typename Parts::EncoderDim> encoder_layer_norm{};
    nn::LayerNorm<Weights, typename Parts::DecoderDim> decoder_layer_norm{};
    typename Weights::template Matrix<typename Parts::TargetVocab, typename Parts::OutputDim>
        output{};
    [[no_unique_address]] typename Parts::template SourceUnit<Weights> source_unit{};
    [[no_unique_address]] typename Parts::template TargetUnit<Weights> target_unit{};
    /// Without bias.
    nn::Linear<Weights, typename Parts::OutputDim, typename Parts::DecoderDim> project_out{};
    /// Language models: instead of target_embedding, and of output.
    [[no_unique_address]] typename Parts::template AdaptiveInput<Weights> adaptive_input{};
    [[no_unique_address]] typename Parts::template AdaptiveSoftmax<Weights> adaptive_softmax{};
    /// What `dextra` of layers and the units above stand for.
    [[no_unique_address]] typename Parts::template Units<Weights> units{};

    /// In the order of the reference's checkpoints, under its names. Tables that are one have one.
    static constexpr void members(const auto& f, auto&... self) {
        const Sharing sharing = leading(self...).architecture.sharing;
        const auto all = f.with(self.units...);
        const auto encoder = all.in("encoder");
        const auto decoder = all.in("decoder");
        f("architecture", self.architecture...);
        encoder("embed_tokens", self.source_embedding...);
        encoder("embed_positions.weight", self.source_positions...);
        encoder("embed_tokens.dextra_layer", self.source_unit...);
        encoder("layers", self.encoder_layers...);
        encoder("layer_norm", self.encoder_layer_norm...);

        decoder("embed_tokens", self.adaptive_input...);
        decoder("", self.adaptive_softmax...);
        const auto& table_side = sharing == Sharing::all ? encoder : decoder;
        if (sharing == Sharing::none) decoder("embed_out", self.output...);
        table_side("embed_tokens", self.target_embedding...);
        if (sharing != Sharing::none) table_side("embed_tokens.weight", self.output...);
        decoder("embed_tokens.dextra_layer", self.target_unit...);
        decoder("embed_positions.weight", self.target_positions...);
        decoder("layers", self.decoder_layers...);
        decoder("layer_norm", self.decoder_layer_norm...);
        decoder("project_out_dim", self.project_out...);
    }
};

/// What the decoder makes: its embedded input and the output of every layer.
struct Decoded {
    Variable output;  ///< after final norm and projection, if any: what the logits are made from
    std::array<Variable, max_layers + 1> states{};
};

namespace detail {

/// What a side makes its first states from.
template <class Embedding, class Adaptive, class Unit>
struct Embeddings {
    const Embedding& embedding;
    const Adaptive& adaptive;  ///< instead of the embedding
    const Unit& unit;
    autograd::Parameter positions;
    float scale;
};
template <class Embedding, class Adaptive, class Unit>
Embeddings(const Embedding&, const Adaptive&, const Unit&, const autograd::Parameter&, float)
    -> Embeddings<Embedding, Adaptive, Unit>;

/// Embedded tokens with their positions; `plain` dropout where no unit widens the embeddings.
template <class Context, class Side>
Variable embed_side(Context& context, std::span<const int> tokens, const Ragged& sentences,
                    const Side& side, const nn::DropoutRates& rates, float plain) {
    const auto& [embedding, adaptive, unit, positions, scale] = side;
    const bool has_unit = hat::detail::is_present(unit);
    const bool is_adaptive = hat::detail::is_present(adaptive);
    if (!has_unit && !is_adaptive)
        return forward(context, embedding, tokens, sentences, scale, positions, plain);
    Variable x{};
    if constexpr (!std::same_as<std::remove_cvref_t<decltype(adaptive)>, Absent>)
        if (adaptive) x = forward(context, *adaptive, tokens);
    if (!is_adaptive) x = forward(context, embedding, tokens, sentences, scale);
    if (has_unit) {
        x = autograd::recurrent_dropout(context, rates.embedding, x, sentences);
        x = nn::transform(context, unit, x, rates.unit);
    }
    x = autograd::add_positions(context, x, sentences, positions);
    return has_unit ? autograd::recurrent_dropout(context, rates.position, x, sentences)
                    : autograd::dropout(context, plain, x);
}

inline float side_scale(int dim, int super_dim, const nn::DropoutRates& rates) noexcept {
    if (super_dim == 0 || !rates.scaled_by_width) return 1.0F;
    return static_cast<float>(dim) / static_cast<float>(super_dim);
}

inline nn::BlockDropout encoder_dropout(const Architecture& a, const nn::DropoutRates& rates) {
    const float scale = side_scale(a.encoder.embed_dim, a.origin.encoder_dim, rates);
    return {rates.residual, rates.residual * scale, rates.attention, rates.activation * scale,
            rates.unit};
}

inline nn::BlockDropout decoder_dropout(const Architecture& a, const nn::DropoutRates& rates) {
    const float scale = side_scale(a.decoder.embed_dim, a.origin.decoder_dim, rates);
    return {rates.residual * scale, rates.residual * scale, rates.attention,
            rates.activation * scale, rates.unit};
}

/// What `layer()` makes of x, as wide as that. All else that it allocates is free again, unless a
/// tape needs it for the way back: the layers of a network take each other's place. `point` is
/// marked in front of it on a tape.
template <class Context, class Layer>
Variable run_layer(Context& context, const Variable& x, int point, const Layer& layer) {
    if constexpr (Context::records) {
        context.milestone(point);
        return layer();
    } else {
        const Variable y = context.variable(x.rows(), x.cols());
        const ArenaScope scope(context.memory());
        kernels::add(layer().value, y.value, false);
        return y;
    }
}

inline float embedding_scale(const Architecture& a, int dim, int super_dim) noexcept {
    if (a.embedding.unscaled) return 1.0F;
    if (a.embedding.dim > 0) return std::sqrt(static_cast<float>(a.embedding.dim));
    return std::sqrt(static_cast<float>(a.embedding.scaled_by_super_dim ? super_dim : dim));
}

}  // namespace detail

/// √dim of the tables, or of the side's super network, or 1: what embeddings are multiplied by.
inline float source_embedding_scale(const Architecture& a) noexcept {
    return detail::embedding_scale(a, a.encoder.embed_dim, a.encoder_position_dim());
}
inline float target_embedding_scale(const Architecture& a) noexcept {
    return detail::embedding_scale(a, a.decoder.embed_dim, a.decoder_position_dim());
}

/// What the decoder begins with: embedded target tokens and their positions, of which the first is
/// the first that `positions` says.
///
/// Shapes  tokens [sentences.tokens()] → [sentences.tokens(), D]
template <class Context, class Weights, class Parts>
Variable embed_target(Context& context, const Transformer<Weights, Parts>& model,
                      const nn::DropoutRates& rates, std::span<const int> tokens,
                      const Ragged& sentences, const autograd::Parameter& positions) {
    const auto& unit = hat::detail::found_in(model.units, model.target_unit);
    const detail::Embeddings side{model.target_embedding, model.adaptive_input, unit, positions,
                                  target_embedding_scale(model.architecture)};
    return detail::embed_side(context, tokens, sentences, side, rates,
                              detail::decoder_dropout(model.architecture, rates).scaled);
}

/// Runs the encoder over a ragged batch.
///
/// Shapes  tokens [sentences.tokens()], each sentence ending in eos
template <class Context, class Weights, class Parts>
Encoded encode(Context& context, const Transformer<Weights, Parts>& model,
               const nn::DropoutRates& rates, std::span<const int> tokens,
               const Ragged& sentences) {
    const Architecture& a = model.architecture;
    const auto dropout = detail::encoder_dropout(a, rates);
    Encoded encoded;
    encoded.sentences = sentences;
    static constexpr Absent not_adaptive;
    const auto& unit = hat::detail::found_in(model.units, model.source_unit);
    const detail::Embeddings side{model.source_embedding, not_adaptive, unit,
                                  Weights::table(model.source_positions),
                                  source_embedding_scale(a)};
    Variable x = detail::embed_side(context, tokens, sentences, side, rates, dropout.scaled);
    for_each_layer(model.encoder_layers, [&](const auto& layer, int i) {
        x = detail::run_layer(context, x, encoder_layer_point(i), [&] {
            return forward(context, layer, a.norm == Norm::pre, dropout, x, sentences, model.units);
        });
        encoded.layers[static_cast<std::size_t>(i)] = x;
    });
    encoded.output = a.encoder.final_norm ? forward(context, model.encoder_layer_norm, x) : x;
    return encoded;
}

/// The layers of the decoder over its embedded input x, and what stands behind them: the only place
/// where they run. `past(layer, i)` and `memory(layer, i)` are what the attentions of layer i read;
/// `keep(i, x)` is told what it made.
///
/// Shapes  x [tokens, D] → [tokens, output_dim]: what the logits are made from
template <class Context, class Weights, class Parts, class Past, class MemoryOf, class Keep>
Variable run_decoder(Context& context, const Transformer<Weights, Parts>& model,
                     const nn::DropoutRates& rates, Variable x, const Past& past,
                     const MemoryOf& memory, const Keep& keep) {
    const Architecture& a = model.architecture;
    const auto dropout = detail::decoder_dropout(a, rates);
    for_each_layer(model.decoder_layers, [&](const auto& layer, int i) {
        const auto own_past = past(layer, i);
        const auto own_memory = memory(layer, i);
        x = detail::run_layer(context, x, decoder_layer_point(i), [&] {
            return forward(context, layer, a.norm == Norm::pre, dropout, x, own_past, own_memory,
                           model.units);
        });
        keep(i, x);
    });
    if (a.decoder.final_norm) x = forward(context, model.decoder_layer_norm, x);
    return a.projects_output() ? forward(context, model.project_out, x) : x;
}

/// Runs the decoder over whole target sentences; position t sees the positions up to t.
///
/// Shapes  tokens [sentences.tokens()], each sentence beginning with eos;
///         `encoded` has as many sentences
template <class Context, class Weights, class Parts>
Decoded decode(Context& context, const Transformer<Weights, Parts>& model,
               const nn::DropoutRates& rates, const Encoded& encoded, std::span<const int> tokens,
               const Ragged& sentences) {
    Memories memories(model.architecture, encoded);
    Decoded decoded;
    decoded.states[0] = embed_target(context, model, rates, tokens, sentences,
                                     Weights::table(model.target_positions));
    const auto past = [&](const auto& /*layer*/, int /*i*/) {
        return nn::WholeSequences{sentences, true, rates.attention};
    };
    const auto memory = [&](const auto& layer, int /*i*/) {
        const Memory& whole = memories.of(context, layer.attended_layers);
        return nn::WholeMemory{sentences, whole.states, whole.sentences, rates.attention};
    };
    decoded.output = run_decoder(
        context, model, rates, decoded.states[0], past, memory,
        [&](int i, const Variable& x) { decoded.states[static_cast<std::size_t>(i) + 1] = x; });
    return decoded;
}

/// logits = x · outputᵀ.  Shapes  x [tokens, output dim] → [tokens, target_vocab_size]
template <class Context, class Weights, class Parts>
Variable logits(Context& context, const Transformer<Weights, Parts>& model, const Variable& x) {
    nn::detail::check_width("output layer", x.cols(), model.output.inputs());
    return Weights::multiply(context, x, model.output);
}

/// A batch of sentence pairs: `input` is each target moved right by one, with eos in front.
///
/// Shapes  source [source_sentences.tokens()],  input, target [target_sentences.tokens()]
struct Batch {
    std::span<const int> source;
    Ragged source_sentences;
    std::span<const int> input;
    std::span<const int> target;
    Ragged target_sentences;
};

/// The label-smoothed loss of `targets`, each after a row of `states`, which are what `decode`
/// makes; summed. An adaptive softmax smooths nothing.
///
/// Shapes  states [tokens, output_dim],  targets [tokens]
template <class Context, class Weights, class Parts>
kernels::CrossEntropy loss_of_states(Context& context, const Transformer<Weights, Parts>& model,
                                     const Variable& states, std::span<const int> targets,
                                     float smoothing, float softmax_dropout = 0.0F) {
    if constexpr (!std::same_as<typename Parts::template AdaptiveSoftmax<Weights>, Absent>)
        if (model.adaptive_softmax)
            return nn::cross_entropy(context, *model.adaptive_softmax, states, targets,
                                     {.dropout = softmax_dropout});
    return Weights::cross_entropy(context, states, model.output, targets, smoothing);
}

/// The loss of a batch as `loss_of_states` sums it over target tokens.
template <class Context, class Weights, class Parts>
kernels::CrossEntropy loss(Context& context, const Transformer<Weights, Parts>& model,
                           const nn::DropoutRates& rates, const Batch& batch, float smoothing) {
    Encoded encoded;
    if (model.architecture.has_encoder())
        encoded = encode(context, model, rates, batch.source, batch.source_sentences);
    const Decoded decoded =
        decode(context, model, rates, encoded, batch.input, batch.target_sentences);
    return loss_of_states(context, model, decoded.output, batch.target, smoothing, rates.softmax);
}

/// The functions that run a whole network, for one kind of context and of weights; `how` is empty,
/// or `extern` where another source has them.
// NOLINTBEGIN(bugprone-macro-parentheses): types and keywords bear none
#define HAT_NETWORK_INSTANCES(how, Context, Weights)                                               \
    how template Encoded encode(Context&, const Transformer<Weights>&, const nn::DropoutRates&,    \
                                std::span<const int>, const Ragged&);                              \
    how template Decoded decode(Context&, const Transformer<Weights>&, const nn::DropoutRates&,    \
                                const Encoded&, std::span<const int>, const Ragged&);              \
    how template kernels::CrossEntropy loss(Context&, const Transformer<Weights>&,                 \
                                            const nn::DropoutRates&, const Batch&, float);
// NOLINTEND(bugprone-macro-parentheses)

#ifdef HAT_SHARED_INSTANCES  // they are in <hat/decode/instances.hpp>
HAT_NETWORK_INSTANCES(extern, autograd::Tape, nn::Trainable)
HAT_NETWORK_INSTANCES(extern, autograd::Eval, nn::Trainable)
HAT_NETWORK_INSTANCES(extern, autograd::Eval, nn::Packed)
HAT_NETWORK_INSTANCES(extern, autograd::Eval, nn::PackedBf16)
HAT_NETWORK_INSTANCES(extern, autograd::Eval, nn::PackedInt8)
#endif

}  // namespace hat::model
