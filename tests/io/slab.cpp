// SPDX-License-Identifier: Apache-2.0
#include <hat/io/slab.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using hat::Slab;
using hat::TensorTable;
using namespace hat::io;
using hat::support::TemporaryDirectory;

TEST_SUITE("io/slab") {
    TEST_CASE("a slab written under a prefix is read back, gaps and other tensors aside") {
        const TemporaryDirectory directory;
        TensorTable table;
        table.add_matrix("w", 3, 5);
        table.add_vector("b", 3);
        Slab slab(table);
        std::iota(slab.data(), slab.data() + table[0].size(), 1.0F);
        std::iota(slab.data() + table[1].offset, slab.data() + table[1].offset + 3, 50.0F);
        const std::vector<float> other{1};
        std::vector<TensorView> tensors;
        append_tensors(tensors, table, slab, "net.");
        tensors.push_back(tensor_view<float>("other", {1}, other));
        write_safetensors(directory / "file", tensors);

        const auto file = SafetensorsFile::open(directory / "file");
        CHECK(file.tensor("net.w").shape == std::vector<std::int64_t>{3, 5});
        CHECK(file.tensor("net.b").shape == std::vector<std::int64_t>{3});
        Slab read(table);
        copy_tensors(file, table, read, "net.");
        CHECK(std::equal(slab.data(), slab.data() + slab.size(), read.data()));
    }

    TEST_CASE("a file that does not fit the table is an error, and the slab stays as it is") {
        const TemporaryDirectory directory;
        const std::string path = directory / "file";
        TensorTable table;
        table.add_vector("a", 2);
        table.add_matrix("w", 2, 3);
        Slab slab(table);
        const std::vector<float> a{1, 2};
        const std::vector<float> w{1, 2, 3, 4, 5, 6};
        const std::vector<std::int32_t> integers{1, 2, 3, 4, 5, 6};
        const auto message = [&](const TensorView& second) {
            write_safetensors(path, std::vector{tensor_view<float>("a", {2}, a), second});
            const auto file = SafetensorsFile::open(path);
            try {
                copy_tensors(file, table, slab);
            } catch (const hat::Error& error) {
                return std::string(error.what());
            }
            return std::string("no error");
        };
        CHECK(message(tensor_view<float>("w", {3, 2}, w)) ==
              path + ": tensor \"w\" has shape [3, 2], expected [2, 3]");
        CHECK(message(tensor_view<float>("w", {6}, w)) ==
              path + ": tensor \"w\" has shape [6], expected [2, 3]");
        CHECK(message(tensor_view<float>("v", {2, 3}, w)) == path + ": tensor \"w\" is missing");
        CHECK(message(tensor_view<std::int32_t>("w", {2, 3}, integers)) ==
              path + ": tensor \"w\" is I32, expected a floating dtype");
        const std::vector<float> infinite{1, 2, 3, 4, INFINITY, 6};
        CHECK(message(tensor_view<float>("w", {2, 3}, infinite)) ==
              path + ": tensor \"w\": element 4 is not a finite number");
        CHECK(slab.data()[0] == 0);
        CHECK(message(tensor_view<float>("w", {2, 3}, w)) == "no error");
        CHECK(slab.data()[0] == 1);
    }
}
