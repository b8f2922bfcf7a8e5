// SPDX-License-Identifier: Apache-2.0
#include <hat/io/csv.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>

using hat::Error;
using hat::io::Csv;

TEST_SUITE("io/csv") {
    TEST_CASE("a table has named columns and rows of fields") {
        const Csv csv = Csv::parse("name,ms\r\ntiny,1.5\nbase,\n", "t.csv");
        CHECK(csv.columns() == 2);
        CHECK(csv.rows() == 2);
        CHECK(csv.find("ms") == 1);
        CHECK(csv.find("s") == -1);
        CHECK(csv.text(0, 0) == "tiny");
        CHECK(csv.number(0, 1) == 1.5);
        CHECK(csv.text(1, 1).empty());
        CHECK(Csv::parse("a\n1", "t.csv").rows() == 1);
    }

    TEST_CASE("what is wrong with a table is said with its line and column") {
        const auto message = [](const std::string& text, const char* expected) {
            CHECK_THROWS_WITH_AS(
                [&] {
                    const Csv csv = Csv::parse(text, "t.csv");
                    for (int row = 0; row < csv.rows(); ++row)
                        static_cast<void>(csv.number(row, 1));
                }(),
                expected, Error);
        };
        message("", "t.csv:1: expected a line of column names, found nothing");
        message("a,,c\n", "t.csv:1: expected column names, found an empty one");
        message("a,b,a\n", "t.csv:1: column \"a\" appears twice");
        message("a" + std::string(1'000'000, ',') + "\n", "t.csv:1: has more than 1000 columns");
        message("a,b\n1,2\n1,2,3\n", "t.csv:3: expected 2 fields, found 3");
        message("a,b\n1,2\n\n", "t.csv:3: expected 2 fields, found 1");
        message("a,b\n1,\"2\"\n",
                "t.csv:2: expected fields without quotation marks, found \"\\\"2\\\"\"");
        message("a,b\n1,2x\n", "t.csv:2: b: expected a number, found \"2x\"");
        message("a,b\n1,nan\n", "t.csv:2: b: expected a number, found \"nan\"");
        message("a,b\n1,1e999\n", "t.csv:2: b: expected a number, found \"1e999\"");
        message("a,b\n1,\x01\xff\n", "t.csv:2: b: expected a number, found \"\\u0001\uFFFD\"");
    }

    TEST_CASE("columns may be checked before there are rows") {
        std::string text = "a,b\n";
        for (int i = 0; i < 1000; ++i) text += "1,2\n";
        int calls = 0;
        const auto check = [&](const Csv& csv) {
            ++calls;
            CHECK(csv.rows() == 0);
            CHECK(csv.find("b") == 1);
        };
        CHECK(Csv::parse(text, "t.csv", check).rows() == 1000);
        CHECK(calls == 1);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(Csv::parse(
                "a\n\"", "t.csv", [](const Csv& csv) { hat::fail(csv.where(), ": no column b"); })),
            "t.csv: no column b", Error);
    }

    TEST_CASE("what a message shows of a file is short and on one line") {
        const std::string field(1'000'000, 'x');
        const std::string shown = field.substr(0, 80) + "…";
        const Csv row = Csv::parse("a,b\n1," + field + "\n", "t.csv");
        CHECK_THROWS_WITH_AS(static_cast<void>(row.number(0, 1)),
                             ("t.csv:2: b: expected a number, found \"" + shown + "\"").c_str(),
                             Error);
        const Csv column = Csv::parse(field + ",b\nx,1\n", "t.csv");
        CHECK_THROWS_WITH_AS(static_cast<void>(column.number(0, 0)),
                             ("t.csv:2: " + shown + ": expected a number, found \"x\"").c_str(),
                             Error);
    }

    TEST_CASE("numbers read back as they were") {
        for (const double x : {0.1, 1.0 / 3, 1e300, -5e-324, std::numeric_limits<double>::max()})
            CHECK(Csv::parse("a\n" + hat::io::number_text(x), "t").number(0, 0) == x);
    }
}
