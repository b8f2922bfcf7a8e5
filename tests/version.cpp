// SPDX-License-Identifier: Apache-2.0
#include <hat/version.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

TEST_SUITE("version") {
    TEST_CASE("the version is three numbers with dots between") {
        const std::string_view version = hat::version;
        CHECK(version.find_first_not_of("0123456789.") == std::string_view::npos);
        CHECK(std::ranges::count(version, '.') == 2);
        CHECK(version.find("..") == std::string_view::npos);
        CHECK(version.front() != '.');
        CHECK(version.back() != '.');
    }
    TEST_CASE("the preprocessor's version is this one") {
        CHECK(hat::version == std::to_string(HAT_VERSION_MAJOR) + '.' +
                                  std::to_string(HAT_VERSION_MINOR) + '.' +
                                  std::to_string(HAT_VERSION_PATCH));
    }
    TEST_CASE("versions are compared as numbers, by the preprocessor, too") {
#if HAT_VERSION_NUMBER < 100
        FAIL("older than 0.1.0");
#endif
        static_assert(HAT_VERSION_NUMBER % 100 == HAT_VERSION_PATCH);
        static_assert(HAT_VERSION_NUMBER / 100 % 100 == HAT_VERSION_MINOR);
        static_assert(HAT_VERSION_NUMBER / 10000 == HAT_VERSION_MAJOR);
    }
    TEST_CASE("the first version in the change log is this one") {
        std::ifstream log(HAT_SOURCE_DIR "/CHANGELOG.md");
        std::string line;
        while (std::getline(log, line) && !line.starts_with("## ")) {
        }
        CHECK(line.starts_with("## " + std::string(hat::version)));
    }
}
