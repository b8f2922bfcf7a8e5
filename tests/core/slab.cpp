// SPDX-License-Identifier: Apache-2.0
#include <hat/core/slab.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>

using hat::Slab;
using hat::TensorTable;

namespace {

TensorTable small_table() {
    TensorTable table;
    table.add_matrix("fc1.weight", 3, 5);
    table.add_vector("fc1.bias", 3);
    table.add_matrix("fc2.weight", 4, 8);
    return table;
}

}  // namespace

TEST_SUITE("core/slab") {
    TEST_CASE("a table keeps names, shapes and the order they came in") {
        const TensorTable table = small_table();
        REQUIRE(table.size() == 3);
        CHECK(table[0].name == "fc1.weight");
        CHECK(table[0].rows == 3);
        CHECK(table[0].cols == 5);
        CHECK(table[0].size() == 15);
        CHECK_FALSE(table[0].is_vector);
        CHECK(table[1].is_vector);
        CHECK(table[1].rows == 1);
        CHECK(table[1].cols == 3);
        CHECK(table.end() - table.begin() == 3);
    }

    TEST_CASE("adding gives the index that the name finds") {
        TensorTable table = small_table();
        CHECK(table.add_vector("last", 1) == 3);
        CHECK(table.find("last") == 3);
        CHECK(table.index("fc1.bias") == 1);
        CHECK(table.find("fc1") == -1);
    }

    TEST_CASE("every tensor starts at a cache line, behind the one before") {
        const TensorTable table = small_table();
        CHECK(table[0].offset == 0);
        CHECK(table[1].offset == 16);
        CHECK(table[2].offset == 32);
        CHECK(table.extent() == 64);
        Slab slab(table);
        for (const auto& entry : table) {
            const auto address = reinterpret_cast<std::uintptr_t>(slab.matrix(entry).data());
            CHECK(address % hat::alignment == 0);
        }
    }

    TEST_CASE("a slab is zero at first and its matrices are views of it") {
        const TensorTable table = small_table();
        Slab slab(table);
        REQUIRE(slab.size() == table.extent());
        CHECK(std::all_of(slab.data(), slab.data() + slab.size(), [](float x) { return x == 0; }));
        slab.matrix(table[2])(3, 7) = 6;
        CHECK(slab.data()[32 + 3 * 8 + 7] == 6);
        const Slab copy = slab;
        slab.matrix(table[2])(3, 7) = 5;
        CHECK(copy.matrix(table[2])(3, 7) == 6);
    }

    TEST_CASE("a name that is there already is an error") {
        TensorTable table = small_table();
        CHECK_THROWS_WITH_AS(table.add_vector("fc1.weight", 4),
                             "tensor table: \"fc1.weight\" appears twice", hat::Error);
        CHECK(table.size() == 3);
        CHECK(table.extent() == 64);
    }

    TEST_CASE("an empty or negative shape is an error") {
        TensorTable table;
        CHECK_THROWS_WITH_AS(table.add_matrix("w", 0, 4), "tensor table: \"w\" has shape [0, 4]",
                             hat::Error);
        CHECK_THROWS_WITH_AS(table.add_vector("b", -1), "tensor table: \"b\" has shape [1, -1]",
                             hat::Error);
        CHECK(table.size() == 0);
    }

    TEST_CASE("a name that is not there is an error") {
        CHECK_THROWS_WITH_AS((void)small_table().index("fc3.weight"),
                             "tensor table: there is no tensor \"fc3.weight\"", hat::Error);
    }

    TEST_CASE("offsets are as wide as a pointer") {
        if (sizeof(std::ptrdiff_t) < 8) return;  // of 32 bits all are
        constexpr std::int64_t many = std::int64_t{1} << 34;
        TensorTable table;
        table.add_matrix("a", 1 << 20, 1 << 14);
        table.add_vector("b", 1);
        CHECK(table[0].size() == many);
        CHECK(table[1].offset == many);
    }
}
