// SPDX-License-Identifier: Apache-2.0
#include <hat/train/exponential_average.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

using hat::Slab;
using hat::TensorTable;
using hat::ThreadPool;
using hat::train::ExponentialAverage;

TEST_SUITE("train/exponential_average") {
    TEST_CASE("the average follows the equation, with a decay that grows to its value") {
        TensorTable table;
        table.add_vector("x", 1);
        table.add_matrix("w", 150, 130);
        Slab parameters(table);
        float* const x = parameters.data();
        float* const w = parameters.data() + table[1].offset + table[1].size() - 1;
        *x = 5;
        *w = -1;
        ThreadPool pool(2);
        ExponentialAverage average(table, parameters, 0.5);
        double expected_x = 5;
        double expected_w = -1;
        for (std::int64_t update = 0; update < 20; ++update) {
            *x = static_cast<float>(update);
            *w = static_cast<float>(-2 * update);
            average.update(parameters, update, pool);
            const auto u = static_cast<double>(update);
            const double decay = std::min(0.5, (1 + u) / (10 + u));
            expected_x = decay * expected_x + (1 - decay) * u;
            expected_w = decay * expected_w + (1 - decay) * -2 * u;
        }
        const Slab& values = average.values();
        CHECK(values.data()[0] == doctest::Approx(expected_x).epsilon(1e-6));
        CHECK(values.data()[table[1].offset + table[1].size() - 1] ==
              doctest::Approx(expected_w).epsilon(1e-6));
        CHECK(hat::support::allocations_in([&] { average.update(parameters, 20, pool); }) == 0);
    }

    TEST_CASE("the average of parameters that stand still is exactly what they are") {
        TensorTable table;
        table.add_vector("x", 40);
        Slab parameters(table);
        std::fill_n(parameters.data(), 40, 0.1F);
        ThreadPool pool(1);
        ExponentialAverage average(table, parameters, 0.999);
        for (std::int64_t update = 0; update < 5; ++update) {
            average.update(parameters, update, pool);
        }
        CHECK(std::all_of(average.values().data(), average.values().data() + 40,
                          [](float a) { return a == 0.1F; }));
    }

    TEST_CASE("swapping twice changes nothing, swapping once shows the average in place") {
        TensorTable table;
        table.add_vector("x", 2);
        Slab parameters(table);
        ExponentialAverage average(table, parameters, 0.9);
        float* const view = parameters.data();
        view[1] = 7;
        average.swap_with(parameters);
        CHECK(parameters.data() == view);
        CHECK(view[1] == 0);
        average.swap_with(parameters);
        CHECK(view[1] == 7);
    }

    TEST_CASE("a decay out of range is an error") {
        TensorTable table;
        table.add_vector("x", 2);
        CHECK_THROWS_WITH_AS(ExponentialAverage(table, Slab(table), 1),
                             "exponential average: decay = 1.000000, expected [0, 1)", hat::Error);
    }
}
