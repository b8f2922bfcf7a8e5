// SPDX-License-Identifier: Apache-2.0
#include <hat/core/codebook.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using hat::Codebook;

TEST_SUITE("core/codebook") {
    TEST_CASE("every number of a matrix has a code, which is its place among those that differ") {
        const std::array<float, 6> numbers{2, -1, 2, 0, -0.0F, -1};
        const Codebook codebook(hat::ConstMatrix(numbers.data(), 2, 3));
        CHECK(codebook.size() == 4);
        std::array<float, Codebook::most> stored{};
        codebook.store(stored.data());
        for (const float x : numbers) {
            const float found = stored[static_cast<std::size_t>(codebook.code(x))];
            CHECK(found == x);
            CHECK(std::signbit(found) == std::signbit(x));
        }
        CHECK(codebook.code(3) == codebook.size());
    }
}
