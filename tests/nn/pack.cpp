// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/attention.hpp>
#include <hat/nn/group_linear.hpp>
#include <hat/nn/pack.hpp>

#include "support/group_layers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

using namespace hat::nn;
using hat::support::GroupLayers;
using hat::support::same_bits;

namespace {

using PackedLinear = PackedTree<Linear<Packed>>;
static_assert(std::is_nothrow_move_constructible_v<PackedLinear>);
static_assert(std::is_move_assignable_v<PackedLinear>);
static_assert(!std::is_copy_constructible_v<PackedLinear>);
static_assert(!std::is_copy_assignable_v<PackedLinear>);

}  // namespace

TEST_SUITE("nn/pack") {
    TEST_CASE("packed weights are copies: what they were made from may change") {
        std::array weight{1.0F, 2.0F, 3.0F, 4.0F};
        std::array bias{0.5F, 1.5F};
        const Linear<Trainable> layer{{{weight.data(), 2, 2}, {}, nullptr},
                                      {{bias.data(), 1, 2}, {}, nullptr}};
        PackedTree<Linear<Packed>> packed(layer);
        weight.fill(0.0F);
        const PackedTree<Linear<Packed>> moved = std::move(packed);
        CHECK(moved.view().weight.outputs() == 2);
        CHECK(moved.view().weight.data()[0] == 1.0F);   // panel 0, input 0, output 0
        CHECK(moved.view().weight.data()[1] == 3.0F);   // output 1
        CHECK(moved.view().weight.data()[16] == 2.0F);  // input 1
        CHECK(moved.view().bias[1] == 1.5F);
        CHECK(moved.size_bytes() == (2 * 16 + 16) * sizeof(float));
    }

    TEST_CASE("packed weights that lie ready are served from where they are") {
        std::array weight{1.0F, 2.0F, 3.0F, 4.0F};
        std::array bias{0.5F, 1.5F};
        const PackedTree<Linear<Packed>> packed(Linear<Trainable>{
            {{weight.data(), 2, 2}, {}, nullptr}, {{bias.data(), 1, 2}, {}, nullptr}});
        const Linear<Sizes> sizes{Sizes::matrix(2, 2), Sizes::vector(2)};
        const PackedTree<Linear<Packed>> there(packed.bytes(), sizes);
        CHECK(there.bytes().data() == packed.bytes().data());
        CHECK(there.view().weight.data() == packed.view().weight.data());
        CHECK(there.view().weight.outputs() == 2);
        CHECK(there.view().bias.data() == packed.view().bias.data());

        using Tree = PackedTree<Linear<Packed>>;
        CHECK_THROWS_WITH_AS(Tree(packed.bytes().first(128), sizes),
                             "packed weights: found 128 bytes, expected 192", hat::Error);
        alignas(64) std::array<std::byte, 193> shifted{};
        CHECK_THROWS_WITH_AS(Tree(std::span(shifted).subspan(1), sizes),
                             "packed weights: do not begin at a multiple of 64 bytes", hat::Error);
    }

    TEST_CASE("queries, keys and values go on one behind the other, in whole panels of zeros") {
        GroupLayers layers(1);
        const auto layer = layers.self_attention(19, 12, 3);
        const PackedTree<SelfAttention<Packed>> packed(layer);
        const auto& [heads, query, key, value, out_proj] = packed.view();
        CHECK(heads == 3);
        CHECK(Packed::follows(query.weight, key.weight));
        CHECK(Packed::follows(key.weight, value.weight));
        CHECK(key.bias.data() == query.bias.data() + 16);
        for (int i = 12; i < 16; ++i) CHECK(query.bias.data()[i] == 0.0F);
        for (int k = 0; k < 19; ++k) CHECK(query.weight.data()[16 * k + 13] == 0.0F);
    }

    TEST_CASE("fixed sizes are checked once, when weights are packed") {
        GroupLayers layers(2);
        const auto layer = layers.linear(12, 8);
        const PackedTree<Linear<Packed, hat::Fixed<12>, hat::Fixed<8>>> packed(layer);
        static_assert(decltype(packed.view().weight.outputs())::value == 12);
        using Wrong = PackedTree<Linear<Packed, hat::Fixed<16>, hat::Fixed<8>>>;
        CHECK_THROWS_WITH_AS(Wrong{layer}, "weight: is [12, 8], but here it is fixed at [16, 8]",
                             hat::Error);
    }

    TEST_CASE("a group-linear layer of fixed sizes gives the bits of one of run time") {
        GroupLayers layers(3);
        const auto layer = layers.group_linear(32, 40, 88, 8, true, hat::Activation::swish);
        const PackedTree<GroupLinear<Packed>> dynamic(layer);
        using Size =
            GroupLinear<Packed, hat::Fixed<88>, hat::Fixed<32>, hat::Fixed<40>, hat::Fixed<8>>;
        const PackedTree<Size> fixed(layer);
        const Variable h = layers.variable(11, 32);
        const Variable y = layers.variable(11, 40);
        hat::support::OwnEval own;
        CHECK(same_bits(forward(own.eval, fixed.view(), h, y, 0.0F).value,
                        forward(own.eval, dynamic.view(), h, y, 0.0F).value));
    }
}
