// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/train/numbered_files.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using hat::io::write_file;
using hat::support::TemporaryDirectory;
using hat::train::NumberedFiles;
using Numbers = std::vector<std::int64_t>;

TEST_SUITE("train/numbered_files") {
    TEST_CASE("only files of exactly our names count, in the order of their numbers") {
        const TemporaryDirectory directory;
        const NumberedFiles files(directory.path(), "checkpoint");
        CHECK(files.path(12) == directory / "checkpoint-00000012.safetensors");
        for (const std::int64_t number : {200, 3, 1'234'567'890})
            write_file(files.path(number), "");
        for (const char* name :
             {"checkpoint-5.safetensors", "checkpoint-.safetensors", "checkpoint-00000007.txt",
              "checkpoint-000000-1.safetensors", "parameters-00000008.safetensors",
              "checkpoint-99999999999999999999999.safetensors",
              "checkpoint-00000009.safetensors.tmp-1-0"})
            write_file(directory / name, "");
        CHECK(files.numbers() == Numbers{3, 200, 1'234'567'890});
    }

    TEST_CASE("the last ones are kept; what is newer, older or temporary goes") {
        const TemporaryDirectory directory;
        const NumberedFiles files(directory.path(), "checkpoint");
        for (const std::int64_t number : {10, 20, 30, 40, 50}) write_file(files.path(number), "");
        write_file(directory / "checkpoint-00000060.safetensors.tmp-1-0", "");
        write_file(directory / "checkpoint-00000070.safetensors.tmp-0123456789abcdef", "");
        write_file(directory / "notes.txt", "");
        files.keep_until(40, 2);
        CHECK(files.numbers() == Numbers{30, 40});
        CHECK(directory.entries() == 3);
    }

    TEST_CASE("a directory that is not there has no files, and is made with its parents") {
        const TemporaryDirectory directory;
        const NumberedFiles files(directory / "a/b", "checkpoint");
        CHECK(files.numbers().empty());
        files.create_directory();
        write_file(files.path(1), "");
        CHECK(files.numbers() == Numbers{1});
    }

    TEST_CASE("a directory that is a file is an error") {
        const TemporaryDirectory directory;
        write_file(directory / "file", "");
        const NumberedFiles files(directory / "file", "checkpoint");
        CHECK_THROWS_AS(files.create_directory(), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(files.numbers()), hat::Error);
    }
}
