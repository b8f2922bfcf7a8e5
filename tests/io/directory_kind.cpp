// SPDX-License-Identifier: Apache-2.0
#include <hat/io/directory_kind.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using hat::io::directory_kind;
using hat::io::DirectoryKind;

TEST_SUITE("io/directory_kind") {
    TEST_CASE("a directory is what its config.json says") {
        const hat::support::TemporaryDirectory folder;
        const auto kind = [&](const char* config) {
            hat::support::overwrite(folder / "config.json", config);
            return directory_kind(folder.path());
        };
        CHECK(kind(R"({"format": "hat data"})") == DirectoryKind::data);
        CHECK(kind(R"({"format": "hat run", "vocab_size": 8})") == DirectoryKind::run);
        CHECK(kind(R"({"format": "hat model"})") == DirectoryKind::model);
        CHECK(kind(R"({"format": "other"})") == DirectoryKind::other);
        CHECK(kind(R"({"format": 1})") == DirectoryKind::other);
        CHECK(kind("[1]") == DirectoryKind::other);
        CHECK(kind("{") == DirectoryKind::other);
    }

    TEST_CASE("data and runs of the version that did not say so are known") {
        const hat::support::TemporaryDirectory folder;
        const std::string file = folder / "config.json";
        hat::support::overwrite(file, R"({"hat_version": "0.1.0", "vocab_size": 40})");
        CHECK(directory_kind(folder.path()) == DirectoryKind::data);
        hat::support::overwrite(file, R"({"data": "data", "learning_rate": 0.005, "seed": 1})");
        CHECK(directory_kind(folder.path()) == DirectoryKind::run);
        hat::support::overwrite(file, R"({"name": "a project of something else"})");
        CHECK(directory_kind(folder.path()) == DirectoryKind::other);
    }

    TEST_CASE("nothing and an empty directory are free, a file or a full one are not") {
        const hat::support::TemporaryDirectory folder;
        CHECK(directory_kind(folder.path()) == DirectoryKind::free);
        CHECK(directory_kind(folder / "missing") == DirectoryKind::free);
        hat::support::overwrite(folder / "thesis.tex", "chapter one");
        CHECK(directory_kind(folder.path()) == DirectoryKind::other);
        CHECK(directory_kind(folder / "thesis.tex") == DirectoryKind::other);
        std::filesystem::create_symlink("nowhere", folder / "link");
        CHECK(directory_kind(folder / "link") == DirectoryKind::other);
    }

    TEST_CASE("kinds have names") {
        CHECK(hat::io::kind_name(DirectoryKind::free) == std::string("nothing"));
        CHECK(hat::io::kind_name(DirectoryKind::data) == std::string("training data"));
        CHECK(hat::io::kind_name(DirectoryKind::run) == std::string("a training"));
        CHECK(hat::io::kind_name(DirectoryKind::model) == std::string("a model"));
        CHECK(hat::io::kind_name(DirectoryKind::other) == std::string("something else"));
    }
}
