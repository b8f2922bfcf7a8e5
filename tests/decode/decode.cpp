// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/decode.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

TEST_SUITE("decode/decode") {
    TEST_CASE("what its description shows holds: a packed network translates every sentence") {
        constexpr int vocab_size = 60;
        const hat::SpecialTokens special_tokens;
        hat::model::Network network(hat::model::transformer_tiny(vocab_size));
        network.initialize(1);
        const hat::model::PackedModel packed(network.view());
        const auto sources = hat::support::random_sources(7, 9, vocab_size, special_tokens.eos, 3);
        hat::ThreadPool pool(2);
        hat::decode::Translator translator(packed, special_tokens);
        const auto results = translator.translate(
            sources.view(), {.beam = 5, .max_length_a = 1.0F, .max_length_b = 3}, pool);
        REQUIRE(results.size() == 7);
        for (const auto& hypotheses : results) {
            REQUIRE_FALSE(hypotheses.empty());
            CHECK(hypotheses.front().tokens.back() == special_tokens.eos);
        }
    }
}
