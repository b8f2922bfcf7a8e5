// SPDX-License-Identifier: Apache-2.0
//
// Products of bytes, which a Cortex-M makes by Helium or two at a time, are those of their
// definition: of all numbers of inputs, at all places.

#include <hat/core/arena.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/random.hpp>
#include <hat/integer/dot.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/packed_gemm.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace {

namespace kernels = hat::kernels;
using kernels::Int8;

constexpr int most_inputs = 70;
constexpr int outputs = 37;

int checked = 0;
int wrong = 0;
void check(bool holds) {
    ++checked;
    if (!holds) ++wrong;
}

template <class T>
T draw(hat::Random& random, int most) {
    return static_cast<T>(static_cast<int>(random.below(2 * most + 1)) - most);
}

/// A product of 8 bits at `rows` rows, by exact sums one number at a time.
void check_product(int rows, int inputs, hat::Random& random) {
    static float weight[outputs * most_inputs];
    static float x[3 * most_inputs];
    static float y[3 * outputs];
    alignas(64) static std::uint8_t packed[3 * Int8::panel_stride(most_inputs)];
    alignas(64) static std::byte room[4096];
    for (float& w : weight) w = draw<float>(random, 127);
    for (float& number : x) number = draw<float>(random, 127);
    // The largest of a row is 127, so that its scale is 1 and each number is what it is.
    for (int i = 0; i < outputs; ++i) weight[i * inputs] = 127;
    for (int i = 0; i < rows; ++i) x[i * inputs] = -127;
    const auto operand = kernels::pack<Int8>({weight, outputs, inputs}, packed);
    hat::Arena scratch({room, sizeof room});
    kernels::multiply_panels<Int8>(
        Int8::prepare({x, rows, inputs}, scratch), operand,
        {.y = {y, rows, outputs}, .bias = nullptr, .activation = hat::Activation::linear});
    for (int r = 0; r < rows; ++r)
        for (int i = 0; i < outputs; ++i) {
            std::int32_t sum = 0;
            for (int k = 0; k < inputs; ++k)
                sum += static_cast<std::int32_t>(weight[i * inputs + k]) *
                       static_cast<std::int32_t>(x[r * inputs + k]);
            check(y[r * outputs + i] == static_cast<float>(sum));
        }
}

template <class A, class B>
void check_dot(int size, int place, int most_a, int most_b, hat::Random& random) {
    static A a[most_inputs + 8];
    static B b[most_inputs + 8];
    for (A& number : a) number = draw<A>(random, most_a);
    for (B& number : b) number = draw<B>(random, most_b);
    std::int32_t sum = 0;
    for (int i = 0; i < size; ++i) sum += std::int32_t{a[place + i]} * b[place + i];
    check(hat::integer::dot(a + place, b + place, size) == sum);
}

}  // namespace

int main() {
    hat::Random random(hat::RandomKey(3));
    for (int inputs = 1; inputs <= most_inputs; ++inputs)
        for (const int rows : {1, 3}) check_product(rows, inputs, random);
    for (int size = 0; size <= most_inputs; ++size)
        for (int place = 0; place < 8; ++place) {
            check_dot<std::int8_t, std::int16_t>(size, place, 127, 127, random);
            check_dot<std::int16_t, std::int8_t>(size, place, 32767, 127, random);
        }
    std::printf("%s: %d results, %d wrong\n", hat::simd::dot::instruction_set, checked, wrong);
    return wrong == 0 ? 0 : 1;
}
