// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/slab.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/parameters.hpp>
#include <hat/model/transformer.hpp>

#include <cstdint>
#include <vector>

namespace hat::model {

/// Gradients of a network: a slab of the same layout, and per tensor whether it got any.
struct Gradients {
    explicit Gradients(const TensorTable& table)
        : values(table), has_gradient(static_cast<std::size_t>(table.size())) {}

    Slab values;
    std::vector<std::uint8_t> has_gradient;
};

/// Owns the parameters of a network and hands out views of it, or of any smaller network it holds:
/// making a `Transformer` copies no weight and allocates nothing.
class Network {
public:
    /// Sentences of up to this many tokens have a sinusoidal position.
    static constexpr int max_tokens = 1024;

    /// Tokens that a sentence may have if its positions are in this table, or in none.
    [[nodiscard]] static int most_tokens(ConstMatrix positions) noexcept {
        return positions.empty() ? max_tokens : positions.rows() - first_position;
    }

    /// A network with all parameters zero.
    /// Throws  `Error` if the architecture is not valid.
    explicit Network(const Architecture& architecture)
        : architecture_((validate(architecture), architecture)),
          layout_(parameter_layout(architecture)), values_(layout_.table) {
        const int rows = max_tokens + first_position;
        if (architecture.has_encoder() && architecture.encoder_positions == Positions::sinusoidal) {
            source_positions_ = sinusoids(rows, architecture.encoder_position_dim());
        }
        if (architecture.decoder_positions == Positions::sinusoidal) {
            target_positions_ = sinusoids(rows, architecture.decoder_position_dim());
        }
    }

    [[nodiscard]] const Architecture& architecture() const noexcept { return architecture_; }
    [[nodiscard]] const ParameterLayout& layout() const noexcept { return layout_; }
    [[nodiscard]] const TensorTable& table() const noexcept { return layout_.table; }
    [[nodiscard]] Slab& values() noexcept { return values_; }
    [[nodiscard]] const Slab& values() const noexcept { return values_; }

    void initialize(std::uint64_t seed) { model::initialize(layout_.table, values_, seed); }

    /// The whole network; gradients go to `gradients`, nowhere if it is null.
    [[nodiscard]] Transformer<nn::Trainable> view(Gradients* gradients = nullptr) noexcept {
        return view(architecture_, gradients);
    }

    /// The sub-network `sub`, whose weights are the first rows and columns of this one's.
    /// Precondition: `validate_fits_in(sub, architecture())` holds.
    [[nodiscard]] Transformer<nn::Trainable> view(const Architecture& sub,
                                                  Gradients* gradients = nullptr) noexcept {
        return Binder{*this, sub, gradients}.bind();
    }

private:
    using Parameter = autograd::Parameter;

    struct Binder {
        Network& network;
        const Architecture& sub;
        Gradients* gradients;

