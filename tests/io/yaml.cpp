// SPDX-License-Identifier: Apache-2.0
#include <hat/io/yaml.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::io::YamlMap;

namespace {

template <class Call>
std::string message(Call call) {
    try {
        call();
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "";
}

std::string parse_message(const std::string& text) {
    return message([&] { static_cast<void>(YamlMap::parse(text, "f")); });
}

}  // namespace

TEST_SUITE("io/yaml") {
    TEST_CASE("numbers, lists, words and flags are read by key") {
        const YamlMap map =
            YamlMap::parse("a: -3\n# comment\nb: [1, 2]\nc:\n- 4\nd: relu\ne: true\n", "f");
        CHECK(map.integer("a") == -3);
        CHECK(map.integers("b") == std::vector{1, 2});
        CHECK(map.integers("c") == std::vector{4});
        CHECK(map.integers("a", 3) == std::vector{-3, -3, -3});
        CHECK(map.integers("b", 2) == std::vector{1, 2});
        CHECK(map.word("d") == "relu");
        CHECK(map.flag("e"));
        CHECK(map.contains("e"));
        CHECK_FALSE(map.contains("f"));
        map.reject_unread();
    }

    TEST_CASE("a value of the wrong kind is named by line and key") {
        const YamlMap map =
            YamlMap::parse("a: x\nb: [1, 2.5]\nc:\nd: {e: 1}\ng: 99999999999\n", "f");
        CHECK(message([&] { static_cast<void>(map.integer("a")); }) ==
              "f:1: a: expected an integer, found \"x\"");
        CHECK(message([&] { static_cast<void>(map.integers("b")); }) ==
              "f:2: b: expected an integer, found \"2.5\"");
        CHECK(message([&] { static_cast<void>(map.integer("c")); }) ==
              "f:3: c: expected an integer, found nothing");
        CHECK(message([&] { static_cast<void>(map.word("d")); }) ==
              "f:4: d: expected a word, found a mapping");
        CHECK(message([&] { static_cast<void>(map.integer("g")); }) ==
              "f:5: g: expected an integer, found \"99999999999\"");
        CHECK(message([&] { static_cast<void>(map.integers("a")); }) ==
              "f:1: a: expected a list of integers, found \"x\"");
        CHECK(message([&] { static_cast<void>(map.flag("a")); }) ==
              "f:1: a: expected true or false, found \"x\"");
        CHECK(message([&] { static_cast<void>(map.integer("h")); }) == "f: key \"h\" is missing");
        const YamlMap list = YamlMap::parse("a: [1, 2]", "f");
        CHECK(message([&] { static_cast<void>(list.integers("a", 3)); }) ==
              "f:1: a: expected 3 values, one a layer, found 2");
    }

    TEST_CASE("mappings in a mapping name all keys around, and their lines") {
        const YamlMap map = YamlMap::parse("a:\n  b: x\n  c: {d: 1, e: 2}\nf: {b: y}\ng: 1\n", "f");
        CHECK(map.keys() == std::vector<std::string>{"a", "f", "g"});
        const YamlMap inner = map.map("a");
        CHECK(inner.word("b") == "x");
        CHECK(inner.map("c").integer("d") == 1);
        CHECK(map.map("f").word("b") == "y");
        CHECK(inner.address("b") == "f:2: a: b: ");
        CHECK(inner.address("z") == "f:1: a: z: ");
        CHECK(message([&] { static_cast<void>(inner.integer("b")); }) ==
              "f:2: a: b: expected an integer, found \"x\"");
        CHECK(message([&] { static_cast<void>(inner.map("c").integer("h")); }) ==
              "f:3: a: c: key \"h\" is missing");
        CHECK(message([&] { inner.map("c").reject_unread(); }) == "f:3: a: c: unknown key \"d\"");
        CHECK(message([&] { static_cast<void>(map.map("g")); }) ==
              "f:5: g: expected a mapping of keys to values, found \"1\"");
        const YamlMap twice = YamlMap::parse("a: {b: 1, b: 2}\n", "f");
        CHECK(message([&] { static_cast<void>(twice.map("a")); }) ==
              "f:1: a: key \"b\" appears twice");
    }

    TEST_CASE("a key that nobody reads is an error") {
        const YamlMap map = YamlMap::parse("a: 1\nheads: 2\n", "f");
        CHECK(map.integer("a") == 1);
        CHECK(message([&] { map.reject_unread(); }) == "f:2: unknown key \"heads\"");
    }

    TEST_CASE("a second document is an error, the end of the first is none") {
        CHECK(parse_message("a: 1\n---\na: 2\n") ==
              "f:3: a second YAML document begins, expected one");
        CHECK(YamlMap::parse("---\na: 1\n...\n", "f").integer("a") == 1);
        CHECK(parse_message("") == "f: expected lines of \"key: value\"");
    }

    TEST_CASE("what is not a mapping of words is an error on one line") {
        CHECK(parse_message("") == "f: expected lines of \"key: value\"");
        CHECK(parse_message("- 1\n- 2\n") == "f: expected lines of \"key: value\"");
        CHECK(parse_message("a: 1\nb: 2\na: 3\n") == "f:3: key \"a\" appears twice");
        std::string many;
        for (int i = 0; i < 20'000; ++i) many += "k" + std::to_string(i) + ": 1\n";
        CHECK(parse_message(many + "k0: 1\n") == "f:20001: key \"k0\" appears twice");
        CHECK(parse_message("a: 1\n[1, 2]: 2\n") == "f:2: a key is not a word");
        CHECK(parse_message("a: [1,\nb: 2\n").starts_with("f:"));
        CHECK(parse_message("a: *b\n").starts_with("f:1: not valid YAML: "));
        CHECK(parse_message("a: " + std::string(100'000, '[')).starts_with("f:"));
        CHECK(parse_message(std::string("\0\x80\xFF", 3)).starts_with("f:"));
    }

    TEST_CASE("levels inside each other, however they are written, are an error") {
        for (const std::string level : {"[", "{a: ", "- ", "? ", ": ", "!a ", "[{"}) {
            CAPTURE(level);
            std::string text;
            for (int i = 0; i < 130'000; ++i) text += level;
            CHECK(parse_message(text).starts_with("f:"));
        }
        CHECK(
            parse_message("a: " + std::string(5000, '[')).find(": nested too deeply: more than ") !=
            std::string::npos);
    }

    TEST_CASE("messages show the beginning of a long value") {
        const std::string word(900'000, 'x');
        const std::string shown = "\"" + word.substr(0, 80) + "…\"";
        const YamlMap map = YamlMap::parse("a: " + word + "\n", "f");
        CHECK(message([&] { static_cast<void>(map.integer("a")); }) ==
              "f:1: a: expected an integer, found " + shown);
        CHECK(parse_message("? " + word + "\n: 1\n? " + "a\n: 1\n").empty());
        const YamlMap key = YamlMap::parse("? " + word + "\n: 1\n", "f");
        CHECK(message([&] { key.reject_unread(); }) == "f:1: unknown key " + shown);
        CHECK(parse_message("a: *" + word + "\n").size() < 200);
        CHECK(parse_message(std::string(1'000'001, ' ')) == "f: is larger than 1000000 bytes");
    }
}
