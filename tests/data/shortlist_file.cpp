// SPDX-License-Identifier: Apache-2.0
#include <hat/data/shortlist_file.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

using hat::data::find_shortlist;
using hat::data::Shortlist;
using hat::data::shortlist_bytes;
using hat::data::shortlist_from_bytes;

namespace {

const Shortlist::Lists lists{.always = {0, 2}, .offsets = {0, 0, 3, 5}, .tokens = {1, 2, 7, 1, 9}};
const Shortlist shortlist(lists, 10, "xxh3:0123456789abcdef0123456789abcdef");

std::string error_of(const std::string& bytes) {
    try {
        static_cast<void>(shortlist_from_bytes(bytes, "a.shortlist"));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}
/// The error of a shortlist that no writer makes, with a checksum that fits.
std::string error_of(Shortlist::Lists wrong) {
    return error_of(shortlist_bytes({std::move(wrong), 10}));
}

}  // namespace

TEST_SUITE("data/shortlist_file") {
    TEST_CASE("a shortlist comes back from its bytes") {
        CHECK(shortlist_from_bytes(shortlist_bytes(shortlist), "a") == shortlist);
        const Shortlist least({.always = {}, .offsets = {0, 0}, .tokens = {}}, 1);
        CHECK(shortlist_from_bytes(shortlist_bytes(least), "a") == least);
        CHECK(shortlist_bytes(shortlist).size() == 16 + 16 + 48 + 32 + (2 + 3 + 5) * 4);
        CHECK(shortlist_bytes(shortlist).starts_with("hat.shortlist"));
    }

    TEST_CASE("bytes cut off anywhere are an error, and so are more of them") {
        const std::string bytes = shortlist_bytes(shortlist);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK(error_of(bytes.substr(0, size)).starts_with("a.shortlist: "));
        CHECK(error_of(bytes + "x").starts_with("a.shortlist: "));
    }

    TEST_CASE("bytes with any bit turned are an error") {
        const std::string bytes = shortlist_bytes(shortlist);
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            CAPTURE(bit);
            std::string damaged = bytes;
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
            CHECK(error_of(damaged).starts_with("a.shortlist: "));
        }
    }

    TEST_CASE("what contradicts itself is an error though its checksum fits") {
        Shortlist::Lists wrong = lists;
        wrong.tokens[2] = 10;
        CHECK(error_of(wrong) == "a.shortlist: source token 1: token 10 at place 2, expected "
                                 "ascending ones below 10");
        wrong.tokens[2] = 2;
        CHECK(error_of(wrong) == "a.shortlist: source token 1: token 2 at place 2, expected "
                                 "ascending ones below 10");
        wrong = lists;
        wrong.always[0] = -1;
        CHECK(error_of(wrong) == "a.shortlist: those always allowed: token -1 at place 0, expected "
                                 "ascending ones below 10");
        wrong = lists;
        wrong.offsets = {0, 0, 3, 6};
        CHECK(error_of(wrong) ==
              "a.shortlist: the list of source token 2 has 3 tokens, more than there are");
        wrong.offsets = {0, 0, 3, 2};
        CHECK(error_of(wrong) ==
              "a.shortlist: the list of source token 2 has -1 tokens, more than there are");
        wrong.offsets = {0, 0, 3, 4};
        CHECK(error_of(wrong) == "a.shortlist: has 5 tokens, but lists of 4");
        CHECK(error_of(shortlist_bytes({lists, 0})).find("which no shortlist has") !=
              std::string::npos);
    }

    TEST_CASE("what is of another kind or version is an error") {
        CHECK(error_of("some text that is no shortlist at all") ==
              "a.shortlist: not a shortlist, which begins with \"hat.shortlist\"");
        std::string bytes = shortlist_bytes(shortlist);
        bytes[16] = 2;
        CHECK(error_of(bytes) == "a.shortlist: found version 2 of shortlists, expected 1");
    }

    TEST_CASE("the shortlist of a directory is one of its vocabulary") {
        hat::io::TextFiles files{{"subword.model", "pieces"}, {"text.json", "{}"}};
        CHECK(find_shortlist(files, "model") == std::nullopt);
        const std::string vocabulary = hat::io::vocabulary_hash(files);
        const Shortlist own(lists, 10, vocabulary);
        files[hat::io::shortlist_file_name] = shortlist_bytes(own);
        CHECK(hat::io::vocabulary_hash(files) == vocabulary);
        CHECK(find_shortlist(files, "model") == own);
        files["text.json"] = "{ }";
        CHECK_THROWS_WITH_AS(
            static_cast<void>(find_shortlist(files, "model")),
            "model/lexical.shortlist: was made with another vocabulary than that of model",
            hat::Error);
    }
}
