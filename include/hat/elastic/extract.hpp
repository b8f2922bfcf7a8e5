// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/model/network.hpp>

#include <cstddef>
#include <optional>

namespace hat::elastic {

namespace detail {

/// Copies the weights of a network to another of the same architecture, layer by layer; they may be
/// stored in different ways.
class WeightCopier {
public:
    using Parameter = autograd::Parameter;
    template <template <class> class Layer>
    using Of = Layer<nn::Trainable>;

    static void copy(const Of<model::Transformer>& from, const Of<model::Transformer>& to) {
        copy(from.source_embedding, to.source_embedding);
        copy(from.target_embedding, to.target_embedding);
        copy(from.output, to.output);
        const model::Architecture& a = from.architecture;
        if (a.encoder_positions == model::Positions::learned)
            copy(from.source_positions, to.source_positions);
        if (a.decoder_positions == model::Positions::learned)
            copy(from.target_positions, to.target_positions);
        copy(from.source_unit, to.source_unit);
        copy(from.target_unit, to.target_unit);
        copy(from.project_out, to.project_out);
        if (from.adaptive_input) copy(*from.adaptive_input, *to.adaptive_input);
        if (from.adaptive_softmax) copy(*from.adaptive_softmax, *to.adaptive_softmax);
        copy(from.encoder_layer_norm, to.encoder_layer_norm);
        copy(from.decoder_layer_norm, to.decoder_layer_norm);
        for (std::size_t i = 0; i < a.encoder_layers().size(); ++i)
            copy(from.encoder_layers[i], to.encoder_layers[i]);
        for (std::size_t i = 0; i < a.decoder_layers().size(); ++i)
            copy(from.decoder_layers[i], to.decoder_layers[i]);
    }

private:
    /// A parameter that one of the networks lacks, both lack.
    static void copy(const Parameter& from, const Parameter& to) {
        HAT_ASSERT(from.value.rows() == to.value.rows() && from.value.cols() == to.value.cols());
        if (!to.value.empty()) kernels::add(from.value, to.value, false);
    }
    static void copy(const Of<nn::Linear>& from, const Of<nn::Linear>& to) {
        copy(from.weight, to.weight);
        copy(from.bias, to.bias);
    }
    static void copy(const Of<nn::LayerNorm>& from, const Of<nn::LayerNorm>& to) {
        copy(from.gain, to.gain);
        copy(from.bias, to.bias);
    }
    static void copy(const Of<nn::FeedForward>& from, const Of<nn::FeedForward>& to) {
        copy(from.first, to.first);
        copy(from.second, to.second);
    }
    static void copy(const Of<nn::GroupLinear>& from, const Of<nn::GroupLinear>& to) {
        copy(from.weight, to.weight);
        copy(from.second_weight, to.second_weight);
        copy(from.bias, to.bias);
        copy(from.gain, to.gain);
        copy(from.shift, to.shift);
    }
    static void copy(const std::optional<Of<nn::DExTra>>& from,
                     const std::optional<Of<nn::DExTra>>& to) {
        if (!from) return;
        copy(from->input, to->input);
        for (std::size_t i = 0; i < from->layers.size(); ++i) copy(from->layers[i], to->layers[i]);
        copy(from->output, to->output);
    }

    static void copy(const Of<nn::AdaptiveInput>& from, const Of<nn::AdaptiveInput>& to) {
        for (std::size_t i = 0; i < from.tables.size(); ++i) {
            copy(from.tables[i], to.tables[i]);
            copy(from.projections[i], to.projections[i]);
        }
    }
    static void copy(const Of<nn::AdaptiveSoftmax>& from, const Of<nn::AdaptiveSoftmax>& to) {
        copy(from.head, to.head);
        copy(from.classes, to.classes);
        for (std::size_t i = 0; i < from.tails.size(); ++i) {
            copy(from.projections[i], to.projections[i]);
            copy(from.tails[i], to.tails[i]);
        }
    }

    /// Rows `first` … `first + n − 1` of a projection that stands for several.
    [[nodiscard]] static Of<nn::Linear> rows(const Of<nn::Linear>& joint, int first, int n) {
        return {joint.weight.middle_rows(first, n), joint.bias.middle_cols(first, n)};
    }
    /// The projection to queries, keys or values (0, 1, 2), however they are stored.
    [[nodiscard]] static Of<nn::Linear> part(const Of<nn::SelfAttention>& layer, int number) {
        if (nn::is_stored_apart(layer))
            return number == 0 ? layer.in_proj : number == 1 ? layer.key : layer.value;
        return rows(layer.in_proj, number * layer.qkv_dim, layer.qkv_dim);
    }
    [[nodiscard]] static Of<nn::Linear> part(const Of<nn::CrossAttention>& layer, int number) {
        if (number == 0) return layer.query;
        if (nn::is_stored_apart(layer)) return number == 1 ? layer.key_value : layer.value;
        return rows(layer.key_value, (number - 1) * layer.qkv_dim, layer.qkv_dim);
    }
    template <class Attention>
    static void copy_attention(const Attention& from, const Attention& to) {
        for (int number = 0; number < 3; ++number) copy(part(from, number), part(to, number));
        copy(from.out_proj, to.out_proj);
    }

    template <class Layer>
    static void copy(const Layer& from, const Layer& to) {
        copy(from.dextra, to.dextra);
        copy_attention(from.self_attn, to.self_attn);
        copy(from.self_attn_layer_norm, to.self_attn_layer_norm);
        if constexpr (requires { from.encoder_attn; }) {
            if (from.attended_layers > 0) {
                copy_attention(from.encoder_attn, to.encoder_attn);
                copy(from.encoder_attn_layer_norm, to.encoder_attn_layer_norm);
            }
        }
        copy(from.feed_forward, to.feed_forward);
        copy(from.final_layer_norm, to.final_layer_norm);
    }
};

}  // namespace detail

/// The sub-network of `super` that `genes` choose, as a network of its own: a true small model with
/// copies of the sliced weights only. `super` stays as it is.
///
/// It computes the same bits as the view, and keeps what its architecture tells of the super
/// network: sinusoids are the first columns of the wider table, dropout is scaled.
///
///     model::Network small = elastic::extract(super.network(), genes);
///
/// Throws  `Error` naming the gene that is out of range or exceeds the super network's.
[[nodiscard]] inline model::Network extract(model::Network& super,
                                            const model::Architecture& genes) {
    const model::Architecture sub = sub_architecture(genes, super.architecture());
    validate(sub);
    validate_fits_in(sub, super.architecture());
    model::Network small(sub);
    detail::WeightCopier::copy(super.view(sub), small.view());
    return small;
}

}  // namespace hat::elastic
