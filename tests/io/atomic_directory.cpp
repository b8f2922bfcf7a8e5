// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_directory.hpp>
#include <hat/io/text_file.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

using hat::io::AtomicDirectory;
using hat::io::read_file;
using hat::io::write_file;
using hat::support::TemporaryDirectory;

namespace {

constexpr std::array<std::string_view, 2> names{"a", "b"};

void write_both(const std::string& path, const std::string& text) {
    AtomicDirectory directory(path, names);
    write_file(directory / "a", text + "a");
    write_file(directory / "b", text + "b");
    directory.commit();
}

}  // namespace

TEST_SUITE("io/atomic_directory") {
    TEST_CASE("a committed directory is there, alone, and replaces the one before") {
        const TemporaryDirectory parent;
        for (const auto& path : {parent / "model", parent / "model/"}) {
            write_both(path, "first ");
            CHECK(read_file(parent / "model/a") == "first a");
            write_both(path, "second ");
            CHECK(read_file(parent / "model/a") == "second a");
            CHECK(read_file(parent / "model/b") == "second b");
            CHECK(parent.entries() == 1);
        }
    }

    TEST_CASE("without a commit nothing changes and nothing is left") {
        const TemporaryDirectory parent;
        write_both(parent / "model", "first ");
        {
            const AtomicDirectory directory(parent / "model", names);
            write_file(directory / "a", "half");
        }
        {
            const AtomicDirectory directory(parent / "other", names);
            write_file(directory / "a", "half");
        }
        CHECK(read_file(parent / "model/a") == "first a");
        CHECK(parent.entries() == 1);
    }

    TEST_CASE("an empty directory is replaced; what would be lost is not") {
        const TemporaryDirectory parent;
        const std::string path = parent / "model";
        std::filesystem::create_directory(path);
        write_both(path, "");
        write_file(path + "/notes.txt", "mine");
        CHECK_THROWS_WITH_AS(
            write_both(path, ""),
            (path + ": is there already and holds \"notes.txt\", which would be lost").c_str(),
            hat::Error);
        CHECK(read_file(path + "/notes.txt") == "mine");
        const std::string file = parent / "file";
        write_file(file, "");
        CHECK_THROWS_WITH_AS(write_both(file, ""),
                             (file + ": is there already and is no directory").c_str(), hat::Error);
        CHECK_THROWS_AS(write_both("", ""), hat::Error);
        CHECK_THROWS_AS(write_both("/", ""), hat::Error);
        CHECK(parent.entries() == 2);
    }

    TEST_CASE("what a killed writer has left of one of its files is not in the way") {
        const TemporaryDirectory parent;
        write_both(parent / "model", "first ");
        write_file(parent / "model/a.tmp-0123456789abcdef", "half");
        write_both(parent / "model", "second ");
        CHECK(read_file(parent / "model/a") == "second a");
        CHECK(!std::filesystem::exists(parent / "model/a.tmp-0123456789abcdef"));
        write_file(parent / "model/c.tmp-0123456789abcdef", "of something else");
        CHECK_THROWS_AS(write_both(parent / "model", "third "), hat::Error);
    }

    TEST_CASE("a missing parent is named") {
        const TemporaryDirectory parent;
        const std::string path = parent / "missing/model";
        CHECK_THROWS_WITH_AS(write_both(path, ""),
                             (path + ": cannot create: No such file or directory").c_str(),
                             hat::Error);
    }

    TEST_CASE("behind a link, the directory it leads to is replaced") {
        const TemporaryDirectory parent;
        std::filesystem::create_directory(parent / "there");
        write_both(parent / "there/model", "first ");
        const std::string link = parent / "link";
        std::filesystem::create_symlink("there/model", link);
        for (const std::string& path : {link, link + '/'}) {
            write_both(path, "second ");
            CHECK(std::filesystem::is_symlink(link));
            CHECK(read_file(parent / "there/model/a") == "second a");
            CHECK(parent.entries() == 2);
        }
        std::filesystem::remove_all(parent / "there/model");
        CHECK_THROWS_WITH_AS(
            write_both(link, ""),
            (link + ": is a link that leads nowhere: No such file or directory").c_str(),
            hat::Error);
    }

    TEST_CASE("a file that came meanwhile is not lost") {
        const TemporaryDirectory parent;
        const std::string path = parent / "model";
        AtomicDirectory directory(path, names);
        write_file(directory / "a", "new");
        std::filesystem::create_directory(path);
        write_file(path + "/notes.txt", "mine");
        CHECK_THROWS_WITH_AS(
            directory.commit(),
            (path + ": is there already and holds \"notes.txt\", which would be lost").c_str(),
            hat::Error);
        CHECK(read_file(path + "/notes.txt") == "mine");
    }

    TEST_CASE("of two writers at once the later one is there, whole") {
        const TemporaryDirectory parent;
        AtomicDirectory first(parent / "model", names);
        AtomicDirectory second(parent / "model", names);
        write_file(first / "a", "first a");
        write_file(second / "a", "second a");
        first.commit();
        CHECK(read_file(parent / "model/a") == "first a");
        second.commit();
        CHECK(read_file(parent / "model/a") == "second a");
        CHECK(parent.entries() == 1);
    }
}
