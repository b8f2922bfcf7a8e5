// SPDX-License-Identifier: Apache-2.0
#include <hat/io/file_lock.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using hat::io::FileLock;

namespace {

/// Whether another process gets the lock, which it then drops.
bool another_gets(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            const FileLock lock(path, "it");
        } catch (const hat::Error&) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_SUITE("io/file_lock") {
    TEST_CASE("one has the lock at a time; it leaves nothing behind") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "lock";
        {
            const FileLock lock(path, "run");
            CHECK_FALSE(another_gets(path));
            CHECK_THROWS_WITH_AS(FileLock(path, "run"),
                                 ("run: another process is at work on it and holds " + path +
                                  "; try again when that has ended")
                                     .c_str(),
                                 hat::Error);
        }
        CHECK(folder.entries() == 0);
        CHECK(another_gets(path));
    }

    TEST_CASE("a process that is killed loses the lock") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "lock";
        int ready[2];
        REQUIRE(::pipe(ready) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            const FileLock lock(path, "run");
            if (::write(ready[1], "x", 1) == 1) ::pause();
            ::_exit(0);
        }
        char byte = 0;
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        CHECK_THROWS_AS(FileLock(path, "run"), hat::Error);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(ready[0]);
        ::close(ready[1]);
        CHECK(std::filesystem::exists(path));
        CHECK(another_gets(path));
    }

    TEST_CASE("who loses the file to another one does not take that one's file away") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "lock";
        std::optional<FileLock> first(std::in_place, path, "run");
        std::filesystem::remove(path);
        const FileLock second(path, "run");
        first.reset();
        CHECK(std::filesystem::exists(path));
        CHECK_FALSE(another_gets(path));
    }

    TEST_CASE("a place that takes no file is an error, and so is a link") {
        const hat::support::TemporaryDirectory folder;
        CHECK_THROWS_AS(FileLock(folder / "missing/lock", "run"), hat::Error);
        hat::support::overwrite(folder / "precious", "text");
        std::filesystem::create_symlink("precious", folder / "link");
        CHECK_THROWS_AS(FileLock(folder / "link", "run"), hat::Error);
    }
}
