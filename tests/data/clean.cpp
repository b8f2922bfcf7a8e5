// SPDX-License-Identifier: Apache-2.0
#include <hat/data/clean.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace hat::data;

namespace {

/// Why the usual cleaning with other thresholds refuses a pair; nothing if it keeps it.
std::string why(const CleanOptions& options, std::string_view source, std::string_view target,
                double usual_ratio = 1) {
    CleanFilter filter(options, usual_ratio);
    if (filter.keeps(source, target)) return {};
    constexpr std::array names{"too long", "few letters", "identical", "ratio", "copy"};
    for (int i = 0; i < clean_faults; ++i)
        if (filter.count(static_cast<CleanFault>(i)) == 1)
            return names[static_cast<std::size_t>(i)];
    return "not counted";
}

}  // namespace

TEST_SUITE("data/clean") {
    TEST_CASE("a usual pair is kept, also short ones and those with numbers and signs") {
        CHECK(why(usual_cleaning, "Save the file.", "Datei speichern.").empty());
        CHECK(why(usual_cleaning, "OK", "In Ordnung").empty());
        CHECK(why(usual_cleaning, "Press F5 (100 %).", "F5 drücken (100 %).").empty());
        CHECK(why(usual_cleaning, "हिन्दी", "Hindi").empty());
    }
    TEST_CASE("length is counted in characters, of the longer side") {
        CHECK(why({.max_characters = 5}, "äöüßé", "abc").empty());
        CHECK(why({.max_characters = 5}, "abc", "abcdef") == "too long");
        CHECK(why({.max_characters = 5}, "abcdef", "abc") == "too long");
    }
    TEST_CASE("letters are a share of what is not white space") {
        CHECK(why({.min_letters = 0.5}, "a 1 b 2", "a 1 b 2").empty());
        CHECK(why({.min_letters = 0.5}, "a 1 b 2", "a 1 , 2") == "few letters");
        CHECK(why({.min_letters = 0.5}, "1 + 1 = 2", "ab") == "few letters");
        CHECK(why({.min_letters = 0.5}, "保存文件。", "ab").empty());
        CHECK(why({.min_letters = 0.5}, " ", "ab") == "few letters");
    }
    TEST_CASE("identical sides are a fault from so many letters on") {
        CHECK(why({.min_identical = 5}, "abcde", "abcde") == "identical");
        CHECK(why({.min_identical = 5}, "abcd 123", "abcd 123").empty());
        CHECK(why({.min_identical = 1}, "1.5", "1.5").empty());
        CHECK(why({.min_identical = 1}, "abc", "abd").empty());
    }
    TEST_CASE("lengths are compared with what is usual in the text") {
        const std::string ten(10, 'x');
        const std::string forty(40, 'x');
        CHECK(why({.max_ratio = 3}, forty, ten) == "ratio");
        CHECK(why({.max_ratio = 3}, ten, forty) == "ratio");
        CHECK(why({.max_ratio = 3}, forty, ten, 3.5).empty());  // as of English by Chinese
        CHECK(why({.max_ratio = 3}, ten, ten, 3.5) == "ratio");
        CHECK(why({.max_ratio = 3}, "x", std::string(30, 'y')).empty());  // 1 counts as 10
        CHECK(why({.max_ratio = 3}, "x", std::string(31, 'y')) == "ratio");
        CHECK(length_ratio({.source = {"äbcdef", "gh"}, .target = {"ij", "kl"}}) == 2);
    }
    TEST_CASE("a pair is kept so often, another translation is another pair") {
        CleanFilter filter({.max_copies = 2});
        const auto keeps = [&](const char* target) { return filter.keeps("a", target); };
        CHECK(keeps("b"));
        CHECK(keeps("b"));
        CHECK_FALSE(keeps("b"));
        CHECK(keeps("c"));
        CHECK_FALSE(keeps("b"));
        CHECK(filter.count(CleanFault::copy) == 2);
        CHECK(filter.count(CleanFault::ratio) == 0);
    }
    TEST_CASE("a fault can be looked for without counting, and counted later") {
        CleanFilter filter(usual_cleaning);
        CHECK(filter.fault("same", "same") == CleanFault::identical);
        CHECK_FALSE(filter.fault("one", "eins").has_value());
        CHECK_FALSE(filter.fault("one", "eins").has_value());  // copies are none
        CHECK(filter.fault(std::string(1001, 'y')) == CleanFault::too_long);
        CHECK_FALSE(filter.fault("1").has_value());
        CHECK(filter.count(CleanFault::identical) == 0);
        CHECK_FALSE(filter.refuse(CleanFault::identical));
        CHECK(filter.count(CleanFault::identical) == 1);
    }
    TEST_CASE("thresholds of zero filter nothing") {
        CHECK(why({}, std::string(5000, 'x'), "x").empty());
        CHECK(why({}, "1", "1").empty());
        CHECK(why({}, "same", "same").empty());
        CleanFilter filter{CleanOptions{}};
        CHECK(filter.keeps("a", "b"));
        CHECK(filter.keeps("a", "b"));
    }
    TEST_CASE("a text keeps its good pairs in their order") {
        ParallelText text{.source = {"one", "same", "two", "one", "three"},
                          .target = {"eins", "same", "zwei", "eins", "drei"}};
        CleanFilter filter(usual_cleaning, length_ratio(text));
        clean(text, filter);
        CHECK(text.source == std::vector<std::string>{"one", "two", "three"});
        CHECK(text.target == std::vector<std::string>{"eins", "zwei", "drei"});
        CHECK(filter.count(CleanFault::identical) == 1);
        CHECK(filter.count(CleanFault::copy) == 1);
    }
    TEST_CASE("lines of a text may repeat if they are short, and may be empty or without letters") {
        CleanFilter filter(usual_cleaning);
        const std::string line(telling_characters, 'x');
        for (const char* repeated : {"", "", "= Title =", "= Title =", "1 2 3"})
            CHECK(filter.keeps(repeated));
        CHECK(filter.keeps(line));
        CHECK_FALSE(filter.keeps(line));
        CHECK_FALSE(filter.keeps(std::string(1001, 'y')));
        CHECK(filter.count(CleanFault::copy) == 1);
        CHECK(filter.count(CleanFault::too_long) == 1);
    }
}
