// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/gradient_check.hpp>

#include <doctest/doctest.h>

#include <array>

using hat::autograd::check_gradient;
using hat::autograd::GradientError;

TEST_SUITE("autograd/gradient_check") {
    TEST_CASE("a right gradient passes, a wrong one is found where it is wrong") {
        std::array<float, 6> x{1.0F, -2.0F, 3.0F, 0.5F, -1.0F, 2.0F};
        const auto cubes = [&] {
            double sum = 0;
            for (const float value : x) {
                const auto v = static_cast<double>(value);
                sum += v * v * v;
            }
            return sum;
        };
        std::array<float, 6> gradient{};
        for (std::size_t i = 0; i < x.size(); ++i) gradient[i] = 3.0F * x[i] * x[i];
        const auto before = x;

        const auto check = [&](int every = 1) {
            return check_gradient({x.data(), 2, 3}, {gradient.data(), 2, 3}, cubes, 1e-2F, every);
        };
        // (x + h)³ − (x − h)³ = 6 x² h + 2 h³: off by h² = 1e-4 at most, of 27.
        CHECK(check().relative() < 1e-5);
        CHECK(check().largest == doctest::Approx(27.0).epsilon(1e-4));
        CHECK(x == before);

        gradient[4] += 0.5F;
        const GradientError error = check();
        CHECK(error.worst == doctest::Approx(0.5).epsilon(1e-3));
        CHECK(error.row == 1);
        CHECK(error.col == 1);
        CHECK(check(3).relative() < 1e-4);  // looks at elements 0 and 3 only
    }
}
