// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/design_space_yaml.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/pack.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <set>
#include <string>

using namespace hat::elastic;
using hat::Random;
using hat::model::Architecture;
using hat::model::Gradients;
using hat::model::Network;

namespace {

/// Both kinds of blocks: with and without DExTra, with inner widths of their own.
constexpr const char* joint_space = R"(share-all-embeddings: True
attends-to-real-layers: True
activation-fn: swish
encoder-embed-dim: 64
decoder-embed-dim: 64
encoder-ffn-embed-dim: 48
decoder-ffn-embed-dim: 48
encoder-layers: 2
decoder-layers: 2
encoder-attention-heads: 4
decoder-attention-heads: 4
qkv-dim: 64
encoder-embed-choice: [64, 32]
decoder-embed-choice: [64, 32]
encoder-ffn-embed-dim-choice: [48, 16]
decoder-ffn-embed-dim-choice: [48, 16]
encoder-layer-num-choice: [2, 1]
decoder-layer-num-choice: [2, 1]
encoder-self-attention-heads-choice: [4, 1]
decoder-self-attention-heads-choice: [4, 1]
decoder-ende-attention-heads-choice: [4, 1]
decoder-arbitrary-ende-attn-choice: [-1]
encoder-qkv-dim-choice: [64, 32]
decoder-qkv-dim-choice: [64, 32]
encoder-dextra-depth-choice: [0, 2, 3, 6]
encoder-dextra-width-choice: [1000, 2500]
encoder-dextra-groups-choice: [2, 4]
decoder-dextra-depth-choice: [0, 4]
decoder-dextra-width-choice: [2000]
decoder-dextra-groups-choice: [2, 8]
)";

DesignSpace space() {
    return with_vocabulary(design_space_from_yaml(joint_space, "joint.yml").space, 30, 30);
}

hat::kernels::CrossEntropy run(const hat::model::Transformer<hat::nn::Trainable>& model,
                               bool differentiate) {
    static constexpr std::array source{5, 9, 2, 7, 2};
    static constexpr std::array input{2, 11, 2, 12, 13};
    static constexpr std::array target{11, 2, 12, 13, 2};
    static constexpr std::array source_offsets{0, 3, 5};
    static constexpr std::array target_offsets{0, 2, 5};
    const hat::model::Batch batch{source, hat::Ragged(source_offsets.data(), 2), input, target,
                                  hat::Ragged(target_offsets.data(), 2)};
    hat::Arena memory;
    hat::Arena scratch;
    if (!differentiate) {
        hat::autograd::Eval context(memory, scratch);
        return loss(context, model, {}, batch, 0.1F);
    }
    hat::autograd::Tape tape(memory, scratch, hat::RandomKey(1));
    const auto found = loss(tape, model, {}, batch, 0.1F);
    tape.backward();
    return found;
}

double sum_of_squares(const hat::Slab& slab) {
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < slab.size(); ++i)
        sum += std::pow(static_cast<double>(slab.data()[i]), 2);
    return sum;
}

}  // namespace

