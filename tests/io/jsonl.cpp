// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/jsonl.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/stat.h>

using hat::io::JsonLines;
using hat::io::JsonRecord;
using hat::io::read_file;
using hat::io::write_file;
using hat::support::FileSizeLimit;
using hat::support::TemporaryDirectory;

TEST_SUITE("io/jsonl") {
    TEST_CASE("a record is one line of JSON in the order of its fields") {
        CHECK(JsonRecord{}.text() == "{}");
        CHECK(JsonRecord{}
                  .add("update", 3)
                  .add("loss", 0.1F)
                  .add("rate", 1e-7)
                  .add("bytes", INT64_MIN)
                  .add("best", true)
                  .add("note", "a \"b\"\\\n\t\x01 é")
                  .add("bad", NAN)
                  .add("worse", -INFINITY)
                  .text() ==
              R"({"update": 3, "loss": 0.1, "rate": 1e-07, "bytes": -9223372036854775808, )"
              R"("best": true, "note": "a \"b\"\\\n\u0009\u0001 é", "bad": null, "worse": null})");
    }

    TEST_CASE("every record is in the file as soon as it is written") {
        const TemporaryDirectory directory;
        JsonLines log = JsonLines::create(directory / "log");
        log.write(JsonRecord{}.add("a", 1));
        CHECK(read_file(directory / "log") == "{\"a\": 1}\n");
        log.write(JsonRecord{}.add("a", 2));
        CHECK(read_file(directory / "log") == "{\"a\": 1}\n{\"a\": 2}\n");
        CHECK(log.size_bytes() == 18);
        CHECK(JsonLines::create(directory / "log").size_bytes() == 0);
        CHECK(read_file(directory / "log").empty());
    }

    TEST_CASE("resuming keeps whole lines and drops a torn one") {
        const TemporaryDirectory directory;
        const std::string path = directory / "log";
        const auto all = [](std::string_view) { return true; };
        const auto resumed = [&](const std::string& before) {
            write_file(path, before);
            JsonLines log = JsonLines::resume_while(path, all);
            log.write({});
            CHECK(log.size_bytes() == static_cast<std::int64_t>(read_file(path).size()));
            return read_file(path);
        };
        CHECK(resumed("") == "{}\n");
        CHECK(resumed("{\"a\": 1}\n") == "{\"a\": 1}\n{}\n");
        CHECK(resumed("{\"a\": 1}\n{\"b\"") == "{\"a\": 1}\n{}\n");
        CHECK(resumed("{\"b\"") == "{}\n");
        JsonLines::resume_while(directory / "new", all).write({});
        CHECK(read_file(directory / "new") == "{}\n");
    }

    TEST_CASE("resuming keeps the first lines that it is told to keep, and no torn one") {
        const TemporaryDirectory directory;
        const std::string path = directory / "log";
        const auto resumed = [&](const std::string& before) {
            write_file(path, before);
            JsonLines log =
                JsonLines::resume_while(path, [](std::string_view line) { return line != "stop"; });
            log.write({});
            CHECK(log.size_bytes() == static_cast<std::int64_t>(read_file(path).size()));
            return read_file(path);
        };
        CHECK(resumed("") == "{}\n");
        CHECK(resumed("a\n\nb\n") == "a\n\nb\n{}\n");
        CHECK(resumed("a\nstop\nb\n") == "a\n{}\n");
        CHECK(resumed("stop\n") == "{}\n");
        CHECK(resumed("a\nb") == "a\n{}\n");
    }

    TEST_CASE("a full disk is an error that leaves no part of a line") {
        const TemporaryDirectory directory;
        const std::string path = directory / "log";
        JsonLines log = JsonLines::create(path);
        log.write(JsonRecord{}.add("a", 1));
        {
            const FileSizeLimit limit(20);
            CHECK_THROWS_AS(log.write(JsonRecord{}.add("long", std::string(100, 'x').c_str())),
                            hat::Error);
        }
        CHECK(read_file(path) == "{\"a\": 1}\n");
    }

    TEST_CASE("a place that takes no file is named") {
        const TemporaryDirectory directory;
        const std::string path = directory / "missing/log";
        CHECK_THROWS_WITH_AS(static_cast<void>(JsonLines::create(path)),
                             (path + ": cannot open: No such file or directory").c_str(),
                             hat::Error);
        const std::string pipe = directory / "pipe";
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(JsonLines::resume_while(pipe, [](std::string_view) { return true; })),
            (pipe + ": not a regular file").c_str(), hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(JsonLines::create(pipe)),
                             (pipe + ": cannot open: No such device or address").c_str(),
                             hat::Error);
    }
}
