// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>
#include <hat/report/svg.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string>

namespace hat::report {

namespace detail {

/// Draws the layers of an architecture, wider ones with a wider feed-forward layer, each on its
/// DExTra unit if it has one.
class ArchitectureDrawing {
public:
    ArchitectureDrawing(const model::Architecture& architecture, const std::string& title)
        : a_(architecture), svg_(width, height_of(architecture)), height_(height_of(architecture)) {
        svg_.text(width / 2.0, 24, title,
                  {.size = 15, .anchor = Svg::Anchor::middle, .bold = true});
        for (const auto& layer : a_.encoder.layers()) widest_ = std::max(widest_, layer.ffn_dim);
        for (const auto& layer : a_.decoder.layers()) widest_ = std::max(widest_, layer.ffn_dim);
        if (a_.has_encoder()) {
            draw_attention();
            draw_side("encoder", a_.encoder.embed_dim, encoder_x, a_.encoder.layer_count,
                      [&](int i) {
                          const auto& layer = a_.encoder.layers()[static_cast<std::size_t>(i)];
                          return Label{layer.ffn_dim,
                                       "ffn " + std::to_string(layer.ffn_dim) + " · " +
                                           std::to_string(layer.heads) + " heads",
                                       unit_words(layer)};
                      });
        }
        draw_side("decoder", a_.decoder.embed_dim, decoder_x, a_.decoder.layer_count, [&](int i) {
            const auto& layer = a_.decoder.layers()[static_cast<std::size_t>(i)];
            std::string words =
                "ffn " + std::to_string(layer.ffn_dim) + " · " + std::to_string(layer.heads);
            if (a_.has_encoder()) words += "/" + std::to_string(layer.cross_heads);
            return Label{layer.ffn_dim, words + " heads", unit_words(layer)};
        });
    }
    [[nodiscard]] std::string str() const { return svg_.str(); }

private:
    struct Label {
        int ffn_dim;
        std::string words;
        std::string unit;  ///< empty: none
    };

    /// "DExTra 4 deep, 2.5 wide, 8 groups".
    template <class LayerShape>
    [[nodiscard]] static std::string unit_words(const LayerShape& layer) {
        if (layer.dextra_depth == 0) return {};
        std::array<char, 80> text{};
        std::snprintf(text.data(), text.size(), "DExTra %d deep, %g wide, %d groups",
                      layer.dextra_depth, layer.dextra_width / 1000.0, layer.dextra_groups);
        return text.data();
    }
    [[nodiscard]] static bool has_units(const model::Architecture& a) noexcept {
        const auto has_unit = [](const auto& layer) { return layer.dextra_depth > 0; };
        return std::ranges::any_of(a.encoder.layers(), has_unit) ||
               std::ranges::any_of(a.decoder.layers(), has_unit);
    }

    static constexpr int width = 640;
    static constexpr double encoder_x = 165;
    static constexpr double decoder_x = 475;
    static constexpr double box_width = 230;      ///< of the widest layer
    static constexpr double narrowest_box = 130;  ///< holds its label
    static constexpr double box_height = 26;
    static constexpr double unit_width = 180;
    static constexpr double unit_height = 14;

    static int pitch_of(const model::Architecture& a) noexcept { return has_units(a) ? 54 : 38; }
    static int height_of(const model::Architecture& a) noexcept {
        return 96 + pitch_of(a) * std::max(a.encoder.layer_count, a.decoder.layer_count);
    }
    /// Middle of the layer `index`; the first one is at the bottom.
    [[nodiscard]] double y_of(int index) const noexcept {
        return height_ - 62 - pitch_of(a_) * index;
    }
    [[nodiscard]] double width_of(int ffn_dim) const noexcept {
        return narrowest_box + (box_width - narrowest_box) * ffn_dim / widest_;
    }

    template <class LabelOf>
    void draw_side(const char* name, int embed_dim, double x, int layers, LabelOf label_of) {
        svg_.text(x, height_ - 16, std::string(name) + ", width " + std::to_string(embed_dim),
                  {.anchor = Svg::Anchor::middle, .bold = true});
        for (int i = 0; i < layers; ++i) {
            const Label label = label_of(i);
            const double w = width_of(label.ffn_dim);
            svg_.box(x - w / 2, y_of(i) - box_height / 2, w, box_height, "#dbe9f6", "#1f77b4", 4);
            svg_.text(x, y_of(i) + 4, label.words, {.anchor = Svg::Anchor::middle});
            if (label.unit.empty()) continue;
            const double top = y_of(i) + box_height / 2;
            svg_.box(x - unit_width / 2, top, unit_width, unit_height, "#e5f5e0", "#2ca02c", 2);
            svg_.text(x, top + 10.5, label.unit, {.size = 9, .anchor = Svg::Anchor::middle});
        }
    }

    /// A line from each encoder layer that a decoder layer reads.
    void draw_attention() {
        for (int d = 0; d < a_.decoder.layer_count; ++d) {
            const auto& layer = a_.decoder.layers()[static_cast<std::size_t>(d)];
            for (int back = 0; back < layer.attended_layers; ++back) {
                // Identity layers stand after the last real one and repeat it.
                const int e =
                    std::min(a_.encoder.layer_count - 1,
                             a_.encoder.layer_count + a_.origin.identity_layers - 1 - back);
                const auto& read = a_.encoder.layers()[static_cast<std::size_t>(std::max(e, 0))];
                connect(width_of(read.ffn_dim), y_of(std::max(e, 0)), width_of(layer.ffn_dim),
                        y_of(d), back > 0);
            }
        }
    }

    /// Level to the edge of the column, across the gap, and level again: no box is crossed.
    void connect(double from_width, double from_y, double to_width, double to_y, bool dashed) {
        constexpr double left = encoder_x + box_width / 2 + 4;
        constexpr double right = decoder_x - box_width / 2 - 4;
        const auto draw = [&](double x1, double y1, double x2, double y2) {
            svg_.line(x1, y1, x2, y2, "#d62728", 1.2, dashed);
        };
        draw(encoder_x + from_width / 2, from_y, left, from_y);
        draw(left, from_y, right, to_y);
        draw(right, to_y, decoder_x - to_width / 2, to_y);
    }

    const model::Architecture& a_;
    Svg svg_;
    int height_;
    int widest_ = 1;
};

}  // namespace detail

/// The architecture drawn layer by layer, the first at the bottom, as an SVG file: boxes are wider
/// for wider feed-forward layers, and which encoder layers each decoder layer reads (the last one
/// solid, those before it dashed). "ffn 512 · 4/2 heads": 4 of self-attention, 2 of
/// cross-attention. Below a layer, what it reads through: "DExTra 4 deep, 2 wide, 8 groups".
[[nodiscard]] inline std::string architecture_to_svg(const model::Architecture& architecture,
                                                     const std::string& title) {
    return detail::ArchitectureDrawing(architecture, title).str();
}

}  // namespace hat::report
