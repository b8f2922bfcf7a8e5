// SPDX-License-Identifier: Apache-2.0
#include <hat/model/genes.hpp>
#include <hat/model/presets.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

using namespace hat::model;

namespace {

/// An architecture whose every gene has a value of its own.
constexpr Architecture numbered() {
    Architecture a;
    int number = 0;
    for (const Side side : sides) {
        layer_count(a, side) = 2;
        for (const GeneRow& gene : gene_table)
            for (int i = 0; gene.is_of_layers() && !gene.name(side).empty() && i < 2; ++i)
                gene.of(a, side, i) = ++number;
    }
    a.encoder.embed_dim = ++number;
    a.decoder.embed_dim = ++number;
    return a;
}

// A member of the shapes that the table lacked would be lost here.
static_assert(numbered().decoder.layer_shapes[1] ==
              DecoderLayerShape{14, 16, 18, 20, 22, 24, 26, 28});
static_assert(numbered().encoder.layer_shapes[0] == EncoderLayerShape{1, 3, 5, 7, 9, 11});
static_assert(sizeof(EncoderLayerShape) == 6 * sizeof(int) &&
                  sizeof(DecoderLayerShape) == 8 * sizeof(int),
              "a new member of a layer's shape needs its row in the table");
static_assert(sub_architecture(numbered(), numbered()) == numbered());

}  // namespace

TEST_SUITE("model/genes") {
    TEST_CASE("every gene has a name of its own, and a place for each") {
        std::set<std::string_view> names;
        for (const GeneRow& gene : gene_table)
            for (const Side side : sides) {
                if (gene.name(side).empty()) continue;
                CAPTURE(gene.name(side));
                CHECK(names.insert(gene.name(side)).second);
                CHECK(gene.name(side) == side_name(side) + ("_" + std::string(gene.short_name())));
                if (side == Side::encoder && gene.is_of_layers())
                    CHECK(gene.of_encoder_layer != nullptr);
            }
        CHECK(names.size() == 18);
    }

    TEST_CASE("what reads the encoder and what is of it are absent without one") {
        std::string absent;
        for (const GeneRow& gene : gene_table)
            if (!gene.exists(Side::decoder, false)) (absent += gene.short_name()) += ' ';
        CHECK(absent == "cross_heads attended_layers ");
        CHECK_FALSE(gene_table[0].exists(Side::encoder, false));
        CHECK(gene_table[0].exists(Side::encoder, true));
        CHECK_FALSE(gene_table[4].exists(Side::encoder, true));
    }

    TEST_CASE("genes of a DExTra are left out of layers without one") {
        Architecture genes = numbered();
        genes.encoder.layer_shapes[1].dextra_depth = 0;
        const Architecture sub = sub_architecture(genes, numbered());
        CHECK(sub.encoder.layer_shapes[1].dextra_width == 0);
        CHECK(sub.encoder.layer_shapes[1].dextra_groups == 0);
        CHECK(sub.encoder.layer_shapes[1].qkv_dim == genes.encoder.layer_shapes[1].qkv_dim);
        CHECK(sub.encoder.layer_shapes[0] == genes.encoder.layer_shapes[0]);
    }

    TEST_CASE("a gene larger than the super network's is named, and finer groups fit") {
        const Architecture super = numbered();
        const auto message = [&](auto change) -> std::string {
            Architecture sub = super;
            change(sub);
            try {
                validate_fits_in(sub, super);
            } catch (const hat::Error& error) {
                CHECK_FALSE(fits_in(sub, super));
                return error.what();
            }
            return "fits";
        };
        CHECK(message([](Architecture&) {}) == "fits");
        CHECK(message([](Architecture& a) { a.decoder.embed_dim = 99; }) ==
              "architecture: decoder_embed_dim = 99 exceeds the super network's 30");
        CHECK(message([](Architecture& a) { a.encoder.layer_shapes[1].qkv_dim = 99; }) ==
              "architecture: encoder layer 1: qkv_dim = 99 exceeds the super network's 6");
        CHECK(message([](Architecture& a) { a.decoder.layer_shapes[0].dextra_groups = 99; }) ==
              "architecture: decoder layer 0: dextra_groups = 99 differs from the super network's "
              "27, whose units are not elastic");
        Architecture elastic = super;
        elastic.elastic_units = true;
        Architecture sub = sub_architecture(super, elastic);
        sub.decoder.layer_shapes[0].dextra_groups = 99;
        CHECK(fits_in(sub, elastic));
        sub.decoder.layer_shapes[0].dextra_groups = 26;
        CHECK_FALSE(fits_in(sub, elastic));
        CHECK_THROWS_WITH_AS(validate_fits_in(sub, elastic),
                             "architecture: decoder layer 0: dextra_groups = 26 is below the super "
                             "network's 27",
                             hat::Error);
        sub = sub_architecture(super, elastic);
        sub.encoder.layer_shapes[1].dextra_depth = 99;
        CHECK_THROWS_WITH_AS(
            validate_fits_in(sub, elastic),
            "architecture: encoder layer 1: dextra_depth = 99 exceeds the super network's 8",
            hat::Error);
        sub = sub_architecture(super, elastic);
        sub.decoder.layer_shapes[0].dextra_depth = 0;  // with a width: no gene is too large
        CHECK_NOTHROW(validate_genes_fit_in(sub, elastic));
    }
}