        [[nodiscard]] Parameter whole(int index) const noexcept {
            if (index < 0) return {};
            const auto& entry = network.layout_.table[index];
            Parameter p{network.values_.matrix(entry), {}, nullptr};
            if (gradients != nullptr) {
                p.gradient = gradients->values.matrix(entry);
                p.has_gradient = &gradients->has_gradient[static_cast<std::size_t>(index)];
            }
            return p;
        }
        [[nodiscard]] Parameter matrix(int index, int rows, int cols) const noexcept {
            return whole(index).top_left(rows, cols);
        }
        [[nodiscard]] Parameter columns(int index, int cols) const noexcept {
            const Parameter p = whole(index);
            return p.value.empty() ? p : p.middle_cols(0, cols);
        }
        [[nodiscard]] nn::Linear<nn::Trainable> linear(LinearIndices i, int out,
                                                       int in) const noexcept {
            return {matrix(i.weight, out, in), columns(i.bias, out)};
        }
        [[nodiscard]] nn::LayerNorm<nn::Trainable> norm(NormIndices i, int dim) const noexcept {
            return {columns(i.gain, dim), columns(i.bias, dim)};
        }
        /// Rows of the joint projection of an attention: those of the queries, keys or values
        /// (part 0, 1 or 2), of which the network stores more if it is wider.
        [[nodiscard]] nn::Linear<nn::Trainable> part(const AttentionIndices& i, int number, int q,
                                                     int in_dim) const noexcept {
            const Parameter weight = whole(i.in_proj_weight);
            const Parameter bias = whole(i.in_proj_bias);
            const int stored = bias.value.cols() / 3;
            return {weight.middle_rows(number * stored, q).top_left(q, in_dim),
                    bias.middle_cols(number * stored, q)};
        }
        [[nodiscard]] nn::SelfAttention<nn::Trainable> self_attention(const AttentionIndices& i,
                                                                      int q, int in_dim, int dim,
                                                                      int heads) const noexcept {
            const Parameter bias = whole(i.in_proj_bias);
            const nn::Linear<nn::Trainable> out = linear(i.out_proj, dim, q);
            if (bias.value.cols() == 3 * q)
                return {{matrix(i.in_proj_weight, 3 * q, in_dim), bias}, out, heads, q};
            return {part(i, 0, q, in_dim), out, heads, q, part(i, 1, q, in_dim),
                    part(i, 2, q, in_dim)};
        }
        [[nodiscard]] nn::CrossAttention<nn::Trainable> cross_attention(const AttentionIndices& i,
                                                                        int q, int dim,
                                                                        int memory_dim,
                                                                        int heads) const noexcept {
            const Parameter bias = whole(i.in_proj_bias);
            const int stored = bias.value.cols() / 3;
            nn::CrossAttention<nn::Trainable> attention;
            attention.heads = heads;
            attention.qkv_dim = q;
            attention.out_proj = linear(i.out_proj, dim, q);
            if (i.in_proj_weight >= 0 && stored != q) {
                attention.query = part(i, 0, q, dim);
                attention.key_value = part(i, 1, q, memory_dim);
                attention.value = part(i, 2, q, memory_dim);
            } else if (i.in_proj_weight >= 0) {
                const Parameter joint = whole(i.in_proj_weight);
                attention.query = {joint.top_left(q, dim), bias.middle_cols(0, q)};
                attention.key_value = {joint.middle_rows(q, 2 * q).top_left(2 * q, memory_dim),
                                       bias.middle_cols(q, 2 * q)};
            } else {
                attention.query = {matrix(i.q_proj_weight, q, dim), bias.middle_cols(0, q)};
                attention.key_value = {matrix(i.k_proj_weight, q, memory_dim),
                                       bias.middle_cols(stored, q)};
                attention.value = {matrix(i.v_proj_weight, q, memory_dim),
                                   bias.middle_cols(2 * stored, q)};
            }
            return attention;
        }
        /// A layer of a unit with the first rows and columns of its weights, of both inputs.
        [[nodiscard]] nn::GroupLinear<nn::Trainable> group_linear(const GroupLinearIndices& i,
                                                                  const nn::GroupLinearShape& shape,
                                                                  int first_in,
                                                                  bool shuffles) const noexcept {
            const int first = first_in / shape.groups;
            const int second = (shape.in_dim - first_in) / shape.groups;
            const int norm_dim = shape.out_dim / shape.groups;
            const Parameter weight = whole(i.weight).top_left(shape.out_dim, i.first_cols + second);
            nn::GroupLinear<nn::Trainable> layer;
            layer.weight = weight.middle_cols(0, first);
            if (second > 0) layer.second_weight = weight.middle_cols(i.first_cols, second);
            layer.bias = columns(i.bias, shape.out_dim);
            layer.gain = columns(i.norm.gain, norm_dim);
            layer.shift = columns(i.norm.bias, norm_dim);
            layer.out_dim = shape.out_dim;
            layer.groups = shape.groups;
            layer.shuffle = shuffles;
            layer.activation = sub.activation;
            return layer;
        }
        /// A unit out of the stored one of `stored_depth` layers: its first half is taken from the
        /// front of that, its second half from the back.
        [[nodiscard]] nn::DExTra<nn::Trainable> unit(const UnitIndices& i, int stored_depth,
                                                     const nn::DExTraShape& shape) const noexcept {
            const nn::DExTraPlan plan = dextra_plan(shape);
            nn::DExTra<nn::Trainable> bound;
            bound.input = group_linear(i.input, plan.input, shape.in_dim, false);
            for (int l = 0; l < plan.depth; ++l) {
                const int stored = l < (plan.depth + 1) / 2 ? l : stored_depth - plan.depth + l;
                bound.layers.push_back(group_linear(i.layers[static_cast<std::size_t>(stored)],
                                                    plan.layers()[static_cast<std::size_t>(l)],
                                                    shape.inner_dim, plan.shuffles));
            }
            bound.output = group_linear(i.output, plan.output, shape.inner_dim, false);
            return bound;
        }

        void bind_adaptive(Transformer<nn::Trainable>& model) const noexcept {
            const AdaptiveIndices& i = network.layout_.adaptive;
            const nn::AdaptiveBands bands = sub.bands();
            const bool tied = sub.has_adaptive_input();
            auto& softmax = model.adaptive_softmax.emplace();
            softmax.bands = bands;
            softmax.has_tied_projections = tied;
            softmax.head = whole(i.head);
            softmax.classes = whole(i.classes);
            for (std::size_t band = 1; band < static_cast<std::size_t>(bands.count); ++band) {
                softmax.projections[band - 1] = whole(i.projections[band]);
                softmax.tails[band - 1] = whole(i.tables[band]);
            }
            if (!tied) return;
            auto& input = model.adaptive_input.emplace();
            input.bands = bands;
            input.scaled = !sub.unscaled_embeddings;
            for (std::size_t band = 0; band < static_cast<std::size_t>(bands.count); ++band) {
                input.tables[band] = whole(i.tables[band]);
                input.projections[band] = whole(i.projections[band]);
            }
        }

