// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/latency/least_squares.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

using hat::Random;
using hat::latency::LinearFit;
using hat::latency::NonNegativeLeastSquares;

namespace {

template <std::size_t Terms>
struct Data {
    std::vector<std::array<double, Terms>> x;
    std::vector<double> y;
    std::vector<double> weight;

    [[nodiscard]] LinearFit<Terms> fit() const {
        NonNegativeLeastSquares<Terms> problem;
        for (std::size_t i = 0; i < x.size(); ++i) problem.add(x[i], y[i], weight[i]);
        return problem.solve();
    }
    /// Half the derivative of the error by coefficient `j`.
    [[nodiscard]] double slope(const LinearFit<Terms>& fit, std::size_t j) const {
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            sum += weight[i] * (fit.predict(x[i]) - y[i]) * x[i][j];
        return sum;
    }
};

Data<5> random_problem(std::uint64_t seed, int rows) {
    Random random(seed);
    Data<5> data;
    for (int i = 0; i < rows; ++i) {
        data.x.push_back({1, random.uniform(), random.uniform(0, 100), random.normal(), 0});
        data.y.push_back(random.normal());
        data.weight.push_back(random.uniform(0.1, 2));
    }
    return data;
}

}  // namespace

TEST_SUITE("latency/least_squares") {
    TEST_CASE("a line worked by hand") {
        const Data<2> line{{{1, 0}, {1, 1}, {1, 2}}, {1, 2, 6}, {1, 1, 1}};
        const auto fit = line.fit();
        CHECK(fit.coefficients[0] == doctest::Approx(0.5));
        CHECK(fit.coefficients[1] == doctest::Approx(2.5));
        // (XᵀX)⁻¹ = [5 −3; −3 3] / 6
        CHECK(fit.inverse[0][0] == doctest::Approx(5.0 / 6));
        CHECK(fit.inverse[0][1] == doctest::Approx(-0.5));
        CHECK(fit.inverse[1][1] == doctest::Approx(0.5));
        CHECK(fit.leverage({1, 1}) == doctest::Approx(1.0 / 3));
    }

    TEST_CASE("no coefficient is negative, and none could be better") {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            const auto data = random_problem(seed, 8);
            const auto fit = data.fit();
            for (std::size_t j = 0; j < 5; ++j) {
                CHECK(fit.coefficients[j] >= 0);
                if (fit.coefficients[j] > 0)
                    CHECK(std::abs(data.slope(fit, j)) < 1e-7);
                else
                    CHECK(data.slope(fit, j) > -1e-7);
            }
            CHECK(fit.coefficients[4] == 0);
        }
    }

    TEST_CASE("a term that depends on others changes no prediction") {
        Data<3> data;
        Random random(5);
        for (int i = 0; i < 20; ++i) {
            const double z = random.uniform();
            data.x.push_back({1, 6, z});  // 6 is six times the constant
            data.y.push_back(3 + 2 * z);
            data.weight.push_back(1);
        }
        const auto fit = data.fit();
        for (std::size_t i = 0; i < data.y.size(); ++i)
            CHECK(fit.predict(data.x[i]) == doctest::Approx(data.y[i]).epsilon(1e-9));
        CHECK((fit.coefficients[0] == 0) != (fit.coefficients[1] == 0));
    }

    TEST_CASE("twice the weight is the row twice") {
        auto twice = random_problem(1, 9);
        auto weighted = twice;
        twice.x.push_back(twice.x[0]);
        twice.y.push_back(twice.y[0]);
        twice.weight.push_back(twice.weight[0]);
        weighted.weight[0] *= 2;
        const auto a = twice.fit();
        const auto b = weighted.fit();
        for (std::size_t j = 0; j < 5; ++j)
            CHECK(a.coefficients[j] == doctest::Approx(b.coefficients[j]));
    }

    TEST_CASE("without data, all is 0") {
        CHECK(Data<3>{}.fit() == LinearFit<3>{});
    }
}
