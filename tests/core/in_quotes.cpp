// SPDX-License-Identifier: Apache-2.0
#include <hat/core/in_quotes.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::in_quotes;
using hat::one_line;
using hat::readable;

TEST_SUITE("core/in_quotes") {
    TEST_CASE("a quoted text is one line, whatever it holds") {
        CHECK(in_quotes("a\n\"b\" \\ \x01\x7F") == R"("a\n\"b\" \\ \u0001\u007f")");
        CHECK(in_quotes("\xFF") == "\"\uFFFD\"");
        CHECK(in_quotes("größer 東京") == "\"größer 東京\"");
        CHECK(in_quotes("") == "\"\"");
        CHECK(readable("a \"b\" \\\n") == R"(a "b" \\n)");
        CHECK(readable("\u009B2J") == "\\u009b2J");  // moves the cursor of a terminal
    }
    TEST_CASE("a long text is cut between characters") {
        CHECK(in_quotes(std::string(1'000'000, 'x')) == '"' + std::string(80, 'x') + "…\"");
        CHECK(in_quotes(std::string(80, 'x')) == '"' + std::string(80, 'x') + '"');
        CHECK(readable("東京東京", 4) == "東京…");
        CHECK(readable(std::string(1000, '\n')).size() < 100);
    }
    TEST_CASE("a message is one line, however long it is") {
        CHECK(one_line("a\nb\xFF: \"c\"") == "a\\nb\uFFFD: \"c\"");
        CHECK(one_line(std::string(1000, 'x')) == std::string(1000, 'x'));
    }
}
