// SPDX-License-Identifier: Apache-2.0
#include <hat/core/tree.hpp>

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

using hat::Fixed;
using hat::InplaceVector;
using hat::Joint;
using hat::Leaf;

namespace {

/// A weight that is a number, 0 if there is none.
template <int Kind>
struct Number {
    int value = 0;
    [[nodiscard]] constexpr bool empty() const { return value == 0; }
};

template <int Kind, class Heads = int>
struct Leafy {
    Number<Kind> weight{};
    Number<Kind> next{};
    Heads heads{};

    static constexpr void members(const auto& f, auto&... self) {
        f("weight", {.groups = 2}, self.weight...);
        f("weight", {.joint = Joint::below}, self.next...);
        f("heads", self.heads...);
    }
};

template <int Kind, class Layers = InplaceVector<Leafy<Kind>, 5>,
          class Maybe = std::optional<Leafy<Kind>>>
struct Tree {
    Number<Kind> table{};
    Layers layers{};
    Layers both_ends{};
    Maybe maybe{};
    Leafy<Kind> plain{};

    static constexpr void members(const auto& f, auto&... self) {
        const auto side = f.in("side");
        side("table.weight", self.table...);
        side("layers", self.layers...);
        f.ends("ends", self.both_ends...);
        f("maybe", self.maybe...);
        f("", self.plain...);
        side.at(3)("again", self.table...);
    }
};

/// A tree of `size` layers whose weights are numbered in order.
template <int Kind>
constexpr Tree<Kind> tree(int size) {
    Tree<Kind> made;
    int number = 0;
    made.table.value = ++number;
    for (auto* list : {&made.layers, &made.both_ends}) {
        for (int i = 0; i < size; ++i) {
            auto& layer = list->emplace_back();
            layer.weight.value = ++number;
            layer.heads = 10 * number;
        }
    }
    return made;
}

std::vector<std::string> names(const auto& lead) {
    std::vector<std::string> all;
    hat::walk([&](const Leaf& leaf, const auto&) { all.push_back(leaf.path.text()); }, lead);
    return all;
}

struct Copy {
    template <int To, int From>
    constexpr void operator()(const Leaf& /*leaf*/, Number<To>& to,
                              const Number<From>& from) const {
        to.value = from.value;
    }
};

struct Sum {
    int& sum;
    constexpr void operator()(const Leaf& /*leaf*/, const Number<0>& weight) const {
        sum += weight.value;
    }
};

constexpr int sum_of(int size) {
    int sum = 0;
    const Tree<0> made = tree<0>(size);
    hat::walk(Sum{sum}, made);
    return sum;
}

}  // namespace

TEST_SUITE("core/tree") {
    TEST_CASE("weights bear the names that lead to them; what is not there has none") {
        Tree<0> made = tree<0>(2);
        CHECK(names(made) == std::vector<std::string>{"side.table.weight", "side.layers.0.weight",
                                                      "side.layers.1.weight", "ends.0.weight",
                                                      "ends.1.weight", "side.3.again"});
        made.maybe.emplace().weight.value = 1;
        made.plain.next.value = 1;
        const auto more = names(made);
        CHECK(more[5] == "maybe.weight");
        CHECK(more[6] == "weight");  // of a layer without a name
    }

    TEST_CASE("a walk is told how a weight is stored") {
        Leafy<0> layer{{1}, {2}, 3};
        std::vector<int> groups;
        std::vector<Joint> joints;
        hat::walk(
            [&](const Leaf& leaf, const Number<0>&) {
                groups.push_back(leaf.storage.groups);
                joints.push_back(leaf.storage.joint);
            },
            layer);
        CHECK(groups == std::vector<int>{2, 1});
        CHECK(joints == std::vector<Joint>{Joint::no, Joint::below});
    }

    TEST_CASE("the first tree becomes as the last one: layers, lists and settings") {
        Tree<0> from = tree<0>(3);
        from.maybe.emplace().heads = 7;
        Tree<1> to = tree<1>(5);
        hat::walk(Copy{}, to, from);
        REQUIRE(to.layers.size() == 3);
        CHECK(to.layers[2].weight.value == from.layers[2].weight.value);
        CHECK(to.layers[2].heads == from.layers[2].heads);
        REQUIRE(to.maybe);
        CHECK(to.maybe->heads == 7);
        CHECK(to.plain.weight.value == 0);
    }

    TEST_CASE("of a longer list the first elements stand for a short one, or those of both ends") {
        const Tree<0> shape = tree<0>(3);
        const Tree<1> stored = tree<1>(5);
        Tree<2> to;
        const auto take = [](const Leaf&, Number<2>& target, const Number<1>& at,
                             const Number<0>&) { target.value = at.value; };
        hat::walk(take, to, stored, shape);
        for (std::size_t i = 0; i < 3; ++i)
            CHECK(to.layers[i].weight.value == stored.layers[i].weight.value);
        CHECK(to.both_ends[0].weight.value == stored.both_ends[0].weight.value);
        CHECK(to.both_ends[1].weight.value == stored.both_ends[1].weight.value);
        CHECK(to.both_ends[2].weight.value == stored.both_ends[4].weight.value);
        CHECK(to.layers[1].heads == shape.layers[1].heads);
    }

    TEST_CASE("lists may be tuples, whose layers have types of their own") {
        using Two = std::tuple<Leafy<1, Fixed<20>>, Leafy<1>>;
        Tree<1, Two, hat::Absent> to;
        Tree<0> from = tree<0>(2);
        from.both_ends[0].heads = 20;
        hat::walk(Copy{}, to, from);
        CHECK(std::get<0>(to.layers).weight.value == 2);
        CHECK(std::get<1>(to.layers).weight.value == 3);
        CHECK(std::get<1>(to.layers).heads == 30);
        int count = 0;
        hat::for_each_layer(to.layers, [&](const auto& layer, int i) {
            CHECK(layer.weight.value == 2 + i);
            ++count;
        });
        CHECK(count == 2);
    }

    TEST_CASE("what is fixed must be what the last tree says") {
        const Tree<0> three = tree<0>(3);
        Tree<1, std::tuple<Leafy<1>, Leafy<1>>> two;
        CHECK_THROWS_WITH_AS(hat::walk(Copy{}, two, three),
                             "side.layers: has 3, but here their number is fixed at 2", hat::Error);
        const Tree<0> one = tree<0>(1);
        Tree<1, std::tuple<Leafy<1, Fixed<4>>>> heads;
        CHECK_THROWS_WITH_AS(hat::walk(Copy{}, heads, one),
                             "side.layers.0.heads = 20, but here it is fixed at 4", hat::Error);
        Tree<0> with_unit = tree<0>(0);
        with_unit.maybe.emplace();
        Tree<1, std::tuple<>, hat::Absent> without;
        CHECK_THROWS_WITH_AS(hat::walk(Copy{}, without, with_unit),
                             "maybe: has no place in this type of network", hat::Error);
    }

    TEST_CASE("the compiler walks, too") {
        static_assert(sum_of(2) == 1 + 2 + 3 + 4 + 5 + 1);
        CHECK(sum_of(1) == 1 + 2 + 3 + 1);
    }
}
