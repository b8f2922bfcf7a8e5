// SPDX-License-Identifier: Apache-2.0
#include <hat/core/inplace_vector.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <numeric>

using hat::InplaceVector;

namespace {

struct Value {
    int number = 7;
    double weight = 0.5;
};

}  // namespace

TEST_SUITE("core/inplace_vector") {
    TEST_CASE("a new one is empty") {
        const InplaceVector<Value, 3> values;
        CHECK(values.empty());
        CHECK(values.begin() == values.end());
    }

    TEST_CASE("values lie one behind the other, in the order they were added") {
        InplaceVector<int, 4> values;
        for (const int value : {3, 1, 4}) CHECK(values.push_back(value) == value);
        CHECK(values.size() == 3);
        CHECK(values[1] == 1);
        CHECK(values.data() + 2 == &values[2]);
        CHECK(std::accumulate(values.begin(), values.end(), 0) == 8);
    }

    TEST_CASE("a value added by default has its default members") {
        InplaceVector<Value, 2> values;
        values.emplace_back().number = 9;
        values.emplace_back();
        CHECK(values[0].number == 9);
        CHECK(values[0].weight == 0.5);
        CHECK(values[1].number == 7);
    }

    TEST_CASE("a copy is independent of what it was copied from") {
        InplaceVector<int, 3> values;
        values.push_back(5);
        InplaceVector<int, 3> copy = values;
        copy[0] = 6;
        copy.push_back(7);
        CHECK(values.size() == 1);
        CHECK(values[0] == 5);
        values = copy;
        CHECK(values.size() == 2);
        CHECK(values[1] == 7);
        const auto& same = values;
        values = same;
        CHECK(values.size() == 2);
    }
}
