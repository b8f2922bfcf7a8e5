// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>

#include "support/linear_time.hpp"

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

    TEST_CASE("a text that is not JSON may also be no value") {
        CHECK(parse_json_or_discard("[1]") == Json({1}));
        for (const char* text : {"", "[1", "{} {}", "\"\xFF\""})
            CHECK(parse_json_or_discard(text).is_discarded());
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

    TEST_CASE("brackets inside each other and values are limited") {
        const auto nested = [](std::size_t depth) {
            return std::string(depth, '[') + std::string(depth, ']');
        };
        CHECK(parse_json(nested(64), "f").dump() == nested(64));
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json(nested(65), "f.json")),
                             "f.json: has more than 64 levels of brackets", hat::Error);
        CHECK_THROWS_AS(static_cast<void>(parse_json(std::string(130'000, '['), "f")), hat::Error);
        std::string objects;
        for (int i = 0; i < 130'000; ++i) objects += R"({"a":)";
        CHECK_THROWS_AS(static_cast<void>(parse_json(objects, "f")), hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json("[1, 2, 3]", "f", {.values = 3})),
                             "f: has more than 3 values", hat::Error);
        CHECK_NOTHROW(static_cast<void>(parse_json("[1, 2]", "f", {.values = 3})));
    }

    TEST_CASE("a number that no double holds is an error with its offset") {
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json(R"({"a": 1e999})", "f.json")),
                             "f.json: the number that ends at byte 11 is out of range", hat::Error);
        const std::string digits = "1" + std::string(1'000'000, '0');
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json(digits, "f")),
                             "f: the number that ends at byte 1000001 is out of range", hat::Error);
    }

    TEST_CASE("messages show the beginning of a long key") {
        const std::string key(1'000'000, 'k');
        const std::string text = "{\"" + key + "\": 1, \"" + key + "\": 1}";
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_json(text, "f")),
                             ("f: key \"" + key.substr(0, 80) + "…\" appears twice").c_str(),
                             hat::Error);
    }

    TEST_CASE("text that is not UTF-8 can be written") {
        CHECK(json_text(Json{{"a", "\xFF"}}) == "{\"a\":\"\uFFFD\"}");
        CHECK(json_text(Json{1}, 1) == "[\n 1\n]");
    }

    TEST_CASE("parsing takes time in proportion to the text") {
        const auto keys = [](int n) {
            std::string text = "{\"first\": 0";
            for (int i = 0; i < n; ++i) text += ", \"k" + std::to_string(i) + "\": {}";
            return text + "}";
        };
        const auto list = [](int n) {
            std::string text = "[[1]";
            for (int i = 0; i < n; ++i) text += ", [{}, \"a\"]";
            return text + "]";
        };
        const auto run = [](const std::string& text) {
            static_cast<void>(parse_json(text, "f"));
            static_cast<void>(parse_json<SortedJson>(text, "f"));
        };
        CHECK(hat::support::growth(5000, keys, run) < hat::support::linear_growth);
        CHECK(hat::support::growth(5000, list, run) < hat::support::linear_growth);
    }
}
