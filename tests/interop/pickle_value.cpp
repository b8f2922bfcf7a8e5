// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/pickle_value.hpp>

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using hat::interop::PickleKind;
using hat::interop::PickleValue;

namespace {

PickleValue integer(int value) {
    return {.kind = PickleKind::integer, .integer = value};
}
PickleValue text(std::string_view t) {
    return {.kind = PickleKind::text, .text = t};
}

}  // namespace

TEST_SUITE("interop/pickle_value") {
    TEST_CASE("a dict gives the last value of equal keys, and nothing for others") {
        const PickleValue a = text("a");
        const PickleValue b = text("b");
        const PickleValue one = integer(1);
        const PickleValue two = integer(2);
        const PickleValue dict{.kind = PickleKind::dict, .items = {&a, &one, &b, &one, &a, &two}};
        CHECK(dict.find("a") == &two);
        CHECK(dict.find("b") == &one);
        CHECK(dict.find("c") == nullptr);
    }

    TEST_CASE("bytes that spell a key are not the key") {
        const PickleValue key{.kind = PickleKind::bytes, .text = "a"};
        const PickleValue one = integer(1);
        const PickleValue dict{.kind = PickleKind::dict, .items = {&key, &one}};
        CHECK(dict.find("a") == nullptr);
    }

    TEST_CASE("an object gives its attributes, one without state or with another state none") {
        const PickleValue a = text("a");
        const PickleValue one = integer(1);
        const PickleValue dict{.kind = PickleKind::dict, .items = {&a, &one}};
        PickleValue object{.kind = PickleKind::object};
        CHECK(object.find("a") == nullptr);
        object.state = &dict;
        CHECK(object.find("a") == &one);
        const PickleValue tuple{.kind = PickleKind::tuple, .items = {&a, &one}};
        object.state = &tuple;
        CHECK(object.find("a") == nullptr);
        CHECK(tuple.find("a") == nullptr);
    }

    TEST_CASE("an object is known by the module and the name of what made it") {
        const PickleValue type{
            .kind = PickleKind::global, .text = "Namespace", .module = "argparse"};
        const PickleValue object{.kind = PickleKind::object, .type = &type};
        CHECK(object.is_made_by("argparse", "Namespace"));
        CHECK_FALSE(object.is_made_by("argparse", "Action"));
        CHECK_FALSE(object.is_made_by("other", "Namespace"));
        CHECK_FALSE(type.is_made_by("argparse", "Namespace"));
        const PickleValue word = text("Namespace");
        const PickleValue odd{.kind = PickleKind::object, .type = &word};
        CHECK_FALSE(odd.is_made_by("", "Namespace"));
    }
}
