// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/ragged.hpp>
#include <hat/model/architecture.hpp>

#include <cstdint>

namespace hat::model {

/// Weights and biases of all encoder and decoder layers, as HAT counts a model's size: without
/// embeddings, output projection, positions, and norms after the last layer.
///
/// See  HAT (arXiv:2005.14187), the numbers of its README
[[nodiscard]] constexpr std::int64_t layer_parameters(const Architecture& a) noexcept {
    const std::int64_t e = a.encoder_embed_dim;
    const std::int64_t d = a.decoder_embed_dim;
    const std::int64_t q = a.qkv_dim;
    // Queries of width n attend to keys and values of width m; four matrices and their biases.
    const auto attention = [q](std::int64_t n, std::int64_t m) {
        return 2 * q * n + 2 * q * m + 3 * q + n;
    };
    const auto feed_forward = [](std::int64_t n, std::int64_t f) { return 2 * n * f + f + n; };
    const auto norm = [](std::int64_t n) { return 2 * n; };

    std::int64_t count = 0;
    for (const EncoderLayerShape& layer : a.encoder_layers())
        count += attention(e, e) + feed_forward(e, layer.ffn_dim) + 2 * norm(e);
    for (const DecoderLayerShape& layer : a.decoder_layers()) {
        count += attention(d, d) + feed_forward(d, layer.ffn_dim) + 2 * norm(d);
        if (a.has_encoder()) count += attention(d, e) + norm(d);
    }
    return count;
}

/// All that is stored and trained: layers, norms after the last layer, learned positions, and every
/// embedding or output table once.
[[nodiscard]] constexpr std::int64_t parameters(const Architecture& a) noexcept {
    const std::int64_t e = a.encoder_embed_dim;
    const std::int64_t d = a.decoder_embed_dim;
    const std::int64_t source_table = std::int64_t{a.source_vocab_size} * a.source_table_dim();
    const std::int64_t target_table = std::int64_t{a.target_vocab_size} * a.target_table_dim();

    std::int64_t count = layer_parameters(a) + target_table;
    if (a.sharing != Sharing::all) count += source_table;
    if (a.sharing == Sharing::none) count += std::int64_t{a.target_vocab_size} * d;
    if (a.encoder_final_norm) count += 2 * e;
    if (a.decoder_final_norm) count += 2 * d;
    if (a.has_encoder() && a.encoder_positions == Positions::learned)
        count += e * learned_position_rows(a.max_source_positions);
    if (a.decoder_positions == Positions::learned)
        count += d * learned_position_rows(a.max_target_positions);
    return count;
}

/// Multiply-adds of one forward pass, by what they are spent on.
struct Macs {
    std::int64_t linear = 0;             ///< linear maps of all layers: tokens · in · out
    std::int64_t attention = 0;          ///< query–key and probability–value products
    std::int64_t element_wise = 0;       ///< scalings of embeddings and queries, layer norms
    std::int64_t output_projection = 0;  ///< target tokens · decoder_embed_dim · vocabulary
};

/// Multiply-adds of one forward pass over a whole sentence pair, as HAT counts them: causal
/// attention is counted as full, softmax, additions and activations not at all.
///
/// See  HAT (arXiv:2005.14187), the numbers of its README
[[nodiscard]] constexpr Macs macs(const Architecture& a, int source_tokens,
                                  int target_tokens) noexcept {
    const std::int64_t s = source_tokens;
    const std::int64_t t = target_tokens;
    const std::int64_t e = a.encoder_embed_dim;
    const std::int64_t d = a.decoder_embed_dim;
    const std::int64_t q = a.qkv_dim;

    Macs count;
    count.element_wise += s * e + t * d;
    for (const EncoderLayerShape& layer : a.encoder_layers()) {
        count.linear += s * (4 * e * q + 2 * e * layer.ffn_dim);
        count.attention += 2 * s * s * q;
        count.element_wise += s * q + 2 * s * e;
    }
    for (const DecoderLayerShape& layer : a.decoder_layers()) {
        count.linear += t * (4 * d * q + 2 * d * layer.ffn_dim);
        count.attention += 2 * t * t * q;
        count.element_wise += t * q + 2 * t * d;
        if (a.has_encoder()) {
            const std::int64_t memory = s * layer.attended_layers;
            count.linear += 2 * t * d * q + 2 * memory * e * q;
            count.attention += 2 * t * memory * q;
            count.element_wise += t * q + t * d;
        }
    }
    if (a.encoder_final_norm) count.element_wise += s * e;
    if (a.decoder_final_norm) count.element_wise += t * d;
    count.output_projection = t * d * a.target_vocab_size;
    return count;
}

/// FLOPs of one forward pass as HAT publishes them: 2 per multiply-add, without the output
/// projection, source and target both `tokens` long (30 for its WMT models, 23 for IWSLT).
[[nodiscard]] constexpr std::int64_t published_flops(const Architecture& a, int tokens) noexcept {
    const Macs count = macs(a, tokens, tokens);
    return 2 * (count.linear + count.attention + count.element_wise);
}

/// Model FLOPs of a training step on a batch: 6 per multiply-add (2 forward, 4 backward) of the
/// linear maps, attention products and output projection. Only real tokens count, causal attention
/// only where a query may look (t (t + 1) / 2 pairs), and nothing element-wise.
///
/// Shapes  sources, targets: the same number of sentences; without an encoder, `sources` is empty
[[nodiscard]] constexpr std::int64_t training_flops(const Architecture& a, Ragged sources,
                                                    Ragged targets) noexcept {
    std::int64_t total = 0;
    for (int i = 0; i < targets.sentences(); ++i) {
        const int t = targets.length(i);
        const Macs count = macs(a, a.has_encoder() ? sources.length(i) : 0, t);
        const std::int64_t hidden_pairs = std::int64_t{t} * (t - 1) / 2 * a.decoder_layer_count;
        total +=
            count.linear + count.attention - 2 * hidden_pairs * a.qkv_dim + count.output_projection;
    }
    return 6 * total;
}

}  // namespace hat::model
