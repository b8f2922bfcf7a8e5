// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/cross_entropy.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using hat::Arena;
using hat::kernels::CrossEntropy;
using hat::kernels::CrossEntropyGradients;
using hat::support::Doubles;
using hat::support::finite_differences;
using hat::support::Operand;
using hat::support::relative_error;

namespace kernels = hat::kernels;
namespace reference = hat::support::reference;

namespace {

std::vector<int> some_targets(hat::Random& random, int tokens, int vocab_size) {
    std::vector<int> targets(static_cast<std::size_t>(tokens));
    for (int& t : targets)
        t = static_cast<int>(random.below(static_cast<std::uint64_t>(vocab_size)));
    targets.front() = vocab_size - 1;
    targets.back() = 0;
    return targets;
}

/// Logits of a few terms, exponentials to 2 ULP, sums in 16 lanes.
constexpr double tolerance = 2e-6;

}  // namespace

TEST_SUITE("kernels/cross_entropy") {
    TEST_CASE("the loss equals its definition for whole and broken blocks of words") {
        hat::Random random(1);
        Arena scratch;
        for (const int vocab_size : {2, 17, 256, 257, 600}) {
            for (const float smoothing : {0.0F, 0.1F}) {
                CAPTURE(vocab_size);
                const Operand x(random, 9, 7, 2);
                const Operand weight(random, vocab_size, 7, 1);
                const auto targets = some_targets(random, 9, vocab_size);
                const CrossEntropy result = kernels::cross_entropy(x.view(), weight.view(), targets,
                                                                   smoothing, {}, scratch);
                const double loss = reference::cross_entropy(Doubles(x), Doubles(weight), targets,
                                                             static_cast<double>(smoothing));
                const double nll =
                    reference::cross_entropy(Doubles(x), Doubles(weight), targets, 0.0);
                CHECK(std::abs(result.loss - loss) < tolerance * loss);
                CHECK(std::abs(result.nll - nll) < tolerance * nll);
                if (smoothing == 0.0F) CHECK(result.loss == result.nll);
            }
        }
    }

    TEST_CASE("gradients are finite differences of the definition, added where told to") {
        hat::Random random(2);
        Arena scratch;
        for (const int vocab_size : {5, 300}) {
            for (const float smoothing : {0.0F, 0.1F}) {
                CAPTURE(vocab_size);
                const int dim = 3;
                const Operand x(random, 4, dim, 2);
                const Operand weight(random, vocab_size, dim, 1);
                const auto targets = some_targets(random, 4, vocab_size);
                const Operand old_x(random, 4, dim, 3);
                const Operand old_weight(random, vocab_size, dim, 2);

                Doubles xs(x);
                Doubles ws(weight);
                const auto loss = [&] {
                    return reference::cross_entropy(xs, ws, targets,
                                                    static_cast<double>(smoothing));
                };
                const Doubles x_slope = finite_differences(xs, loss);
                const Doubles weight_slope = finite_differences(ws, loss);
                const CrossEntropy without = kernels::cross_entropy(
                    x.view(), weight.view(), targets, smoothing, {}, scratch);
                for (const bool accumulate : {false, true}) {
                    Operand dx = old_x;
                    Operand dweight = old_weight;
                    const CrossEntropy result = kernels::cross_entropy(
                        x.view(), weight.view(), targets, smoothing,
                        {.dx = dx.view(), .dweight = dweight.view(), .accumulate_x = accumulate},
                        scratch);
                    CHECK(relative_error(dx.view(), accumulate ? x_slope + Doubles(old_x)
                                                               : x_slope) < tolerance);
                    CHECK(relative_error(dweight.view(), weight_slope + Doubles(old_weight)) <
                          tolerance);
                    CHECK(dx.padding_is_untouched());
                    CHECK(dweight.padding_is_untouched());
                    CHECK(result.loss == without.loss);
                    CHECK(result.nll == without.nll);
                }
            }
        }
    }

    TEST_CASE("a frozen output layer still passes its gradient on") {
        hat::Random random(6);
        Arena scratch;
        const Operand x(random, 4, 6);
        const Operand weight(random, 300, 6);
        const auto targets = some_targets(random, 4, 300);
        Operand dx(4, 6);
        Operand dx_alone(4, 6);
        Operand dweight(300, 6);
        (void)kernels::cross_entropy(x.view(), weight.view(), targets, 0.1F,
                                     {.dx = dx.view(), .dweight = dweight.view()}, scratch);
        (void)kernels::cross_entropy(x.view(), weight.view(), targets, 0.1F,
                                     {.dx = dx_alone.view()}, scratch);
        CHECK(hat::support::same_bits(dx_alone.view(), dx.view()));
    }

    TEST_CASE("rows that are stored elsewhere count like the others") {
        hat::Random random(7);
        Arena scratch;
        const Operand x(random, 5, 6);
        const Operand weight(random, 300, 6);
        const auto targets = some_targets(random, 5, 300);
        Operand dx(5, 6);
        Operand dweight(300, 6);
        const CrossEntropy whole =
            kernels::cross_entropy(x.view(), weight.view(), targets, 0.1F,
                                   {.dx = dx.view(), .dweight = dweight.view()}, scratch);
        for (const int first : {256, 290}) {
            CAPTURE(first);
            const auto last = [&](auto rows) { return rows.middle_rows(first, 300 - first); };
            Operand own_dx(5, 6);
            Operand own_dweight(300, 6);
            const CrossEntropy parts = kernels::cross_entropy(
                x.view(), {weight.view().top_rows(first), last(weight.view())}, targets, 0.1F,
                {.dx = own_dx.view(),
                 .dweight = own_dweight.view().top_rows(first),
                 .dmore = last(own_dweight.view())},
                scratch);
            CHECK(parts.loss == doctest::Approx(whole.loss).epsilon(1e-6));
            CHECK(relative_error(own_dx.view(), Doubles(dx)) < tolerance);
            CHECK(relative_error(own_dweight.view(), Doubles(dweight)) < tolerance);
        }
    }

    TEST_CASE("logits of a thousand neither overflow nor lose the loss") {
        hat::Random random(3);
        Arena scratch;
        const Operand x(random, 5, 4, 0, 100.0);
        const Operand weight(random, 300, 4, 0, 10.0);
        const auto targets = some_targets(random, 5, 300);
        Operand dx(5, 4);
        Operand dweight(300, 4);
        const CrossEntropy result =
            kernels::cross_entropy(x.view(), weight.view(), targets, 0.0F,
                                   {.dx = dx.view(), .dweight = dweight.view()}, scratch);
        // −log of the naive softmax would overflow: log Σ exp(l − max) does not.
        const Doubles logits = reference::multiply_nt(Doubles(x), Doubles(weight));
        double expected = 0;
        for (int i = 0; i < 5; ++i) {
            double largest = logits(i, 0);
            for (int j = 1; j < 300; ++j) largest = std::max(largest, logits(i, j));
            double total = 0;
            for (int j = 0; j < 300; ++j) total += std::exp(logits(i, j) - largest);
            expected += largest + std::log(total) - logits(i, targets[static_cast<std::size_t>(i)]);
        }
        CHECK(std::abs(result.nll - expected) < tolerance * expected);
        for (int j = 0; j < 4; ++j) CHECK(std::isfinite(dx(2, j)));
    }

    TEST_CASE("no tokens have no loss") {
        Arena scratch;
        const Operand weight(5, 3, 0, 1.0F);
        const CrossEntropy result =
            kernels::cross_entropy(Operand(0, 3).view(), weight.view(), {}, 0.1F, {}, scratch);
        CHECK(result.loss == 0.0);
        CHECK(result.nll == 0.0);
    }

    TEST_CASE("scratch is given back, and is all that the loss allocates") {
        hat::Random random(5);
        Arena scratch;
        const Operand x(random, 12, 8);
        const Operand weight(random, 400, 8);
        const auto targets = some_targets(random, 12, 400);
        Operand dx(12, 8);
        Operand dweight(400, 8);
        const auto step = [&] {
            (void)kernels::cross_entropy(x.view(), weight.view(), targets, 0.1F,
                                         {.dx = dx.view(), .dweight = dweight.view()}, scratch);
        };
        const float* const next = scratch.allocate<float>(1);
        scratch.reset();
        step();
        scratch.reset();
        CHECK(hat::support::allocations_in(step) == 0);
        CHECK(scratch.allocate<float>(1) == next);
    }
}
