// SPDX-License-Identifier: Apache-2.0
#include <hat/data/signature.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>

using hat::data::detail::fixed;
using hat::data::detail::signature_version;

TEST_SUITE("data/signature") {
    TEST_CASE("numbers have the digits that were asked for, correctly rounded") {
        CHECK(fixed(40.949, 1) == "40.9");
        CHECK(fixed(40.95000001, 1) == "41.0");
        CHECK(fixed(2.5, 0) == "2");  // halves that a double holds exactly: to even
        CHECK(fixed(3.5, 0) == "4");
        CHECK(fixed(0.0009765625, 10) == "0.0009765625");
        CHECK(fixed(-0.25, 2) == "-0.25");
    }

    TEST_CASE("the longest number is not cut short") {
        const std::string text = fixed(-std::numeric_limits<double>::max(), 2);
        CHECK(text.size() == 1 + 309 + 3);
        CHECK(text.substr(0, 6) == "-17976");
        CHECK(text.substr(text.size() - 3) == ".00");
    }

    TEST_CASE("a signature names this program and its version") {
        CHECK(signature_version() == "hat-" + std::string(hat::version));
    }
}
