// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/gemm.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::Activation;
using hat::Arena;
using hat::support::Operand;
using hat::support::same_bits;

namespace kernels = hat::kernels;

namespace {

struct Shape {
    int m;
    int n;
    int k;
};

/// y = x · wᵀ in the three orientations; `x` [m, k] and `w` [n, k] are laid out as each asks.
struct Case {
    Operand x;
    Operand w;
    Operand x_transposed;
    Operand w_transposed;

    Case(hat::Random& random, Shape shape, int padding)
        : x(random, shape.m, shape.k, padding), w(random, shape.n, shape.k, 2 * padding),
          x_transposed(transposed(x, padding)), w_transposed(transposed(w, 3 * padding)) {}

    void run(int orientation, const kernels::Output& output, Arena& scratch) const {
        if (orientation == 0) kernels::gemm_nt(x.view(), w.view(), output, scratch);
        if (orientation == 1) kernels::gemm_nn(x.view(), w_transposed.view(), output, scratch);
        if (orientation == 2) {
            kernels::gemm_tn(x_transposed.view(), w_transposed.view(), output, scratch);
        }
    }
};

/// Whether all orientations and starts give the bits of one chain per output, which the test of
/// the packed product holds against double precision.
bool is_chain(hat::Random& random, Shape shape, int padding) {
    const Case operands(random, shape, padding);
    const Operand zero(1, shape.n);
    const Operand bias(random, 1, shape.n);
    const Operand old(random, shape.m, shape.n, padding);
    const auto chains = [&](const Operand& start) {
        return hat::support::fma_chains(operands.x.view(), operands.w.view(), start.view());
    };
    const Operand from_zero = chains(zero);
    const Operand from_bias = chains(bias);
    const Operand from_old = chains(old);
    Arena scratch;
    bool same = true;
    for (const int orientation : {0, 1, 2}) {
        Operand y = old;
        operands.run(orientation, {.y = y.view(), .accumulate = true}, scratch);
        same = same && same_bits(y.view(), from_old.view());
        operands.run(orientation, {.y = y.view()}, scratch);
        same = same && same_bits(y.view(), from_zero.view());
        operands.run(orientation, {.y = y.view(), .bias = bias.vector().data()}, scratch);
        same = same && same_bits(y.view(), from_bias.view()) && y.padding_is_untouched();
    }
    return same;
}

}  // namespace

TEST_SUITE("kernels/gemm") {
    TEST_CASE("all orientations give one fused chain per output for 1 to 40 rows") {
        hat::Random random(1);
        for (int m = 1; m <= 40; ++m) {
            CAPTURE(m);
            CHECK(is_chain(random, {m, 1 + m * 13 % 61, 1 + m * 5 % 39}, m % 4));
        }
    }

    TEST_CASE("all orientations give one fused chain per output for whole and broken panels") {
        hat::Random random(2);
        for (const int n : {1, 15, 16, 17, 32, 47, 130}) {
            for (const int k : {1, 2, 16, 33}) {
                CAPTURE(n);
                CAPTURE(k);
                CHECK(is_chain(random, {9, n, k}, 0));
                CHECK(is_chain(random, {18, n, k}, 5));
            }
        }
    }

    TEST_CASE("operands bigger than a group of panels make no difference") {
        hat::Random random(3);
        CHECK(is_chain(random, {17, 300, 270}, 0));
        CHECK(is_chain(random, {40, 70, 600}, 0));
    }

    TEST_CASE("no rows and no inputs are products too") {
        hat::Random random(4);
        CHECK(is_chain(random, {0, 20, 5}, 0));
        CHECK(is_chain(random, {3, 20, 0}, 0));
        CHECK(is_chain(random, {3, 0, 5}, 0));
    }

    TEST_CASE("the activation is applied to the finished sum") {
        hat::Random random(5);
        const Case operands(random, {10, 35, 12}, 1);
        Arena scratch;
        Operand linear(10, 35);
        operands.run(0, {.y = linear.view()}, scratch);
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::swish}) {
            Operand expected(10, 35);
            kernels::activation(f, linear.view(), expected.view());
            for (const int orientation : {0, 1, 2}) {
                Operand y(10, 35);
                operands.run(orientation, {.y = y.view(), .activation = f}, scratch);
                CHECK(same_bits(y.view(), expected.view()));
            }
        }
    }

    TEST_CASE("scratch is given back, and is all that a product allocates") {
        hat::Random random(6);
        const Case operands(random, {20, 50, 40}, 0);
        Arena scratch;
        Operand y(20, 50);
        const auto all = [&] {
            for (const int orientation : {0, 1, 2}) {
                operands.run(orientation, {.y = y.view()}, scratch);
            }
        };
        all();
        const float* const next = scratch.allocate<float>(1);
        scratch.reset();
        CHECK(hat::support::allocations_in(all) == 0);
        CHECK(scratch.allocate<float>(1) == next);
    }

    TEST_CASE("the gradients of a linear layer are finite differences of its forward pass") {
        using hat::support::dot;
        using hat::support::Doubles;
        using hat::support::finite_differences;
        using hat::support::relative_error;
        hat::Random random(7);
        const Operand x(random, 6, 10);
        const Operand w(random, 7, 10);
        const Operand dy(random, 6, 7);
        Doubles xs(x);
        Doubles ws(w);
        const auto loss = [&] {
            return dot(hat::support::reference::multiply_nt(xs, ws), Doubles(dy));
        };
        Arena scratch;
        Operand dx(6, 10);
        kernels::gemm_nn(dy.view(), w.view(), {.y = dx.view()}, scratch);
        Operand dw(7, 10);
        kernels::gemm_tn(dy.view(), x.view(), {.y = dw.view()}, scratch);
        // Ten roundings of float, and 1e-10 of the differences.
        CHECK(relative_error(dx.view(), finite_differences(xs, loss)) < 1e-6);
        CHECK(relative_error(dw.view(), finite_differences(ws, loss)) < 1e-6);
    }
}
