// SPDX-License-Identifier: Apache-2.0
#include <hat/model/encoded.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/reference.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>

using namespace hat::model;
using hat::support::same_bits;
using hat::support::TokenLists;

TEST_SUITE("model/encoded") {
    TEST_CASE("a memory is the last encoder layers, the last one first, sentence by sentence") {
        Architecture a = uniform(
            {.encoder_layers = 3, .decoder_layers = 1, .embed_dim = 24, .ffn_dim = 40, .heads = 4},
            30, 30);
        Network network(a);
        network.initialize(1);
        hat::Arena room;
        hat::Arena scratch;
        hat::autograd::Eval eval(room, scratch);
        const TokenLists list({{4, 5, 6, 2}, {7, 2}, {8, 9, 10, 11, 12, 13, 2}});
        const auto encoded = encode(eval, network.view(), {}, list.tokens, list.ragged());
        const auto check = [&](const Architecture& arch, const std::array<std::size_t, 3>& layers) {
            const Memory memory = make_memory(eval, arch, encoded, 3);
            CHECK(memory.sentences.tokens() == 3 * encoded.sentences.tokens());
            for (int s = 0; s < 3; ++s) {
                const int length = encoded.sentences.length(s);
                CHECK(memory.sentences.length(s) == 3 * length);
                for (int part = 0; part < 3; ++part) {
                    const auto& layer = encoded.layers[layers[static_cast<std::size_t>(part)]];
                    CHECK(same_bits(memory.states.value.middle_rows(
                                        memory.sentences.begin(s) + part * length, length),
                                    layer.value.middle_rows(encoded.sentences.begin(s), length)));
                }
            }
        };
        check(a, {2, 1, 0});
        // Where the super network has one more layer, the last real one is listed twice.
        a.origin.identity_layers = 1;
        check(a, {2, 2, 1});
        a.origin.identity_layers = 2;
        check(a, {2, 2, 2});
    }

    TEST_CASE("a memory of one layer is the encoder's output, and each is made once") {
        hat::Arena room;
        hat::Arena scratch;
        hat::autograd::Eval eval(room, scratch);
        constexpr std::array offsets{0, 2};
        Encoded encoded;
        encoded.sentences = hat::Ragged(offsets.data(), 1);
        encoded.output = encoded.layers[1] = eval.variable(2, 4);
        encoded.layers[0] = eval.variable(2, 4);
        const Architecture a = uniform(
            {.encoder_layers = 2, .decoder_layers = 1, .embed_dim = 4, .ffn_dim = 4, .heads = 1}, 9,
            9);
        Memories memories(a, encoded);
        CHECK(memories.of(eval, 1).states.value.data() == encoded.output.value.data());
        const float* const both = memories.of(eval, 2).states.value.data();
        CHECK(memories.of(eval, 2).states.value.data() == both);
        CHECK(memories.of(eval, 0).states.value.empty());
    }
}
