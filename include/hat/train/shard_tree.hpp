// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The order in which the gradients of shards are added: a binary tree over them, which knows
/// nothing of who computed them. The sum over a range of shards is that of its first half plus that
/// of its second, so whoever has all shards of a subtree can add them up alone.
namespace hat::train {

/// Shards first … last − 1, at least one.
struct ShardRange {
    int first;
    int last;

    [[nodiscard]] constexpr int size() const noexcept { return last - first; }
    /// The halves whose sums are added to that of the range; of an odd number the first is smaller.
    [[nodiscard]] constexpr ShardRange first_half() const noexcept {
        return {first, first + size() / 2};
    }
    [[nodiscard]] constexpr ShardRange second_half() const noexcept {
        return {first + size() / 2, last};
    }
    /// Whether all of `other` is in it.
    [[nodiscard]] constexpr bool holds(const ShardRange& other) const noexcept {
        return first <= other.first && other.last <= last;
    }
    friend constexpr bool operator==(const ShardRange&, const ShardRange&) = default;
};

/// Calls `visit(subtree)` for the largest subtrees of `tree` that `own` holds, in order: what a
/// rank with those shards can add up before it needs others'.
template <class Visit>
void for_each_subtree(ShardRange tree, ShardRange own, const Visit& visit) {
    if (own.last <= tree.first || tree.last <= own.first) return;
    if (own.holds(tree)) {
        visit(tree);
        return;
    }
    for_each_subtree(tree.first_half(), own, visit);
    for_each_subtree(tree.second_half(), own, visit);
}

/// Adds up all of `tree`: `add(a, b)` adds what stands at shard b to what stands at shard a, where
/// the sum over a subtree stands at its first shard. Where `is_sum(subtree)` holds, it does so
/// already.
template <class IsSum, class Add>
void sum_tree(ShardRange tree, const IsSum& is_sum, const Add& add) {
    if (tree.size() == 1 || is_sum(tree)) return;
    sum_tree(tree.first_half(), is_sum, add);
    sum_tree(tree.second_half(), is_sum, add);
    add(tree.first, tree.second_half().first);
}

}  // namespace hat::train
