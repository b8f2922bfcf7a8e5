// SPDX-License-Identifier: Apache-2.0
#include <hat/io/text_file.hpp>
#include <hat/train/averaging.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

using hat::Slab;
using hat::TensorTable;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;
using hat::train::KeptParameters;
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
        std::vector<KeptParameters> kept;
        for (int epoch = 1; epoch <= 5; ++epoch)
            ring.save(kept, epoch, table, filled(table, static_cast<float>(epoch * epoch)));
        CHECK(kept.size() == 3);
        CHECK(same(ring.mean(table, kept), filled(table, (9.0F + 16.0F + 25.0F) / 3)));
        CHECK(same(mean_of_files(table, std::vector{ring.path(4)}), filled(table, 16)));
    }

    TEST_CASE("what nobody needs goes when that is said, and not before") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory / "ring", 2);
        std::vector<KeptParameters> kept;
        for (int epoch = 1; epoch <= 4; ++epoch) ring.save(kept, epoch, table, filled(table, 1));
        CHECK(std::filesystem::exists(ring.path(1)));
        ring.remove_older(kept);
        CHECK_FALSE(std::filesystem::exists(ring.path(2)));
        CHECK(std::filesystem::exists(ring.path(3)));
        ring.remove_older({});
        CHECK(std::filesystem::exists(ring.path(3)));
    }

    TEST_CASE("a file that is missing, damaged or another one is refused by name") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory / "ring", 2);
        const ParameterRing other(directory / "other", 2);
        std::vector<KeptParameters> kept;
        std::vector<KeptParameters> others;
        for (int epoch = 1; epoch <= 2; ++epoch) {
            const auto value = static_cast<float>(epoch);
            ring.save(kept, epoch, table, filled(table, value));
            other.save(others, epoch, table, filled(table, value + 2));
        }
        const auto check = [&](const std::string& expected) {
            CHECK_THROWS_WITH_AS(ring.check(kept), expected.c_str(), hat::Error);
            CHECK_THROWS_WITH_AS(static_cast<void>(ring.mean(table, kept)), expected.c_str(),
                                 hat::Error);
        };
        const std::string path = ring.path(2);
        const std::string whole = hat::io::read_file(path);
        std::string damaged = whole;
        damaged.back() = static_cast<char>(damaged.back() ^ 4);
        overwrite(path, damaged);
        check(path + ": damaged: its content does not have its checksum");
        overwrite(path, hat::io::read_file(ring.path(1)));
        check(path + ": holds the parameters of update 1, expected 2");
        overwrite(path, hat::io::read_file(other.path(2)));
        check(path + ": is not the file of this training: its checksum is " + others[1].checksum +
              ", was " + kept[1].checksum);
        std::filesystem::remove(path);
        check(path + ": is missing; the mean of the last parameters needs it");
        overwrite(path, whole);
        CHECK(same(ring.mean(table, kept), filled(table, 1.5F)));
    }

    TEST_CASE("files without a checksum are used as they are, as far as they were come to") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory.path(), 2);
        for (int epoch = 1; epoch <= 4; ++epoch) {
            const Slab values = filled(table, static_cast<float>(epoch));
            std::vector<hat::io::TensorView> tensors;
            hat::io::append_tensors(tensors, table, values);
            hat::io::write_safetensors(ring.path(epoch), tensors);
        }
        auto kept = ring.found(3);
        CHECK(kept == std::vector<KeptParameters>{{2, ""}, {3, ""}});
        CHECK(same(ring.mean(table, kept), filled(table, 2.5F)));
        ring.save(kept, 4, table, filled(table, 5));
        CHECK(same(ring.mean(table, kept), filled(table, 4)));
    }

    TEST_CASE("parameters that are not finite have no mean") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory / "ring", 2);
        std::vector<KeptParameters> kept;
        ring.save(kept, 1, table, filled(table, 1));
        ring.save(kept, 2, table, filled(table, NAN));
        CHECK_THROWS_WITH_AS(
            static_cast<void>(ring.mean(table, kept)),
            (ring.path(2) + ": tensor \"w\": element 0 is not a finite number").c_str(),
            hat::Error);
    }

    TEST_CASE("the sum is made in double: large numbers that cancel leave the small one") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory.path(), 3);
        std::vector<KeptParameters> kept;
        ring.save(kept, 1, table, filled(table, 1e8F));
        ring.save(kept, 2, table, filled(table, 3));
        ring.save(kept, 3, table, filled(table, -1e8F));
        CHECK(same(ring.mean(table, kept), filled(table, 1)));
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
        std::vector<KeptParameters> kept;
        ring.save(kept, 1, table, filled(table, 1));
        ring.save(kept, 2, table, filled(table, 100));
        ring.save(kept, 1, table, filled(table, 3));
        CHECK(same(ring.mean(table, kept), filled(table, 3)));
        CHECK_FALSE(std::filesystem::exists(ring.path(2)));
    }

    TEST_CASE("no files, or files of another network, are errors") {
        const TemporaryDirectory directory;
        const TensorTable table = sample_table();
        const ParameterRing ring(directory.path(), 2);
        std::vector<KeptParameters> kept;
        CHECK_THROWS_WITH_AS(static_cast<void>(ring.mean(table, kept)),
                             "mean of parameters: there is no file to average", hat::Error);
        ring.save(kept, 1, table, filled(table, 1));
        TensorTable other = sample_table();
        other.add_vector("c", 1);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(ring.mean(other, kept)),
            ((directory / "parameters-00000001.safetensors") + ": tensor \"c\" is missing").c_str(),
            hat::Error);
        CHECK_THROWS_WITH_AS(ParameterRing(directory.path(), 0),
                             "parameter ring: keep = 0, expected 1 or more", hat::Error);
    }
}
