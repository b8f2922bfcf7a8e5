// SPDX-License-Identifier: Apache-2.0
#include <hat/core/k_means.hpp>
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using hat::k_means;
using hat::nearest_code;

namespace {

/// The slow, obvious k-means: every value looks at every centre.
std::vector<double> slow_k_means(const std::vector<float>& values, int count, int iterations) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    std::vector<double> centres;
    for (int i = 0; i < count; ++i)
        centres.push_back(*low + (static_cast<double>(*high) - static_cast<double>(*low)) * i /
                                     (count - 1));
    for (int round = 0; round < iterations; ++round) {
        std::vector<double> sums(centres.size());
        std::vector<int> sizes(centres.size());
        for (const float x : values) {
            std::size_t best = 0;
            for (std::size_t c = 1; c < centres.size(); ++c) {
                if (std::abs(static_cast<double>(x) - centres[c]) <
                    std::abs(static_cast<double>(x) - centres[best]))
                    best = c;
            }
            sums[best] += static_cast<double>(x);
            ++sizes[best];
        }
        std::vector<double> next;
        for (std::size_t c = 0; c < centres.size(); ++c)
            if (sizes[c] > 0) next.push_back(sums[c] / sizes[c]);
        centres = next;
    }
    return centres;
}

}  // namespace

TEST_SUITE("core/k_means") {
    TEST_CASE("centres are those of the slow, obvious algorithm") {
        hat::Random random(1);
        for (const int count : {2, 5, 16}) {
            std::vector<float> values;
            for (int i = 0; i < 300; ++i) values.push_back(static_cast<float>(random.normal()));
            const std::vector<float> found = k_means(values, count, 40);
            const std::vector<double> expected = slow_k_means(values, count, 40);
            REQUIRE(found.size() == expected.size());
            for (std::size_t i = 0; i < found.size(); ++i)
                CHECK(static_cast<double>(found[i]) == doctest::Approx(expected[i]).epsilon(1e-5));
        }
    }

    TEST_CASE("few different values are their own centres") {
        const std::vector<float> values{3, -1, 3, 3, 7, -1};
        CHECK(k_means(values, 16) == std::vector<float>{-1, 3, 7});
        CHECK(k_means(std::vector<float>{2, 2}, 4) == std::vector<float>{2});
        CHECK(k_means({}, 4).empty());
        CHECK(k_means(values, 1).size() == 1);
    }

    TEST_CASE("a number has the nearest code, of two the smaller") {
        const std::vector<float> codebook{-1, 0, 4};
        CHECK(nearest_code(codebook, -9) == 0);
        CHECK(nearest_code(codebook, -0.5F) == 0);
        CHECK(nearest_code(codebook, -0.4F) == 1);
        CHECK(nearest_code(codebook, 2) == 1);
        CHECK(nearest_code(codebook, 2.1F) == 2);
        CHECK(nearest_code(codebook, 99) == 2);
    }
}
