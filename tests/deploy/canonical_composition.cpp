// SPDX-License-Identifier: Apache-2.0
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>
#include <hat/deploy/canonical_composition.hpp>
#include <hat/deploy/composition_tables_builder.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

using hat::data::encode_utf8;
using hat::data::NormalForm;
using hat::deploy::compose_canonically;
using hat::deploy::CompositionTables;
using hat::deploy::make_composition_tables;
using hat::deploy::TextCell;
using hat::deploy::TextResult;
using hat::deploy::TextStatus;

namespace {

const CompositionTables& tables() {
    static const auto owned = make_composition_tables();
    static const CompositionTables view = owned.view();
    return view;
}

std::string composed(std::string_view text) {
    static std::array<TextCell, 4096> cells;
    const TextResult result =
        compose_canonically(tables(), text, cells.data(), static_cast<int>(cells.size()));
    CHECK(result.status == TextStatus::done);
    std::string nfc;
    for (int i = 0; i < result.count; ++i)
        hat::data::append_utf8(nfc, cells[static_cast<std::size_t>(i)].point.value);
    return nfc;
}

bool is_equal(std::u32string_view text) {
    const std::string line = encode_utf8(text);
    return composed(line) == hat::data::normalize(line, NormalForm::nfc);
}

/// Code points that normal forms have to do with, and the parts that they have.
std::u32string concerned() {
    std::u32string all = U"aeoAE";
    for (char32_t c = 0x1100; c < 0x1200; ++c) all += c;
    for (char32_t c = 0; c < 0x110000; ++c) {
        if (0xD800 <= c && c <= 0xDFFF) continue;
        const std::u32string parts = hat::deploy::detail::decomposed(c);
        if (c - 0xAC00 < 11172 ? c % 64 == 0 : parts != std::u32string(1, c)) all += c + parts;
        if (hat::data::detail::properties(c).combining_class != 0) all += c;
    }
    return all;
}

}  // namespace

TEST_SUITE("deploy/canonical_composition") {
    TEST_CASE("every code point becomes what utf8proc says") {
        long different = 0;
        for (char32_t c = 0; c < 0x110000; ++c)
            if (!(0xD800 <= c && c <= 0xDFFF)) different += is_equal({&c, 1}) ? 0 : 1;
        CHECK(different == 0);
    }

    TEST_CASE("every decomposition is put together again, alone and behind another letter") {
        long different = 0;
        for (char32_t c = 0; c < 0x110000; ++c) {
            if (0xD800 <= c && c <= 0xDFFF) continue;
            const std::u32string parts = hat::deploy::detail::decomposed(c);
            if (parts.size() == 1) continue;
            if (!is_equal(parts) || !is_equal(U'x' + parts + U'y')) ++different;
        }
        CHECK(different == 0);
    }

    TEST_CASE("sequences of what normal forms concern become what utf8proc says") {
        const std::u32string all = concerned();
        const std::u32string frequent =
            U"aeAo\u1100\u1161\u11A7\u11A8\uAC00\u0300\u0301\u0323\u0327\u0345\u09C7\u09BE";
        std::mt19937 random(1);
        long different = 0;
        for (int i = 0; i < 200000; ++i) {
            std::u32string text;
            for (auto n = 1 + random() % 8; n > 0; --n) {
                const std::u32string& from = random() % 2 == 0 ? all : frequent;
                text += from[random() % from.size()];
            }
            different += is_equal(text) ? 0 : 1;
        }
        CHECK(different == 0);
    }

    TEST_CASE("letters, marks and syllables by hand") {
        CHECK(composed("re\u0301sume\u0301") == "r\u00E9sum\u00E9");
        CHECK(composed("s\u0307\u0323") == "\u1E69");
        CHECK(composed("\u1112\u1161\u11AB") == "\uD55C");
        CHECK(composed("\u0958") == "\u0915\u093C");
        CHECK(composed("\u212B") == "\u00C5");
        CHECK(composed("\u0301a") == "\u0301a");
        CHECK(composed("") == "");
    }

    TEST_CASE("what the cells do not suffice for is told") {
        std::array<TextCell, 4> cells{};
        CHECK(compose_canonically(tables(), "\u1E69a", cells.data(), 4) ==
              TextResult{TextStatus::done, 2});
        CHECK(compose_canonically(tables(), "\u1E69a", cells.data(), 3) ==
              TextResult{TextStatus::too_long, 0});
    }
}
