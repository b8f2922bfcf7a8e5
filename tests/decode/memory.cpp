// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/memory.hpp>
#include <hat/model/network.hpp>
#include <hat/model/sizes.hpp>

#include "support/architectures.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

using namespace hat::decode;
using hat::Arena;
using hat::Ragged;
using hat::support::OwnedSources;

namespace {

/// An arena on so many bytes that belong to it.
struct Given {
    explicit Given(std::size_t size) : bytes(static_cast<std::ptrdiff_t>(size)) {}
    [[nodiscard]] Arena arena() {
        return Arena(std::span<std::byte>(bytes.data(), bytes.size_bytes()));
    }
    hat::AlignedArray<std::byte> bytes;
};

/// What a network really uses stays within what its sizes tell, and comes near.
template <class Weights>
void check_bounds(const hat::model::Architecture& a, int rows) {
    constexpr int target_tokens = 37;
    const OwnedSources sources = [&] {
        OwnedSources one;
        const std::vector<int> tokens(a.has_encoder() ? 19 : 0, 4);
        one.push_back(tokens);
        return one;
    }();
    const int source_tokens = static_cast<int>(sources.tokens.size());
    hat::model::Network network(a);
    network.initialize(1);
    const hat::model::PackedModelOf<Weights> packed(network.view());
    const auto sizes = hat::model::sizes_of(a);
    const std::array limits{target_tokens};
    const hat::nn::ComputingMemory encoding = memory_of_encoding<Weights>(sizes, source_tokens);
    const hat::nn::ComputingMemory step =
        memory_of_step<Weights>(sizes, rows, source_tokens, target_tokens, 2 * rows);
    Given caches(bytes_of_caches(sizes, sources.view().sentences, rows, limits));
    Given activations(std::max(encoding.activations, step.activations));
    Given scratch(std::max(encoding.scratch, step.scratch));
    BasicCachedTransformer<hat::model::PackedModelOf<Weights>> model(
        packed, {caches.arena(), activations.arena(), scratch.arena()});

    model.start(sources.view(), rows, limits);
    const auto check = [](std::size_t most, std::size_t bound) {
        CHECK(most <= bound);
        CHECK(static_cast<double>(bound) <= 1.25 * static_cast<double>(most));
    };
    check(model.arenas().activations.most_used_bytes(), encoding.activations);
    if (a.has_encoder()) check(model.arenas().scratch.most_used_bytes(), encoding.scratch);
    // Hypotheses that never meet take the most room.
    std::vector<Row> of_step{{.sentence = 0, .parent = 0, .token = 2}};
    for (int t = 0; t < target_tokens; ++t) {
        static_cast<void>(model.step(of_step, {.count = 2 * rows}));
        of_step.clear();
        for (int i = 0; i < rows; ++i)
            of_step.push_back({.sentence = 0, .parent = t == 0 ? 0 : i, .token = 3 + i});
    }
    check(model.arenas().lasting.most_used_bytes(), caches.bytes.size_bytes());
    check(model.arenas().activations.most_used_bytes(), activations.bytes.size_bytes());
    check(model.arenas().scratch.most_used_bytes(), scratch.bytes.size_bytes());
}

}  // namespace

TEST_SUITE("decode/memory") {
    TEST_CASE_TEMPLATE("what a network uses is what its sizes tell", Weights, hat::nn::Packed,
                       hat::nn::PackedInt8) {
        for (const hat::model::Architecture& a : hat::support::varied_architectures())
            for (const int rows : {1, 3}) check_bounds<Weights>(a, rows);
    }

    TEST_CASE("a batch takes the caches of all its sentences") {
        const auto a = hat::support::varied_architectures()[2];
        hat::model::Network network(a);
        const hat::model::PackedModel packed(network.view());
        const OwnedSources sources = hat::support::random_sources(5, 12, 30, 2, 6);
        const std::array limits{4, 9, 30, 17, 2};
        const auto sizes = hat::model::sizes_of(a);
        Given caches(bytes_of_caches(sizes, sources.view().sentences, 4, limits));
        CHECK(caches.bytes.size_bytes() ==
              bytes_of_caches(packed.view(), sources.view().sentences, 4, limits));
        CachedTransformer model(packed, {caches.arena(), Arena(), Arena()});
        model.start(sources.view(), 4, limits);
        CHECK(model.arenas().lasting.most_used_bytes() == caches.bytes.size_bytes());
    }
}
