// SPDX-License-Identifier: Apache-2.0
#include <hat/model/presets.hpp>
#include <hat/report/architecture_svg.hpp>

#include "support/count.hpp"

#include <doctest/doctest.h>

#include <string>

using hat::report::architecture_to_svg;
using hat::support::count;

TEST_SUITE("report/architecture_svg") {
    TEST_CASE("every layer is a box, every encoder layer that is read a line of three pieces") {
        auto a = hat::model::transformer_tiny(100);
        a.decoder.layer_shapes[1].attended_layers = 3;
        a.decoder.layer_shapes[2].ffn_dim = 512;
        const std::string svg = architecture_to_svg(a, "tiny");
        CHECK(count(svg, "rx=\"4\"") == 8);
        CHECK(count(svg, "<line") == 3 * (3 * 1 + 3));
        CHECK(count(svg, "stroke-dasharray") == 3 * 2);
        CHECK(count(svg, "ffn 512 · 4/4 heads") == 1);
        CHECK(count(svg, "encoder, width 128") == 1);
    }

    TEST_CASE("a language model has one side") {
        hat::model::Architecture a = hat::model::transformer_tiny(100);
        a.source_vocab_size = a.encoder.embed_dim = a.encoder.layer_count = 0;
        a.sharing = hat::model::Sharing::decoder_input_output;
        for (auto& layer : a.encoder.layer_shapes) layer = {};
        for (auto& layer : a.decoder.layer_shapes) layer.cross_heads = layer.attended_layers = 0;
        validate(a);
        const std::string svg = architecture_to_svg(a, "language model");
        CHECK(count(svg, "rx=\"4\"") == 4);
        CHECK(count(svg, "encoder") == 0);
        CHECK(count(svg, "ffn 256 · 4 heads") == 4);
    }

    TEST_CASE("a layer stands on its DExTra unit, and layers without one are drawn as ever") {
        auto a = hat::model::transformer_tiny(100);
        const std::string plain = architecture_to_svg(a, "tiny");
        a.decoder.layer_shapes[1].dextra_depth = 4;
        a.decoder.layer_shapes[1].dextra_width = 2500;
        a.decoder.layer_shapes[1].dextra_groups = 8;
        const std::string svg = architecture_to_svg(a, "one unit");
        CHECK(count(svg, "DExTra 4 deep, 2.5 wide, 8 groups") == 1);
        CHECK(count(svg, "rx=\"2\"") == 1);
        CHECK(count(svg, "rx=\"4\"") == count(plain, "rx=\"4\""));
        CHECK(count(plain, "DExTra") == 0);
    }
}
