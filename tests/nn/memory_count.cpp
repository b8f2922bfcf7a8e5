// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/feed_forward.hpp>
#include <hat/nn/layer_norm.hpp>
#include <hat/nn/memory_count.hpp>

#include <doctest/doctest.h>

using hat::Arena;
using namespace hat::nn;

TEST_SUITE("nn/memory_count") {
    TEST_CASE("what a scope holds is free behind it, and the most counts") {
        constexpr ComputingMemory most = [] {
            MemoryCount count(3);
            count.variable(5);
            count.scope([&] { count.matrix(10, 16); });
            count.scope([&] { count.objects<int>(4); });
            count.scratch(100);
            count.scratch(40);
            return count.most();
        }();
        static_assert(most.activations == Arena::bytes_of<float>(15) + 640);
        static_assert(most.scratch == 100);
    }

    TEST_CASE("layers count in constants what they make") {
        static constexpr FeedForward<Sizes> layer{{Sizes::matrix(20, 8), Sizes::vector(20)},
                                                  {Sizes::matrix(8, 20), Sizes::vector(8)}};
        static constexpr LayerNorm<Sizes> norm{Sizes::vector(8), Sizes::vector(8)};
        constexpr auto most = [] {
            MemoryCount count(2);
            count_memory(count, layer);
            count_memory(count, norm);
            return count.most();
        }();
        static_assert(most.activations == 192 + 64 + 64 + 64);
    }
}
