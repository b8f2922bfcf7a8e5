// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/search.hpp>
#include <hat/integer/static_translator.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace hat::integer;

namespace {

constexpr hat::model::Architecture small = [] {
    hat::model::Architecture a = hat::model::uniform({.encoder_layers = 2,
                                                      .decoder_layers = 2,
                                                      .embed_dim = 32,
                                                      .ffn_dim = 40,
                                                      .heads = 4,
                                                      .attended_layers = 1,
                                                      .sharing = hat::model::Sharing::all},
                                                     50, 50);
    a.encoder.layer_shapes[1] = {.ffn_dim = 24, .heads = 2};
    a.decoder.layer_shapes[0].attended_layers = 2;
    return a;
}();
constexpr Limits limits{.source_tokens = 12, .target_tokens = 16, .beam = 3};
using Translator = StaticTranslator<small, limits>;
constexpr WorkingMemory parts = Translator::working_memory(limits);

alignas(hat::alignment) std::byte memory[parts.sum()];
alignas(hat::alignment) std::byte larger[parts.sum() + 4];

}  // namespace

TEST_SUITE("integer/static_translator") {
    TEST_CASE("it finds what a search finds, step by step, and asks for no heap") {
        const hat::support::IntegerNetwork all(small);
        const auto weights =
            static_weights(all.integers, limits.source_tokens, limits.target_tokens);
        const hat::SpecialTokens special;
        hat::Arena arena;
        Network network(all.integers.view(), limits, arena);
        Search search(limits, arena);
        Translator translator({weights.data(), weights.size_bytes()}, memory, special, limits,
                              parts);
        for (const auto& source : all.sources) {
            for (const int beam : {1, 3}) {
                network.start(source);
                const auto expected =
                    search.run(network, special, {.beam = beam, .max_length = 15});
                int steps = 1;
                std::span<const Hypothesis> found;
                const std::size_t allocations = hat::support::allocations_in([&] {
                    translator.start(all.sources[0], {.beam = 3});  // given up
                    CHECK(translator.step());
                    CHECK(translator.hypotheses().empty());  // there are none before the end
                    translator.start(source, {.beam = beam, .max_length = 200});
                    CHECK(translator.hypotheses().empty());
                    while (translator.step()) ++steps;
                    found = translator.hypotheses();
                });
                CHECK(allocations == 0);
                CHECK(steps <= 16);
                REQUIRE(found.size() == expected.size());
                for (std::size_t i = 0; i < found.size(); ++i) {
                    CHECK(std::ranges::equal(found[i].tokens, expected[i].tokens));
                    CHECK(found[i].score == expected[i].score);
                }
                CHECK(translator.hypotheses().data() == found.data());
            }
        }
        CHECK(Translator::longest_target({.max_length = 200}, 5) == 200);
        CHECK(Translator::longest_target({.max_length = 5000}, 5) == 1023);
    }

    TEST_CASE(
        "it does as many multiply-adds as the network of floats, but for what is no product") {
        const auto macs = hat::model::macs(small, 12, 0);
        CHECK(Translator::multiply_adds_of_start(limits) == macs.linear + macs.attention);
        const auto more = hat::model::macs(small, 12, 1);
        // Positions that a token attends to, besides itself.
        const std::int64_t earlier = 2 * 15 * (32 + 32);
        CHECK(Translator::multiply_adds_of_step(limits) ==
              3 * (more.linear + more.attention + more.output_projection - macs.linear -
                   macs.attention + earlier));
    }

    TEST_CASE("weights have the rows of positions that there may be tokens") {
        const hat::support::IntegerNetwork all(small);
        CHECK(static_weights(all.integers, 12, 16).size_bytes() + (1024 - 12) * 64 +
                  (1024 - 16) * 64 ==
              all.integers.size_bytes());
    }

    TEST_CASE("weights or memory that are too few or not in their place are an error, and no eos") {
        const std::vector<std::byte> few(100);
        CHECK_THROWS_WITH_AS(Translator(few, memory, {}, limits, parts),
                             doctest::Contains("100 bytes of weights, expected "), hat::Error);
        const hat::support::IntegerNetwork all(small);
        const auto weights =
            static_weights(all.integers, limits.source_tokens, limits.target_tokens);
        CHECK_THROWS_WITH_AS(Translator({weights.data(), weights.size_bytes()},
                                        std::span(memory).first(64), {}, limits, parts),
                             doctest::Contains("64 bytes of working memory, expected "),
                             hat::Error);
        CHECK_THROWS_WITH_AS(Translator({weights.data(), weights.size_bytes()},
                                        std::span(larger).subspan(4), {}, limits, parts),
                             doctest::Contains(" that begin at a multiple of 64"), hat::Error);
        hat::AlignedArray<std::byte> shifted(static_cast<std::ptrdiff_t>(weights.size_bytes()) + 8);
        CHECK_THROWS_WITH_AS(
            Translator({shifted.data() + 8, weights.size_bytes()}, memory, {}, limits, parts),
            doctest::Contains(" that begin at a multiple of 16"), hat::Error);
        for (const int eos : {-1, 50})
            CHECK_THROWS_WITH_AS(Translator({weights.data(), weights.size_bytes()}, memory,
                                            {.eos = eos}, limits, parts),
                                 doctest::Contains(", expected 0 to 49"), hat::Error);
    }
}
