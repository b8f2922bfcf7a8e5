// SPDX-License-Identifier: Apache-2.0
#include <hat/io/spool.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

using hat::io::Spool;
using hat::io::SpoolReader;

namespace {

std::string read_all(const Spool& spool, std::size_t buffer) {
    SpoolReader reader(spool, 0, spool.size(), buffer);
    std::string all;
    for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next())
        all += piece;
    return all;
}

}  // namespace

TEST_SUITE("io/spool") {
    TEST_CASE("what was put aside comes back, whatever the pieces") {
        const hat::support::TemporaryDirectory folder;
        Spool spool(folder / "data");
        std::string expected;
        for (int i = 0; i < 30'000; ++i) {
            const std::string part(static_cast<std::size_t>(i % 13),
                                   static_cast<char>('a' + i % 26));
            spool.write(part);
            expected += part;
        }
        const std::string large(200'000, 'x');  // larger than any buffer
        spool.write(large);
        expected += large;
        CHECK(spool.size() == expected.size());
        spool.flush();
        CHECK(read_all(spool, 1000) == expected);
        CHECK(read_all(spool, std::size_t{1} << 20U) == expected);
        const auto file = spool.map();
        CHECK(file.bytes().size() == expected.size());
        CHECK(static_cast<char>(file.bytes().back()) == 'x');
    }
    TEST_CASE("it has no name, and lives on in what was mapped of it") {
        const hat::support::TemporaryDirectory folder;
        std::optional<hat::io::MappedFile> file;
        {
            Spool spool(folder / "data");
            spool.write("put aside");
            CHECK(std::filesystem::is_empty(folder.path()));
            file.emplace(spool.map());
        }
        CHECK(file->bytes().size() == 9);
        CHECK(static_cast<char>(file->bytes().front()) == 'p');
    }
    TEST_CASE("values are read one after the other, also where a piece ends within one") {
        const hat::support::TemporaryDirectory folder;
        Spool spool(folder / "data");
        for (int i = 0; i < 100; ++i) spool.write(&i, sizeof i);
        spool.flush();
        SpoolReader reader(spool, 2 * sizeof(int), spool.size() - sizeof(int), 66);
        int value = 0;
        for (int i = 2; i < 99; ++i) {
            REQUIRE(reader.read(&value, sizeof value));
            CHECK(value == i);
        }
        CHECK_FALSE(reader.read(&value, sizeof value));
    }
    TEST_CASE("an empty one is empty") {
        const hat::support::TemporaryDirectory folder;
        Spool spool(folder / "data");
        CHECK(spool.map().bytes().empty());
        CHECK(read_all(spool, 64).empty());
    }
    TEST_CASE("a directory that is not there is an error, which names the target") {
        const hat::support::TemporaryDirectory folder;
        const std::string target = folder / "none/data";
        CHECK_THROWS_WITH_AS(Spool{target},
                             (target + ": cannot write: No such file or directory").c_str(),
                             hat::Error);
    }
}
