// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/integer/layer_norm.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace hat::integer;

namespace {

/// Gains of `gain` steps of the result.
struct Norm {
    explicit Norm(int size, int gain = 4096)
        : scales(static_cast<std::size_t>(size), Scale{gain << 10, 10}.word()),
          bias(static_cast<std::size_t>(size)) {
        for (std::size_t i = 0; i < bias.size(); ++i)
            bias[i] = static_cast<std::int32_t>(i % 5) * 100;
    }
    [[nodiscard]] LayerNorm<Constants> view() const {
        const int size = static_cast<int>(scales.size());
        return {{scales.data(), size}, {bias.data(), size}, {&epsilon, 1}};
    }

    std::vector<std::int32_t> scales;
    std::vector<std::int32_t> bias;
    std::int32_t epsilon = 1;
};

}  // namespace

TEST_SUITE("integer/layer_norm") {
    TEST_CASE("it is the norm of floats, to a step or one part in 10000") {
        for (const int size : {2, 7, 64, 512}) {
            for (const double spread : {3.0, 100.0, 8000.0}) {
                hat::Random random(hat::RandomKey(static_cast<std::uint64_t>(size)));
                std::vector<std::int16_t> x(static_cast<std::size_t>(size));
                std::vector<std::int16_t> branch(x.size());
                for (std::size_t i = 0; i < x.size(); ++i) {
                    x[i] = static_cast<std::int16_t>(spread * (2 * random.uniform() - 0.5));
                    branch[i] = static_cast<std::int16_t>(spread * (random.uniform() - 0.5));
                }
                x[0] = static_cast<std::int16_t>(spread);
                const Norm norm(size);
                std::vector<std::int16_t> y(x.size());
                forward(norm.view(), x.data(), branch.data(), y.data());
                double mean = 0;
                for (std::size_t i = 0; i < x.size(); ++i) mean += (x[i] + branch[i]) / 1.0 / size;
                double variance = 0;
                for (std::size_t i = 0; i < x.size(); ++i)
                    variance += std::pow(x[i] + branch[i] - mean, 2) / size;
                variance += std::ldexp(1.0, -12);
                for (std::size_t i = 0; i < x.size(); ++i) {
                    const double exact =
                        4096 * (x[i] + branch[i] - mean) / std::sqrt(variance) + norm.bias[i];
                    const double mean_step = 4096 / 64.0 / std::sqrt(variance);
                    CHECK(std::abs(y[i] - exact) < 1 + 1e-4 * std::abs(exact) + mean_step);
                }
            }
        }
    }

    TEST_CASE("a row of equal numbers becomes the bias, also in place") {
        std::array<std::int16_t, 4> x{500, 500, 500, 500};
        const Norm norm(4);
        forward(norm.view(), x.data(), nullptr, x.data());
        CHECK(x == std::array<std::int16_t, 4>{0, 100, 200, 300});
    }

    TEST_CASE("the largest numbers there are do not run over") {
        std::vector<std::int16_t> x(4096, 32767);
        for (std::size_t i = 0; i < x.size(); i += 2) x[i] = -32767;
        const Norm norm(4096);
        std::vector<std::int16_t> y(x.size());
        forward(norm.view(), x.data(), x.data(), y.data());
        CHECK(std::abs(y[5] - 4096) <= 1);
        CHECK(std::abs(y[10] + 4096) <= 1);
    }
}
