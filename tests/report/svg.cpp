// SPDX-License-Identifier: Apache-2.0
#include <hat/report/svg.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::report::Svg;

TEST_SUITE("report/svg") {
    TEST_CASE("a drawing holds its shapes in order, on a white ground") {
        Svg svg(20, 10);
        svg.box(1, 2.5, 3, 4, "#abc", "#000", 2);
        svg.line(0, 0, 20, 10, "#f00", 1, true);
        svg.dot(5, 5, 2, "#00f");
        CHECK(
            svg.str() ==
            R"(<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" viewBox="0 0 20 10" font-family="sans-serif">
<rect width="20" height="10" fill="#fff"/>
<rect x="1" y="2.5" width="3" height="4" fill="#abc" stroke="#000" rx="2"/>
<line x1="0" y1="0" x2="20" y2="10" stroke="#f00" stroke-width="1" stroke-dasharray="5 4"/>
<circle cx="5" cy="5" r="2" fill="#00f" fill-opacity="0.75"/>
</svg>
)");
    }

    TEST_CASE("words cannot break out of the markup") {
        Svg svg(1, 1);
        svg.text(0, 0, "<a & \"b\">", {});
        svg.dot(0, 0, 1, "#000", "</title>");
        CHECK(svg.str().find("&lt;a &amp; &quot;b&quot;&gt;</text>") != std::string::npos);
        CHECK(svg.str().find("<title>&lt;/title&gt;</title>") != std::string::npos);
    }

    TEST_CASE("coordinates have two decimals at most") {
        CHECK(Svg::number(1) == "1");
        CHECK(Svg::number(1.5) == "1.5");
        CHECK(Svg::number(100) == "100");
        CHECK(Svg::number(2.0 / 3) == "0.67");
        CHECK(Svg::number(-0.001) == "0");
    }
}
