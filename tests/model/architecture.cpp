// SPDX-License-Identifier: Apache-2.0
#include <hat/model/architecture.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"

#include <doctest/doctest.h>

using namespace hat::model;

namespace {

constexpr Architecture tiny = transformer_tiny(1000);

template <Architecture A>
constexpr int layers_of = A.encoder.layer_count + A.decoder.layer_count;

static_assert(layers_of<tiny> == 8, "an architecture is a template argument");
static_assert((validate(tiny), true));
static_assert(fits_in(tiny, tiny));
static_assert(sub_architecture(tiny, tiny) == tiny);

/// A small network cut from the published WMT super network.
constexpr Architecture cut() {
    Architecture genes = hat_super_wmt(1000);
    genes.encoder.embed_dim = 512;
    genes.encoder.layer_count = 4;
    genes.decoder.layer_count = 2;
    genes.decoder.layer_shapes[1].ffn_dim = 1024;
    return sub_architecture(genes, hat_super_wmt(1000));
}

void check_invalid(const Architecture& a, const char* message) {
    CHECK_THROWS_WITH_AS(validate(a), message, hat::Error);
}

}  // namespace

TEST_SUITE("model/architecture") {
    TEST_CASE("a SubTransformer remembers the dims and layers of its super network") {
        constexpr Architecture sub = cut();
        CHECK(sub.origin.encoder_dim == 640);
        CHECK(sub.encoder_position_dim() == 640);
        CHECK(sub.origin.decoder_dim == 0);
        CHECK(sub.decoder_position_dim() == 640);
        CHECK(sub.origin.identity_layers == 2);
        CHECK(sub.encoder.layers().size() == 4);
        CHECK(sub.decoder.layer_shapes[2] == DecoderLayerShape{});
        CHECK(sub.source_table_dim() == 640);
        CHECK_FALSE(sub.joint_cross_projection());
        CHECK_NOTHROW(validate(sub));
        CHECK_NOTHROW(validate_fits_in(sub, hat_super_wmt(1000)));
        static_assert(fits_in(sub, hat_super_wmt(1000)));
    }

    TEST_CASE("a SubTransformer of a SubTransformer keeps the first super network") {
        Architecture genes = cut();
        genes.encoder.layer_count = 3;
        genes.encoder.embed_dim = 256;
        const Architecture sub = sub_architecture(genes, cut());
        CHECK(sub.origin.encoder_dim == 640);
        CHECK(sub.origin.identity_layers == 3);
        CHECK(fits_in(sub, cut()));
    }

    TEST_CASE("a SubTransformer has no identity layers where real ones are attended to") {
        Architecture super = hat_super_wmt(1000);
        super.attends_to_real_layers = true;
        const Architecture sub = sub_architecture(cut(), super);
        CHECK(sub.encoder.layer_count == 4);
        CHECK(sub.origin.identity_layers == 0);
        CHECK_NOTHROW(validate_fits_in(sub, super));
        Architecture wrong = sub;
        wrong.origin.identity_layers = 1;
        CHECK_THROWS_AS(validate_fits_in(wrong, super), hat::Error);
        CHECK_FALSE(fits_in(wrong, super));
    }

    TEST_CASE("a gene larger than the super network's is named") {
        const Architecture super = hat_super_wmt(1000);
        Architecture sub = cut();
        sub.decoder.layer_shapes[1].ffn_dim = 4096;
        CHECK_THROWS_WITH_AS(
            validate_fits_in(sub, super),
            "architecture: decoder layer 1: ffn_dim = 4096 exceeds the super network's 3072",
            hat::Error);
        CHECK_FALSE(fits_in(sub, super));
        sub = cut();
        sub.decoder.embed_dim = 700;
        CHECK_THROWS_WITH_AS(
            validate_fits_in(sub, super),
            "architecture: decoder_embed_dim = 700 exceeds the super network's 640", hat::Error);
        sub = cut();
        sub.qkv_dim = 256;
        CHECK_THROWS_WITH_AS(validate_fits_in(sub, super),
                             "architecture: qkv_dim = 256 differs from the super network's 512",
                             hat::Error);
        sub = cut();
        sub.activation = hat::Activation::gelu;
        CHECK_THROWS_AS(validate_fits_in(sub, super), hat::Error);
        CHECK_FALSE(fits_in(sub, super));
    }

    TEST_CASE("every field out of range is named") {
        check_invalid({}, "architecture: decoder_layers = 0 is not in 1 … 16");
        Architecture a = tiny;
        a.encoder.layer_count = 17;
        check_invalid(a, "architecture: encoder_layers = 17 is not in 0 … 16");
        a = tiny;
        a.decoder.layer_shapes[2].heads = 3;
        check_invalid(a, "architecture: decoder layer 2: heads = 3 does not divide qkv_dim = 128");
        a.decoder.layer_shapes[2].heads = 0;
        check_invalid(a, "architecture: decoder layer 2: heads = 0 does not divide qkv_dim = 128");
        a = tiny;
        a.encoder.layer_shapes[3].ffn_dim = -1;
        check_invalid(a, "architecture: encoder layer 3: ffn_dim = -1 is not in 1 … 65536");
        a = tiny;
        a.source_vocab_size = 900;
        check_invalid(a,
                      "architecture: sharing = all needs one vocabulary, but source_vocab_size = "
                      "900 and target_vocab_size = 1000; expected sharing none or "
                      "decoder_input_output");
        a = tiny;
        a.decoder.final_norm = true;
        check_invalid(a, "architecture: decoder_final_norm needs norm = pre");
        a = tiny;
        a.decoder.positions = Positions::learned;
        check_invalid(a, "architecture: max_target_positions = 0 is not in 1 … 16777216");
        a = tiny;
        a.encoder.max_positions = 8;
        check_invalid(a, "architecture: max_source_positions = 8 must be 0 unless positions are "
                         "learned");
        a = tiny;
        a.origin.encoder_dim = 64;
        check_invalid(a, "architecture: encoder_super_dim = 64 is not in 129 … 65536");
    }

    TEST_CASE("all units of a network have as many layers as the pool has room for") {
        Architecture a = delight({.encoder = {.min_depth = 4, .max_depth = 12, .blocks = 16},
                                  .decoder = {.min_depth = 4, .max_depth = 12, .blocks = 16}},
                                 60, 60);
        CHECK_NOTHROW(validate(a));
        for (auto& layer : a.encoder.layer_shapes) layer.dextra_depth = 12;
        check_invalid(a, "architecture: its units have 389 layers in all, expected at most 352");
    }

    TEST_CASE("units of DeFINE cannot be elastic") {
        Architecture a = hat::support::define_translator(60, 50);
        CHECK_NOTHROW(validate(a));
        a.elastic_units = true;
        check_invalid(a, "architecture: elastic_units need dextra_variant = dextra");
    }

    TEST_CASE("attending to more layers than the super encoder has is an error") {
        Architecture a = tiny;
        a.encoder.layer_count = 1;
        a.encoder.layer_shapes = {tiny.encoder.layer_shapes[0]};
        a.decoder.layer_shapes[0].attended_layers = 2;
        check_invalid(a, "architecture: decoder layer 0: attended_layers = 2 is not in 1 … 1");
        a.origin.identity_layers = 1;
        CHECK_NOTHROW(validate(a));
    }

    TEST_CASE("without an encoder it is a language model") {
        const DecoderLayerShape layer{.ffn_dim = 256, .heads = 4};
        Architecture a{
            .target_vocab_size = 100,
            .decoder = {.embed_dim = 64, .layer_count = 2, .layer_shapes = {layer, layer}},
            .qkv_dim = 64,
            .sharing = Sharing::decoder_input_output};
        CHECK_NOTHROW(validate(a));
        CHECK_FALSE(a.has_encoder());
        a.decoder.layer_shapes[1].cross_heads = 4;
        check_invalid(
            a, "architecture: decoder layer 1: cross_heads = 4 must be 0 without an encoder");
    }
}
