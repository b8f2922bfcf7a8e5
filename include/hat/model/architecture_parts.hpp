// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/position.hpp>
#include <hat/nn/adaptive_bands.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// What an `Architecture` is made of, part by part: sides and their layers, embeddings, bands of
/// the vocabulary, and what a SubTransformer remembers of where it was cut from. All of them are
/// literal, structural types.
namespace hat::model {

/// Most layers an encoder or a decoder can have.
inline constexpr int max_layers = 16;

/// Largest width (embedding, feed-forward, query–key–value) that `validate` accepts.
inline constexpr int max_dim = 1 << 16;

/// Largest vocabulary that `validate` accepts.
inline constexpr int max_vocab_size = 1 << 24;

/// Rows of the table of learned positions for sentences of up to `max_positions` tokens.
[[nodiscard]] constexpr int learned_position_rows(int max_positions) noexcept {
    return max_positions + first_position;
}

/// What one encoder layer may choose: its feed-forward width, its heads and their inner width, and
/// whether a DExTra unit (DeLighT, arXiv:2008.00623, §3) stands in front of its self-attention.
struct EncoderLayerShape {
    int ffn_dim = 0;
    int heads = 0;
    int qkv_dim = 0;        ///< inner width of its attention; 0: the network's
    int dextra_depth = 0;   ///< group-linear layers of its DExTra; 0: it has none
    int dextra_width = 0;   ///< widest layer of its DExTra over the embedding's, in thousandths
    int dextra_groups = 0;  ///< most groups in its DExTra

    friend constexpr bool operator==(const EncoderLayerShape&, const EncoderLayerShape&) = default;
};

/// What one decoder layer may choose.
///
/// `attended_layers` is the number of last encoder layers whose outputs cross-attention reads,
/// laid one after the other in time, the last one first: 1, 2 or 3 (the reference writes
/// these as −1, 1 and 2). Without an encoder, `cross_heads` and `attended_layers` are 0.
struct DecoderLayerShape {
    int ffn_dim = 0;
    int heads = 0;
    int cross_heads = 0;
    int attended_layers = 0;
    int qkv_dim = 0;  ///< of both of its attentions; this and the rest as in an encoder layer
    int dextra_depth = 0;
    int dextra_width = 0;
    int dextra_groups = 0;

    friend constexpr bool operator==(const DecoderLayerShape&, const DecoderLayerShape&) = default;
};

/// Which of the three tables (source embedding, target embedding, output projection) are one.
enum class Sharing : std::uint8_t { none, decoder_input_output, all };

/// How a side knows the order of its tokens.
enum class Positions : std::uint8_t { sinusoidal, learned, none };

/// Where layer norms stand: after the residual sum, or in front of each sublayer.
enum class Norm : std::uint8_t { post, pre };

/// One side of a network. Unused layer slots are zero, so that equal sides compare equal.
template <class LayerShape>
struct SideShape {
    int embed_dim = 0;
    int layer_count = 0;
    std::array<LayerShape, max_layers> layer_shapes{};
    bool final_norm = false;  ///< pre-norm only: a norm after the last layer
    Positions positions = Positions::sinusoidal;
    int max_positions = 0;  ///< longest sentence, for learned positions; else 0

    [[nodiscard]] constexpr std::span<const LayerShape> layers() const noexcept {
        return {layer_shapes.data(), static_cast<std::size_t>(layer_count)};
    }

    friend constexpr bool operator==(const SideShape&, const SideShape&) = default;
};
using EncoderShape = SideShape<EncoderLayerShape>;
using DecoderShape = SideShape<DecoderLayerShape>;

/// How tokens become vectors.
struct EmbeddingShape {
    /// Width of the embedding tables, whose vectors a DExTra of each side makes as wide as the
    /// side; the output projection goes through this width, too. 0: tables as wide as the sides.
    int dim = 0;
    int dextra_depth = 0;  ///< of those units, as in a layer; 0 without them
    int dextra_width = 0;  ///< over `dim`
    int dextra_groups = 0;
    bool unscaled = false;             ///< vectors are not scaled by the root of their width
    bool scaled_by_super_dim = false;  ///< by √(super dim) instead of √(own dim)

    friend constexpr bool operator==(const EmbeddingShape&, const EmbeddingShape&) = default;
};

/// Language models: bands of the vocabulary, the words of each further one with vectors narrower by
/// the factor (`nn::AdaptiveBands`). The softmax is adaptive then, and so is the input if `Sharing`
/// ties it to that.
struct AdaptiveShape {
    int bands = 0;  ///< 0 without
    int factor = 0;
    std::array<int, nn::AdaptiveBands::most - 1> cutoffs{};  ///< first words of the bands 1, 2, …

    friend constexpr bool operator==(const AdaptiveShape&, const AdaptiveShape&) = default;
};

/// What a SubTransformer keeps of the super network it was cut from. Its sinusoids are the first
/// columns of the super table, and dropout is scaled by own / super dim.
struct Origin {
    int encoder_dim = 0;  ///< width of that side; 0: none, or one as wide
    int decoder_dim = 0;
    /// Super encoder layers after the last real one. They are identities whose outputs are
    /// listed too, so a decoder layer that attends to 2 layers may read the last one twice.
    int identity_layers = 0;

    friend constexpr bool operator==(const Origin&, const Origin&) = default;
};

}  // namespace hat::model
