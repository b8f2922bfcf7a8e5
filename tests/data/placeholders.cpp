// SPDX-License-Identifier: Apache-2.0
#include <hat/data/placeholders.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hat::data;

namespace {

const Placeholders& all() {
    static const Placeholders placeholders({"all"});
    return placeholders;
}

/// What a network that copies its input would make of a line.
std::string round_trip(const std::string& line) {
    const MaskedLine masked = all().mask(line);
    return unmask(masked.text, masked.strings).text;
}

struct Pair {
    std::string source, target;
    MaskedPair kind;

    Pair(std::string s, std::string t)
        : source(std::move(s)), target(std::move(t)), kind(all().mask(source, target)) {}
};

constexpr const char* interface_line =
    "Click <emph>Save</emph> {0} https://example.org/a?b=c &amp; %s";

}  // namespace

TEST_SUITE("data/placeholders") {
    TEST_CASE("strings become symbols by their first appearance, spaces stay") {
        const MaskedLine line = all().mask(interface_line);
        CHECK(line.text == "Click ⟦0⟧Save⟦1⟧ ⟦2⟧ ⟦3⟧ ⟦4⟧ ⟦5⟧");
        CHECK(line.strings == std::vector<ProtectedString>{{0, "<emph>"},
                                                           {1, "</emph>"},
                                                           {2, "{0}"},
                                                           {3, "https://example.org/a?b=c"},
                                                           {4, "&amp;"},
                                                           {5, "%s"}});
        CHECK(unmask("⟦2⟧ ⟦3⟧ ⟦4⟧ ⟦5⟧: ⟦0⟧Speichern⟦1⟧ anklicken", line.strings).text ==
              "{0} https://example.org/a?b=c &amp; %s: <emph>Speichern</emph> anklicken");
        CHECK(all().mask("{1}{0}{1}").text == "⟦0⟧⟦1⟧⟦0⟧");
    }
    TEST_CASE("every line comes back byte for byte") {
        std::string many;
        for (int i = 0; i < 40; ++i)
            many += "{" + std::to_string(i) + "}  ⟦" + std::to_string(i) + "⟧";
        for (const std::string& line :
             {std::string(interface_line), std::string(), std::string("no strings"),
              std::string(" <a>  {0}\t"), std::string("⟦0⟧ {0} ⟦7⟧ ⟦99⟧ ⟦⟧ ⟦ ⟦x⟧"),
              std::string("<b><b>{0}<b>"), many})
            CHECK(round_trip(line) == line);
    }
    TEST_CASE("what looks like a symbol in a text is a protected string") {
        const MaskedLine line = all().mask("{0} ⟦0⟧");
        CHECK(line.text == "⟦0⟧ ⟦1⟧");
        CHECK(unmask("⟦1⟧ ⟦0⟧", line.strings).text == "⟦0⟧ {0}");
        CHECK(Placeholders({}).mask("⟦3⟧").text == "⟦0⟧");
        CHECK(Placeholders::has_symbol("a⟦15⟧"));
        CHECK_FALSE(Placeholders::has_symbol("a⟦16⟧ ⟦⟧ [0]"));
    }
    TEST_CASE("the last symbol stands for all further strings, in their order") {
        std::string source;
        for (int i = 0; i < 18; ++i) source += "{" + std::to_string(i) + "}";
        const MaskedLine line = all().mask(source);
        CHECK(line.text.ends_with("⟦14⟧⟦15⟧⟦15⟧⟦15⟧"));
        const UnmaskedLine back = unmask("⟦15⟧ ⟦15⟧ ⟦15⟧ ⟦15⟧", line.strings, LostStrings::drop);
        CHECK(back.text == "{15} {16} {17}");
        CHECK(back.lost == 15);
        CHECK(back.invented == 1);
    }
    TEST_CASE("a pair has the source's numbers on both sides") {
        const Pair pair("Save {0} as <b>{1}</b>", "<b>{1}</b>: {0} sichern");
        CHECK(pair.kind == MaskedPair::masked);
        CHECK(pair.source == "Save ⟦0⟧ as ⟦1⟧⟦2⟧⟦3⟧");
        CHECK(pair.target == "⟦1⟧⟦2⟧⟦3⟧: ⟦0⟧ sichern");
        CHECK(Pair("Save it", "Sichern").kind == MaskedPair::plain);
    }
    TEST_CASE("a pair whose sides do not hold the same strings equally often stays as it is") {
        for (const auto& [source, target] :
             {std::pair("a {0}", "b"), std::pair("a", "b {0}"), std::pair("a {0}", "b {1}"),
              std::pair("a {0} {0}", "b {0}"), std::pair("{0} {0} {1}", "{0} {1} {1}")}) {
            const Pair pair(source, target);
            CHECK(pair.kind == MaskedPair::uneven);
            CHECK(pair.source == source);
            CHECK(pair.target == target);
        }
    }
    TEST_CASE("strings that share the last symbol must have the same order on both sides") {
        std::string source;
        for (int i = 0; i < 17; ++i) source += "{" + std::to_string(i) + "} ";
        CHECK(Pair(source, source).kind == MaskedPair::masked);
        std::string swapped = source;
        swapped.replace(swapped.find("{15} {16}"), 9, "{16} {15}");
        CHECK(Pair(source, swapped).kind == MaskedPair::uneven);
        std::string others = source;
        others.replace(others.find("{0} {1}"), 7, "{1} {0}");
        CHECK(Pair(source, others).kind == MaskedPair::masked);
    }
    TEST_CASE("lost strings are appended, marked or dropped, and counted") {
        const auto strings = all().mask("<b>Save</b> {0}").strings;
        const auto text = [&](LostStrings lost) {
            const UnmaskedLine line = unmask("Sichern ⟦2⟧", strings, lost);
            CHECK(line.lost == 2);
            CHECK(line.invented == 0);
            return line.text;
        };
        CHECK(text(LostStrings::append) == "Sichern {0} <b> </b>");
        CHECK(text(LostStrings::mark) == "Sichern {0} ⟦<b>⟧ ⟦</b>⟧");
        CHECK(text(LostStrings::drop) == "Sichern {0}");
        CHECK(unmask("", strings).text == "<b> </b> {0}");
    }
    TEST_CASE("no string is invented, and none comes back more often than it was there") {
        const auto strings = all().mask("{0} and {0}").strings;
        const auto check = [&](std::string_view translation, std::string_view text, int invented) {
            const UnmaskedLine line = unmask(translation, strings, LostStrings::drop);
            CHECK(line.text == text);
            CHECK(line.invented == invented);
        };
        check("⟦0⟧ und ⟦0⟧", "{0} und {0}", 0);
        check("⟦0⟧ ⟦0⟧ ⟦0⟧ und", "{0} {0} und", 1);
        check("⟦3⟧ und ⟦0⟧", "und {0}", 1);
        check("und ⟦3⟧ ⟦0⟧", "und {0}", 1);
        check("und ⟦3⟧", "und", 1);
        check("und⟦3⟧, ⟦16⟧.", "und, .", 2);
        check("⟦12345678901234567890⟧", "", 1);
    }
    TEST_CASE("strings put back are not read again") {
        const std::vector<ProtectedString> strings{{0, "⟦1⟧"}, {1, "⟦0⟧"}};
        CHECK(unmask("⟦0⟧⟦1⟧", strings).text == "⟦1⟧⟦0⟧");
    }
    TEST_CASE("symbols are counted, and no place is inside of one") {
        const std::string text = "a⟦0⟧⟦15⟧ ⟦ ⟦x⟧⟦1⟧";
        CHECK(count_symbols(text) == 3);
        CHECK(count_symbols("⟦⟧ [0]") == 0);
        CHECK(end_of_symbol(text, 1) == 1);
        CHECK(end_of_symbol(text, 4) == 8);
        CHECK(end_of_symbol(text, 5) == 8);
        CHECK(end_of_symbol(text, 8) == 8);
        CHECK(end_of_symbol(text, 12) == 16);
        CHECK(end_of_symbol(text, 16) == 16);
        CHECK(end_of_symbol(text, text.size()) == text.size());
    }
}
