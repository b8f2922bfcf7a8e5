// SPDX-License-Identifier: Apache-2.0
#include <hat/io/temporary.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

using hat::io::behind_link;
using hat::io::Temporary;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

using Kind = Temporary::Kind;

/// Leaves what a writer of `target` leaves that is killed at its work; returns its path.
std::string leave(const std::string& target, Kind kind) {
    const pid_t child = ::fork();
    if (child == 0) {
        const Temporary temporary(target, kind);
        if (kind == Kind::directory) overwrite(temporary.path() + "/a", "half");
        ::_exit(0);  // as SIGKILL: no destructor, and the system ends the lock
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const auto parent = std::filesystem::path(target).parent_path();
    for (const auto& entry : std::filesystem::directory_iterator(parent))
        if (hat::io::detail::target_of(entry.path().filename().string()) ==
            std::filesystem::path(target).filename().string())
            return entry.path().string();
    return {};
}

}  // namespace

TEST_SUITE("io/temporary") {
    TEST_CASE("it is beside its target under a name of its own, and goes with the scope") {
        const TemporaryDirectory directory;
        for (const Kind kind : {Kind::file, Kind::directory}) {
            {
                const Temporary first(directory / "target", kind);
                const Temporary second(directory / "target", kind);
                CHECK(first.path() != second.path());
                CHECK(first.path().starts_with(directory / "target.tmp-"));
                CHECK(std::filesystem::is_directory(first.path()) == (kind == Kind::directory));
                CHECK(directory.entries() == 2);
            }
            CHECK(directory.entries() == 0);
        }
    }

    TEST_CASE("names do not repeat, in children of one process neither") {
        const TemporaryDirectory directory;
        std::set<std::string> names;
        for (int i = 0; i < 50; ++i) names.insert(Temporary(directory / "t", Kind::file).path());
        for (int i = 0; i < 5; ++i) {
            names.insert(leave(directory / "t", Kind::file));  // the next one removes it
        }
        CHECK(names.size() == 55);
    }

    TEST_CASE("what a killed writer of the same target has left is removed by the next one") {
        for (const Kind kind : {Kind::file, Kind::directory}) {
            const TemporaryDirectory directory;
            const std::string left = leave(directory / "target", kind);
            const std::string other = leave(directory / "other", kind);
            CHECK(std::filesystem::exists(left));
            const Temporary temporary(directory / "target", kind);
            CHECK_FALSE(std::filesystem::exists(left));
            CHECK(std::filesystem::exists(other));
            CHECK(std::filesystem::exists(temporary.path()));
        }
    }

    TEST_CASE("files of the user that are named alike stay") {
        const TemporaryDirectory directory;
        for (const char* name : {"target.tmp-2024-11", "target.tmp-old", "target.tmp-",
                                 "target.tmp-0123456789abcdeg", "target.tmp-0123456789abcdef0"})
            overwrite(directory / name, "");
        const Temporary temporary(directory / "target", Kind::file);
        CHECK(directory.entries() == 6);
    }

    TEST_CASE("the name of a temporary tells its target") {
        using hat::io::detail::target_of;
        CHECK(target_of("a.tmp-0123456789abcdef") == "a");
        CHECK(target_of(".tmp-0123456789abcdef").empty());
        CHECK(target_of("a.tmp-0123456789ABCDEF").empty());
        CHECK(target_of("a.tmp-12-3").empty());
        CHECK(target_of("").empty());
    }

    TEST_CASE("a place that takes none is named with the reason") {
        const TemporaryDirectory directory;
        const std::string target = directory / "missing/target";
        for (const Kind kind : {Kind::file, Kind::directory})
            CHECK_THROWS_WITH_AS(Temporary(target, kind),
                                 (target + ": cannot create: No such file or directory").c_str(),
                                 hat::Error);
        const std::string longest = directory / std::string(250, 'x');
        CHECK_THROWS_WITH_AS(Temporary(longest, Kind::file),
                             (longest + ": cannot create: File name too long").c_str(), hat::Error);
    }

    TEST_CASE("links are followed to their end, and slashes left out") {
        const TemporaryDirectory directory;
        std::filesystem::create_symlink("file", directory / "first");
        std::filesystem::create_symlink("first", directory / "second");
        CHECK_THROWS_AS(static_cast<void>(behind_link(directory / "second")), hat::Error);
        overwrite(directory / "file", "");
        CHECK(std::filesystem::equivalent(behind_link(directory / "second"), directory / "file"));
        CHECK(behind_link("a/b//") == "a/b");
        CHECK(behind_link("/") == "/");
        std::filesystem::create_symlink("loop", directory / "loop");
        CHECK_THROWS_WITH_AS(
            static_cast<void>(behind_link(directory / "loop")),
            (directory / "loop: is a link that leads nowhere: Too many levels of symbolic links")
                .c_str(),
            hat::Error);
    }

    TEST_CASE("the parent of a path is the directory that holds it") {
        using hat::io::detail::parent_directory;
        CHECK(parent_directory("file") == ".");
        CHECK(parent_directory("/file") == "/");
        CHECK(parent_directory("a/b/file") == "a/b");
        CHECK(parent_directory("a/b/") == "a");
    }
}
