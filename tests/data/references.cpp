// SPDX-License-Identifier: Apache-2.0
#include <hat/data/references.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

TEST_SUITE("data/references") {
    const std::vector<std::vector<std::string>> references{{"a", "b"}, {"c", "d"}};

    TEST_CASE("the references of a sentence are its lines") {
        CHECK(hat::data::references_of(references, 1) == std::vector<std::string_view>{"b", "d"});
    }
    TEST_CASE("references that lack a line are an error") {
        CHECK_NOTHROW(hat::data::check_references("BLEU", 2, references));
        CHECK_THROWS_WITH_AS(hat::data::check_references("BLEU", 3, references),
                             "BLEU: found 3 hypotheses and 2 references, expected one reference "
                             "for every hypothesis",
                             hat::Error);
        CHECK_THROWS_WITH_AS(hat::data::check_references("BLEU", 0, {}),
                             "BLEU: there are no references", hat::Error);
    }
}
