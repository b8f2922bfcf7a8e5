// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace hat::deploy {

namespace detail {

/// Writes what a value has beside its defaults as statements of C++: "    to.norm = …;\n". A member
/// that is added to one of these structs is one more name in its brackets, or it does not compile.
class ArchitectureSource {
public:
    void add(const std::string& name, int value, int usual = 0) {
        if (value != usual) set(name, std::to_string(value));
    }
    void add(const std::string& name, bool value) {
        if (value) set(name, "true");
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void add(const std::string& name, std::string_view type, Enum value, Enum usual) {
        if (value == usual) return;
        set(name, std::string(type) + '(' + std::to_string(static_cast<int>(value)) + ')');
    }
    void add(const std::string& name, const model::EncoderLayerShape& layer) {
        const auto& [ffn_dim, heads, qkv_dim, depth, width, groups] = layer;
        add(name + ".ffn_dim", ffn_dim);
        add(name + ".heads", heads);
        add_unit(name, qkv_dim, depth, width, groups);
    }
    void add(const std::string& name, const model::DecoderLayerShape& layer) {
        const auto& [ffn_dim, heads, cross_heads, attended, qkv_dim, depth, width, groups] = layer;
        add(name + ".ffn_dim", ffn_dim);
        add(name + ".heads", heads);
        add(name + ".cross_heads", cross_heads);
        add(name + ".attended_layers", attended);
        add_unit(name, qkv_dim, depth, width, groups);
    }
    template <class LayerShape>
    void add(const std::string& name, const model::SideShape<LayerShape>& side) {
        const auto& [embed_dim, layer_count, layers, final_norm, positions, max_positions] = side;
        add(name + ".embed_dim", embed_dim);
        add(name + ".layer_count", layer_count);
        for (std::size_t i = 0; i < layers.size(); ++i)
            add(name + ".layer_shapes[" + std::to_string(i) + ']', layers[i]);
        add(name + ".final_norm", final_norm);
        add(name + ".positions", "hat::model::Positions", positions, model::Positions::sinusoidal);
        add(name + ".max_positions", max_positions);
    }
    void add(const std::string& name, const model::EmbeddingShape& embedding) {
        const auto& [dim, depth, width, groups, unscaled, by_super_dim] = embedding;
        add(name + ".dim", dim);
        add_unit(name, 0, depth, width, groups);
        add(name + ".unscaled", unscaled);
        add(name + ".scaled_by_super_dim", by_super_dim);
    }
    void add(const std::string& name, const model::AdaptiveShape& adaptive) {
        const auto& [bands, factor, cutoffs] = adaptive;
        add(name + ".bands", bands);
        add(name + ".factor", factor);
        for (std::size_t i = 0; i < cutoffs.size(); ++i)
            add(name + ".cutoffs[" + std::to_string(i) + ']', cutoffs[i]);
    }
    void add(const std::string& name, const model::Origin& origin) {
        const auto& [encoder_dim, decoder_dim, identity_layers] = origin;
        add(name + ".encoder_dim", encoder_dim);
        add(name + ".decoder_dim", decoder_dim);
        add(name + ".identity_layers", identity_layers);
    }
    void add(const std::string& name, const model::Serving& serving) {
        const auto& [weight_bits, listed_tokens] = serving;
        add(name + ".weight_bits", weight_bits, model::Serving{}.weight_bits);
        add(name + ".listed_tokens", listed_tokens);
    }
    void add(const model::Architecture& a) {
        const auto& [source_vocab_size, target_vocab_size, encoder, decoder, qkv_dim, sharing, norm,
                     activation, variant, embedding, adaptive, origin, real_layers, elastic_units,
                     serving] = a;
        const model::Architecture usual{};
        add("source_vocab_size", source_vocab_size);
        add("target_vocab_size", target_vocab_size);
        add("encoder", encoder);
        add("decoder", decoder);
        add("qkv_dim", qkv_dim);
        add("sharing", "hat::model::Sharing", sharing, usual.sharing);
        add("norm", "hat::model::Norm", norm, usual.norm);
        add("activation", "hat::Activation", activation, usual.activation);
        add("dextra_variant", "hat::nn::DExTraVariant", variant, usual.dextra_variant);
        add("embedding", embedding);
        add("adaptive", adaptive);
        add("origin", origin);
        add("attends_to_real_layers", real_layers);
        add("elastic_units", elastic_units);
        add("serving", serving);
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    void add_unit(const std::string& name, int qkv_dim, int depth, int width, int groups) {
        add(name + ".qkv_dim", qkv_dim);
        add(name + ".dextra_depth", depth);
        add(name + ".dextra_width", width);
        add(name + ".dextra_groups", groups);
    }
    void set(const std::string& name, const std::string& value) {
        text_ += "    to." + name + " = " + value + ";\n";
    }

    std::string text_;
};

}  // namespace detail

/// C++ that defines `inline constexpr hat::model::Architecture architecture` as `a` in the
/// namespace `space`. It needs <hat/model/architecture.hpp> before it.
[[nodiscard]] inline std::string architecture_source(const model::Architecture& a,
                                                     std::string_view space) {
    detail::ArchitectureSource source;
    source.add(a);
    return "namespace " + std::string(space) +
           " {\ninline constexpr hat::model::Architecture architecture = [] {\n"
           "    hat::model::Architecture to;\n" +
           source.text() + "    return to;\n}();\n}  // namespace " + std::string(space) + "\n";
}

}  // namespace hat::deploy
