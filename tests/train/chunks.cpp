// SPDX-License-Identifier: Apache-2.0
#include <hat/train/chunks.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

using hat::TensorTable;
using hat::train::Chunk;
using hat::train::make_chunks;

namespace {

/// A tensor of one number, one of a whole vector, a large one, and one that fills pieces exactly.
TensorTable some_table() {
    TensorTable table;
    table.add_vector("one", 1);
    table.add_vector("vector", 16);
    table.add_matrix("large", 199, 251);
    table.add_matrix("pieces", 2, 16384);
    return table;
}

}  // namespace

TEST_SUITE("train/chunks") {
    TEST_CASE("pieces cover the slab from its start to its end without gap or overlap") {
        const TensorTable table = some_table();
        std::ptrdiff_t end = 0;
        for (const Chunk& chunk : make_chunks(table)) {
            CHECK(chunk.offset == end);
            end += chunk.size;
        }
        CHECK(end == table.extent());
    }

    TEST_CASE("a piece lies in one tensor and its gap, in whole vectors, and is not too large") {
        const TensorTable table = some_table();
        for (const Chunk& chunk : make_chunks(table)) {
            const auto& tensor = table[chunk.entry];
            CHECK(chunk.size > 0);
            CHECK(chunk.size % 16 == 0);
            CHECK(chunk.size <= 16384);
            CHECK(chunk.offset >= tensor.offset);
            CHECK(chunk.offset + chunk.size < tensor.offset + tensor.size() + 16);
        }
    }

    TEST_CASE("a tensor of a multiple of the largest piece leaves no empty one") {
        const TensorTable table = some_table();
        int pieces = 0;
        for (const Chunk& chunk : make_chunks(table)) pieces += chunk.entry == 3 ? 1 : 0;
        CHECK(pieces == 2);
    }

    TEST_CASE("no tensors, no pieces") {
        CHECK(make_chunks(TensorTable{}).empty());
    }
}
