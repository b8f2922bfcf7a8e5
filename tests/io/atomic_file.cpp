// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/text_file.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>
#include <string>

using hat::io::AtomicFile;
using hat::io::read_file;
using hat::io::write_file;
using hat::support::FileSizeLimit;
using hat::support::TemporaryDirectory;

TEST_SUITE("io/atomic_file") {
    TEST_CASE("a committed file holds all that was written, small and large, in order") {
        const TemporaryDirectory directory;
        const std::string large(300'000, 'x');
        AtomicFile file(directory / "file");
        file.write("begin\n");
        file.write(large);
        file.write("end\n");
        file.commit();
        CHECK(read_file(directory / "file") == "begin\n" + large + "end\n");
        CHECK(directory.entries() == 1);
    }

    TEST_CASE("nothing is seen before the commit, and nothing is left without it") {
        const TemporaryDirectory directory;
        write_file(directory / "file", "old");
        const auto interrupted = [&] {
            AtomicFile file(directory / "file");
            file.write(std::string(100'000, 'n'));
            CHECK(read_file(directory / "file") == "old");
            throw std::runtime_error("interrupted");
        };
        CHECK_THROWS_AS(interrupted(), std::runtime_error);
        CHECK(read_file(directory / "file") == "old");
        CHECK(directory.entries() == 1);
    }

    TEST_CASE("a full disk is an error that leaves the old file and nothing else") {
        const TemporaryDirectory directory;
        const std::string path = directory / "file";
        write_file(path, "old");
        {
            const FileSizeLimit limit(100'000);
            CHECK_THROWS_WITH_AS(write_file(path, std::string(150'000, 'x')),
                                 (path + ": cannot write: File too large").c_str(), hat::Error);
        }
        CHECK(read_file(path) == "old");
        CHECK(directory.entries() == 1);
    }

    TEST_CASE("a full disk is told before any of several files is replaced") {
        const TemporaryDirectory directory;
        write_file(directory / "first", "old");
        AtomicFile first(directory / "first");
        first.write("new");
        AtomicFile second(directory / "second");
        second.write(std::string(10'000, 'x'));
        {
            const FileSizeLimit limit(5'000);
            first.finish();
            CHECK_THROWS_WITH_AS(
                second.finish(),
                ((directory / "second") + ": cannot write: File too large").c_str(), hat::Error);
        }
        CHECK(read_file(directory / "first") == "old");
        first.commit();
        CHECK(read_file(directory / "first") == "new");
    }

    TEST_CASE("a place that takes no file is named") {
        const TemporaryDirectory directory;
        const std::string path = directory / "missing/file";
        CHECK_THROWS_WITH_AS(write_file(path, ""),
                             (path + ": cannot create: No such file or directory").c_str(),
                             hat::Error);
        CHECK_THROWS_WITH_AS(write_file("/dev/null", ""),
                             "/dev/null: cannot write: not a regular file", hat::Error);
        CHECK_THROWS_AS(write_file(directory.path(), ""), hat::Error);
        CHECK_THROWS_AS(write_file(directory / "file/", ""), hat::Error);
        CHECK_THROWS_AS(write_file("", ""), hat::Error);
    }

    TEST_CASE("behind a link, the file it leads to is replaced; a link to nothing is named") {
        const TemporaryDirectory directory;
        std::filesystem::create_directory(directory / "there");
        write_file(directory / "there/file", "old");
        const std::string link = directory / "link";
        std::filesystem::create_symlink("there/file", link);
        write_file(link, "new");
        CHECK(std::filesystem::is_symlink(link));
        CHECK(read_file(directory / "there/file") == "new");
        std::filesystem::remove(directory / "there/file");
        CHECK_THROWS_WITH_AS(
            write_file(link, ""),
            (link + ": is a link that leads nowhere: No such file or directory").c_str(),
            hat::Error);
    }

    TEST_CASE("another program may write it") {
        const TemporaryDirectory directory;
        AtomicFile file(directory / "file");
        hat::support::overwrite(file.temporary_path(), "by another");
        file.commit();
        CHECK(read_file(directory / "file") == "by another");
        CHECK(directory.entries() == 1);
    }
}
