// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/unit_pool.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <utility>

using namespace hat::nn;

namespace {

constexpr DExTraShape shape_of_depth(int depth) {
    return {.in_dim = 32, .inner_dim = 16, .out_dim = 24, .depth = depth, .max_groups = 4};
}

/// Two units in a pool, the second one deeper.
struct Two {
    UnitPool<Sizes> pool;
    PooledUnit first;
    PooledUnit second;

    constexpr Two() {
        pool.at(first).emplace(sizes_of(shape_of_depth(2), hat::Activation::swish));
        pool.at(second).emplace(sizes_of(shape_of_depth(4), hat::Activation::swish));
    }
};

/// Counts the weights of a tree.
struct Count {
    int& count;
    constexpr void operator()(const hat::Leaf& /*leaf*/, const auto& /*weight*/) const noexcept {
        ++count;
    }
};

/// A tree whose unit lies in a pool.
template <class Weights>
struct Holder {
    PooledUnit unit;
    UnitPool<Weights> units;

    static constexpr void members(const auto& f, auto&... self) {
        f.with(self.units...)("unit", self.unit...);
    }
};

struct CopySize {
    void operator()(const hat::Leaf& /*leaf*/, Places::Place& to,
                    const Sizes::Size& from) const noexcept {
        to.row = from.rows;
    }
};

}  // namespace

TEST_SUITE("nn/unit_pool") {
    TEST_CASE("units lie one behind the other and are those that were put there") {
        const Two two;
        CHECK(two.pool.size() == 4 + 6);
        const auto second = *two.pool.at(two.second);
        const auto expected = sizes_of(shape_of_depth(4), hat::Activation::swish);
        REQUIRE(second.layers.size() == 4);
        CHECK(second.input.weight.rows == expected.input.weight.rows);
        CHECK(second.output.weight.stored_cols() == expected.output.weight.stored_cols());
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(second.layers[i].weight.rows == expected.layers[i].weight.rows);
        CHECK((*two.pool.at(two.first)).layers.size() == 2);
    }

    TEST_CASE("a unit that is nowhere has no value") {
        UnitPool<Sizes> pool;
        PooledUnit none;
        CHECK_FALSE(pool.at(none));
        CHECK_FALSE(std::as_const(pool).at(std::as_const(none)).has_value());
    }

    TEST_CASE("a copy of a pool has units of its own") {
        const Two two;
        Two copy = two;
        (*copy.pool.at(copy.first)).input.weight.rows = 99;
        CHECK((*two.pool.at(two.first)).input.weight.rows == 16);
    }

    TEST_CASE("the compiler may have pools, too") {
        static constexpr int layers = [] {
            const Two two;
            return static_cast<int>((*two.pool.at(two.second)).layers.size());
        }();
        static_assert(layers == 4);
    }

    TEST_CASE(
        "a walk makes the units of the first tree those of the last one, as often as it goes") {
        Holder<Sizes> from;
        from.units.at(from.unit).emplace(sizes_of(shape_of_depth(3), hat::Activation::swish));
        Holder<Places> to;
        for (int i = 0; i < 2; ++i) hat::walk(CopySize{}, to, from);
        CHECK(to.units.size() == 5);
        CHECK((*to.units.at(to.unit)).layers.size() == 3);
        CHECK((*to.units.at(to.unit)).input.weight.row == 16);
        int count = 0;
        hat::walk(Count{count}, from);
        // In each of five layers a weight, a bias, a gain and a bias; a second weight in three.
        CHECK(count == 5 * 4 + 3);
    }
}
