// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/train/adam.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using hat::Slab;
using hat::TensorTable;
using hat::ThreadPool;
using hat::train::Adam;
using hat::train::AdamOptions;

namespace {

/// Sizes around whole vectors, and one tensor of several chunks.
TensorTable sample_table() {
    TensorTable table;
    table.add_matrix("weight", 7, 9);
    table.add_vector("bias", 1);
    table.add_matrix("embedding", 301, 130);
    table.add_vector("gain", 32);
    return table;
}

/// Numbers of the size of `scale` in every tensor; gaps stay zero.
void fill(const TensorTable& table, Slab& slab, std::uint64_t seed, double scale) {
    hat::Random random(seed);
    for (const auto& entry : table) {
        for (std::ptrdiff_t i = 0; i < entry.size(); ++i) {
            slab.data()[entry.offset + i] = static_cast<float>(scale * random.normal());
        }
    }
}

bool same_bits(const Slab& a, const Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

/// The equations, one tensor at a time, in double.
struct NaiveAdam {
    AdamOptions options;
    std::vector<double> m, v;
    int t = 0;

    void step(std::vector<double>& p, const std::vector<double>& g, double rate) {
        m.resize(p.size());
        v.resize(p.size());
        ++t;
        const double step =
            rate * std::sqrt(1 - std::pow(options.beta2, t)) / (1 - std::pow(options.beta1, t));
        for (std::size_t i = 0; i < p.size(); ++i) {
            m[i] = options.beta1 * m[i] + (1 - options.beta1) * g[i];
            v[i] = options.beta2 * v[i] + (1 - options.beta2) * g[i] * g[i];
            p[i] -= rate * options.weight_decay * p[i];
            p[i] -= step * m[i] / (std::sqrt(v[i]) + options.epsilon);
        }
    }
};

}  // namespace

TEST_SUITE("train/adam") {
    TEST_CASE("the first step moves every parameter by the learning rate against its gradient") {
        TensorTable table;
        table.add_vector("x", 3);
        Slab parameters(table);
        Slab gradients(table);
        std::ranges::copy(std::array{4.0F, -0.5F, 100.0F}, gradients.data());
        const std::vector<std::uint8_t> all(1, 1);
        ThreadPool pool(1);
        Adam adam(table);
        adam.step(parameters, gradients, all, {.learning_rate = 0.25}, pool);
        CHECK(parameters.data()[0] == doctest::Approx(-0.25));
        CHECK(parameters.data()[1] == doctest::Approx(0.25));
        CHECK(parameters.data()[2] == doctest::Approx(-0.25));
        CHECK(adam.steps()[0] == 1);
        CHECK(gradients.data()[0] == 4.0F);
    }

    TEST_CASE("many steps equal the equations, each tensor with steps of its own") {
        const TensorTable table = sample_table();
        const AdamOptions options{
            .beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-8, .weight_decay = 0.1};
        Slab parameters(table);
        Slab gradients(table);
        fill(table, parameters, 1, 1);
        ThreadPool pool(2);
        Adam adam(table, options);

        const auto size = static_cast<std::size_t>(table.size());
        std::vector<NaiveAdam> naive(size, NaiveAdam{.options = options, .m = {}, .v = {}});
        std::vector<std::vector<double>> expected(size);
        for (int i = 0; i < table.size(); ++i) {
            const float* p = parameters.data() + table[i].offset;
            expected[static_cast<std::size_t>(i)].assign(p, p + table[i].size());
        }

        for (int update = 0; update < 12; ++update) {
            fill(table, gradients, 100 + static_cast<std::uint64_t>(update), 50);
            std::vector<std::uint8_t> has_gradient(size, 1);
            has_gradient[1] = update >= 5 ? 1 : 0;
            has_gradient[2] = update % 3 != 1 ? 1 : 0;
            const double rate = 0.01 * (1 + update % 4);
            adam.step(parameters, gradients, has_gradient,
                      {.learning_rate = rate, .gradient_scale = 1.0 / 64}, pool);
            for (std::size_t i = 0; i < size; ++i) {
                if (has_gradient[i] == 0) continue;
                const auto& entry = table[static_cast<int>(i)];
                std::vector<double> g(gradients.data() + entry.offset,
                                      gradients.data() + entry.offset + entry.size());
                for (double& x : g) x /= 64;
                naive[i].step(expected[i], g, rate);
            }
        }

        // Numbers are of size 1 to 4; every step may round a few times.
        constexpr double tolerance = 12 * 4 * 1.2e-7;
        const auto differ = [](double a, double b) { return !(std::abs(a - b) < tolerance); };
        int different = 0;
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(adam.steps()[i] == naive[i].t);
            for (std::size_t j = 0; j < expected[i].size(); ++j) {
                const auto at = table[static_cast<int>(i)].offset + static_cast<std::ptrdiff_t>(j);
                different += differ(expected[i][j], parameters.data()[at]);
                different += differ(naive[i].m[j], adam.first_moment().data()[at]);
                different += differ(naive[i].v[j], adam.second_moment().data()[at]);
            }
        }
        CHECK(different == 0);
    }

