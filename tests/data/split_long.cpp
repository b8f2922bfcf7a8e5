// SPDX-License-Identifier: Apache-2.0
#include <hat/data/split_long.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using hat::data::LinePart;
using hat::data::split_long;

namespace {

/// Parts of at most so many bytes.
std::vector<LinePart> split(std::string_view line, std::size_t most) {
    return split_long(line, [=](std::string_view part) { return part.size() <= most; });
}
std::vector<std::string> texts(std::string_view line, std::size_t most) {
    std::vector<std::string> texts;
    for (const LinePart& part : split(line, most)) texts.emplace_back(part.text);
    return texts;
}
using Texts = std::vector<std::string>;

std::string joined(const std::vector<LinePart>& parts) {
    std::string text;
    for (const LinePart& part : parts) (text += part.text) += part.between;
    return text;
}

}  // namespace

TEST_SUITE("data/split_long") {
    TEST_CASE("a line is cut at the ends of its sentences") {
        CHECK(texts("One. Two!  Three?", 100) == Texts{"One.", "Two!", "Three?"});
        CHECK(texts("\"Go!\" he said. (So he went…) Then", 100) ==
              Texts{"\"Go!\" he said.", "(So he went…)", "Then"});
        CHECK(texts("Wait... What?! No.", 100) == Texts{"Wait...", "What?!", "No."});
        CHECK(split("One.  Two.", 100)[0] == LinePart{.text = "One.", .between = "  "});
    }

    TEST_CASE("a full stop inside a number, a name or a sentence is none") {
        CHECK(texts("Pi is 3.14 in main.cpp.", 100) == Texts{"Pi is 3.14 in main.cpp."});
        CHECK(texts("approx. ten, z. b. über", 100) == Texts{"approx. ten, z. b. über"});
    }

    TEST_CASE("sentences of scripts without spaces end, too") {
        CHECK(texts("保存文件。打开文件!「好。」然后", 100) ==
              Texts{"保存文件。", "打开文件!「好。」", "然后"});
    }

    TEST_CASE("a sentence that does not fit is halved at words") {
        CHECK(texts("aa bb cc dd", 5) == Texts{"aa bb", "cc dd"});
        CHECK(texts("aa bb cc dd. Ee", 6) == Texts{"aa bb", "cc dd.", "Ee"});
        const auto parts = split("a bcdefghij", 9);
        CHECK(parts[0] == LinePart{.text = "a", .between = " "});
        CHECK(parts[1].text == "bcdefghij");
    }

    TEST_CASE("a word that does not fit is cut between code points") {
        CHECK(texts("äöü", 4) == Texts{"ä", "öü"});
        CHECK(split("äöü", 4)[0].ends_in_word);
        CHECK_FALSE(split("äöü", 4)[1].ends_in_word);
        CHECK(texts("€", 1) == Texts{"€"});  // a code point is not cut
        CHECK(texts("a€", 1) == Texts{"a", "€"});
    }

    TEST_CASE("nothing is lost") {
        std::string line = "  Eins zwei.   Drei,\tvier! ";
        for (int i = 0; i < 50; ++i) line += i % 7 == 0 ? " größer. " : i % 3 == 0 ? " " : "ab€";
        for (std::size_t most = 1; most < line.size(); ++most) {
            CHECK(joined(split(line, most)) == line);
            for (const LinePart& part : split(line, most)) CHECK_FALSE(part.text.empty());
        }
        CHECK(texts(" ", 1) == Texts{" "});
    }

    TEST_CASE("the work grows little faster than the line") {
        for (const char* unit : {"a", "a ", "A. ", "。", ". ", "\xC2\xA0"}) {
            std::size_t seen[2] = {0, 0};
            for (const int k : {0, 1}) {
                std::string line;
                for (int i = 0; i < (k == 0 ? 20'000 : 80'000); ++i) line += unit;
                static_cast<void>(split_long(line, [&](std::string_view part) {
                    seen[k] += part.size();
                    return part.size() <= 50;
                }));
            }
            CAPTURE(unit);
            CHECK(seen[1] < 6 * seen[0]);
        }
    }

    TEST_CASE("translations of parts are joined as the parts were apart") {
        const auto join = [](std::string text, const LinePart& before, std::string_view next) {
            hat::data::join_part(text, before, next);
            return text;
        };
        CHECK(join("Eins.", {.text = {}, .between = "  "}, "Zwei.") == "Eins.  Zwei.");
        CHECK(join("Eins.", {.text = {}, .between = {}}, "Zwei.") == "Eins. Zwei.");
        CHECK(join("", {}, "Zwei.") == "Zwei.");
        CHECK(join("Eins.", {.text = {}, .between = " "}, "") == "Eins.");
        CHECK(join("ei", {.text = {}, .between = {}, .ends_in_word = true}, "ns") == "eins");
        CHECK(join("保存。", {.text = {}, .between = " "}, "打开。") == "保存。打开。");
    }
}
