// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/network.hpp>
#include <hat/integer/quantise.hpp>

#include "support/integer_network.hpp"
#include "support/integer_reference.hpp"
#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

using namespace hat::integer;
using hat::support::IntegerNetwork;
using hat::support::IntegerReference;

namespace {

/// How far the logits of the integers are from those of the floats, in parts of the spread of
/// those.
double distance(const IntegerNetwork& made, std::size_t s) {
    const std::vector<int>& source = made.sources[s];
    std::vector<int> prefix = made.targets[s];
    std::rotate(prefix.begin(), prefix.end() - 1, prefix.end());
    hat::support::OwnEval own;
    const std::array source_offsets{0, static_cast<int>(source.size())};
    const std::array target_offsets{0, static_cast<int>(prefix.size())};
    const auto model = made.floats.view();
    const auto encoded =
        hat::model::encode(own.eval, model, {}, source, hat::Ragged(source_offsets.data(), 1));
    const auto decoded =
        decode(own.eval, model, {}, encoded, prefix, hat::Ragged(target_offsets.data(), 1));
    const auto exact = logits(own.eval, model, decoded.output);
    const auto found = IntegerReference(made.integers.view()).logits(source, prefix);
    const int row = static_cast<int>(prefix.size()) - 1;
    double error = 0;
    double square = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double x = exact.value(row, static_cast<int>(i));
        error += std::pow(static_cast<double>(found[i]) / 65536 / std::numbers::log2e - x, 2);
        square += x * x;
    }
    return std::sqrt(error / square);
}

}  // namespace

TEST_SUITE("integer/quantise") {
    TEST_CASE("a scale is the nearest there is") {
        for (const double x : {1.0, -1.0, 0.3, -1e-12, 1e9, 0.9999999999, 3.0e-20}) {
            const Scale scale = to_scale(x);
            CHECK(std::abs(std::ldexp(scale.mantissa, -scale.shift) / x - 1) < 1.2e-7);
            CHECK(std::abs(scale.mantissa) < 1 << 23);
        }
        CHECK(to_scale(0).mantissa == 0);
        CHECK_THROWS_WITH_AS(static_cast<void>(to_scale(1e40)),
                             doctest::Contains("is out of range"), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(to_scale(std::numeric_limits<double>::quiet_NaN())),
                        hat::Error);
    }

    TEST_CASE("a network of integers says nearly what that of floats says") {
        // Numbers of 8 bits are right to 1/254 of the largest; some ten of them in a row add up.
        for (const auto& architecture : hat::support::integer_architectures()) {
            const IntegerNetwork made(architecture);
            double worst = 0;
            for (std::size_t s = 0; s < 10; ++s) worst = std::max(worst, distance(made, s));
            CHECK(worst < 0.05);
        }
    }

    TEST_CASE("what layer norms make may be larger than the stream that they read") {
        auto architecture = hat::support::integer_architectures()[1];
        for (const bool has_final_norm : {true, false}) {
            architecture.encoder.final_norm = architecture.decoder.final_norm = has_final_norm;
            auto floats = IntegerNetwork::randomised(architecture, 1);
            for (const auto& entry : floats.table()) {
                const auto ends_with = [&](std::string_view end) {
                    return std::string_view(entry.name).ends_with(end);
                };
                const float factor = ends_with(".final_layer_norm.weight") ? 8.0F
                                     : ends_with(".fc1.weight")            ? 0.125F
                                                                           : 1.0F;
                std::for_each_n(floats.values().data() + entry.offset, entry.size(),
                                [&](float& x) { x *= factor; });
            }
            const IntegerNetwork made(std::move(floats));
            double worst = 0;
            for (std::size_t s = 0; s < 10; ++s) worst = std::max(worst, distance(made, s));
            CHECK(worst < 0.05);
        }
    }

    TEST_CASE("numbers that never were observed do no harm") {
        const IntegerNetwork made(hat::support::integer_architectures()[0]);
        const hat::ConstMatrix query =
            made.floats.view().encoder_layers[0].self_attn.query.weight.value;
        Ranges ranges;
        ranges.note_product(query, {}, {});
        const Model nothing = quantise(made.floats.view(), ranges);
        const auto found = IntegerReference(nothing.view()).logits(made.sources[0], std::array{2});
        CHECK(found.size() == 50);
    }

    TEST_CASE("a network that was not observed itself is an error") {
        const auto architecture = hat::support::integer_architectures()[0];
        const IntegerNetwork made(architecture);
        const auto equal = IntegerNetwork::randomised(architecture, 1);
        Ranges ranges;
        const std::array pairs{Pair{made.sources[0], made.targets[0]}};
        observe(equal.view(), pairs, ranges);
        CHECK_THROWS_WITH_AS(static_cast<void>(quantise(made.floats.view(), ranges)),
                             doctest::Contains("no numbers of this network were observed"),
                             hat::Error);
        CHECK_NOTHROW(static_cast<void>(quantise(equal.view(), ranges)));
    }
}
