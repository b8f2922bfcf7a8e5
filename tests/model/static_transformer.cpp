// SPDX-License-Identifier: Apache-2.0
#include <hat/model/delight.hpp>
#include <hat/model/static_transformer.hpp>

#include "support/architectures.hpp"
#include "support/reference.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <cstddef>

using namespace hat::model;
using hat::support::same_bits;

namespace {

/// The shape of a published HAT network, smaller: layers of mixed widths and heads.
constexpr Architecture mixed = [] {
    Architecture a;
    a.source_vocab_size = a.target_vocab_size = 60;
    a.encoder.embed_dim = 96;
    a.decoder.embed_dim = 128;
    a.qkv_dim = 64;
    a.sharing = Sharing::all;
    a.encoder.layer_count = a.decoder.layer_count = 4;
    constexpr int ffn_dims[] = {96, 256, 40, 128};
    constexpr int heads[] = {4, 8, 2, 4};
    for (std::size_t i = 0; i < 4; ++i) {
        a.encoder.layer_shapes[i] = {.ffn_dim = ffn_dims[i], .heads = heads[i]};
        a.decoder.layer_shapes[i] = {.ffn_dim = ffn_dims[3 - i],
                                     .heads = heads[3 - i],
                                     .cross_heads = heads[i],
                                     .attended_layers = 1 + static_cast<int>(i % 3)};
    }
    return a;
}();

constexpr DeLighTSide three_blocks{.min_depth = 4, .max_depth = 6, .blocks = 3};
constexpr Architecture light = delight(
    {.embed_dim = 128, .encoder = three_blocks, .decoder = three_blocks, .embedding_dim = 64}, 60,
    60);
constexpr Architecture define = hat::support::define_translator(60, 50);

template <Architecture architecture>
void check_same_bits() {
    Network network(architecture);
    network.initialize(3);
    const hat::support::SentencePairs pairs({{5, 6, 7, 59, 2}, {8, 2}, {30, 31, 2}},
                                            {{2, 9, 10}, {2, 11}, {2, 40, 41, 42}});
    hat::Arena memory;
    hat::Arena scratch;
    hat::autograd::Eval eval(memory, scratch);
    const auto logits_of = [&](const auto& model) {
        return hat::support::logits_of(eval, model, {}, pairs.batch());
    };
    const PackedModel dynamic(network.view());
    const PackedTransformer<FixedArchitecture<architecture>> fixed(network.view());
    const auto expected = logits_of(network.view());
    CHECK(same_bits(logits_of(static_view<architecture>(network)), expected));
    CHECK(same_bits(logits_of(dynamic.view()), expected));
    CHECK(same_bits(logits_of(fixed.view()), expected));
    CHECK(fixed.size_bytes() == dynamic.size_bytes());
}

}  // namespace

TEST_SUITE("model/static_transformer") {
    TEST_CASE("a HAT network of fixed sizes gives the bits of one of run time") {
        check_same_bits<mixed>();
    }
    TEST_CASE("a DeLighT network of fixed sizes gives the bits of one of run time") {
        check_same_bits<light>();
    }
    TEST_CASE("a translator of DeFINE units of fixed sizes gives the bits of one of run time") {
        check_same_bits<define>();
    }
}
