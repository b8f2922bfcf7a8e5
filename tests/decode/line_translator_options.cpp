// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_translator_options.hpp>

#include <doctest/doctest.h>

using hat::decode::LineTranslatorOptions;

TEST_SUITE("decode/line_translator_options") {
    TEST_CASE("the usual options are valid") {
        CHECK_NOTHROW(validate(LineTranslatorOptions{}));
    }

    TEST_CASE("options of all parts are checked") {
        LineTranslatorOptions options;
        options.search.beam = 0;
        CHECK_THROWS_WITH_AS(validate(options), "search: beam = 0, expected 1 to 10000",
                             hat::Error);
        options = {};
        options.sampling.emplace().temperature = -1;
        CHECK_THROWS_AS(validate(options), hat::Error);
        options = {};
        options.deadline.emplace().ms = -1;
        CHECK_THROWS_AS(validate(options), hat::Error);
    }

    TEST_CASE("numbers out of range and options that go with no other are refused") {
        const auto refused = [](const auto& change) {
            LineTranslatorOptions options;
            change(options);
            CHECK_THROWS_AS(validate(options), hat::Error);
        };
        refused([](auto& o) { o.threads = -1; });
        refused([](auto& o) { o.batch_sentences = 0; });
        refused([](auto& o) { o.split_over = -1; });
        refused([](auto& o) { o.alignment_layer = -2; });
        refused([](auto& o) {
            o.shortlist = "";
            o.all_tokens = true;
        });
        refused([](auto& o) {
            o.shortlist = "";
            o.sampling.emplace();
        });
    }

    TEST_CASE("scores of words need a search with scores; draws always have them") {
        LineTranslatorOptions options;
        options.word_scores = true;
        CHECK_NOTHROW(validate(options));
        options.search.beam = 1;
        CHECK_NOTHROW(validate(options));
        options.search.scores = false;
        CHECK_THROWS_WITH_AS(validate(options),
                             "translator: scores of words need a search that has scores",
                             hat::Error);
        options.sampling.emplace();
        CHECK_NOTHROW(validate(options));
    }
}
