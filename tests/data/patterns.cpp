// SPDX-License-Identifier: Apache-2.0
#include <hat/data/patterns.hpp>

#include "support/linear_time.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using hat::data::Patterns;

namespace {

using Strings = std::vector<std::string>;

Strings find(const Strings& names, std::string_view line) {
    Strings found;
    for (const std::string_view text : Patterns(names).find(line)) found.emplace_back(text);
    return found;
}

}  // namespace

TEST_SUITE("data/patterns") {
    TEST_CASE("markup is tags, comments, declarations and entities") {
        CHECK(find({"markup"}, "Click <emph>Save</emph> &amp; go &#8230; &#x2014;<br/>") ==
              Strings{"<emph>", "</emph>", "&amp;", "&#8230;", "&#x2014;", "<br/>"});
        CHECK(find({"markup"}, R"(<a href="x?a>b" class='c d' id=7 hidden >text</a>)") ==
              Strings{R"(<a href="x?a>b" class='c d' id=7 hidden >)", "</a>"});
        CHECK(find({"markup"}, "<!-- no text -->a<0>b</0><!DOCTYPE html><?xml version='1'?>") ==
              Strings{"<!-- no text -->", "<0>", "</0>", "<!DOCTYPE html>", "<?xml version='1'?>"});
        CHECK(find({"markup"}, "a < b and c > d; AT&T, x<-y; 5 <= 6").empty());
    }
    TEST_CASE("an address ends before the punctuation of its sentence") {
        CHECK(find({"url"}, "See https://example.org/a_(b)?c=d&e=%20f#g.") ==
              Strings{"https://example.org/a_(b)?c=d&e=%20f#g"});
        CHECK(find({"url"}, "(http://a.b/), ftp://c, www.d.de! or \"file:///e\"") ==
              Strings{"http://a.b/", "ftp://c", "www.d.de", "file:///e"});
        CHECK(find({"url"}, "访问https://例.中国/路。或") == Strings{"https://例.中国/路"});
        CHECK(find({"url"}, "https://…") == Strings{"https://"});
        CHECK(
            find({"url"}, "https://hat.example/x?q=🦄&y=1, https://a.b/👩\u200D💻/€→x") ==
            Strings{"https://hat.example/x?q=🦄&y=1", "https://a.b/👩\u200D💻/€→x"});
        CHECK(find({"url"},
                   "<https://a.b/c>, «https://d.e/🦄» „https://f“ https://g\u3000h") ==
              Strings{"https://a.b/c", "https://d.e/🦄", "https://f", "https://g"});
        CHECK(find({"url"}, "https://a.b/(🦄)/⟦0⟧{0}") == Strings{"https://a.b/(🦄)/"});
        CHECK(find({"url"}, "a:b, c//d, awww.e").empty());
    }
    TEST_CASE("mail addresses") {
        CHECK(find({"email"}, "Write to <first.last+tag@mail.example.org>.") ==
              Strings{"first.last+tag@mail.example.org"});
        CHECK(find({"email"}, "a @ b.c, @name, x@y").empty());
    }
    TEST_CASE("conversions of printf and what took after them") {
        CHECK(find({"printf"}, "%s %d%% %1$s %-5.2lf%@ %(name)s %(n)03d %1 %L2, %zu:%*d") ==
              Strings{"%s", "%d", "%%", "%1$s", "%-5.2lf", "%@", "%(name)s", "%(n)03d", "%1", "%L2",
                      "%zu", "%*d"});
        CHECK(find({"printf"}, "%dpx, v1.0%s") == Strings{"%d", "%s"});
        CHECK(find({"printf"}, "100 % sure, 50% of it, 100%ig, 100 %-ige, 3 %.").empty());
    }
    TEST_CASE("fields in braces") {
        CHECK(find({"braces"}, "{0} {} {name:>10} ${a.b} #{c} %{d} {{ e }}") ==
              Strings{"{0}", "{}", "{name:>10}", "${a.b}", "#{c}", "%{d}", "{{ e }}"});
        CHECK(find({"braces"}, "{see above} {").empty());
    }
    TEST_CASE("own expressions stand beside the names, the first named wins where both begin") {
        CHECK(find({"regex:[A-Z]{2,}-[0-9]+", "braces"}, "KB-17 {0}") == Strings{"KB-17", "{0}"});
        CHECK(find({"regex:<b>x", "markup"}, "<b>x</b>") == Strings{"<b>x", "</b>"});
        CHECK(find({"markup", "regex:<b>x"}, "<b>x</b>") == Strings{"<b>", "</b>"});
        CHECK(find({"regex:(?i)acme", "regex:b"}, "ACME B b") == Strings{"ACME", "b"});
    }
    TEST_CASE("the group of an expression is what is meant") {
        CHECK(find({"regex:id=(\\w+)", "regex:(x)(y)", "braces"}, "id=a7 {0} xy") ==
              Strings{"a7", "{0}", "x"});
        CHECK(find({"regex:skip|(s\\w+)"}, "skip some") == Strings{"some"});
    }
    TEST_CASE("all are all, none is none") {
        CHECK(find({"all"}, "<b> {0} %s a@b.cd https://e.f") ==
              Strings{"<b>", "{0}", "%s", "a@b.cd", "https://e.f"});
        CHECK(find({}, "<b> {0}").empty());
        CHECK(find({"all"}, "").empty());
    }
    TEST_CASE("an expression that matches nothing at a place goes on after it") {
        CHECK(find({"regex:\\b#?"}, "äöü text").empty());
        CHECK(find({"regex:\\b-?"}, "ä a-b c") == Strings{"-"});
    }
    TEST_CASE("what is no pattern is an error") {
        const auto make = [](const char* name) { Patterns patterns({name}); };
        CHECK_THROWS_WITH_AS(make("markdown"),
                             "pattern \"markdown\": is not known, expected markup, url, email, "
                             "printf, braces, all or regex:…",
                             hat::Error);
        CHECK_THROWS_WITH_AS(
            make("regex:(a"),
            "pattern \"regex:(a\": is no regular expression of RE2's: missing ): (a", hat::Error);
        CHECK_THROWS_WITH_AS(
            make("regex:a*"),
            "pattern \"regex:a*\": matches the empty string, expected at least a character",
            hat::Error);
        for (const std::string expression :
             {"\\b", "^", "$", "(?:\\b|\\B)", "(^)\\b", "\\bx{0}\\B"})
            CHECK_THROWS_WITH_AS(make(("regex:" + expression).c_str()),
                                 doctest::Contains("empty string"), hat::Error);
        for (const std::string expression : {"\\C", "a\\C+", "\\\\\\C", "\\Qx\\E\\C"})
            CHECK_THROWS_WITH_AS(make(("regex:" + expression).c_str()),
                                 ("pattern \"regex:" + expression +
                                  "\": has \\C, a byte, which cuts characters; a character is .")
                                     .c_str(),
                                 hat::Error);
        for (const char* expression : {"\\\\C", "\\Q\\C\\E", "\\pC+", "[C]", "\\bC"})
            CHECK_NOTHROW(make((std::string("regex:") + expression).c_str()));
    }
    TEST_CASE("time is linear in the line, for what nearly is a string as well") {
        const Patterns patterns({"all"});
        for (const char* unit : {"{0}", "<a b=\"", "<!-- {0} ", "&quot;", "www.a(", "{{ {0} ", "a@",
                                 "100%", "<a b='c' ", "x://", "www.🦄(", "&#1"}) {
            CAPTURE(unit);
            const auto repeated = [&](int count) {
                std::string line;
                for (int i = 0; i < count; ++i) line += unit;
                return line;
            };
            const auto find = [&](const std::string& line) {
                static_cast<void>(patterns.find(line));
            };
            CHECK(hat::support::growth(2000, repeated, find) < hat::support::linear_growth);
        }
    }
}
