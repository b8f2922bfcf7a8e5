// SPDX-License-Identifier: Apache-2.0
#include <hat/io/settings_difference.hpp>

#include "support/linear_time.hpp"

#include <doctest/doctest.h>

#include <string>

using hat::io::settings_difference;

TEST_SUITE("io/settings_difference") {
    TEST_CASE("equal settings do not differ, in whatever order they stand") {
        CHECK(settings_difference(R"({"a": 1, "b": 2})", R"({"a": 1, "b": 2})").empty());
        CHECK(settings_difference(R"({"a": 1, "b": 2})", R"({"b":2,"a":1})").empty());
        CHECK(settings_difference("text", "text").empty());
    }

    TEST_CASE("what differs is named, inside of objects too") {
        CHECK(settings_difference(R"({"a": 1, "b": {"c": 2, "d": 3}})",
                                  R"({"a": 1, "b": {"c": 4, "d": 3}, "e": true})") ==
              "b.c was 2, is 4; e was nothing, is true");
        CHECK(settings_difference("text", "other") == R"("text", expected "other")");
        CHECK(settings_difference(R"({"a": 0.10000000149011612, "b": 0.1, "c": 1e300})",
                                  R"({"a": 0.20000000298023224, "b": 0.5, "c": 2.0})") ==
              "a was 0.1, is 0.2; b was 0.1, is 0.5; c was 1e+300, is 2");
    }

    TEST_CASE("the version of hat is not compared") {
        CHECK(settings_difference(R"({"hat_version": "0.1.0"})", R"({"hat_version": "0.2.0"})")
                  .empty());
        CHECK(settings_difference(R"({"hat_version": "0.1.0"})", "{}").empty());
    }

    TEST_CASE("where both tell the content of what a path leads to, the path does not matter") {
        const std::string before =
            R"({"data": "here", "content": {"data": {"text": "xxh3:1", "vocabulary": "xxh3:2"}}})";
        CHECK(settings_difference(before, R"({"data": "there", "content": {"data":
            {"text": "xxh3:1", "vocabulary": "xxh3:2"}}})")
                  .empty());
        CHECK(settings_difference(before, R"({"data": "here", "content": {"data":
            {"text": "xxh3:3", "vocabulary": "xxh3:2"}}})") ==
              "the content of data.text was \"xxh3:1\", is \"xxh3:3\"");
    }

    TEST_CASE("settings of a version that kept no content are compared by the paths") {
        const std::string before = R"({"data": "data", "model": "small", "seed": 1})";
        const auto now = [](const std::string& data) {
            return R"({"data": ")" + data +
                   R"(", "model": "small", "seed": 1, "content": {"data": "xxh3:1"}})";
        };
        for (const char* same : {"data", "./data", "data/", "x/../data"})
            CHECK(settings_difference(before, now(same)).empty());
        CHECK(settings_difference(before, now("other")) == R"(data was "data", is "other")");
    }

    TEST_CASE("a path that only one of them has differs, though its content is told") {
        CHECK(settings_difference(R"({"teacher": ""})",
                                  R"({"teacher": "t", "content": {"teacher": "xxh3:1"}})") ==
              R"(teacher was "", is "t")");
    }

    TEST_CASE("which settings differ is said by name") {
        CHECK(settings_difference(R"({"seed": 1, "dropout": 0.1, "init": ""})",
                                  R"({"seed": 1, "dropout": 0.2, "space": "s"})") ==
              R"(dropout was 0.1, is 0.2; init was "", is nothing; space was nothing, is "s")");
        CHECK(settings_difference(R"({"shape": {"dim": 4, "heads": [1, 2]}})",
                                  R"({"shape": {"dim": 4, "heads": [1, 3]}})") ==
              "shape.heads was [1,2], is [1,3]");
        CHECK(settings_difference("{\"a\": \"" + std::string(100'000, 'x') + "\"}", "{}").size() <
              200);
    }

    TEST_CASE("what differs between settings of very many keys takes time in proportion") {
        const auto settings = [](int n) {
            std::string text = "{\"first\": 0";
            for (int i = 0; i < n; ++i) text += ", \"k" + std::to_string(i) + "\": 1";
            return text + "}";
        };
        CHECK(hat::support::growth(2000, settings, [](const std::string& before) {
                  CHECK(settings_difference(before, "{}").size() < 1100);
              }) < hat::support::linear_growth);
    }
}
