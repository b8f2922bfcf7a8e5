// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword_format.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using hat::data::detail::check_subword_model;
using hat::data::detail::take_field;
using hat::data::detail::take_varint;

namespace {

/// A field of wire type 2: its key, its size and `size` bytes.
std::string field(int number, int size) {
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(size)} +
           std::string(static_cast<std::size_t>(size), 'x');
}

}  // namespace

TEST_SUITE("data/subword_format") {
    TEST_CASE("a number has 7 bits a byte, lowest first") {
        std::string_view bytes("\x96\x01rest");
        CHECK(take_varint(bytes) == std::uint64_t{150});
        CHECK(bytes == "rest");
    }

    TEST_CASE("a number without an end, or of more than 64 bits, is none") {
        std::string_view open("\xff\xff");
        CHECK_FALSE(take_varint(open).has_value());
        const std::string long_number(11, '\xff');
        std::string_view too_long(long_number);
        CHECK_FALSE(take_varint(too_long).has_value());
    }

    TEST_CASE("a field is taken whole or not at all") {
        const std::string two = field(1, 3) + field(15, 0);
        std::string_view bytes(two);
        CHECK(take_field(bytes) == std::uint64_t{1});
        CHECK(take_field(bytes) == std::uint64_t{15});
        CHECK(bytes.empty());

        std::string_view longer_than_the_file("\x0a\x04xyz");
        CHECK_FALSE(take_field(longer_than_the_file).has_value());
        std::string_view largest_size("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x");
        CHECK_FALSE(take_field(largest_size).has_value());
        std::string_view other_wire_type("\x08\x01");
        CHECK_FALSE(take_field(other_wire_type).has_value());
    }

    TEST_CASE("a model has pieces, training options and a normaliser, and may have more") {
        CHECK_NOTHROW(
            check_subword_model(field(1, 9) + field(1, 4) + field(2, 5) + field(3, 0), "a"));
        CHECK_NOTHROW(
            check_subword_model(field(1, 9) + field(2, 5) + field(3, 2) + field(9, 1), "a"));
    }

    TEST_CASE("what is missing is said, and where the bytes make no sense") {
        CHECK_THROWS_WITH_AS(check_subword_model("", "a"),
                             "a: the file is empty, expected a SentencePiece model", hat::Error);
        const std::string truncated = "a: not a SentencePiece model, or a truncated one";
        CHECK_THROWS_WITH_AS(check_subword_model(field(2, 1) + field(3, 1), "a"),
                             (truncated + ": it has no pieces").c_str(), hat::Error);
        CHECK_THROWS_WITH_AS(check_subword_model(field(1, 1) + field(3, 1), "a"),
                             (truncated + ": it has no training options").c_str(), hat::Error);
        CHECK_THROWS_WITH_AS(check_subword_model(field(1, 1) + field(2, 1), "a"),
                             (truncated + ": it has no normaliser").c_str(), hat::Error);
        CHECK_THROWS_WITH_AS(check_subword_model(field(1, 1) + "\x12\x05", "a"),
                             (truncated + ", at byte 3").c_str(), hat::Error);
    }
}
