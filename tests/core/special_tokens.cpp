// SPDX-License-Identifier: Apache-2.0
#include <hat/core/special_tokens.hpp>

#include <doctest/doctest.h>

#include <set>

using hat::fairseq_special_tokens;
using hat::SpecialTokens;

namespace {

std::set<int> ids(const SpecialTokens& tokens) {
    return {tokens.unk, tokens.bos, tokens.eos, tokens.pad};
}

}  // namespace

TEST_SUITE("core/special_tokens") {
    TEST_CASE("in both orders the four tokens are the first four ids") {
        const std::set<int> first_four{0, 1, 2, 3};
        CHECK(ids(SpecialTokens{}) == first_four);
        CHECK(ids(fairseq_special_tokens) == first_four);
    }
    TEST_CASE("a sentence ends with the same id in both orders") {
        static_assert(SpecialTokens{}.eos == fairseq_special_tokens.eos);
        static_assert(SpecialTokens{} != fairseq_special_tokens);
    }
}
