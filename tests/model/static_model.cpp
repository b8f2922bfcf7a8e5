// SPDX-License-Identifier: Apache-2.0
#include <hat/model/delight.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/static_model.hpp>

#include "support/architectures.hpp"
#include "support/reference.hpp"
#include "support/sentences.hpp"
#include "support/static_weights.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>

using namespace hat::model;
using hat::support::packed_weights;
using hat::support::same_bits;

namespace {

constexpr Architecture shared = hat::support::uneven_translator(Sharing::all);

constexpr Architecture learned = [] {
    Architecture a = uniform({.encoder_layers = 1,
                              .decoder_layers = 1,
                              .embed_dim = 16,
                              .ffn_dim = 24,
                              .heads = 2,
                              .sharing = Sharing::decoder_input_output},
                             30, 20);
    a.norm = Norm::pre;
    a.encoder.final_norm = a.decoder.final_norm = true;
    a.encoder.positions = Positions::learned;
    a.encoder.max_positions = 12;
    a.decoder.positions = Positions::none;
    return a;
}();

constexpr DeLighTSide two_blocks{.min_depth = 4, .max_depth = 4, .blocks = 2};
constexpr Architecture light = delight(
    {.embed_dim = 64, .encoder = two_blocks, .decoder = two_blocks, .embedding_dim = 32}, 40, 40);

template <Architecture A>
void check_same_bits() {
    Network network(A);
    network.initialize(3);
    const auto weights = packed_weights<A>(network);
    const std::span<const float> values(weights.data(), static_cast<std::size_t>(weights.size()));
    hat::Arena lasting;
    const StaticModel<A> fixed(values, 5, 6, lasting);
    const PackedModel dynamic(network.view());

    hat::Arena memory;
    hat::Arena scratch;
    hat::autograd::Eval eval(memory, scratch);
    const hat::support::SentencePairs pairs({{5, 6, 7, 19, 2}, {8, 2}, {10, 11, 2}},
                                            {{2, 9, 10}, {2, 11}, {2, 4, 12, 3, 5, 6}});
    const auto logits_of = [&](const auto& model) {
        return hat::support::logits_of(eval, model, {}, pairs.batch());
    };
    CHECK(same_bits(logits_of(fixed.view()), logits_of(dynamic.view())));
    const float* const output = fixed.view().output.data();
    CHECK(output >= weights.data());
    CHECK(output < weights.data() + weights.size());
}

}  // namespace

TEST_SUITE("model/static_model") {
    TEST_CASE("weights that lie ready give the bits of the dynamic network") {
        check_same_bits<shared>();
        check_same_bits<learned>();
        check_same_bits<light>();
    }

    TEST_CASE("weights are packed alike by sizes of run time") {
        const auto check = []<class Weights, const Architecture & a>() {
            Network network(a);
            network.initialize(5);
            const auto expected = hat::support::packed_bytes<a, Weights>(network);
            const auto found = static_weights<Weights>(network);
            CHECK(std::ranges::equal(std::span(found.data(), found.size_bytes()),
                                     std::span(expected.data(), expected.size_bytes())));
        };
        check.operator()<hat::nn::Packed, shared>();
        check.operator()<hat::nn::PackedInt8, shared>();
        check.operator()<hat::nn::PackedBf16, learned>();
        check.operator()<hat::nn::Packed, light>();
    }

    TEST_CASE("weights and sinusoids are counted by the compiler") {
        const Network network(shared);
        const PackedModel packed(network.view());
        constexpr std::size_t sinusoids = (24 + 20) * (Network::max_tokens + 2) * sizeof(float);
        static_assert(static_weight_bytes<shared> > 0);
        CHECK(packed.size_bytes() - sinusoids - static_weight_bytes<shared> < 2 * hat::alignment);

        constexpr std::size_t bytes = StaticModel<shared>::position_bytes(7, 9);
        static_assert(bytes ==
                      hat::Arena::bytes_of<float>(9 * 24) + hat::Arena::bytes_of<float>(11 * 20));
        hat::AlignedArray<std::byte> given(bytes);
        hat::Arena memory(std::span<std::byte>(given.data(), bytes));
        const auto weights = packed_weights<shared>(network);
        const StaticModel<shared> model({weights.data(), static_cast<std::size_t>(weights.size())},
                                        7, 9, memory);
        CHECK(memory.most_used_bytes() == bytes);
        CHECK(model.view().source_positions.rows() == 9);
        static_assert(StaticModel<learned>::position_bytes(7, 9) == 0);
    }

    TEST_CASE("weights that are too few or lie askew, and other networks, are errors") {
        const Network network(learned);
        auto weights = packed_weights<learned>(network);
        const auto size = static_cast<std::size_t>(weights.size());
        hat::Arena memory;
        const auto make = [&](std::span<const float> values, int source_tokens) {
            const StaticModel<learned> model(values, source_tokens, 4, memory);
        };
        CHECK_NOTHROW(make({weights.data(), size}, 12));
        CHECK_THROWS_WITH_AS(make({weights.data(), size}, 13),
                             "StaticModel: sources of 13 tokens, expected 1 to 12", hat::Error);
        CHECK_THROWS_AS(make({weights.data(), size - 1}, 4), hat::Error);
        hat::AlignedArray<float> askew(weights.size() + 1);
        CHECK_THROWS_WITH_AS(make({askew.data() + 1, size}, 4),
                             "StaticModel: the weights do not begin at a multiple of 64 bytes: "
                             "declare them alignas(hat::alignment)",
                             hat::Error);
        CHECK_THROWS_WITH_AS(
            pack_weights<shared>(network.view(), {weights.data(), size}),
            "pack_weights: the network has another architecture than the static one", hat::Error);
        CHECK_THROWS_AS(pack_weights<learned>(network.view(), {weights.data(), size - 1}),
                        hat::Error);
    }
}
