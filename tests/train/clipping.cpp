// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/train/clipping.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using hat::Slab;
using hat::TensorTable;
using hat::ThreadPool;
using hat::train::clip_factor;
using hat::train::GradientNorm;

TEST_SUITE("train/clipping") {
    TEST_CASE("the norm runs over all tensors that have a gradient, as one vector") {
        TensorTable table;
        table.add_vector("a", 1);
        table.add_vector("b", 3);
        table.add_vector("c", 1);
        Slab gradients(table);
        gradients.data()[table[0].offset] = 3;
        gradients.data()[table[1].offset + 2] = -4;
        gradients.data()[table[2].offset] = 12;
        ThreadPool pool(1);
        GradientNorm norm(table);
        CHECK(norm(gradients, std::vector<std::uint8_t>{1, 1, 1}, pool) == 13);
        CHECK(norm(gradients, std::vector<std::uint8_t>{1, 1, 0}, pool) == 5);
        CHECK(norm(gradients, std::vector<std::uint8_t>{0, 0, 0}, pool) == 0);
    }

    TEST_CASE("a large slab's norm equals the sum in double, on any number of threads") {
        TensorTable table;
        table.add_matrix("embedding", 1001, 130);
        table.add_vector("bias", 7);
        table.add_matrix("weight", 64, 65);
        Slab gradients(table);
        hat::Random random(3);
        double sum = 0;
        for (const auto& entry : table) {
            for (std::ptrdiff_t i = 0; i < entry.size(); ++i) {
                const auto x = static_cast<float>(random.normal());
                gradients.data()[entry.offset + i] = x;
                sum += static_cast<double>(x) * static_cast<double>(x);
            }
        }
        const std::vector<std::uint8_t> all(3, 1);
        GradientNorm norm(table);
        ThreadPool one(1);
        ThreadPool two(2);
        ThreadPool three(3);
        const double found = norm(gradients, all, one);
        // Every chain adds some 256 rounded squares.
        CHECK(std::abs(found - std::sqrt(sum)) < 1e-6 * std::sqrt(sum));
        CHECK(norm(gradients, all, two) == found);
        CHECK(norm(gradients, all, three) == found);
        CHECK(hat::support::allocations_in([&] { CHECK(norm(gradients, all, two) > 0); }) == 0);
    }

    TEST_CASE("a gradient that is not finite shows in the norm") {
        TensorTable table;
        table.add_vector("a", 20);
        Slab gradients(table);
        gradients.data()[17] = std::numeric_limits<float>::quiet_NaN();
        ThreadPool pool(1);
        GradientNorm norm(table);
        CHECK(std::isnan(norm(gradients, std::vector<std::uint8_t>{1}, pool)));
        gradients.data()[17] = std::numeric_limits<float>::infinity();
        CHECK(std::isinf(norm(gradients, std::vector<std::uint8_t>{1}, pool)));
    }

    TEST_CASE("gradients are scaled down to the limit, never up, and not at all without one") {
        CHECK(clip_factor(50, 25) == doctest::Approx(0.5).epsilon(1e-6));
        CHECK(clip_factor(50, 25) < 0.5);
        CHECK(clip_factor(24.9, 25) == 1);
        CHECK(clip_factor(1000, 0) == 1);
        CHECK(clip_factor(0, 25) == 1);
    }
}
