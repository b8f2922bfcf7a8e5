// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/core/slab.hpp>
#include <hat/model/architecture.hpp>

#include <array>
#include <cmath>
#include <string>

namespace hat::model {

/// Indices of the tensors of one layer in a `TensorTable`; −1 where there is none.
struct LinearIndices {
    int weight = -1;
    int bias = -1;
};
struct NormIndices {
    int gain = -1;
    int bias = -1;
};
struct AttentionIndices {
    int in_proj_weight = -1;  ///< [3·qkv_dim, dim]; or the three below
    int q_proj_weight = -1;
    int k_proj_weight = -1;
    int v_proj_weight = -1;
    int in_proj_bias = -1;
    LinearIndices out_proj;
};
struct LayerIndices {
    AttentionIndices self_attn;
    NormIndices self_attn_layer_norm;
    AttentionIndices encoder_attn;
    NormIndices encoder_attn_layer_norm;
    LinearIndices fc1;
    LinearIndices fc2;
    NormIndices final_layer_norm;
};

/// All tensors of a network, under the names and in the order of the reference implementation
/// (spec/hat.md, section 17), and where each layer finds its own.
struct ParameterLayout {
    TensorTable table;
    int source_embedding = -1;  ///< [source_vocab_size, encoder dim]
    int target_embedding = -1;  ///< [target_vocab_size, decoder dim]
    int output = -1;            ///< [target_vocab_size, decoder dim], maybe one of those above
    int source_positions = -1;  ///< learned ones only
    int target_positions = -1;
    std::array<LayerIndices, max_layers> encoder_layers{};
    std::array<LayerIndices, max_layers> decoder_layers{};
    NormIndices encoder_layer_norm;
    NormIndices decoder_layer_norm;
};

namespace detail {

inline LinearIndices add_linear(TensorTable& table, const std::string& name, int out, int in) {
    const int weight = table.add_matrix(name + ".weight", out, in);
    return {weight, table.add_vector(name + ".bias", out)};
}

inline NormIndices add_norm(TensorTable& table, const std::string& name, int dim) {
    const int gain = table.add_vector(name + ".weight", dim);
    return {gain, table.add_vector(name + ".bias", dim)};
}

inline AttentionIndices add_attention(TensorTable& table, const std::string& name, int qkv_dim,
                                      int dim, int memory_dim) {
    AttentionIndices a;
    if (dim == memory_dim) {
        a.in_proj_weight = table.add_matrix(name + ".in_proj_weight", 3 * qkv_dim, dim);
    } else {
        a.k_proj_weight = table.add_matrix(name + ".k_proj_weight", qkv_dim, memory_dim);
        a.v_proj_weight = table.add_matrix(name + ".v_proj_weight", qkv_dim, memory_dim);
        a.q_proj_weight = table.add_matrix(name + ".q_proj_weight", qkv_dim, dim);
    }
    a.in_proj_bias = table.add_vector(name + ".in_proj_bias", 3 * qkv_dim);
    a.out_proj = add_linear(table, name + ".out_proj", dim, qkv_dim);
    return a;
}

}  // namespace detail

/// The layout of a network. Precondition: `validate(a)` holds.
inline ParameterLayout parameter_layout(const Architecture& a) {
    using namespace detail;
    ParameterLayout layout;
    TensorTable& table = layout.table;
    const auto layer_name = [](const char* side, int i) {
        return std::string(side) + ".layers." + std::to_string(i);
    };
    if (a.has_encoder()) {
        const int dim = a.encoder_embed_dim;
        layout.source_embedding = table.add_matrix("encoder.embed_tokens.weight",
                                                   a.source_vocab_size, a.source_table_dim());
        if (a.encoder_positions == Positions::learned) {
            layout.source_positions =
                table.add_matrix("encoder.embed_positions.weight",
                                 learned_position_rows(a.max_source_positions), dim);
        }
        for (int i = 0; i < a.encoder_layer_count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            const std::string name = layer_name("encoder", i);
            LayerIndices& layer = layout.encoder_layers[slot];
            const int ffn_dim = a.encoder_layer_shapes[slot].ffn_dim;
            layer.self_attn = add_attention(table, name + ".self_attn", a.qkv_dim, dim, dim);
            layer.self_attn_layer_norm = add_norm(table, name + ".self_attn_layer_norm", dim);
            layer.fc1 = add_linear(table, name + ".fc1", ffn_dim, dim);
            layer.fc2 = add_linear(table, name + ".fc2", dim, ffn_dim);
            layer.final_layer_norm = add_norm(table, name + ".final_layer_norm", dim);
        }
        if (a.encoder_final_norm) {
            layout.encoder_layer_norm = add_norm(table, "encoder.layer_norm", dim);
        }
    }

    const int dim = a.decoder_embed_dim;
    if (a.sharing == Sharing::none) {
        layout.output = table.add_matrix("decoder.embed_out", a.target_vocab_size, dim);
    }
    layout.target_embedding =
        a.sharing == Sharing::all
            ? layout.source_embedding
            : table.add_matrix("decoder.embed_tokens.weight", a.target_vocab_size, dim);
    if (a.sharing != Sharing::none) layout.output = layout.target_embedding;
    if (a.decoder_positions == Positions::learned) {
        layout.target_positions = table.add_matrix(
            "decoder.embed_positions.weight", learned_position_rows(a.max_target_positions), dim);
    }
    for (int i = 0; i < a.decoder_layer_count; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        const std::string name = layer_name("decoder", i);
        LayerIndices& layer = layout.decoder_layers[slot];
        const int ffn_dim = a.decoder_layer_shapes[slot].ffn_dim;
        layer.self_attn = add_attention(table, name + ".self_attn", a.qkv_dim, dim, dim);
        layer.self_attn_layer_norm = add_norm(table, name + ".self_attn_layer_norm", dim);
        if (a.has_encoder()) {
            layer.encoder_attn =
                add_attention(table, name + ".encoder_attn", a.qkv_dim, dim, a.encoder_embed_dim);
            layer.encoder_attn_layer_norm = add_norm(table, name + ".encoder_attn_layer_norm", dim);
        }
        layer.fc1 = add_linear(table, name + ".fc1", ffn_dim, dim);
        layer.fc2 = add_linear(table, name + ".fc2", dim, ffn_dim);
        layer.final_layer_norm = add_norm(table, name + ".final_layer_norm", dim);
    }
    if (a.decoder_final_norm) {
        layout.decoder_layer_norm = add_norm(table, "decoder.layer_norm", dim);
    }
    return layout;
}

namespace detail {

inline bool ends_with(const std::string& text, const char* end) {
    const std::string suffix(end);
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

}  // namespace detail

/// Fills `values` with the reference's initial distributions (spec/hat.md, section 8):
/// Xavier-uniform matrices, tables normal with variance 1/dim, gains one, biases zero. The numbers
/// depend on the seed and on the tensor's name and place in it alone, not on the machine or on
/// other tensors.
inline void initialize(const TensorTable& table, Slab& values, std::uint64_t seed) {
    for (const auto& entry : table) {
        std::uint64_t name = 0;
        for (const char c : entry.name) name = mix64(name ^ static_cast<unsigned char>(c));
        Random random(RandomKey(seed).split(name));
        const Matrix m = values.matrix(entry);
        const bool is_table = entry.name.find(".embed_") != std::string::npos;
        const double bound = std::sqrt(6.0 / (entry.rows + entry.cols));
        const double deviation = 1.0 / std::sqrt(static_cast<double>(entry.cols));
        for (std::ptrdiff_t i = 0; i < entry.size(); ++i) {
            if (is_table)
                m.data()[i] = static_cast<float>(deviation * random.normal());
            else if (!entry.is_vector)
                m.data()[i] = static_cast<float>(random.uniform(-bound, bound));
            else
                m.data()[i] = detail::ends_with(entry.name, "norm.weight") ? 1.0F : 0.0F;
        }
    }
}

}  // namespace hat::model
