// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/device.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace hat::latency;

TEST_SUITE("latency/device") {
    TEST_CASE("a device has a name of one line that says its architecture") {
        utsname system{};
        REQUIRE(::uname(&system) == 0);
        const std::string name = device_name();
        CHECK(name.find(system.machine) != std::string::npos);
        CHECK(std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; }));
        CHECK(device_name() == name);
    }

    TEST_CASE("a field is what follows its name in a line") {
        const std::string text = "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\ncache size: 1 KB\n";
        CHECK(detail::field_of(text, "model name") == "A CPU @ 2 GHz");
        CHECK(detail::field_of(text, "cache size") == "1 KB");
        CHECK(detail::field_of(text, "stepping") == "");
        CHECK(detail::field_of("model name", "model name") == "");
    }
}