    TEST_CASE("a tensor without gradient keeps its bits, whatever lies in the gradient slab") {
        const TensorTable table = sample_table();
        Slab parameters(table);
        Slab gradients(table);
        fill(table, parameters, 1, 1);
        fill(table, gradients, 2, 1);
        ThreadPool pool(1);
        Adam adam(table, {.weight_decay = 0.1});
        const std::vector<std::uint8_t> all(4, 1);
        adam.step(parameters, gradients, all, {.learning_rate = 0.1}, pool);

        const auto& entry = table[2];
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::fill_n(gradients.data() + entry.offset, entry.size(), nan);
        const Slab p = parameters;
        const Slab m = adam.first_moment();
        const Slab v = adam.second_moment();
        const std::vector<std::uint8_t> some{1, 1, 0, 1};
        adam.step(parameters, gradients, some, {.learning_rate = 0.1, .clear_gradients = true},
                  pool);
        const auto kept = [&](const Slab& before, const Slab& now) {
            const float* old = before.data() + entry.offset;
            return std::equal(old, old + entry.size(), now.data() + entry.offset);
        };
        CHECK(kept(p, parameters));
        CHECK(kept(m, adam.first_moment()));
        CHECK(kept(v, adam.second_moment()));
        CHECK(std::isnan(gradients.data()[entry.offset]));
        CHECK_FALSE(same_bits(p, parameters));
        CHECK(adam.steps()[2] == 1);
        CHECK(adam.steps()[3] == 2);
    }

    TEST_CASE("clearing the gradients leaves zeros and changes nothing else") {
        const TensorTable table = sample_table();
        const std::vector<std::uint8_t> all(4, 1);
        ThreadPool pool(1);
        Slab parameters(table);
        Slab gradients(table);
        fill(table, gradients, 2, 1);
        Slab parameters_too = parameters;
        Slab gradients_too = gradients;
        Adam adam(table);
        Adam adam_too(table);
        adam.step(parameters, gradients, all, {.learning_rate = 0.1}, pool);
        adam_too.step(parameters_too, gradients_too, all,
                      {.learning_rate = 0.1, .clear_gradients = true}, pool);
        CHECK(same_bits(parameters, parameters_too));
        CHECK(same_bits(gradients_too, Slab(table)));
        CHECK_FALSE(same_bits(gradients, Slab(table)));
    }

    TEST_CASE("the bits are the same on 1, 2 and 3 threads, and the gaps stay zero") {
        const TensorTable table = sample_table();
        const std::vector<std::uint8_t> all(4, 1);
        const auto train = [&](int threads) {
            ThreadPool pool(threads);
            Slab parameters(table);
            Slab gradients(table);
            fill(table, parameters, 1, 1);
            Adam adam(table, {.weight_decay = 0.01});
            for (std::uint64_t update = 0; update < 5; ++update) {
                fill(table, gradients, update, 1);
                adam.step(parameters, gradients, all, {.learning_rate = 0.1}, pool);
            }
            return parameters;
        };
        const Slab one = train(1);
        CHECK(same_bits(one, train(2)));
        CHECK(same_bits(one, train(3)));
        const auto& bias = table[1];
        for (std::ptrdiff_t i = bias.size(); i < table[2].offset - bias.offset; ++i) {
            CHECK(one.data()[bias.offset + i] == 0);
        }
    }

    TEST_CASE("a step allocates nothing") {
        const TensorTable table = sample_table();
        const std::vector<std::uint8_t> all(4, 1);
        ThreadPool pool(2);
        Slab parameters(table);
        Slab gradients(table);
        Adam adam(table);
        const auto count = hat::support::allocations_in(
            [&] { adam.step(parameters, gradients, all, {.learning_rate = 0.1}, pool); });
        CHECK(count == 0);
    }

    TEST_CASE("an option out of range is an error that names it") {
        const TensorTable table = sample_table();
        CHECK_THROWS_WITH_AS(Adam(table, {.beta1 = 1}), "Adam: beta1 = 1.000000, expected [0, 1)",
                             hat::Error);
        CHECK_THROWS_WITH_AS(Adam(table, {.beta2 = -0.5}),
                             "Adam: beta2 = -0.500000, expected [0, 1)", hat::Error);
        CHECK_THROWS_WITH_AS(Adam(table, {.epsilon = 0}),
                             "Adam: epsilon = 0.000000, expected a positive number", hat::Error);
        CHECK_THROWS_WITH_AS(Adam(table, {.weight_decay = -1}),
                             "Adam: weight_decay = -1.000000, expected 0 or more", hat::Error);
    }
}