        [[nodiscard]] Transformer<nn::Trainable> bind() const noexcept {
            const ParameterLayout& layout = network.layout_;
            const Architecture& stored = network.architecture_;
            const int e = sub.encoder_embed_dim;
            const int d = sub.decoder_embed_dim;
            Transformer<nn::Trainable> model;
            model.architecture = sub;
            const int table_dim = sub.embedding_dim;
            model.source_embedding =
                columns(layout.source_embedding, table_dim > 0 ? table_dim : e);
            model.target_embedding =
                columns(layout.target_embedding, table_dim > 0 ? table_dim : d);
            model.output = columns(layout.output, sub.output_dim());
            if (table_dim > 0) {
                const int depth = sub.embedding_dextra_depth;
                if (sub.has_encoder())
                    model.source_unit = unit(layout.source_unit, depth, sub.embedding_unit(e));
                model.target_unit = unit(layout.target_unit, depth, sub.embedding_unit(d));
            }
            if (sub.has_adaptive_softmax()) bind_adaptive(model);
            if (sub.projects_output())
                model.project_out.weight = matrix(layout.project_out, sub.output_dim(), d);
            model.source_positions = positions(layout.source_positions, network.source_positions_,
                                               network.architecture_.encoder_position_dim(), e);
            model.target_positions = positions(layout.target_positions, network.target_positions_,
                                               network.architecture_.decoder_position_dim(), d);
            model.encoder_layer_norm = norm(layout.encoder_layer_norm, e);
            model.decoder_layer_norm = norm(layout.decoder_layer_norm, d);
            for (std::size_t l = 0; l < sub.encoder_layers().size(); ++l) {
                const LayerIndices& i = layout.encoder_layers[l];
                const EncoderLayerShape& shape = sub.encoder_layer_shapes[l];
                auto& layer = model.encoder_layers.emplace_back();
                if (shape.dextra_depth > 0)
                    layer.dextra = unit(i.dextra, stored.encoder_layer_shapes[l].dextra_depth,
                                        sub.unit_of(shape, e));
                layer.self_attn = self_attention(i.self_attn, sub.qkv_dim_of(shape),
                                                 sub.attention_input_dim(shape, e), e, shape.heads);
                layer.self_attn_layer_norm = norm(i.self_attn_layer_norm, e);
                layer.feed_forward = {linear(i.fc1, shape.ffn_dim, e),
                                      linear(i.fc2, e, shape.ffn_dim), sub.activation};
                layer.final_layer_norm = norm(i.final_layer_norm, e);
            }
            for (std::size_t l = 0; l < sub.decoder_layers().size(); ++l) {
                const LayerIndices& i = layout.decoder_layers[l];
                const DecoderLayerShape& shape = sub.decoder_layer_shapes[l];
                auto& layer = model.decoder_layers.emplace_back();
                const int q = sub.qkv_dim_of(shape);
                if (shape.dextra_depth > 0)
                    layer.dextra = unit(i.dextra, stored.decoder_layer_shapes[l].dextra_depth,
                                        sub.unit_of(shape, d));
                layer.self_attn = self_attention(i.self_attn, q, sub.attention_input_dim(shape, d),
                                                 d, shape.heads);
                layer.self_attn_layer_norm = norm(i.self_attn_layer_norm, d);
                layer.feed_forward = {linear(i.fc1, shape.ffn_dim, d),
                                      linear(i.fc2, d, shape.ffn_dim), sub.activation};
                layer.final_layer_norm = norm(i.final_layer_norm, d);
                layer.attended_layers = shape.attended_layers;
                if (shape.attended_layers > 0) {
                    layer.encoder_attn =
                        cross_attention(i.encoder_attn, q, d, e, shape.cross_heads);
                    layer.encoder_attn_layer_norm = norm(i.encoder_attn_layer_norm, d);
                }
            }
            return model;
        }

        [[nodiscard]] Parameter positions(int learned, AlignedArray<float>& sinusoids,
                                          int super_dim, int dim) const noexcept {
            if (learned >= 0) return columns(learned, dim);
            if (sinusoids.size() == 0) return {};
            const int rows = static_cast<int>(sinusoids.size() / super_dim);
            return {Matrix(sinusoids.data(), rows, dim, super_dim), {}, nullptr};
        }
    };

    static AlignedArray<float> sinusoids(int rows, int dim) {
        AlignedArray<float> table(std::ptrdiff_t{rows} * dim);
        kernels::sinusoidal_positions({table.data(), rows, dim});
        return table;
    }

    Architecture architecture_;
    ParameterLayout layout_;
    Slab values_;
    AlignedArray<float> source_positions_;
    AlignedArray<float> target_positions_;
};

}  // namespace hat::model
