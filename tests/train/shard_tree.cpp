// SPDX-License-Identifier: Apache-2.0
#include <hat/train/shard_tree.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::train::for_each_subtree;
using hat::train::ShardRange;
using hat::train::sum_tree;

namespace {

/// The order of a sum, in brackets.
std::string order(ShardRange tree, const std::vector<ShardRange>& known = {}) {
    std::vector<std::string> sums;
    for (int i = 0; i < tree.last; ++i) sums.push_back(std::to_string(i));
    sum_tree(
        tree,
        [&](ShardRange subtree) {
            for (const ShardRange& sum : known)
                if (sum == subtree) return true;
            return false;
        },
        [&](int a, int b) {
            auto& first = sums[static_cast<std::size_t>(a)];
            first = "(" + first + "+" + sums[static_cast<std::size_t>(b)] + ")";
        });
    return sums[static_cast<std::size_t>(tree.first)];
}

}  // namespace

TEST_SUITE("train/shard_tree") {
    TEST_CASE("a tree is summed by halves") {
        CHECK(order({0, 1}) == "0");
        CHECK(order({0, 4}) == "((0+1)+(2+3))");
        CHECK(order({0, 5}) == "((0+1)+(2+(3+4)))");
        CHECK(order({0, 4}, {{2, 4}}) == "((0+1)+2)");
    }

    TEST_CASE("the parts of ranks make up the tree, whoever has what") {
        for (int shards = 1; shards <= 9; ++shards)
            for (int ranks = 1; ranks <= shards; ++ranks) {
                CAPTURE(shards);
                CAPTURE(ranks);
                std::vector<ShardRange> parts;
                std::string shared;
                for (int r = 0; r < ranks; ++r)
                    for_each_subtree({0, shards}, {shards * r / ranks, shards * (r + 1) / ranks},
                                     [&](ShardRange part) { parts.push_back(part); });
                int next = 0;
                for (const ShardRange& part : parts) {
                    CHECK(part.first == next);
                    next = part.last;
                }
                CHECK(next == shards);

                // Each rank sums its parts, somebody sums those: the same order as of one.
                std::vector<std::string> sums(static_cast<std::size_t>(shards));
                for (const ShardRange& part : parts)
                    sums[static_cast<std::size_t>(part.first)] = order(part);
                sum_tree(
                    ShardRange{0, shards},
                    [&](ShardRange subtree) {
                        for (const ShardRange& part : parts)
                            if (part == subtree) return true;
                        return false;
                    },
                    [&](int a, int b) {
                        auto& first = sums[static_cast<std::size_t>(a)];
                        first = "(" + first + "+" + sums[static_cast<std::size_t>(b)] + ")";
                    });
                CHECK(sums.front() == order({0, shards}));
            }
    }
}
