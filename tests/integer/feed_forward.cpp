// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/feed_forward.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace hat::integer;

namespace {

/// Writes down what members there are.
struct Names {
    std::vector<std::string>& all;

    void operator()(std::string_view name, const auto& /*member*/) const { all.emplace_back(name); }
};

}  // namespace

TEST_SUITE("integer/feed_forward") {
    TEST_CASE("its layers bear the names that those of floats have") {
        std::vector<std::string> names;
        const FeedForward<Constants> layer;
        FeedForward<Constants>::members(Names{names}, layer);
        CHECK(names == std::vector<std::string>{"fc1", "fc2"});
    }
}
