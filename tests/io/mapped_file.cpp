// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/mapped_file.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <fcntl.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using hat::io::MappedFile;
using hat::io::write_file;
using hat::support::TemporaryDirectory;

namespace {

std::string_view text(const MappedFile& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

TEST_SUITE("io/mapped_file") {
    TEST_CASE("a mapped file shows its bytes, also after it is moved or replaced") {
        const TemporaryDirectory directory;
        write_file(directory / "file", "content");
        MappedFile first(directory / "file");
        write_file(directory / "file", "other");
        const MappedFile second = std::move(first);
        CHECK(text(second) == "content");
        CHECK(first.bytes().empty());
        first = MappedFile(directory / "file");
        CHECK(text(first) == "other");
    }

    TEST_CASE("what was forgotten or visited can be read again") {
        const TemporaryDirectory directory;
        std::string content;
        while (content.size() < 9'000'000) content += std::to_string(content.size()) + ' ';
        write_file(directory / "file", content);
        const MappedFile file(directory / "file");
        CHECK(text(file) == content);
        file.forget(file.bytes().subspan(5000, 100'000));
        file.forget({});
        CHECK(text(file) == content);
        std::string visited;
        int pieces = 0;
        file.visit_pieces([&](std::span<const std::byte> piece) {
            visited.append(reinterpret_cast<const char*>(piece.data()), piece.size());
            ++pieces;
        });
        CHECK(visited == content);
        CHECK(pieces == 2);
        CHECK(text(file) == content);
    }

    TEST_CASE("an open file is mapped, whose descriptor stays open") {
        const TemporaryDirectory directory;
        write_file(directory / "file", "content");
        const int descriptor = ::open((directory / "file").c_str(), O_RDONLY);
        CHECK(text(MappedFile(descriptor, "file")) == "content");
        CHECK(::close(descriptor) == 0);
        CHECK_THROWS_WITH_AS(MappedFile(descriptor, "file"), "file: not a regular file",
                             hat::Error);
    }

    TEST_CASE("an empty file has no bytes") {
        const TemporaryDirectory directory;
        write_file(directory / "file", "");
        CHECK(MappedFile(directory / "file").bytes().empty());
    }

    TEST_CASE("what is no regular file is an error") {
        const TemporaryDirectory directory;
        const std::string path = directory / "missing";
        CHECK_THROWS_WITH_AS(MappedFile{path},
                             (path + ": cannot open: No such file or directory").c_str(),
                             hat::Error);
        CHECK_THROWS_WITH_AS(MappedFile{directory.path()},
                             (directory.path() + ": not a regular file").c_str(), hat::Error);
        CHECK_THROWS_AS(MappedFile{"/dev/zero"}, hat::Error);
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        CHECK_THROWS_WITH_AS(MappedFile{path}, (path + ": not a regular file").c_str(), hat::Error);
    }
}
