// SPDX-License-Identifier: Apache-2.0
#include <hat/io/architecture_json.hpp>

#include "support/architectures.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

using hat::io::architecture_from_json;
using hat::io::architecture_to_json;
using hat::io::Json;
using hat::model::transformer_tiny;

namespace {

/// Checks the message for the JSON of a tiny Transformer changed by `change`.
void check_rejected(const std::function<void(Json&)>& change, const char* message) {
    Json json = architecture_to_json(transformer_tiny(1000));
    change(json);
    CHECK_THROWS_WITH_AS(static_cast<void>(architecture_from_json(json, "config.json")), message,
                         hat::Error);
}

}  // namespace

TEST_SUITE("io/architecture_json") {
    TEST_CASE("what is written is read") {
        for (const auto& architecture : hat::support::varied_architectures()) {
            CHECK_NOTHROW(validate(architecture));
            const std::string text = architecture_to_json(architecture).dump();
            CHECK(architecture_from_json(Json::parse(text), "config.json") == architecture);
        }
    }

    TEST_CASE("fields with a default may be missing") {
        Json json = architecture_to_json(transformer_tiny(1000));
        json.erase("activation");
        json.erase("encoder_super_dim");
        CHECK(architecture_from_json(json, "config.json") == transformer_tiny(1000));
    }

    TEST_CASE("what is missing, unknown, of the wrong kind or out of range is named") {
        check_rejected([](Json& json) { json.erase("qkv_dim"); },
                       "config.json: key \"qkv_dim\" is missing");
        check_rejected([](Json& json) { json["head"] = 4; }, "config.json: unknown key \"head\"");
        check_rejected([](Json& json) { json["norm"] = 4; },
                       "config.json: norm: expected a string, found number");
        check_rejected([](Json& json) { json["norm"] = "x"; },
                       "config.json: norm: expected one of post, pre; found \"x\"");
        check_rejected([](Json& json) { json["encoder_layers"] = 17; },
                       "config.json: encoder_layers: 17 is not in 0 … 16");
        check_rejected(
            [](Json& json) {
                json["encoder_heads"] = {4, 4};
            },
            "config.json: encoder_heads: expected a list of 4 integers");
        check_rejected([](Json& json) { json["decoder_heads"][3] = 3; },
                       "config.json: architecture: decoder layer 3: heads = 3 does not divide "
                       "qkv_dim = 128");
        check_rejected([](Json& json) { json["decoder_heads"][3] = 4e9; },
                       "config.json: decoder_heads: expected an integer, found number");
        check_rejected([](Json& json) { json = 3; },
                       "config.json: expected an object, found number");
    }
}
