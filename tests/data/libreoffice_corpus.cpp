// SPDX-License-Identifier: Apache-2.0
#include "../../examples/corpus/catalogue.hpp"
#include "../../examples/corpus/libreoffice.hpp"
#include "../../examples/corpus/nearest.hpp"
#include "../../examples/corpus/page.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using corpus::Pair;
using corpus::Paragraph;
using corpus::read_catalogue;
using corpus::read_page;

namespace {

/// A catalogue as msgfmt writes it, without hash table.
std::string catalogue_of(const std::vector<Pair>& pairs, bool big_endian = false) {
    std::string bytes;
    const auto number = [&](std::size_t value) {
        for (int i = 0; i < 4; ++i)
            bytes += static_cast<char>(value >> 8 * (big_endian ? 3 - i : i) & 0xFFU);
    };
    const std::size_t n = pairs.size();
    for (const std::size_t value : {std::size_t{0x950412de}, std::size_t{0}, n, std::size_t{28},
                                    28 + 8 * n, std::size_t{0}, 28 + 16 * n})
        number(value);
    std::string texts;
    for (const auto side : {&Pair::source, &Pair::target})
        for (const Pair& pair : pairs) {
            number((pair.*side).size());
            number(28 + 16 * n + texts.size());
            (texts += pair.*side) += '\0';
        }
    return bytes + texts;
}

template <class Function>
std::string error_of(Function function) {
    try {
        function();
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("data/libreoffice_corpus/page") {
    TEST_CASE("paragraphs and headings with such an id are collected, without markup") {
        CHECK(read_page(R"(<html><p id="bm_1">no</p><p>no</p>
            <h2 id="hd_id31" dir="auto"><a name="date"></a>DATE
            </h2><p class="x" id="par_id2">The <span class="emph">first</span>
            line.<br>Next<img src="a.svg"> one</p></html>)",
                        "a.html") ==
              std::vector<Paragraph>{{"hd_id31", "DATE"}, {"par_id2", "The first line. Next one"}});
    }
    TEST_CASE("hidden spans stay out, except the default ones") {
        CHECK(read_page(R"(<p id="par_id1">In <span id="s"><span hidden="true" id="MACa">Mac
            <span>too</span></span><span hidden="true" id="defaulta"><span>Tools - Options</span>
            </span></span> you can.</p>)",
                        "a.html") ==
              std::vector<Paragraph>{{"par_id1", "In Tools - Options you can."}});
    }
    TEST_CASE("character references are replaced, once") {
        CHECK(corpus::unescape("a &lt;b&gt; &amp;amp; &#228;&#x4E1C; &quot;") ==
              "a <b> &amp; ä东 \"");
        CHECK(corpus::unescape("R&D &unknown; &#0; &#xD800; &#x110000; &") ==
              "R&D &unknown; &#0; &#xD800; &#x110000; &");
        CHECK(corpus::squeeze(corpus::unescape(" a&nbsp;\n b ")) == "a b");
    }
    TEST_CASE("what is cut off is an error") {
        CHECK(error_of([] {
                  static_cast<void>(read_page("<b><p id=\"par_id1\">text", "a.html"));
              }) == "a.html: the <p> at byte 3 has no closing tag");
        CHECK(error_of([] { static_cast<void>(read_page("text <p id=\"par", "a.html")); }) ==
              "a.html: the tag at byte 5 has no end");
        CHECK(error_of([] { static_cast<void>(read_page("<p>\xFF</p>", "a.html")); }) ==
              "a.html: byte 3 is not valid UTF-8");
    }
}

TEST_SUITE("data/libreoffice_corpus/catalogue") {
    using namespace std::string_literals;

    TEST_CASE("messages are read without context, plurals as messages of their own") {
        const std::vector<Pair> messages{{"", "Language: de\n"},
                                         {"context\4Open ~File", "Datei öffnen"},
                                         {"%1 page\0%1 pages"s, "%1 Seite\0%1 Seiten"s}};
        const std::vector<Pair> expected{
            {"Open ~File", "Datei öffnen"}, {"%1 page", "%1 Seite"}, {"%1 pages", "%1 Seiten"}};
        CHECK(read_catalogue(catalogue_of(messages), "a.mo") == expected);
        CHECK(read_catalogue(catalogue_of(messages, true), "a.mo") == expected);
    }
    TEST_CASE("the marks of mnemonics are dropped") {
        CHECK(corpus::without_mnemonics("~Save _as") == "Save as");
    }
    TEST_CASE("a catalogue cut off anywhere is an error or lacks nothing") {
        const std::string bytes = catalogue_of({{"Open", "Öffnen"}, {"Close", "Schließen"}});
        for (std::size_t size = 0; size + 1 < bytes.size(); ++size) {
            CAPTURE(size);
            CHECK(error_of([&] {
                      static_cast<void>(read_catalogue(bytes.substr(0, size), "a.mo"));
                  }).starts_with("a.mo: "));
        }
    }
    TEST_CASE("places outside the file are an error") {
        std::string bytes = catalogue_of({{"Open", "Öffnen"}});
        bytes[8] = '\x7F';  // 127 messages
        CHECK(error_of([&] {
                  static_cast<void>(read_catalogue(bytes, "a.mo"));
              }).starts_with("a.mo: the catalogue is truncated or damaged"));
        bytes = catalogue_of({{"Open", "Öffnen"}});
        for (std::size_t i = 28; i < 36; ++i) bytes[i] = '\xFF';  // length and place of "Open"
        CHECK(error_of([&] { static_cast<void>(read_catalogue(bytes, "a.mo")); }) ==
              "a.mo: the catalogue is truncated or damaged: message 0 ends at byte 8589934590 of " +
                  std::to_string(bytes.size()));
        CHECK(error_of([] {
                  static_cast<void>(read_catalogue("what is this? not a catalogue", "a.mo"));
              }) == "a.mo: not a gettext catalogue, which begins with 0x950412de");
    }
}

TEST_SUITE("data/libreoffice_corpus") {
    TEST_CASE("a good pair has 2 to 20 words a side, of similar number, and nothing odd") {
        CHECK(corpus::is_good({"Open the file", "Datei öffnen"}));
        CHECK(!corpus::is_good({"Open", "Öffnen"}));
        CHECK(!corpus::is_good({"a b c d e f", "a b"}));
        CHECK(corpus::is_good({"a b c d e", "a b"}));
        CHECK(
            !corpus::is_good({"a b c d e f g h i j k l m n o p q r s t u", "a b c d e f g h i j"}));
        CHECK(!corpus::is_good({"50 % of it", "50 % davon"}));
        CHECK(!corpus::is_good({"see https://example.org now", "siehe dort jetzt"}));
    }

    TEST_CASE("pages are split by their path") {
        int parts[3] = {};
        for (int i = 0; i < 10000; ++i)
            ++parts[static_cast<int>(
                corpus::part_of("/swriter/01/" + std::to_string(i) + ".html"))];
        CHECK(parts[0] > 8700);
        CHECK(parts[1] > 350);
        CHECK(parts[2] > 350);
        static_assert(corpus::part_of("/scalc/01/func_date.html") == corpus::Part::train);
    }

    TEST_CASE("pages and catalogues become a corpus whose test shares nothing with its training") {
        const hat::support::TemporaryDirectory root;
        const auto put = [&](const std::string& path, const std::string& text) {
            const auto file = std::filesystem::path(root / path);
            std::filesystem::create_directories(file.parent_path());
            std::ofstream(file, std::ios::binary) << text;
        };
        const std::string help = "usr/share/libreoffice/help/";
        for (int i = 0; i < 200; ++i) {
            const std::string n = std::to_string(i);
            put(help + "en-US/text/s/" + n + ".html",
                "<p id=\"par_id1\">page number " + n + "</p><p id=\"par_id2\">all the same</p>");
            put(help + "de/text/s/" + n + ".html",
                "<p id=\"par_id2\">immer das gleiche</p><p id=\"par_id1\">Seite Nummer " + n +
                    "</p>");
        }
        put("usr/lib/libreoffice/program/resource/de/LC_MESSAGES/sc.mo",
            catalogue_of({{"a\4_Open File", "_Datei öffnen"}, {"b\4Open File", "Datei öffnen"}}));

        const corpus::Splits splits = corpus::read_libreoffice(root.path(), "de");
        CHECK(splits.train.size() + splits.valid.size() + splits.test.size() == 200 + 1 + 1);
        CHECK(splits.valid.size() > 2);
        CHECK(splits.test.size() > 2);
        CHECK(splits.train.back() == Pair{"Open File", "Datei öffnen"});
        for (const auto* pairs : {&splits.valid, &splits.test})
            for (const Pair& pair : *pairs) CHECK(pair.target.starts_with("Seite Nummer "));
    }

    TEST_CASE("of all three parts the short pairs are kept") {
        const std::vector<Pair> pairs{{"a b c", "d e"}, {"a b", "c d e"}, {"a b", "c d"}};
        corpus::Splits splits{pairs, pairs, pairs};
        corpus::keep_short(splits, 2);
        for (const auto* part : {&splits.train, &splits.valid, &splits.test})
            CHECK(*part == std::vector{pairs.back()});
    }

    TEST_CASE("a missing folder is an error that names it") {
        const hat::support::TemporaryDirectory root;
        CHECK(error_of([&] { static_cast<void>(corpus::read_libreoffice(root.path(), "de")); }) ==
              (root / "usr/share/libreoffice/help/de/text") +
                  ": cannot read the folder: No such file or directory");
    }

    TEST_CASE("the nearest sentence shares most of its n-grams") {
        const corpus::NearestTranslator translator({"a b c d e", "e d c b a", "a b", "x x x"},
                                                   {"0", "1", "2", "3"});
        CHECK(translator.translate("a b c d f") == "0");
        CHECK(translator.translate("f d c b a") == "1");
        CHECK(translator.translate("a b z") == "2");
        CHECK(translator.translate("x x y x") == "3");
        CHECK(translator.translate("nothing known") == "0");
        CHECK(corpus::word_ngrams("a b a") ==
              std::vector<std::string>{"0 a", "0 a b", "0 a b a", "0 b", "0 b a", "1 a"});
    }
}
