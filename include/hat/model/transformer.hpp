// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/autograd/recurrent_dropout.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/model/architecture.hpp>
#include <hat/nn/adaptive_input.hpp>
#include <hat/nn/adaptive_softmax.hpp>
#include <hat/nn/block.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>

namespace hat::model {

using autograd::Variable;

/// The Transformer of HAT (spec/hat.md, sections 2–7) and of DeLighT (spec/delight.md, sections
/// 4–6): a value made of views only. It knows nothing of slicing, ownership or training; `Weights`
/// says what its weights are. Without encoder layers it is a language model.
///
/// Shapes  source_embedding [source_vocab_size, E],  target_embedding [target_vocab_size, D],
///         output [target_vocab_size, D],  positions [rows, E or D] or empty. Where units widen the
///         embeddings, tables and output have embedding_dim columns, and project_out leads there
///         from D, unless that is as wide.
template <class Weights>
struct Transformer {
    Architecture architecture;
    typename Weights::Table source_embedding;
    typename Weights::Table target_embedding;
    typename Weights::Table source_positions;
    typename Weights::Table target_positions;
    InplaceVector<nn::EncoderLayer<Weights>, max_layers> encoder_layers{};
    InplaceVector<nn::DecoderLayer<Weights>, max_layers> decoder_layers{};
    nn::LayerNorm<Weights> encoder_layer_norm;  ///< pre-norm with a final norm only
    nn::LayerNorm<Weights> decoder_layer_norm;
    typename Weights::Matrix output;
    std::optional<nn::DExTra<Weights>> source_unit{};  ///< of the embeddings
    std::optional<nn::DExTra<Weights>> target_unit{};
    nn::Linear<Weights> project_out{};  ///< without bias
    /// Language models: instead of target_embedding, and of output.
    std::optional<nn::AdaptiveInput<Weights>> adaptive_input{};
    std::optional<nn::AdaptiveSoftmax<Weights>> adaptive_softmax{};
};

/// What the encoder leaves for the decoder.
struct Encoded {
    Ragged sentences;
    Variable output;                            ///< after the final norm, if there is one
    std::array<Variable, max_layers> layers{};  ///< before it; real layers only
};

/// What the decoder makes: its embedded input and the output of every layer.
struct Decoded {
    Variable output;  ///< after final norm and projection, if any: what the logits are made from
    std::array<Variable, max_layers + 1> states{};
};

namespace detail {

inline ConstMatrix table_value(const autograd::Parameter& table) noexcept {
    return table.value;
}
inline ConstMatrix table_value(const ConstMatrix& table) noexcept {
    return table;
}

template <class Context>
Variable embed(Context& context, std::span<const int> tokens, const Ragged& sentences,
               const autograd::Parameter& table, float scale, const autograd::Parameter& positions,
               float dropout) {
    return autograd::embed(context, tokens, sentences, table, scale, positions, dropout);
}

inline Variable embed(autograd::Eval& context, std::span<const int> tokens, const Ragged& sentences,
                      ConstMatrix table, float scale, ConstMatrix positions, float /*dropout*/) {
    const Variable y = context.variable(sentences.tokens(), table.cols());
    kernels::embed(tokens, sentences, table, scale, positions, {}, y.value);
    return y;
}

template <class Context>
Variable add_positions(Context& context, const Variable& x, const Ragged& sentences,
                       const autograd::Parameter& positions) {
    return autograd::add_positions(context, x, sentences, positions);
}

inline Variable add_positions(autograd::Eval& context, const Variable& x, const Ragged& sentences,
                              ConstMatrix positions) {
    if (positions.empty()) return x;
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::add(x.value, y.value, false);
    for (int s = 0; s < sentences.sentences(); ++s) {
        const int length = sentences.length(s);
        kernels::add(positions.middle_rows(first_position, length),
                     y.value.middle_rows(sentences.begin(s), length), true);
    }
    return y;
}

/// What a side makes its first states from.
template <class Weights>
struct Embeddings {
    const typename Weights::Table& table;
    const std::optional<nn::AdaptiveInput<Weights>>& adaptive;  ///< instead of the table
    const std::optional<nn::DExTra<Weights>>& unit;
    const typename Weights::Table& positions;
    float scale;
};

/// Embedded tokens with their positions; `plain` dropout where no unit widens the embeddings.
template <class Context, class Weights>
Variable embed_side(Context& context, std::span<const int> tokens, const Ragged& sentences,
                    const Embeddings<Weights>& side, const nn::DropoutRates& rates, float plain) {
    const auto& [table, adaptive, unit, positions, scale] = side;
    if (!unit && !adaptive)
        return detail::embed(context, tokens, sentences, table, scale, positions, plain);
    Variable x = adaptive ? forward(context, *adaptive, tokens)
                          : detail::embed(context, tokens, sentences, table, scale,
                                          typename Weights::Table{}, 0.0F);
    if (unit) {
        x = autograd::recurrent_dropout(context, rates.embedding, x, sentences);
        x = forward(context, *unit, x, rates.unit);
    }
    x = detail::add_positions(context, x, sentences, positions);
    return unit ? autograd::recurrent_dropout(context, rates.position, x, sentences)
                : autograd::dropout(context, plain, x);
}

inline float side_scale(int dim, int super_dim, const nn::DropoutRates& rates) noexcept {
    if (super_dim == 0 || !rates.scaled_by_width) return 1.0F;
    return static_cast<float>(dim) / static_cast<float>(super_dim);
}

inline nn::BlockDropout encoder_dropout(const Architecture& a, const nn::DropoutRates& rates) {
    const float scale = side_scale(a.encoder_embed_dim, a.encoder_super_dim, rates);
    return {rates.residual, rates.residual * scale, rates.attention, rates.activation * scale,
            rates.unit};
}

inline nn::BlockDropout decoder_dropout(const Architecture& a, const nn::DropoutRates& rates) {
    const float scale = side_scale(a.decoder_embed_dim, a.decoder_super_dim, rates);
    return {rates.residual * scale, rates.residual * scale, rates.attention,
            rates.activation * scale, rates.unit};
}

}  // namespace detail

namespace detail {

inline float embedding_scale(const Architecture& a, int dim, int super_dim) noexcept {
    if (a.unscaled_embeddings) return 1.0F;
    if (a.embedding_dim > 0) return std::sqrt(static_cast<float>(a.embedding_dim));
    return std::sqrt(static_cast<float>(a.scale_embedding_by_super_dim ? super_dim : dim));
}

}  // namespace detail

/// √dim of the tables, or of the side's super network, or 1: what embeddings are multiplied by.
inline float source_embedding_scale(const Architecture& a) noexcept {
    return detail::embedding_scale(a, a.encoder_embed_dim, a.encoder_position_dim());
}
inline float target_embedding_scale(const Architecture& a) noexcept {
    return detail::embedding_scale(a, a.decoder_embed_dim, a.decoder_position_dim());
}

/// What the decoder begins with: embedded target tokens and their positions, of which the first is
/// the first that `positions` says.
///
/// Shapes  tokens [sentences.tokens()] → [sentences.tokens(), D]
template <class Context, class Weights>
Variable embed_target(Context& context, const Transformer<Weights>& model,
                      const nn::DropoutRates& rates, std::span<const int> tokens,
                      const Ragged& sentences, const typename Weights::Table& positions) {
    const detail::Embeddings<Weights> side{model.target_embedding, model.adaptive_input,
                                           model.target_unit, positions,
                                           target_embedding_scale(model.architecture)};
    return detail::embed_side(context, tokens, sentences, side, rates,
                              detail::decoder_dropout(model.architecture, rates).scaled);
}

/// Runs the encoder over a ragged batch.
///
/// Shapes  tokens [sentences.tokens()], each sentence ending in eos
template <class Context, class Weights>
Encoded encode(Context& context, const Transformer<Weights>& model, const nn::DropoutRates& rates,
               std::span<const int> tokens, const Ragged& sentences) {
    const Architecture& a = model.architecture;
    const auto dropout = detail::encoder_dropout(a, rates);
    Encoded encoded;
    encoded.sentences = sentences;
    static constexpr std::optional<nn::AdaptiveInput<Weights>> none;
    Variable x = detail::embed_side(
        context, tokens, sentences,
        detail::Embeddings<Weights>{model.source_embedding, none, model.source_unit,
                                    model.source_positions, source_embedding_scale(a)},
        rates, dropout.scaled);
    for (int i = 0; i < a.encoder_layer_count; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        x = nn::forward(context, model.encoder_layers[slot], a.norm == Norm::pre, dropout, x,
                        sentences);
        encoded.layers[slot] = x;
    }
    encoded.output = a.encoder_final_norm ? forward(context, model.encoder_layer_norm, x) : x;
    return encoded;
}

/// The memory of a decoder layer: the last `count` encoder outputs, the last one first, joined
/// along time, with the offsets that go with it (spec/hat.md, section 6).
struct Memory {
    Variable states;   ///< [count · source tokens, E]
    Ragged sentences;  ///< of states
};

template <class Context>
Memory make_memory(Context& context, const Architecture& a, const Encoded& encoded, int count) {
    if (count == 1) return {encoded.output, encoded.sentences};
    // Identity layers of a super network are listed too: they repeat the last real one.
    const int super_layers = a.encoder_layer_count + a.encoder_identity_layers;
    std::array<Variable, 3> parts{encoded.output};
    for (int k = 1; k < count; ++k) {
        const int listed = super_layers - 1 - k;
        const int real = listed < a.encoder_layer_count ? listed : a.encoder_layer_count - 1;
        parts[static_cast<std::size_t>(k)] = encoded.layers[static_cast<std::size_t>(real)];
    }
    const Ragged& sentences = encoded.sentences;
    int* const offsets = context.memory().template allocate<int>(sentences.sentences() + 1);
    for (int s = 0; s <= sentences.sentences(); ++s) offsets[s] = count * sentences.offsets()[s];
    return {autograd::concatenate(context, std::span(parts.data(), static_cast<std::size_t>(count)),
                                  sentences),
            Ragged(offsets, sentences.sentences())};
}

/// Runs the decoder over whole target sentences; position t sees the positions up to t.
///
/// Shapes  tokens [sentences.tokens()], each sentence beginning with eos;
///         `encoded` has as many sentences
template <class Context, class Weights>
Decoded decode(Context& context, const Transformer<Weights>& model, const nn::DropoutRates& rates,
               const Encoded& encoded, std::span<const int> tokens, const Ragged& sentences) {
    const Architecture& a = model.architecture;
    const auto dropout = detail::decoder_dropout(a, rates);
    std::array<Memory, 4> memories{};
    Decoded decoded;
    Variable x = embed_target(context, model, rates, tokens, sentences, model.target_positions);
    decoded.states[0] = x;
    for (int i = 0; i < a.decoder_layer_count; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        const auto& layer = model.decoder_layers[slot];
        Memory& memory = memories[static_cast<std::size_t>(layer.attended_layers)];
        if (layer.attended_layers > 0 && memory.states.value.empty()) {
            memory = make_memory(context, a, encoded, layer.attended_layers);
        }
        x = nn::forward(context, layer, a.norm == Norm::pre, dropout, x, sentences, memory.states,
                        memory.sentences);
        decoded.states[slot + 1] = x;
    }
    if (a.decoder_final_norm) x = forward(context, model.decoder_layer_norm, x);
    decoded.output = a.projects_output() ? forward(context, model.project_out, x) : x;
    return decoded;
}

/// logits = x · outputᵀ.  Shapes  x [tokens, output dim] → [tokens, target_vocab_size]
template <class Context>
Variable logits(Context& context, const Transformer<nn::Trainable>& model, const Variable& x) {
    return autograd::linear(context, x, model.output);
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
template <class Context>
kernels::CrossEntropy loss_of_states(Context& context, const Transformer<nn::Trainable>& model,
                                     const Variable& states, std::span<const int> targets,
                                     float smoothing, float softmax_dropout = 0.0F) {
    if (model.adaptive_softmax)
        return nn::cross_entropy(context, *model.adaptive_softmax, states, targets,
                                 {.dropout = softmax_dropout});
    return autograd::cross_entropy(context, states, model.output, targets, smoothing);
}

/// The loss of a batch as `loss_of_states` sums it over target tokens.
template <class Context>
kernels::CrossEntropy loss(Context& context, const Transformer<nn::Trainable>& model,
                           const nn::DropoutRates& rates, const Batch& batch, float smoothing) {
    Encoded encoded;
    if (model.architecture.has_encoder()) {
        encoded = encode(context, model, rates, batch.source, batch.source_sentences);
    }
    const Decoded decoded =
        decode(context, model, rates, encoded, batch.input, batch.target_sentences);
    return loss_of_states(context, model, decoded.output, batch.target, smoothing, rates.softmax);
}

#ifdef HAT_SHARED_INSTANCES  // they are in <hat/decode/instances.hpp>
extern template Encoded encode(autograd::Tape&, const Transformer<nn::Trainable>&,
                               const nn::DropoutRates&, std::span<const int>, const Ragged&);
extern template Encoded encode(autograd::Eval&, const Transformer<nn::Trainable>&,
                               const nn::DropoutRates&, std::span<const int>, const Ragged&);
extern template Encoded encode(autograd::Eval&, const Transformer<nn::Packed>&,
                               const nn::DropoutRates&, std::span<const int>, const Ragged&);
extern template Decoded decode(autograd::Tape&, const Transformer<nn::Trainable>&,
                               const nn::DropoutRates&, const Encoded&, std::span<const int>,
                               const Ragged&);
extern template Decoded decode(autograd::Eval&, const Transformer<nn::Trainable>&,
                               const nn::DropoutRates&, const Encoded&, std::span<const int>,
                               const Ragged&);
extern template kernels::CrossEntropy loss(autograd::Tape&, const Transformer<nn::Trainable>&,
                                           const nn::DropoutRates&, const Batch&, float);
extern template kernels::CrossEntropy loss(autograd::Eval&, const Transformer<nn::Trainable>&,
                                           const nn::DropoutRates&, const Batch&, float);
#endif

}  // namespace hat::model
