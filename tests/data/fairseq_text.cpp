// SPDX-License-Identifier: Apache-2.0
#include <hat/data/fairseq_text.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace hat::data;

namespace {

FairseqText text_with(std::optional<BpeCodes> codes) {
    return FairseqText(FairseqDictionary::from_text("lo@@ 3\nw 2\nlow 1\n", "source.dict.txt"),
                       FairseqDictionary::from_text("Haus@@ 3\ntür 2\n", "target.dict.txt"),
                       std::move(codes));
}

}  // namespace

TEST_SUITE("data/fairseq_text") {
    TEST_CASE("without codes, lines come in cut") {
        const FairseqText text = text_with(std::nullopt);
        CHECK(text.source_size() == 7);
        CHECK(text.target_size() == 6);
        CHECK(text.special() == hat::fairseq_special_tokens);
        CHECK(text.encode("lo@@ w low high") == std::vector<int>{4, 5, 6, 3});
        CHECK(text.encode("  ").empty());
    }

    TEST_CASE("with codes, words are cut first") {
        const FairseqText text =
            text_with(BpeCodes::from_text("#version: 0.2\nl o\n", "bpe.codes"));
        CHECK(text.encode("low w") == std::vector<int>{4, 5, 5});
    }

    TEST_CASE("translations are joined, and end where the sentence does") {
        const FairseqText text = text_with(std::nullopt);
        CHECK(text.decode({4, 5, 3, 2}) == "Haustür <unk>");
        CHECK(text.decode({5, 4}) == "tür Haus");  // what is left of a word
        CHECK(text.decode({}).empty());
    }
}
