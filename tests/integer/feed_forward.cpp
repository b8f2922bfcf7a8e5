// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/feed_forward.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
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
        CHECK(names == std::vector<std::string>{"fc1", "fc2", "activation"});
    }

    TEST_CASE("without a table the activation is relu") {
        std::array<std::int16_t, 3> x{-5, 0, 7};
        activate({}, x.data(), 3);
        CHECK(x == std::array<std::int16_t, 3>{0, 0, 7});
    }

    TEST_CASE("a table is met at its points, and between them are lines") {
        std::array<std::int16_t, activation_points> table{};
        for (int i = 0; i < activation_points; ++i)
            table[static_cast<std::size_t>(i)] =
                static_cast<std::int16_t>(i % 2 == 0 ? 1000 : -1000);
        FeedForward<Constants> layer;
        layer.activation = {table.data(), activation_points};
        std::array<std::int16_t, 5> x{-32768, -32768 + 256, 0, 64, 32767};
        activate(layer, x.data(), 5);
        CHECK(x == std::array<std::int16_t, 5>{1000, -1000, 1000, 500, 992});
    }
}
