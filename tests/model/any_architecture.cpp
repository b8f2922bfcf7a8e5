// SPDX-License-Identifier: Apache-2.0
#include <hat/model/any_architecture.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"
#include "support/reference.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <cstddef>

using namespace hat::model;
using hat::Arena;
using hat::autograd::Eval;
using hat::support::same_bits;
using hat::support::TokenLists;

TEST_SUITE("model/any_architecture") {
    TEST_CASE("but for its pool of units, a network takes at most 32 kB") {
        using hat::nn::Packed;
        using hat::nn::Trainable;
        constexpr std::size_t pool = sizeof(hat::nn::UnitPool<Trainable>);
        constexpr std::size_t with = sizeof(Transformer<Trainable>);
        constexpr std::size_t without = sizeof(Transformer<Trainable, WithoutUnits>);
        static_assert(with - pool <= 32'000 && without <= 32'000);
        static_assert(sizeof(Transformer<Packed, WithoutUnits>) <= 16'000);
        MESSAGE("Transformer<Trainable>: " << with << " bytes, of them " << pool << " for units; "
                                           << without << " without; Transformer<Packed>: "
                                           << sizeof(Transformer<Packed>) << ", "
                                           << sizeof(Transformer<Packed, WithoutUnits>));
    }

    TEST_CASE("a network without room for units has the same bits, and refuses one with units") {
        Network network(transformer_tiny(30));
        network.initialize(3);
        const TokenLists source({{4, 5, 6, 2}, {7, 2}});
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        const auto encoded = [&](const auto& model) {
            return encode(eval, model, {}, source.tokens, source.ragged()).output.value;
        };
        Transformer<hat::nn::Trainable, WithoutUnits> model;
        network.bind(network.architecture(), nullptr, model);
        const auto expected = encoded(network.view());
        CHECK(same_bits(encoded(model), expected));
        CHECK(same_bits(encoded(PackedTransformer<WithoutUnits>(network.view()).view()), expected));

        const Network define(hat::support::define_translator(30, 30));
        CHECK_THROWS_WITH_AS(define.bind(define.architecture(), nullptr, model),
                             "encoder.embed_tokens.dextra_layer: has no place in this type of "
                             "network",
                             hat::Error);
    }

    TEST_CASE("views that are bound again have nothing of the network before") {
        const TokenLists source({{4, 5, 6, 2}, {7, 2}});
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        Network define(hat::support::define_translator(30, 30));
        define.initialize(3);
        Network plain(transformer_tiny(30));
        plain.initialize(3);
        Transformer<hat::nn::Trainable> model;
        define.bind(define.architecture(), nullptr, model);
        REQUIRE_FALSE(model.project_out.weight.empty());
        plain.bind(plain.architecture(), nullptr, model);
        CHECK(model.project_out.weight.empty());
        CHECK_FALSE(model.units.at(model.source_unit));
        CHECK(
            same_bits(encode(eval, model, {}, source.tokens, source.ragged()).output.value,
                      encode(eval, plain.view(), {}, source.tokens, source.ragged()).output.value));
    }
}
