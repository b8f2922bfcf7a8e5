// SPDX-License-Identifier: Apache-2.0
#include <hat/train/averaging.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using hat::Slab;
using hat::TensorTable;
using hat::support::TemporaryDirectory;
using hat::train::mean_of_files;
using hat::train::ParameterRing;

namespace {

TensorTable sample_table() {
    TensorTable table;
    table.add_matrix("w", 2, 3);
    table.add_vector("b", 5);
    return table;
}

Slab filled(const TensorTable& table, float value) {
    Slab slab(table);
    for (const auto& entry : table) std::fill_n(slab.data() + entry.offset, entry.size(), value);
    return slab;
}

bool same(const Slab& a, const Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

}  // namespace

TEST_SUITE("train/averaging") {
    TEST_CASE("the mean of the last files of a ring is the arithmetic mean of their parameters") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory / "ring", 3);
        for (int epoch = 1; epoch <= 5; ++epoch) {
            ring.save(epoch, table, filled(table, static_cast<float>(epoch * epoch)));
        }
        CHECK(ring.paths().size() == 3);
        CHECK(same(ring.mean(table), filled(table, (9.0F + 16.0F + 25.0F) / 3)));
        CHECK(same(mean_of_files(table, std::vector{ring.paths()[1]}), filled(table, 16)));
    }

    TEST_CASE("parameters that are not finite have no mean") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory / "ring", 2);
        ring.save(1, table, filled(table, 1));
        ring.save(2, table, filled(table, NAN));
        CHECK_THROWS_WITH_AS(
            static_cast<void>(ring.mean(table)),
            (ring.paths()[1] + ": tensor \"w\": element 0 is not a finite number").c_str(),
            hat::Error);
    }

    TEST_CASE("the sum is made in double: large numbers that cancel leave the small one") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory.path(), 3);
        ring.save(1, table, filled(table, 1e8F));
        ring.save(2, table, filled(table, 3));
        ring.save(3, table, filled(table, -1e8F));
        CHECK(same(ring.mean(table), filled(table, 1)));
    }

    TEST_CASE("half precision is widened before it is averaged") {
        const TemporaryDirectory directory;
        TensorTable table;
        table.add_vector("x", 1);
        const std::uint16_t half = 0x3e00;  // 1.5
        const float single = 2.5F;
        using hat::io::TensorView;
        const TensorView first{"x", hat::io::Dtype::f16, {1}, std::as_bytes(std::span(&half, 1))};
        const TensorView second{
            "x", hat::io::Dtype::f32, {1}, std::as_bytes(std::span(&single, 1))};
        hat::io::write_safetensors(directory / "a", {&first, 1});
        hat::io::write_safetensors(directory / "b", {&second, 1});
        const Slab mean = mean_of_files(table, std::vector{directory / "a", directory / "b"});
        CHECK(mean.data()[0] == 2);
    }

    TEST_CASE("a ring that starts again at an earlier number drops what was newer") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory.path(), 2);
        ring.save(1, table, filled(table, 1));
        ring.save(2, table, filled(table, 100));
        ring.save(1, table, filled(table, 3));
        CHECK(same(ring.mean(table), filled(table, 3)));
    }

    TEST_CASE("no files, or files of another network, are errors") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory.path(), 2);
        CHECK_THROWS_WITH_AS(static_cast<void>(ring.mean(table)),
                             "mean of parameters: there is no file to average", hat::Error);
        ring.save(1, table, filled(table, 1));
        TensorTable other = sample_table();
        other.add_vector("c", 1);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(ring.mean(other)),
            ((directory / "parameters-00000001.safetensors") + ": tensor \"c\" is missing").c_str(),
            hat::Error);
        CHECK_THROWS_WITH_AS(ParameterRing(directory.path(), 0),
                             "parameter ring: keep = 0, expected 1 or more", hat::Error);
    }
}
