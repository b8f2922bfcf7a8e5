// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/kernels.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

using hat::Activation;
using hat::Arena;
using hat::ConstMatrix;
using hat::Ragged;
using hat::RandomKey;
using hat::kernels::Dropout;
using hat::support::Operand;

namespace kernels = hat::kernels;

namespace {

/// Multiples of 2^-24 in [−1, 1), which are the same on every machine.
Operand exact_numbers(std::uint64_t seed, int rows, int cols) {
    hat::Random random(seed);
    Operand x(rows, cols);
    for (int i = 0; i < rows; ++i) {
        for (float& v : x.view().row(i)) {
            v = static_cast<float>(static_cast<double>(random.below(1U << 25U)) * 0x1p-24 - 1.0);
        }
    }
    return x;
}

/// A number of all bits of a matrix (FNV-1a).
std::uint64_t checksum(ConstMatrix x) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (int i = 0; i < x.rows(); ++i) {
        for (const float v : x.row(i)) {
            hash = (hash ^ std::bit_cast<std::uint32_t>(v)) * 0x100000001b3U;
        }
    }
    return hash;
}

}  // namespace

// The sums below were made with AVX-512. The promise is that every other machine, compiler and
// optimisation level gives the same: a kernel that adds in another order breaks them.
TEST_SUITE("kernels/kernels") {
    TEST_CASE("products have the same bits on every machine") {
        const Operand x = exact_numbers(1, 13, 50);
        const Operand w = exact_numbers(2, 45, 50);
        const Operand bias = exact_numbers(3, 1, 45);
        Arena scratch;
        Operand y(13, 45);
        kernels::gemm_nt(x.view(), w.view(), {.y = y.view(), .bias = bias.vector().data()},
                         scratch);
        CHECK(checksum(y.view()) == 0x923f1accfe0e036fU);
    }

    TEST_CASE("activations have the same bits on every machine") {
        Operand x = exact_numbers(4, 20, 33);
        for (int i = 0; i < 20; ++i) {
            for (float& v : x.view().row(i)) v *= 8.0F;
        }
        std::vector<std::uint64_t> sums;
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::gelu_tanh,
                                   Activation::tanh, Activation::swish}) {
            Operand y(20, 33);
            kernels::activation(f, x.view(), y.view());
            sums.push_back(checksum(y.view()));
        }
        CHECK(sums[0] == 0xe1305a94a0521cd0U);
        CHECK(sums[1] == 0x5b79a09609e3366bU);
        CHECK(sums[2] == 0xa265f04c8a3d7f5fU);
        CHECK(sums[3] == 0x38b09a591a3c8672U);
        CHECK(sums[4] == 0x5a2529fd4055143dU);
    }

    TEST_CASE("layer norm has the same bits on every machine") {
        const Operand x = exact_numbers(5, 9, 77);
        const Operand gain = exact_numbers(6, 1, 77);
        const Operand bias = exact_numbers(7, 1, 77);
        Operand y(9, 77);
        kernels::layer_norm(x.view(), gain.vector(), bias.vector(), y.view());
        CHECK(checksum(y.view()) == 0xed51d9ff99d10198U);
    }

    TEST_CASE("attention has the same bits on every machine") {
        constexpr std::array offsets{0, 4, 23};
        const Ragged sentences(offsets.data(), 2);
        const Operand q = exact_numbers(8, 23, 40);
        const Operand k = exact_numbers(9, 23, 40);
        const Operand v = exact_numbers(10, 23, 40);
        const kernels::AttentionShape shape{sentences, sentences, 2, true};
        std::vector<float> probabilities(
            static_cast<std::size_t>(kernels::attention_probabilities_size(shape)));
        Arena scratch;
        Operand y(23, 40);
        kernels::attention(shape, Dropout(), q.view(), k.view(), v.view(), probabilities.data(),
                           y.view(), scratch);
        CHECK(checksum(y.view()) == 0x29afe72ab9ea1efaU);
    }

    TEST_CASE("embedding and dropout have the same bits on every machine") {
        constexpr std::array offsets{0, 3, 5};
        constexpr std::array tokens{2, 0, 1, 1, 2};
        const Operand table = exact_numbers(11, 3, 37);
        const Operand positions = exact_numbers(12, 5, 37);
        Operand y(5, 37);
        kernels::embed(tokens, Ragged(offsets.data(), 2), table.view(), 6.25F, positions.view(),
                       Dropout(0.3F, RandomKey(13)), y.view());
        CHECK(checksum(y.view()) == 0x79ff3cc6e5b6a126U);
    }
}