TEST_SUITE("elastic/units") {
    TEST_CASE("a member with elastic units computes the bits of the same network built small") {
        const DesignSpace all = space();
        Network super(all.super);
        super.initialize(3);
        Random random(5);
        for (int i = 0; i < 40; ++i) {
            const Architecture member = sample(all, random);
            CAPTURE(gene_string(member));
            Network small = extract(super, member);
            CHECK(small.architecture().elastic_units == false);
            CHECK(run(super.view(member), false).loss == run(small.view(), false).loss);
        }
        CHECK(run(super.view(), false).loss == run(super.view(largest(all)), false).loss);
    }

    TEST_CASE("its gradients are those of the small network, and reach no other weight") {
        const DesignSpace all = space();
        Network super(all.super);
        super.initialize(4);
        Random random(6);
        for (int i = 0; i < 10; ++i) {
            const Architecture member = sample(all, random);
            CAPTURE(gene_string(member));
            Network small = extract(super, member);
            Gradients of_super(super.table());
            Gradients of_small(small.table());
            run(super.view(member, &of_super), true);
            run(small.view(&of_small), true);
            // The gradients of the super network, cut as its weights are.
            Network stored(all.super);
            stored.values() = of_super.values;
            Network cut = extract(stored, member);
            CHECK(sum_of_squares(of_super.values) == doctest::Approx(sum_of_squares(cut.values())));
            double worst = 0;
            for (std::ptrdiff_t k = 0; k < cut.values().size(); ++k)
                worst = std::max(worst, std::abs(static_cast<double>(cut.values().data()[k]) -
                                                 static_cast<double>(of_small.values.data()[k])));
            CHECK(worst < 1e-5);
        }
    }

    TEST_CASE("a shallower unit is made of the first and the last layers of the deepest") {
        const DesignSpace all = space();
        Network super(all.super);
        Architecture genes = largest(all);
        genes.encoder.layer_shapes[0].dextra_depth = 3;
        const auto whole = super.view();
        const auto part = super.view(sub_architecture(genes, all.super));
        const auto deep = (*whole.units.at(whole.encoder_layers[0].dextra)).layers;
        const auto shallow = (*part.units.at(part.encoder_layers[0].dextra)).layers;
        REQUIRE(deep.size() == 6);
        REQUIRE(shallow.size() == 3);
        CHECK(shallow[0].weight.value.data() == deep[0].weight.value.data());
        CHECK(shallow[1].weight.value.data() == deep[1].weight.value.data());
        CHECK(shallow[2].weight.value.data() == deep[5].weight.value.data());
        CHECK(shallow[2].second_weight.value.data() == deep[5].second_weight.value.data());
    }

    TEST_CASE("switching between members with units allocates nothing") {
        const DesignSpace all = space();
        Network super(all.super);
        const Architecture a = largest(all);
        const Architecture b = smallest(all);
        CHECK(hat::support::allocations_in([&] {
                  for (int i = 0; i < 10; ++i)
                      CHECK(super.view(i % 2 == 0 ? a : b).decoder_layers[0].attended_layers == 1);
              }) == 0);
    }

    TEST_CASE("packed for serving, a member says the same") {
        const DesignSpace all = space();
        Network super(all.super);
        super.initialize(7);
        Random random(8);
        static constexpr std::array source{5, 9, 2};
        static constexpr std::array offsets{0, 3};
        for (int i = 0; i < 10; ++i) {
            const Architecture member = sample(all, random);
            CAPTURE(gene_string(member));
            const hat::model::PackedModel packed(super.view(member));
            hat::Arena memory;
            hat::Arena scratch;
            hat::autograd::Eval context(memory, scratch);
            const hat::Ragged sentence(offsets.data(), 1);
            const auto expected =
                encode(context, super.view(member), {}, source, sentence).output.value;
            const auto found = encode(context, packed.view(), {}, source, sentence).output.value;
            for (int t = 0; t < 3; ++t)
                for (int j = 0; j < expected.cols(); ++j)
                    CHECK(found(t, j) == doctest::Approx(expected(t, j)).epsilon(1e-4));
        }
    }

    TEST_CASE("genes of units are canonical, and survive text and files") {
        const DesignSpace all = space();
        Random random(9);
        for (int i = 0; i < 100; ++i) {
            const Architecture parent = sample(all, random);
            const Architecture other = sample(all, random);
            for (const Architecture& member : {parent, mutate(all, parent, 0.5, random),
                                               crossover(all, parent, other, random)}) {
                validate_member(all, member);
                for (const auto& layer : member.encoder.layers())
                    CHECK((layer.dextra_depth == 0) == (layer.dextra_width == 0));
                CHECK(parse_member(all, gene_string(member), "text") == member);
                CHECK(hash_genes(member) == hash_genes(Architecture(member)));
            }
            for (const Architecture& near : neighbours(all, parent)) validate_member(all, near);
        }
        const std::string yaml = design_space_to_yaml({.space = all});
        CHECK(design_space_from_yaml(yaml, "written").space == all);
    }

    TEST_CASE("the number of members is what counting them gives") {
        DesignSpace few = space();
        for (auto* choices :
             {&few.encoder_embed_dims, &few.decoder_embed_dims, &few.encoder_ffn_dims,
              &few.decoder_ffn_dims, &few.encoder_heads, &few.decoder_heads,
              &few.decoder_cross_heads, &few.decoder_qkv_dims, &few.decoder_dextra_depths,
              &few.decoder_dextra_widths, &few.decoder_dextra_groups, &few.decoder_layer_counts})
            choices->resize(1);
        few.decoder_dextra_widths.clear();  // the one depth left is 0
        few.decoder_dextra_groups.clear();
        few.encoder_layer_counts = {1};
        validate(few);
        std::set<std::string> seen;
        Random random(1);
        for (int i = 0; i < 3000; ++i) seen.insert(gene_string(sample(few, random)));
        // 2 inner widths, and no unit or one of 3 depths, 2 widths and 2 groups
        CHECK(seen.size() == 2 * (1 + 3 * 2 * 2));
        CHECK(cardinality(few).text() == std::to_string(seen.size()));
    }

    TEST_CASE("the largest member has the fewest groups, the smallest no unit") {
        const DesignSpace all = space();
        CHECK(largest(all).decoder.layer_shapes[0].dextra_groups == 2);
        CHECK(smallest(all).decoder.layer_shapes[0].dextra_depth == 0);
        Random random(2);
        for (int i = 0; i < 50; ++i)
            CHECK(layer_parameters(sample(all, random)) <= layer_parameters(largest(all)));
    }
}
