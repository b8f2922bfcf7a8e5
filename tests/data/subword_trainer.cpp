// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword_trainer.hpp>

#include "support/subword_text.hpp"

#include <doctest/doctest.h>

#include <string>

using hat::data::SpecialTokens;
using hat::data::Subword;
using hat::data::SubwordModel;
using hat::data::SubwordOptions;
using hat::data::train_subword;
using hat::support::subword_text;

namespace {

std::string error_of(const SubwordOptions& options) {
    try {
        static_cast<void>(train_subword(subword_text, options));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("data/subword_trainer") {
    TEST_CASE("the same text gives the same model") {
        const SubwordOptions options{.vocab_size = 40};
        CHECK(train_subword(subword_text, options).bytes() ==
              train_subword(subword_text, options).bytes());
    }

    TEST_CASE(
        "a vocabulary larger than the text allows is an error that says how large it may be") {
        const std::string most = "subword model: vocabulary size 5000 is larger than the text "
                                 "allows, expected at most ";
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            const std::string error = error_of({.vocab_size = 5000, .model = model});
            REQUIRE_MESSAGE(error.starts_with(most), error);
            const int size = std::stoi(error.substr(most.size()));
            CHECK(train_subword(subword_text, {.vocab_size = size, .model = model}).size() == size);
            CHECK(error_of({.vocab_size = size + 1, .model = model}) != "no error");
        }
    }

    TEST_CASE("options that cannot be are errors") {
        CHECK(error_of({.vocab_size = 20}) == "subword model: vocabulary size 20 is too small for "
                                              "the characters of the text, expected at least 31");
        CHECK(error_of({.vocab_size = 3}) ==
              "subword model: vocabulary size 3 has no room for the special id 3");
        CHECK(error_of({.vocab_size = -1}) ==
              "subword model: vocabulary size -1, expected at least 1");
        CHECK(error_of({.threads = 0}) == "subword model: 0 threads, expected 1 to 128");
        CHECK_THROWS_WITH_AS(static_cast<void>(train_subword({"", ""})),
                             "subword model: there is no text to train it on", hat::Error);
    }
}
