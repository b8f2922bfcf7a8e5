// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

TEST_SUITE("io/file_status") {
    TEST_CASE("files, folders and nothing are told apart") {
        const hat::support::TemporaryDirectory folder;
        const std::string file = folder / "file";
        hat::io::write_file(file, "text");
        CHECK(hat::io::exists(file));
        CHECK(hat::io::is_regular_file(file));
        CHECK_FALSE(hat::io::is_directory(file));
        CHECK(hat::io::is_directory(folder.path()));
        CHECK_FALSE(hat::io::is_regular_file(folder.path()));
        CHECK_FALSE(hat::io::exists(folder / "missing"));
        CHECK_FALSE(hat::io::exists(file + "/inside"));
    }
    TEST_CASE("a name that no file can have is that of none") {
        CHECK_FALSE(hat::io::exists(std::string(100'000, 'x')));
    }
    TEST_CASE("what cannot be found out is an error of ours") {
        const hat::support::TemporaryDirectory folder;
        const std::string loop = folder / "loop";
        std::filesystem::create_symlink("loop", loop);
        CHECK_THROWS_AS(static_cast<void>(hat::io::exists(loop)), hat::Error);
    }
}
