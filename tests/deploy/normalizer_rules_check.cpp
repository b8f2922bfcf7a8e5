// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/normalizer_rules_check.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include "support/rejected.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using hat::deploy::make_subword_tables;
using hat::support::model_bytes;
using hat::support::model_piece;
using hat::support::special_pieces;
namespace wire = hat::support::wire;

namespace {

constexpr std::uint64_t unigram = 1;

void check_refused(const std::string& model, const std::string& part) {
    hat::support::check_rejected_at(
        "a.model", part, [&] { static_cast<void>(make_subword_tables(model, "a.model")); });
}

std::string some_pieces() {
    return special_pieces() + model_piece("a", -1) + model_piece("\u2581", -2);
}

std::string little_endian(const std::vector<std::uint32_t>& units) {
    std::string bytes;
    for (const std::uint32_t unit : units)
        for (unsigned shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>(unit >> shift & 0xFFU);
    return bytes;
}

/// A model with rules made by hand.
std::string model_of_rules(const std::vector<std::uint32_t>& units, std::string_view replacements) {
    const auto size = static_cast<std::uint32_t>(4 * units.size());
    const std::string rules = little_endian({size}) + little_endian(units);
    return model_bytes(some_pieces(), unigram, {},
                       wire::bytes(2, rules + std::string(replacements)));
}

}  // namespace

TEST_SUITE("deploy/normalizer_rules_check") {
    TEST_CASE("rules that lead astray are refused") {
        // The root leads to the units 256 …; a child of label c says so, and where its children
        // are.
        std::vector<std::uint32_t> units(512);
        constexpr std::uint32_t to_next_block = 256U << 10U;
        constexpr std::uint32_t has_value = 1U << 8U;
        constexpr std::uint32_t is_value = 1U << 31U;
        for (std::uint32_t i = 256; i < 512; ++i) units[i] = 0xFF - (i & 0xFFU);  // nobody's child
        units[256] = 0xFF;
        units[0] = to_next_block;
        const std::string_view ends("\0", 1);
        CHECK(make_subword_tables(model_of_rules(units, ends)).rules.size() == 512);

        auto bad = units;
        bad[256 + 'a'] = 'a' | std::uint32_t{'a'} << 10U;  // its children are those of the root
        check_refused(model_of_rules(bad, ends), "they go round in a circle");
        bad[256 + 'a'] = 'a' | 511U << 10U | 1U << 9U;
        check_refused(model_of_rules(bad, ends), "they point outside");
        bad[256 + 'a'] = 'a' | has_value | (256U << 10U);
        bad[0 + 'a'] = is_value | 7;
        check_refused(model_of_rules(bad, ends), "a replacement lies outside");
        bad[0 + 'a'] = is_value | 0;
        check_refused(model_of_rules(bad, std::string_view("\xFF\0", 2)),
                      "a replacement is not UTF-8");
        check_refused(model_of_rules(bad, "x"), "the last replacement has no end");
        bad[0] = 511U << 10U;
        bad.resize(300);
        check_refused(model_of_rules(bad, ends), "they point outside");
        check_refused(model_bytes(some_pieces(), unigram, {}, wire::bytes(2, "abc")), "not whole");
        check_refused(model_bytes(some_pieces(), unigram, {},
                                  wire::bytes(2, std::string("\x05\0\0\0abcdefgh", 12))),
                      "not whole");
    }
}
