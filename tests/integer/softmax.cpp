// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/softmax.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

using namespace hat::integer;

namespace {

constexpr auto of_equals = [] {
    std::array<std::int32_t, 4> x{77, 77, 77, 77};
    softmax(x.data(), 4);
    return x;
}();
static_assert(of_equals == std::array<std::int32_t, 4>{8192, 8192, 8192, 8192});

}  // namespace

TEST_SUITE("integer/softmax") {
    TEST_CASE("weights are those of floats, to two steps") {
        for (const int size : {1, 2, 3, 31, 100, 1000, 3072}) {
            std::vector<std::int32_t> x(static_cast<std::size_t>(size));
            for (std::size_t i = 0; i < x.size(); ++i)
                x[i] = static_cast<std::int32_t>(i * 7919 % 1'000'003);
            std::vector<double> exact(x.size());
            std::transform(x.begin(), x.end(), exact.begin(),
                           [](std::int32_t v) { return std::exp2(v / 65536.0); });
            const double sum = std::accumulate(exact.begin(), exact.end(), 0.0);
            softmax(x.data(), size);
            for (std::size_t i = 0; i < x.size(); ++i)
                CHECK(std::abs(x[i] - 32768 * exact[i] / sum) <= 2);
            const int total = std::accumulate(x.begin(), x.end(), 0);
            CHECK(std::abs(total - 32768) <= 1 + size / 2);
        }
    }

    TEST_CASE("as many equals as there may be share all") {
        for (const int size : {32768, 65535}) {
            std::vector<std::int32_t> x(static_cast<std::size_t>(size), -5);
            softmax(x.data(), size);
            CHECK(std::all_of(x.begin(), x.end(), [](std::int32_t v) { return v == 1; }));
        }
    }

    TEST_CASE("numbers at the ends of their range do not run over") {
        std::array<std::int32_t, 3> x{-std::numeric_limits<std::int32_t>::max(),
                                      std::numeric_limits<std::int32_t>::max(), 0};
        softmax(x.data(), 3);
        CHECK(x == std::array<std::int32_t, 3>{0, 32768, 0});
    }
}
