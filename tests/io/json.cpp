// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace hat::io;

namespace {

template <class T>
T as(const char* text) {
    return json_as<T>(parse_json(text, "test"), "test");
}

}  // namespace

TEST_SUITE("io/json") {
    TEST_CASE("objects keep the order of their keys") {
        CHECK(parse_json(R"({"b": 1, "a": [2]})", "test").dump() == R"({"b":1,"a":[2]})");
    }

    TEST_CASE("a text that is not JSON is an error with its offset") {
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json("{\"a\": 1,\n}", "f.json")),
                             "f.json: not valid JSON at byte 10", hat::Error);
        CHECK_THROWS_AS(static_cast<void>(parse_json("", "f.json")), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(parse_json("{} {}", "f.json")), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(parse_json("\"\xFF\"", "f.json")), hat::Error);
    }

    TEST_CASE("a key that appears twice in one object is an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json(R"({"a": {"b": 1, "b": 2}})", "f.json")),
                             "f.json: key \"b\" appears twice", hat::Error);
        CHECK_NOTHROW(static_cast<void>(parse_json(R"([{"a": {"a": 1}}, {"a": 2}])", "f.json")));
    }

    TEST_CASE("values are read as what they are, or not at all") {
        CHECK(as<int>("-7") == -7);
        CHECK(as<std::uint64_t>("18446744073709551615") == UINT64_MAX);
        CHECK(as<double>("3") == 3.0);
        CHECK(as<bool>("true"));
        CHECK(as<std::string>("\"é\"") == "é");
        CHECK_THROWS_WITH_AS(static_cast<void>(as<int>("1.0")),
                             "test: expected an integer, found number", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(as<int>("2147483648")),
                             "test: 2147483648 is out of range", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(as<std::uint64_t>("-1")), "test: -1 is out of range",
                             hat::Error);
        CHECK_THROWS_AS(static_cast<void>(as<std::int64_t>("9223372036854775808")), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(as<bool>("0")), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(as<std::string>("null")), hat::Error);
    }

    TEST_CASE("a missing key is named") {
        const Json object = parse_json(R"({"a": "x"})", "f.json");
        CHECK(json_get<std::string>(object, "a", "f.json") == "x");
        CHECK_THROWS_WITH_AS(static_cast<void>(json_get<int>(object, "a", "f.json")),
                             "f.json: a: expected an integer, found string", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(json_get<int>(object, "b", "f.json")),
                             "f.json: key \"b\" is missing", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(json_field(Json(3), "b", "f.json")),
                             "f.json: expected an object, found number", hat::Error);
    }

    TEST_CASE("a quoted text is one line, whatever it holds") {
        CHECK(in_quotes("a\n\"b\"") == R"("a\n\"b\"")");
        CHECK(in_quotes("\xFF") == "\"\xEF\xBF\xBD\"");
    }
}
