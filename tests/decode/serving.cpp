// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/serving.hpp>

#include <doctest/doctest.h>

using namespace hat::decode;

TEST_SUITE("decode/serving") {
    TEST_CASE("every number of bits is a kind of weights") {
        CHECK(weight_kind_of({}) == WeightKind::fp32);
        CHECK(weight_kind_of({.weight_bits = 16}) == WeightKind::bf16);
        CHECK(weight_kind_of({.weight_bits = 8}) == WeightKind::int8);
    }
}
