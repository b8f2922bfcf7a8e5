// SPDX-License-Identifier: Apache-2.0
#include <hat/data/unicode.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

using namespace hat::data;

namespace {

/// Number and sum of the code points up to `last` that `is_in` accepts.
struct Digest {
    std::int64_t count = 0;
    std::int64_t sum = 0;

    friend bool operator==(const Digest&, const Digest&) = default;
};

template <class Predicate>
Digest digest(char32_t first, char32_t last, Predicate is_in) {
    Digest d;
    for (char32_t c = first; c <= last; ++c)
        if (!(0xD800 <= c && c <= 0xDFFF) && is_in(c)) ++d.count, d.sum += c;
    return d;
}

}  // namespace

TEST_SUITE("data/unicode") {
    TEST_CASE("characters are punctuation, symbols or numbers by their category") {
        CHECK((is_punctuation(U'!') && is_punctuation(U'\u00BB') && is_punctuation(U'\u3002')));
        CHECK_FALSE((is_punctuation(U'+') || is_punctuation(U'a') || is_punctuation(U'\u6771')));
        CHECK((is_symbol(U'+') && is_symbol(U'\u20AC') && is_symbol(U'\U0001F600')));
        CHECK_FALSE((is_symbol(U'!') || is_symbol(U'5')));
        CHECK((is_number(U'0') && is_number(U'\u00BD') && is_number(U'\u0664')));
        CHECK_FALSE((is_number(U'a') || is_number(U'/')));
        CHECK((is_letter(U'a') && is_letter(U'\u6771') && is_letter(U'\u0301')));
        CHECK_FALSE(
            (is_letter(U'5') || is_letter(U'!') || is_letter(U' ') || is_letter(U'\uE000')));
        CHECK(to_lower(U'A') == U'a');
        CHECK(to_lower(U'\u00D6') == U'\u00F6');
        CHECK(to_lower(U'\u0139') == U'\u013A');
        CHECK(to_lower(U'\u013A') == U'\u013A');
        CHECK(to_lower(U'\u00D7') == U'\u00D7');
    }

    // The figures come from Python's `unicodedata`, version 14.0.0, asked for every code point of
    // the first plane up to the extensions of Arabic, where later versions have put nothing new.
    TEST_CASE("categories and lower-case forms are those of Python, by number and sums") {
        const auto lowers = [](char32_t c) { return to_lower(c) != c; };
        CHECK(digest(0, 0x85F, is_punctuation) == Digest{92, 110192});
        CHECK(digest(0, 0x85F, is_symbol) == Digest{89, 67082});
        CHECK(digest(0, 0x85F, is_number) == Digest{46, 55689});
        CHECK(digest(0x2000, 0x2BFF, is_punctuation) == Digest{133, 1218525});
        CHECK(digest(0x2000, 0x2BFF, is_symbol) == Digest{2528, 25025965});
        CHECK(digest(0x2000, 0x2BFF, is_number) == Digest{185, 1692646});
        CHECK(digest(0, 0x24FF, lowers) == Digest{908, 3467807});
    }

    TEST_CASE("a capital sigma at the end of a word becomes a final one") {
        CHECK(to_lower(std::u32string_view(U"ΟΔΟΣ ΣΟΣ.")) == U"οδος σος.");
        CHECK(to_lower(std::u32string_view(U"Σ")) == U"σ");
        CHECK(to_lower(std::u32string_view(U"ΑΣ\u0301 ΑΣ\u00ADΒ")) == U"ας\u0301 ασ\u00ADβ");
    }
    TEST_CASE("a dotted capital I becomes two code points") {
        CHECK(to_lower(std::u32string_view(U"\u0130A")) == U"i\u0307a");
    }

    TEST_CASE("a line of what is not seen is blank") {
        CHECK(is_blank(std::string_view("")));
        CHECK(is_blank(std::string_view(" \t\u00A0")));
        CHECK(is_blank(std::string_view("\u200B")));
        CHECK(is_blank(std::string_view("\uFEFF\u00AD \u2060\uFE0F")));
        CHECK_FALSE(is_blank(std::string_view("\u200Bx")));
        CHECK_FALSE(is_blank(std::string_view("\u2581")));
    }

    TEST_CASE("the composed form changes nothing but equal characters") {
        CHECK(normalize("a\u0308 5 m\u00B2 \u2026 \u2122 10\u207B\u00B3", NormalForm::nfc) ==
              "\u00E4 5 m\u00B2 \u2026 \u2122 10\u207B\u00B3");
        CHECK(normalize("\u212B\u1100\u1161\u11A8", NormalForm::nfc) == "\u00C5\uAC01");
        CHECK(normalize("a\u0308", NormalForm::identity) == "a\u0308");
        CHECK(normalize("  a \t\u00A0b\r ", NormalForm::nfc) == "  a \t\u00A0b\r ");
        const std::string nul("a\0a\u0308", 5);
        CHECK(normalize(nul, NormalForm::nfc) == std::string("a\0\u00E4", 4));
    }
    TEST_CASE("the compatible form writes characters of equal meaning alike") {
        CHECK(normalize("5 m\u00B2 \u2026 \u2122 \uFB01", NormalForm::nfkc) == "5 m2 ... TM fi");
        CHECK(normalize("\uFDFA", NormalForm::nfkc).size() == 33);
    }
    TEST_CASE("marks are put in order of their class, and those of one class stay as they are") {
        CHECK(normalize("q\u0307\u0323", NormalForm::nfc) == "q\u0323\u0307");
        CHECK(normalize("q\u0308\u0307\u0323", NormalForm::nfc) == "q\u0323\u0308\u0307");
        std::string many = "q";
        std::string sorted = "q";
        for (int i = 0; i < 100'000; ++i) many += "\u0315\u0300";
        for (int i = 0; i < 100'000; ++i) sorted += "\u0300";
        for (int i = 0; i < 100'000; ++i) sorted += "\u0315";
        CHECK(normalize(many, NormalForm::nfc) ==
              sorted);  // hours, if they were exchanged in pairs
    }
    TEST_CASE("text that is not UTF-8 has no normal form") {
        CHECK_THROWS_WITH_AS(static_cast<void>(normalize("\xC3\xA4\xFF", NormalForm::nfkc)),
                             "text: byte 2 is not valid UTF-8", hat::Error);
    }
}
