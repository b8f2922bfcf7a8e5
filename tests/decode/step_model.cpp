// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/step_model.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace hat::decode;

namespace {

constexpr float forbidden = -std::numeric_limits<float>::infinity();

std::vector<float> ruled(Allowed allowed, int first, const Selection& selection = {}) {
    std::vector<float> outputs{10, 11, 12, 13, 14};
    apply_rules({.allowed = allowed}, selection, first, outputs);
    return outputs;
}

}  // namespace

TEST_SUITE("decode/step_model") {
    // unk 0, bos 1, eos 2, pad 3
    TEST_CASE("pad is never allowed, eos as the row says") {
        CHECK(ruled(Allowed::any, 0) == std::vector<float>{10, 11, 12, forbidden, 14});
        CHECK(ruled(Allowed::no_eos, 0) == std::vector<float>{10, 11, forbidden, forbidden, 14});
        CHECK(ruled(Allowed::only_eos, 0) ==
              std::vector<float>{forbidden, forbidden, 12, forbidden, forbidden});
    }

    TEST_CASE("the rules find their tokens in any block") {
        CHECK(ruled(Allowed::no_eos, 1) == std::vector<float>{10, forbidden, forbidden, 13, 14});
        CHECK(ruled(Allowed::any, 4) == std::vector<float>{10, 11, 12, 13, 14});
        CHECK(ruled(Allowed::only_eos, 4) == std::vector<float>(5, forbidden));
    }

    TEST_CASE("a row may allow one token only, in whichever block it is") {
        std::vector<float> outputs{10, 11, 12, 13, 14};
        apply_rules({.only = 4}, {}, 0, outputs);
        CHECK(outputs == std::vector<float>{forbidden, forbidden, forbidden, forbidden, 14});
        apply_rules({.only = 4}, {}, 5, outputs);
        CHECK(outputs == std::vector<float>(5, forbidden));
    }

    TEST_CASE("the unknown word pays its penalty, and tokens that do not exist have no rule") {
        CHECK(ruled(Allowed::any, 0, {.unk_penalty = 2.5F})[0] == 7.5F);
        const Selection no_pad{.unk_penalty = 2.5F, .special = {.unk = -1, .pad = -1}};
        CHECK(ruled(Allowed::any, 0, no_pad) == std::vector<float>{10, 11, 12, 13, 14});
    }
}
