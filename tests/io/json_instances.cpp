// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#ifndef HAT_SHARED_INSTANCES
#error "tests are compiled with HAT_SHARED_INSTANCES"
#endif

using namespace hat::io;

namespace {

/// What needs it is compiled here, as in a program that shares nothing.
using OwnJson =
    nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, long long>;

}  // namespace

TEST_SUITE("io/json_instances") {
    TEST_CASE("a shared parser reads and writes as one that is compiled where it is used") {
        const char* const text = R"({"b": [1, -2.5, "\u00e9"], "a": {"c": null, "d": true}})";
        const auto expected = parse_json<OwnJson>(text, "own").dump(2);
        CHECK(json_text(parse_json(text, "shared"), 2) == expected);
        CHECK(json_text(parse_json_or_discard(text), 2) == expected);
        CHECK(json_text(parse_json<SortedJson>(text, "sorted")) ==
              R"({"a":{"c":null,"d":true},"b":[1,-2.5,"é"]})");
    }
}
