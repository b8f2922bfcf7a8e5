// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/deploy.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_CASE("deploy.hpp declares what its folder holds") {
    hat::deploy::Amalgamation amalgam([](const std::string& /*name*/) { return std::string(); });
    amalgam.add("hat/a.hpp");
    CHECK(amalgam.headers().size() == 1);
    CHECK(hat::deploy::TextTables{}.whole_tokens == 0);
}
