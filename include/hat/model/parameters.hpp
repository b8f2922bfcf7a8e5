// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/core/slab.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
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
struct GroupLinearIndices {
    int weight = -1;     ///< [rows, first_cols + second_cols], the columns of both inputs
    int bias = -1;       ///< [rows]
    NormIndices norm;    ///< [rows / groups]
    int first_cols = 0;  ///< of the input that is fed to every layer of a unit
};
struct UnitIndices {
    GroupLinearIndices input;
    std::array<GroupLinearIndices, nn::max_dextra_depth> layers{};
    GroupLinearIndices output;
};
/// Of the bands of an adaptive input and softmax.
struct AdaptiveIndices {
    std::array<int, nn::AdaptiveBands::most> tables{};  ///< tied: those of the softmax, too
    std::array<int, nn::AdaptiveBands::most> projections{};
    int head = -1;     ///< tied: that of band 0
    int classes = -1;  ///< tied only
};
struct LayerIndices {
    UnitIndices dextra;
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
    UnitIndices source_unit;  ///< of the embeddings
    UnitIndices target_unit;
    int project_out = -1;  ///< [embedding_dim, decoder dim]
    AdaptiveIndices adaptive;
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

/// Attention whose queries are made of `in_dim` features and whose result has `dim`.
inline AttentionIndices add_attention(TensorTable& table, const std::string& name, int qkv_dim,
                                      int in_dim, int memory_dim, int dim) {
    AttentionIndices a;
    if (in_dim == memory_dim) {
        a.in_proj_weight = table.add_matrix(name + ".in_proj_weight", 3 * qkv_dim, in_dim);
    } else {
        a.k_proj_weight = table.add_matrix(name + ".k_proj_weight", qkv_dim, memory_dim);
        a.v_proj_weight = table.add_matrix(name + ".v_proj_weight", qkv_dim, memory_dim);
        a.q_proj_weight = table.add_matrix(name + ".q_proj_weight", qkv_dim, in_dim);
    }
    a.in_proj_bias = table.add_vector(name + ".in_proj_bias", 3 * qkv_dim);
    a.out_proj = add_linear(table, name + ".out_proj", dim, qkv_dim);
    return a;
}

/// What the tensors of one layer of a unit hold.
struct GroupLinearCapacity {
    int rows;
    int first_cols;   ///< a group's share of the input that every layer of the unit is fed
    int second_cols;  ///< its share of what the layer before made; 0 in the first layer
    int groups;
};

/// Room for layer `i` of a unit; if it is elastic, for that layer of all units that are no deeper
/// and no wider and have no fewer groups: layers of shallower ones are taken from both ends, where
/// groups go through the same numbers, but their widths may rise more steeply.
[[nodiscard]] inline GroupLinearCapacity group_linear_capacity(const nn::DExTraShape& shape,
                                                               const nn::DExTraPlan& plan, int i,
                                                               bool elastic) {
    const auto [in_dim, out_dim, groups] = plan.layers()[static_cast<std::size_t>(i)];
    const int before = in_dim - shape.inner_dim;
    GroupLinearCapacity room{out_dim, shape.inner_dim / groups, before / groups, groups};
    if (!elastic) return room;
    constexpr int step = 64;  // widths are multiples of their groups
    const int widest = round_up(
        std::max(
            {plan.max_width(), shape.inner_dim,
             static_cast<int>(std::int64_t{shape.in_dim} * shape.width_thousandths / 1000) + 1}),
        step);
    if (i + 1 < plan.depth) room.rows = widest;
    if (i > 0) room.second_cols = widest / groups;
    return room;
}

inline GroupLinearIndices add_group_linear(TensorTable& table, const std::string& name,
                                           const GroupLinearCapacity& room) {
    GroupLinearIndices layer;
    layer.first_cols = room.first_cols;
    layer.weight = table.add_matrix(name + ".weight", room.rows, room.first_cols + room.second_cols,
                                    room.groups);
    layer.bias = table.add_vector(name + ".bias", room.rows);
    layer.norm = add_norm(table, name + ".normalization_fn", room.rows / room.groups);
    return layer;
}

inline UnitIndices add_unit(TensorTable& table, const std::string& name,
                            const nn::DExTraShape& shape, bool elastic) {
    const nn::DExTraPlan plan = dextra_plan(shape);
    UnitIndices unit;
    unit.input =
        add_group_linear(table, name + ".input_layer", {shape.inner_dim, shape.in_dim, 0, 1});
    for (int i = 0; i < plan.depth; ++i)
        unit.layers[static_cast<std::size_t>(i)] =
            add_group_linear(table, name + ".dextra_layers." + std::to_string(i),
                             group_linear_capacity(shape, plan, i, elastic));
    unit.output = add_group_linear(table, name + ".output_layer",
                                   {shape.out_dim, shape.inner_dim, shape.out_dim, 1});
    return unit;
}

/// Tables and projections of all bands, tied, or of an adaptive softmax alone.
[[nodiscard]] inline AdaptiveIndices add_adaptive(TensorTable& table, const Architecture& a) {
    const nn::AdaptiveBands bands = a.bands();
    const bool tied = a.has_adaptive_input();
    AdaptiveIndices indices;
    for (int i = tied ? 0 : 1; i < bands.count; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        const int dim = bands.band_dim(i);
        const auto numbered = [](const char* begin, int number, const char* end) {
            return begin + std::to_string(number) + end;
        };
        indices.tables[slot] =
            table.add_matrix(tied ? numbered("decoder.embed_tokens.embeddings.", i, ".weight")
                                  : numbered("decoder.adaptive_softmax.tail.", i - 1, ".2.weight"),
                             bands.size(i), dim);
        indices.projections[slot] =
            tied ? table.add_matrix(numbered("decoder.embed_tokens.projections.", i, ".weight"),
                                    bands.dim, dim)
                 : table.add_matrix(numbered("decoder.adaptive_softmax.tail.", i - 1, ".0.weight"),
                                    dim, bands.dim);
    }
    if (tied) {
        indices.head = indices.tables[0];
        indices.classes = table.add_matrix("decoder.adaptive_softmax.head.class_proj.weight",
                                           bands.count - 1, bands.dim);
    } else {
        indices.head =
            table.add_matrix("decoder.adaptive_softmax.head.weight", bands.head_size(), bands.dim);
    }
    return indices;
}

/// Self-attention of a layer, and the unit in front of it. An elastic one may be absent: attention
/// then reads the whole width.
template <class LayerShape>
void add_self_attention(TensorTable& table, const std::string& name, const Architecture& a,
                        const LayerShape& shape, int dim, LayerIndices& layer) {
    if (shape.dextra_depth > 0)
        layer.dextra =
            add_unit(table, name + ".dextra_layer", a.unit_of(shape, dim), a.elastic_units);
    const int in_dim = a.elastic_units ? dim : a.attention_input_dim(shape, dim);
    layer.self_attn =
        add_attention(table, name + ".self_attn", a.qkv_dim_of(shape), in_dim, in_dim, dim);
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
        if (a.embedding_dim > 0)
            layout.source_unit =
                add_unit(table, "encoder.embed_tokens.dextra_layer", a.embedding_unit(dim), false);
        for (int i = 0; i < a.encoder_layer_count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            const std::string name = layer_name("encoder", i);
            LayerIndices& layer = layout.encoder_layers[slot];
            const EncoderLayerShape& shape = a.encoder_layer_shapes[slot];
            const int ffn_dim = shape.ffn_dim;
            add_self_attention(table, name, a, shape, dim, layer);
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
    if (a.has_adaptive_softmax()) layout.adaptive = add_adaptive(table, a);
    if (a.sharing == Sharing::none && !a.has_adaptive_softmax()) {
        layout.output = table.add_matrix("decoder.embed_out", a.target_vocab_size, a.output_dim());
    }
    if (a.sharing == Sharing::all)
        layout.target_embedding = layout.source_embedding;
    else if (!a.has_adaptive_input())
        layout.target_embedding = table.add_matrix("decoder.embed_tokens.weight",
                                                   a.target_vocab_size, a.target_table_dim());
    if (a.sharing != Sharing::none) layout.output = layout.target_embedding;
    if (a.embedding_dim > 0)
        layout.target_unit =
            add_unit(table, "decoder.embed_tokens.dextra_layer", a.embedding_unit(dim), false);
    if (a.decoder_positions == Positions::learned) {
        layout.target_positions = table.add_matrix(
            "decoder.embed_positions.weight", learned_position_rows(a.max_target_positions), dim);
    }
    for (int i = 0; i < a.decoder_layer_count; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        const std::string name = layer_name("decoder", i);
        LayerIndices& layer = layout.decoder_layers[slot];
        const DecoderLayerShape& shape = a.decoder_layer_shapes[slot];
        const int ffn_dim = shape.ffn_dim;
        add_self_attention(table, name, a, shape, dim, layer);
        layer.self_attn_layer_norm = add_norm(table, name + ".self_attn_layer_norm", dim);
        if (a.has_encoder()) {
            layer.encoder_attn = add_attention(table, name + ".encoder_attn", a.qkv_dim_of(shape),
                                               dim, a.encoder_embed_dim, dim);
            layer.encoder_attn_layer_norm = add_norm(table, name + ".encoder_attn_layer_norm", dim);
        }
        layer.fc1 = add_linear(table, name + ".fc1", ffn_dim, dim);
        layer.fc2 = add_linear(table, name + ".fc2", dim, ffn_dim);
        layer.final_layer_norm = add_norm(table, name + ".final_layer_norm", dim);
    }
    if (a.decoder_final_norm) {
        layout.decoder_layer_norm = add_norm(table, "decoder.layer_norm", dim);
    }
    if (a.projects_output())
        layout.project_out =
            table.add_matrix("decoder.project_out_dim.weight", a.output_dim(), dim);
    return layout;
}

namespace detail {

inline bool ends_with(const std::string& text, const char* end) {
    const std::string suffix(end);
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

inline bool is_gain(const std::string& name) {
    return ends_with(name, "norm.weight") || ends_with(name, "normalization_fn.weight");
}

}  // namespace detail

/// Fills `values` with the reference's initial distributions (spec/hat.md, section 8, and
/// spec/delight.md, section 9): Xavier-uniform matrices, tables normal with variance 1/dim, gains
/// one, biases zero. A group-linear layer takes in · out / groups² for its fan-in. The numbers
/// depend on the seed and on the tensor's name and place in it alone, not on the machine or on
/// other tensors.
inline void initialize(const TensorTable& table, Slab& values, std::uint64_t seed) {
    for (const auto& entry : table) {
        std::uint64_t name = 0;
        for (const char c : entry.name) name = mix64(name ^ static_cast<unsigned char>(c));
        Random random(RandomKey(seed).split(name));
        const Matrix m = values.matrix(entry);
        const bool is_table = entry.name.find(".embed_") != std::string::npos &&
                              entry.name.find(".dextra_layer.") == std::string::npos &&
                              entry.name.find(".projections.") == std::string::npos;
        const double fan_in =
            entry.groups == 1 ? entry.cols : static_cast<double>(entry.size()) / entry.groups;
        const double bound = std::sqrt(6.0 / (entry.rows + fan_in));
        const double deviation = 1.0 / std::sqrt(static_cast<double>(entry.cols));
        for (std::ptrdiff_t i = 0; i < entry.size(); ++i) {
            if (is_table)
                m.data()[i] = static_cast<float>(deviation * random.normal());
            else if (!entry.is_vector)
                m.data()[i] = static_cast<float>(random.uniform(-bound, bound));
            else
                m.data()[i] = detail::is_gain(entry.name) ? 1.0F : 0.0F;
        }
    }
}

}  // namespace hat::model
