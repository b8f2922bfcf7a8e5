// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/embedding.hpp>
#include <hat/nn/pack.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::Ragged;
using hat::nn::Embedding;
using hat::nn::Packed;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

TEST_SUITE("nn/embedding") {
    constexpr std::array tokens{2, 0, 1};
    constexpr std::array offsets{0, 2, 3};
    constexpr Ragged sentences(offsets.data(), 2);

    TEST_CASE("a token is its row, scaled, with the row of its position in its sentence") {
        std::array table{1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F};
        std::array places{0.0F, 0.0F, 0.0F, 0.0F, 0.5F, 0.0F, 0.0F, 0.25F};
        const Embedding<Trainable> layer{{{table.data(), 3, 2}, {}, nullptr}};
        const hat::autograd::Parameter positions{{places.data(), 4, 2}, {}, nullptr};
        OwnEval own;
        const Variable y = forward(own.eval, layer, tokens, sentences, 2.0F, positions);
        std::array expected{10.5F, 12.0F, 2.0F, 4.25F, 6.5F, 8.0F};
        CHECK(same_bits(y.value, {expected.data(), 3, 2}));
    }

    TEST_CASE("packed weights of sizes fixed and not give the same bits as trainable ones") {
        Layers layers(1);
        const Embedding<Trainable> layer{layers.parameter(3, 19)};
        OwnEval own;
        const auto expected = forward(own.eval, layer, tokens, sentences, 3.0F).value;
        using Fixed = Embedding<Packed, hat::Fixed<3>, hat::Fixed<19>>;
        CHECK(same_bits(
            forward(own.eval, layers.packed<Embedding<Packed>>(layer), tokens, sentences, 3.0F)
                .value,
            expected));
        CHECK(
            same_bits(forward(own.eval, layers.packed<Fixed>(layer), tokens, sentences, 3.0F).value,
                      expected));
    }

    TEST_CASE("gradients go to the rows of the tokens") {
        std::array<float, 6> table{};
        std::array<float, 6> gradient{};
        const Embedding<Trainable> layer{{{table.data(), 3, 2}, {gradient.data(), 3, 2}, nullptr}};
        OwnEval own;
        hat::autograd::Tape tape(own.memory, own.scratch, hat::RandomKey(1));
        constexpr std::array twice{1, 1};
        constexpr std::array one{0, 2};
        const Variable y = forward(tape, layer, twice, Ragged(one.data(), 1), 2.0F);
        const hat::Matrix dy = tape.gradient(y);
        dy(0, 0) = 1.0F;
        dy(1, 0) = 3.0F;
        dy(1, 1) = 0.5F;
        tape.backward();
        CHECK(gradient == std::array{0.0F, 0.0F, 8.0F, 1.0F, 0.0F, 0.0F});
    }
}
