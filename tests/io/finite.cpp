// SPDX-License-Identifier: Apache-2.0
#include <hat/io/finite.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

using hat::io::check_finite;
using hat::io::Dtype;
using hat::io::first_not_finite;
using hat::io::tensor_view;
using hat::io::TensorView;

namespace {

template <class T>
TensorView view(const std::vector<T>& values) {
    return tensor_view<T>("w", {static_cast<std::int64_t>(values.size())}, values);
}

TensorView halves(Dtype dtype, const std::vector<std::uint16_t>& values) {
    return {.name = "w", .dtype = dtype, .shape = {}, .bytes = std::as_bytes(std::span(values))};
}

}  // namespace

TEST_SUITE("io/finite") {
    TEST_CASE("the first number that is not finite is found wherever it is") {
        for (const std::size_t size : {1U, 255U, 256U, 257U, 1000U}) {
            std::vector<float> values(size, -std::numeric_limits<float>::max());
            CHECK(first_not_finite(view(values)) == -1);
            for (std::size_t i = 0; i < size; i += 37) {
                for (const float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
                    values[i] = bad;
                    values.back() = bad;
                    CHECK(first_not_finite(view(values)) == static_cast<std::ptrdiff_t>(i));
                    values[i] = values.back() = 1e-40F;
                }
            }
        }
        CHECK(first_not_finite(view(std::vector<float>{})) == -1);
    }

    TEST_CASE("halves and doubles are looked at as the floats they become") {
        CHECK(first_not_finite(halves(Dtype::f16, {0x7bff, 0xfbff})) == -1);
        CHECK(first_not_finite(halves(Dtype::f16, {0x3c00, 0xfc00})) == 1);
        CHECK(first_not_finite(halves(Dtype::f16, {0x7e01})) == 0);
        CHECK(first_not_finite(halves(Dtype::bf16, {0x7c00, 0xff7f})) == -1);
        CHECK(first_not_finite(halves(Dtype::bf16, {0x7f80})) == 0);
        const double largest = std::numeric_limits<float>::max();
        CHECK(first_not_finite(view<double>({-largest, largest})) == -1);
        CHECK(first_not_finite(view<double>({0, -2 * largest})) == 1);
        CHECK(first_not_finite(view<double>({NAN})) == 0);
        CHECK(first_not_finite(view<std::int32_t>({-1})) == -1);
    }

    TEST_CASE("the message names file, tensor and element") {
        check_finite("f", view<float>({1, 2}));
        CHECK_THROWS_WITH_AS(check_finite("f", view<float>({1, 2, NAN})),
                             "f: tensor \"w\": element 2 is not a finite number", hat::Error);
    }
}
