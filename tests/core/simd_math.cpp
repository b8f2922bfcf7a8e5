// SPDX-License-Identifier: Apache-2.0
#include <hat/core/simd_math.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace simd = hat::simd;

namespace {

using Sixteen = std::array<float, simd::lanes>;

template <class Function>
float apply(Function function, float x) {
    Sixteen y{};
    simd::store(function(simd::broadcast(x)), y.data());
    return y[5];
}

/// The largest error of `function` against `exact` on `steps` points, divided by max(|exact|,
/// floor).
template <class Function, class Exact>
double worst_error(Function function, Exact exact, double low, double high, double floor) {
    double worst = 0;
    for (int i = 0; i <= 20000; ++i) {
        const auto x = static_cast<float>(low + (high - low) * i / 20000);
        const double expected = exact(static_cast<double>(x));
        const double error = std::abs(static_cast<double>(apply(function, x)) - expected);
        worst = std::max(worst, error / std::max(std::abs(expected), floor));
    }
    return worst;
}

}  // namespace

TEST_SUITE("core/simd_math") {
    TEST_CASE("exp, log, tanh, sigmoid and erf are accurate") {
        CHECK(worst_error([](auto x) { return simd::exp(x); }, [](double x) { return std::exp(x); },
                          -87, 88, 0) < 2e-7);
        CHECK(worst_error([](auto x) { return simd::log(x); }, [](double x) { return std::log(x); },
                          1e-6, 50, 1e-3) < 3e-7);
        CHECK(worst_error([](auto x) { return simd::log(x); }, [](double x) { return std::log(x); },
                          1e-30, 1e30, 1e-3) < 3e-7);
        CHECK(worst_error([](auto x) { return simd::tanh(x); },
                          [](double x) { return std::tanh(x); }, -10, 10, 1e-6) < 4e-7);
        CHECK(worst_error([](auto x) { return simd::sigmoid(x); },
                          [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 80, 1e-30) < 4e-7);
        CHECK(worst_error([](auto x) { return simd::erf(x); }, [](double x) { return std::erf(x); },
                          -5, 5, 1) < 5e-7);
    }

    TEST_CASE("exp saturates: 0 far below, finite far above") {
        const auto exp = [](auto x) { return simd::exp(x); };
        CHECK(apply(exp, -200.0F) == 0.0F);
        CHECK(apply(exp, -INFINITY) == 0.0F);
        CHECK(std::isfinite(apply(exp, 1000.0F)));
        CHECK(apply(exp, 0.0F) == 1.0F);
    }
}
