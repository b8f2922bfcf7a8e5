// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/super_transformer.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using hat::elastic::SuperTransformer;
using hat::model::Architecture;

namespace {

constexpr Architecture largest() {
    return hat::model::uniform({.encoder_layers = 3,
                                .decoder_layers = 3,
                                .embed_dim = 48,
                                .ffn_dim = 64,
                                .heads = 4,
                                .qkv_dim = 32,
                                .attended_layers = 2},
                               50, 50);
}

constexpr Architecture small_genes() {
    Architecture genes = largest();
    genes.encoder.embed_dim = 32;
    genes.decoder.embed_dim = 40;
    genes.decoder.layer_count = 2;
    genes.encoder.layer_shapes[1].ffn_dim = 24;
    genes.decoder.layer_shapes[0] = {
        .ffn_dim = 16, .heads = 2, .cross_heads = 8, .attended_layers = 3};
    return genes;
}

/// A pair of sentences through a network; returns the loss.
template <class Parts>
double loss_of(const hat::model::Transformer<hat::nn::Trainable, Parts>& model) {
    static constexpr std::array source{5, 9, 2, 7, 2};
    static constexpr std::array input{2, 11, 2, 12, 13};
    static constexpr std::array target{11, 2, 12, 13, 2};
    static constexpr std::array source_offsets{0, 3, 5};
    static constexpr std::array target_offsets{0, 2, 5};
    hat::Arena memory;
    hat::Arena scratch;
    hat::autograd::Eval context(memory, scratch);
    return loss(context, model, {},
                {source, hat::Ragged(source_offsets.data(), 2), input, target,
                 hat::Ragged(target_offsets.data(), 2)},
                0.1F)
        .loss;
}

}  // namespace

TEST_SUITE("elastic/super_transformer") {
    TEST_CASE("a sub-network is made of the first rows and columns of the shared weights") {
        SuperTransformer super(largest());
        super.network().initialize(1);
        const auto sub = super.sub_transformer(small_genes());
        const auto& table = super.network().table();
        const auto& entry = table[table.index("encoder.layers.1.fc1.weight")];
        const auto& weight = sub.encoder_layers[1].feed_forward.first.weight.value;
        CHECK(weight.data() == super.network().values().data() + entry.offset);
        CHECK(weight.rows() == 24);
        CHECK(weight.cols() == 32);
        CHECK(weight.stride() == 48);
    }

    TEST_CASE("switching sub-networks allocates nothing") {
        SuperTransformer super(largest());
        const Architecture genes = small_genes();
        CHECK(hat::support::allocations_in([&] {
                  for (int i = 0; i < 10; ++i) {
                      const auto sub = super.sub_transformer(i % 2 == 0 ? genes : largest());
                      CHECK(sub.decoder_layers[0].attended_layers > 0);
                  }
              }) == 0);
    }

    TEST_CASE("what lies outside the slice does not matter") {
        SuperTransformer super(largest());
        super.network().initialize(1);
        const auto sub = super.sub_transformer(small_genes());
        const double before = loss_of(sub);
        const auto& table = super.network().table();
        for (const char* name : {"encoder.layers.1.fc1.weight", "encoder.layers.0.fc2.weight"}) {
            const auto& entry = table[table.index(name)];
            const hat::Matrix m = super.network().values().matrix(entry);
            for (int i = 0; i < m.rows(); ++i) m(i, m.cols() - 1) += 1;
            for (int j = 0; j < m.cols(); ++j) m(m.rows() - 1, j) += 1;
        }
        // fc2 of layer 0 uses all 64 columns and the first 32 rows: only its last column counts.
        CHECK(loss_of(super.sub_transformer(small_genes())) != before);
        const auto& entry = table[table.index("encoder.layers.0.fc2.weight")];
        const hat::Matrix m = super.network().values().matrix(entry);
        for (int i = 0; i < 32; ++i) m(i, m.cols() - 1) -= 1;
        CHECK(loss_of(super.sub_transformer(small_genes())) ==
              doctest::Approx(before).epsilon(1e-6));
    }

    TEST_CASE("a gene that exceeds the super network is named") {
        const SuperTransformer super(largest());
        Architecture genes = small_genes();
        genes.decoder.layer_shapes[1].ffn_dim = 65;
        CHECK_THROWS_WITH_AS(static_cast<void>(super.architecture_of(genes)),
                             "architecture: decoder layer 1: ffn_dim = 65 exceeds the super "
                             "network's 64",
                             hat::Error);
        genes = small_genes();
        genes.encoder.layer_shapes[2].heads = 5;
        CHECK_THROWS_WITH_AS(
            static_cast<void>(super.architecture_of(genes)),
            "architecture: encoder layer 2: heads = 5 does not divide qkv_dim = 32", hat::Error);
    }

    TEST_CASE("a gene of a side that is too large is named, not what follows from it") {
        const SuperTransformer super(largest());
        const auto check = [&](auto change, const char* message) {
            Architecture genes = small_genes();
            change(genes);
            CHECK_THROWS_WITH_AS(static_cast<void>(super.architecture_of(genes)), message,
                                 hat::Error);
        };
        check([](Architecture& a) { a.encoder.layer_count = 4; },
              "architecture: encoder_layers = 4 exceeds the super network's 3");
        check([](Architecture& a) { a.decoder.layer_count = 17; },
              "architecture: decoder_layers = 17 exceeds the super network's 3");
        check([](Architecture& a) { a.encoder.embed_dim = 64; },
              "architecture: encoder_embed_dim = 64 exceeds the super network's 48");
        check([](Architecture& a) { a.decoder.embed_dim = 49; },
              "architecture: decoder_embed_dim = 49 exceeds the super network's 48");
    }

    TEST_CASE("a member that the compiler knows is views of fixed sizes on the shared weights") {
        static constexpr Architecture genes = small_genes();
        hat::elastic::StaticSuperTransformer<largest()> super;
        super.network().initialize(1);
        const auto fixed = super.sub_transformer<genes>();
        static_assert(decltype(fixed.source_embedding.weight.inputs())::value == 32);
        const auto dynamic = super.sub_transformer(genes);
        CHECK(fixed.target_embedding.weight.value.data() ==
              dynamic.target_embedding.weight.value.data());
        CHECK(loss_of(fixed) == loss_of(dynamic));
    }

    TEST_CASE("members are views of a constant network, too") {
        SuperTransformer super(largest());
        super.network().initialize(1);
        const SuperTransformer& constant = super;
        CHECK(loss_of(constant.sub_transformer(small_genes())) ==
              loss_of(super.sub_transformer(small_genes())));
    }
}
