// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/text_file.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>

using hat::io::read_file;
using hat::io::write_file;
using hat::support::TemporaryDirectory;

TEST_SUITE("io/text_file") {
    TEST_CASE("every byte is read, zeros and the last unfinished line too") {
        const TemporaryDirectory directory;
        for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 200'000U}) {
            std::string text(size, '\0');
            if (size > 0) text.back() = 'z';
            write_file(directory / "file", text);
            CHECK(read_file(directory / "file") == text);
        }
    }

    TEST_CASE("what cannot be read is an error with its reason") {
        const TemporaryDirectory directory;
        const std::string path = directory / "missing";
        CHECK_THROWS_WITH_AS(static_cast<void>(read_file(path)),
                             (path + ": cannot open: No such file or directory").c_str(),
                             hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(read_file(directory.path())),
                             (directory.path() + ": cannot read: Is a directory").c_str(),
                             hat::Error);
        write_file(path, "12345");
        CHECK_THROWS_WITH_AS(static_cast<void>(read_file(path, 4)),
                             (path + ": is larger than 4 bytes").c_str(), hat::Error);
    }
}
