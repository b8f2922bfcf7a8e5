// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/spaces.hpp>

#include "support/linear_time.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

using namespace hat::elastic;
using hat::model::Architecture;

namespace {

void check_invalid(const DesignSpace& space, const char* message) {
    CHECK_THROWS_WITH_AS(validate(space), message, hat::Error);
}

/// The names of all genes of `genes`, in order.
std::vector<std::string> names(const DesignSpace& space, const Architecture& genes) {
    std::vector<std::string> all;
    for_each_gene(space, genes,
                  [&](Gene gene, const int&, const Choices&) { all.push_back(gene.text()); });
    return all;
}

}  // namespace

TEST_SUITE("elastic/design_space") {
    TEST_CASE("genes are visited in the order of the reference's draws") {
        Architecture genes = largest(wmt_space());
        genes.encoder.layer_count = 1;
        genes.decoder.layer_count = 2;
        CHECK(names(wmt_space(), genes) ==
              std::vector<std::string>{
                  "encoder_embed_dim", "decoder_embed_dim", "encoder_layers", "decoder_layers",
                  "encoder_ffn_dim of layer 0", "encoder_heads of layer 0",
                  "decoder_ffn_dim of layer 0", "decoder_heads of layer 0",
                  "decoder_cross_heads of layer 0", "decoder_ffn_dim of layer 1",
                  "decoder_heads of layer 1", "decoder_cross_heads of layer 1",
                  "decoder_attended_layers of layer 0", "decoder_attended_layers of layer 1"});
    }

    TEST_CASE(
        "lists of choices stand in the order of the published files, those of a unit together") {
        std::string all;
        DesignSpace space = joint_space();
        for_each_choices(space, [&](const hat::model::GeneRow& gene, hat::model::Side side,
                                    const Choices& choices) {
            CHECK_FALSE(choices.empty());
            (all += gene.name(side)) += ' ';
        });
        CHECK(all == "encoder_embed_dim decoder_embed_dim encoder_ffn_dim decoder_ffn_dim "
                     "encoder_layers decoder_layers encoder_heads decoder_heads "
                     "decoder_cross_heads decoder_attended_layers encoder_qkv_dim decoder_qkv_dim "
                     "encoder_dextra_depth encoder_dextra_width encoder_dextra_groups "
                     "decoder_dextra_depth decoder_dextra_width decoder_dextra_groups ");
        CHECK(&choices_of(space, hat::model::gene_table[1], hat::model::Side::decoder) ==
              &space.decoder_ffn_dims);
    }

    TEST_CASE("a visitor that changes the number of layers sees those it left") {
        Architecture genes;
        int visited = 0;
        for_each_gene(wmt_space(), genes, [&](Gene gene, int& value, const Choices& choices) {
            value = choices.back();
            visited += gene.layer >= 0 ? 1 : 0;
        });
        CHECK(genes.decoder.layer_count == 1);
        CHECK(visited == 6 * 2 + 4);
    }

    TEST_CASE("the largest and the smallest member hold the extreme choices, in any order") {
        DesignSpace space = wmt_space();
        space.decoder_ffn_dims = {2048, 1024, 3072};
        CHECK(largest(space).decoder.layer_shapes[0].ffn_dim == 3072);
        CHECK(smallest(space).decoder.layer_shapes[0].ffn_dim == 1024);
        CHECK(smallest(space).decoder.layer_count == 1);
        CHECK(largest(space).decoder.layer_shapes[5].attended_layers == 3);
        CHECK(largest(space, 1).decoder.layer_shapes[5].attended_layers == 1);
        CHECK(smallest(space, 2).decoder.layer_shapes[0].attended_layers == 2);
        CHECK(contains(space, smallest(space, 2)));
    }

    TEST_CASE("a list without a choice, or with one twice, is named") {
        DesignSpace space = wmt_space();
        space.encoder_heads.clear();
        check_invalid(space, "design space: encoder_heads has no choices");
        space.encoder_heads = {8, 4, 8};
        check_invalid(space, "design space: encoder_heads lists 8 twice");
    }
    TEST_CASE("a list may have very many choices") {
        const auto choices = [](int n) {
            DesignSpace space = wmt_space();
            space.encoder_ffn_dims.resize(static_cast<std::size_t>(n));
            std::iota(space.encoder_ffn_dims.begin(), space.encoder_ffn_dims.end(), 1);
            return space;
        };
        CHECK(hat::support::growth(4000, choices, [](const DesignSpace& space) {
                  CHECK_THROWS_AS(validate(space), hat::Error);
              }) < hat::support::linear_growth);
    }

    TEST_CASE("a choice that does not fit names its gene, and no other") {
        const auto changed = [](Choices DesignSpace::*gene, Choices choices) {
            DesignSpace space = wmt_space();
            space.*gene = std::move(choices);
            return space;
        };
        check_invalid(
            changed(&DesignSpace::encoder_embed_dims, {640, 641}),
            "design space: encoder_embed_dim = 641: architecture: encoder_embed_dim = 641 "
            "exceeds the super network's 640");
        check_invalid(changed(&DesignSpace::decoder_embed_dims, {512, 2}),
                      "design space: decoder_embed_dim = 2: architecture: decoder_embed_dim = 2 is "
                      "not in 4 … 65536");
        check_invalid(
            changed(&DesignSpace::decoder_ffn_dims, {1024, 4096}),
            "design space: decoder_ffn_dim of layer 0 = 4096: architecture: decoder layer "
            "0: ffn_dim = 4096 exceeds the super network's 3072");
        check_invalid(changed(&DesignSpace::encoder_heads, {8, 3}),
                      "design space: encoder_heads of layer 0 = 3: architecture: encoder layer 0: "
                      "heads = 3 does not divide qkv_dim = 512");
        check_invalid(changed(&DesignSpace::decoder_heads, {0}),
                      "design space: decoder_heads of layer 0 = 0: architecture: decoder layer 0: "
                      "heads = 0 does not divide qkv_dim = 512");
        check_invalid(changed(&DesignSpace::decoder_attended_layers, {1, 4}),
                      "design space: decoder_attended_layers of layer 0 = 4: architecture: decoder "
                      "layer 0: attended_layers = 4 is not in 1 … 3");
        check_invalid(changed(&DesignSpace::decoder_layer_counts, {7}),
                      "design space: decoder_layers = 7 is not in 1 … 6, the super network's");
        check_invalid(changed(&DesignSpace::encoder_layer_counts, {6, 0}),
                      "design space: encoder_layers = 0 is not in 1 … 6, the super network's");
    }

    TEST_CASE("layers that an encoder lacks cannot be attended to, unless identities stand in") {
        DesignSpace space = multi30k_space();
        space.encoder_layer_counts = {6, 2};
        check_invalid(space, "design space: decoder_attended_layers = 3 exceeds the smallest of "
                             "encoder_layers = 2");
        space.super.attends_to_real_layers = false;
        CHECK_NOTHROW(validate(space));
    }

    TEST_CASE("choices of an encoder without one are named") {
        DesignSpace space;
        space.super.target_vocab_size = 9;
        space.super.decoder.embed_dim = 8;
        space.super.qkv_dim = 8;
        space.super.decoder.layer_count = 1;
        space.super.decoder.layer_shapes[0] = {.ffn_dim = 16, .heads = 2};
        space.decoder_embed_dims = {8};
        space.decoder_layer_counts = {1};
        space.decoder_ffn_dims = {16};
        space.decoder_heads = {2, 1};
        CHECK_NOTHROW(validate(space));
        CHECK(names(space, largest(space)) ==
              std::vector<std::string>{"decoder_embed_dim", "decoder_layers",
                                       "decoder_ffn_dim of layer 0", "decoder_heads of layer 0"});
        space.decoder_cross_heads = {2};
        check_invalid(space, "design space: decoder_cross_heads has choices, but the super network "
                             "has no encoder");
    }

    TEST_CASE("a network that is no member names the gene") {
        const DesignSpace space = wmt_space();
        Architecture genes = largest(space);
        CHECK(contains(space, genes));
        CHECK_NOTHROW(validate_member(space, genes));
        genes.decoder.layer_shapes[2].ffn_dim = 1000;
        CHECK_FALSE(contains(space, genes));
        CHECK_THROWS_WITH_AS(validate_member(space, genes),
                             "architecture: decoder_ffn_dim of layer 2 = 1000 is not in the design "
                             "space (3072, 2048, 1024)",
                             hat::Error);
        genes = largest(space);
        genes.sharing = hat::model::Sharing::none;
        CHECK_FALSE(contains(space, genes));
        CHECK_THROWS_WITH_AS(validate_member(space, genes),
                             "architecture: is not a member of the design space: what is not a "
                             "gene differs from the super network",
                             hat::Error);
        // Leavings in a slot that is not used make another value, so it is no member.
        genes = smallest(space);
        genes.decoder.layer_shapes[3].ffn_dim = 1024;
        CHECK_FALSE(contains(space, genes));
    }

    TEST_CASE("how members are served is a gene, if the space lists choices") {
        DesignSpace space = with_vocabulary(wmt_space(), 8000, 8000);
        Architecture quantized = largest(space);
        CHECK(quantized.serving == hat::model::Serving{});
        quantized.serving.weight_bits = 8;
        CHECK_FALSE(contains(space, quantized));
        CHECK_THROWS_WITH_AS(validate_member(space, quantized),
                             "architecture: weight_bits = 8 is not in the design space (32)",
                             hat::Error);
        space.weight_bits = {8, 32};
        space.listed_tokens = {0, 512, 256};
        validate(space);
        CHECK(contains(space, quantized));
        CHECK(largest(space).serving == hat::model::Serving{32, 0});
        CHECK(smallest(space).serving == hat::model::Serving{8, 256});
    }

    TEST_CASE("a way to serve that there is not is named") {
        DesignSpace space = wmt_space();
        space.weight_bits = {32, 4};
        check_invalid(space, "design space: weight_bits = 4: architecture: weight_bits = 4, "
                             "expected 32, 16 or 8");
        space.weight_bits = {8, 8};
        check_invalid(space, "design space: weight_bits lists 8 twice");
        space.weight_bits = {};
        space.listed_tokens = {8};
        check_invalid(space, "design space: listed_tokens = 8: architecture: listed_tokens = 8 is "
                             "not in 16 … 16777216");
        space.listed_tokens = {0, 512};
        validate(space);
        check_invalid(with_vocabulary(space, 500, 500),
                      "design space: listed_tokens = 512: architecture: listed_tokens = 512 is "
                      "not in 16 … 500");
    }
}
