// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/distillation.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using hat::Arena;
using hat::kernels::CrossEntropy;
using hat::kernels::SoftTargets;
using hat::support::Doubles;
using hat::support::finite_differences;
using hat::support::Operand;
using hat::support::relative_error;

namespace kernels = hat::kernels;
namespace reference = hat::support::reference;

namespace {

/// Logits of a few terms, exponentials to 2 ULP, sums in 16 lanes; a divergence is a difference.
constexpr double tolerance = 4e-6;

std::vector<int> some_targets(hat::Random& random, int tokens, int vocab_size) {
    std::vector<int> targets(static_cast<std::size_t>(tokens));
    for (int& t : targets)
        t = static_cast<int>(random.below(static_cast<std::uint64_t>(vocab_size)));
    targets.front() = vocab_size - 1;
    targets.back() = 0;
    return targets;
}

Doubles softened(const Doubles& logits, double temperature) {
    Doubles p = logits;
    for (double& x : p.data) x /= temperature;
    for (int i = 0; i < p.rows; ++i) reference::softmax_row(p, i, p.cols);
    return p;
}

/// The definition, in double: whole logits, softmaxes and logarithms.
double slow_loss(const Doubles& x, const Doubles& weight, const std::vector<int>& targets,
                 double smoothing, const Doubles& teacher_logits, double share,
                 double temperature) {
    const Doubles p = softened(teacher_logits, temperature);
    const Doubles q = softened(reference::multiply_nt(x, weight), temperature);
    double divergence = 0;
    for (std::size_t i = 0; i < p.data.size(); ++i)
        divergence += p.data[i] * (std::log(p.data[i]) - std::log(q.data[i]));
    return (1 - share) * reference::cross_entropy(x, weight, targets, smoothing) +
           share * temperature * temperature * divergence;
}

/// A student and a teacher of other width on the same tokens.
struct Case {
    Operand x;
    Operand weight;
    Operand states;
    Operand teacher_weight;
    std::vector<int> targets;

    Case(std::uint64_t seed, int tokens, int vocab_size)
        : Case(hat::Random(seed), tokens, vocab_size) {}

    [[nodiscard]] SoftTargets teaching(float share, float temperature) const {
        return {states.view(), teacher_weight.view(), share, temperature};
    }
    [[nodiscard]] Doubles teacher_logits() const {
        return reference::multiply_nt(Doubles(states), Doubles(teacher_weight));
    }

private:
    Case(hat::Random random, int tokens, int vocab_size)
        : x(random, tokens, 3, 2), weight(random, vocab_size, 3, 1), states(random, tokens, 5, 1),
          teacher_weight(random, vocab_size, 5, 3),
          targets(some_targets(random, tokens, vocab_size)) {}
};

}  // namespace

TEST_SUITE("kernels/distillation") {
    TEST_CASE("the loss equals its definition") {
        Arena scratch;
        for (const int vocab_size : {2, 17, 257, 600}) {
            for (const float temperature : {1.0F, 0.5F, 3.0F}) {
                for (const float share : {0.0F, 0.3F, 1.0F}) {
                    CAPTURE(vocab_size);
                    CAPTURE(temperature);
                    CAPTURE(share);
                    const Case c(1, 9, vocab_size);
                    const CrossEntropy result = kernels::distilled_cross_entropy(
                        c.x.view(), c.weight.view(), c.targets, 0.1F,
                        c.teaching(share, temperature), {}, scratch);
                    const double expected =
                        slow_loss(Doubles(c.x), Doubles(c.weight), c.targets,
                                  static_cast<double>(0.1F), c.teacher_logits(),
                                  static_cast<double>(share), static_cast<double>(temperature));
                    CHECK(std::abs(result.loss - expected) < tolerance * expected);
                    const double nll =
                        reference::cross_entropy(Doubles(c.x), Doubles(c.weight), c.targets, 0.0);
                    CHECK(std::abs(result.nll - nll) < tolerance * nll);
                }
            }
        }
    }

    TEST_CASE("gradients are finite differences of the definition, added where told to") {
        Arena scratch;
        for (const int vocab_size : {5, 300}) {
            for (const float temperature : {1.0F, 2.0F}) {
                for (const float share : {0.4F, 1.0F}) {
                    // More words than one block, which takes long, in one setting only.
                    if (vocab_size > 100 && (temperature < 2 || share == 1.0F)) continue;
                    CAPTURE(vocab_size);
                    CAPTURE(temperature);
                    CAPTURE(share);
                    const Case c(2, 4, vocab_size);
                    hat::Random random(3);
                    const Operand old_x(random, 4, 3, 3);
                    const Operand old_weight(random, vocab_size, 3, 2);
                    const Doubles teacher = c.teacher_logits();
                    Doubles xs(c.x);
                    Doubles ws(c.weight);
                    const auto loss = [&] {
                        return slow_loss(xs, ws, c.targets, static_cast<double>(0.1F), teacher,
                                         static_cast<double>(share),
                                         static_cast<double>(temperature));
                    };
                    const Doubles x_slope = finite_differences(xs, loss);
                    const Doubles weight_slope = finite_differences(ws, loss);
                    const SoftTargets teaching = c.teaching(share, temperature);
                    const CrossEntropy without = kernels::distilled_cross_entropy(
                        c.x.view(), c.weight.view(), c.targets, 0.1F, teaching, {}, scratch);
                    for (const bool accumulate : {false, true}) {
                        Operand dx = old_x;
                        Operand dweight = old_weight;
                        const CrossEntropy result = kernels::distilled_cross_entropy(
                            c.x.view(), c.weight.view(), c.targets, 0.1F, teaching,
                            {.dx = dx.view(),
                             .dweight = dweight.view(),
                             .accumulate_x = accumulate},
                            scratch);
                        CHECK(relative_error(dx.view(), accumulate ? x_slope + Doubles(old_x)
                                                                   : x_slope) < tolerance);
                        CHECK(relative_error(dweight.view(), weight_slope + Doubles(old_weight)) <
                              tolerance);
                        CHECK(dx.padding_is_untouched());
                        CHECK(dweight.padding_is_untouched());
                        CHECK(result.loss == without.loss);
                    }
                }
            }
        }
    }

    TEST_CASE("a teacher that does not count leaves the cross entropy, but for rounding") {
        Arena scratch;
        const Case c(4, 7, 300);
        Operand dx(7, 3);
        Operand expected(7, 3);
        const CrossEntropy with =
            kernels::distilled_cross_entropy(c.x.view(), c.weight.view(), c.targets, 0.1F,
                                             c.teaching(0.0F, 1.0F), {.dx = dx.view()}, scratch);
        const CrossEntropy without = kernels::cross_entropy(c.x.view(), c.weight.view(), c.targets,
                                                            0.1F, {.dx = expected.view()}, scratch);
        CHECK(with.loss == doctest::Approx(without.loss).epsilon(1e-12));
        CHECK(with.nll == without.nll);
        CHECK(relative_error(dx.view(), Doubles(expected)) < tolerance);
    }

    TEST_CASE("whoever says what the teacher says has no divergence and no gradient") {
        Arena scratch;
        const Case c(5, 6, 300);
        Operand dx(6, 3);
        const CrossEntropy result = kernels::distilled_cross_entropy(
            c.x.view(), c.weight.view(), c.targets, 0.1F, {c.x.view(), c.weight.view(), 1.0F, 2.0F},
            {.dx = dx.view()}, scratch);
        CHECK(result.loss == 0.0);
        for (int i = 0; i < 6; ++i)
            for (const float d : dx.view().row(i)) CHECK(d == 0.0F);
    }

    TEST_CASE("tokens do not know of each other, whatever the chunks they are worked on in") {
        // So many words that eight tokens fill a chunk.
        constexpr int vocab_size = 340'000;
        constexpr int tokens = 9;
        Arena scratch;
        const Case c(6, tokens, vocab_size);
        Operand dx(tokens, 3);
        const SoftTargets all = c.teaching(0.5F, 2.0F);
        const CrossEntropy together = kernels::distilled_cross_entropy(
            c.x.view(), c.weight.view(), c.targets, 0.1F, all, {.dx = dx.view()}, scratch);
        Operand alone(tokens, 3);
        CrossEntropy sum;
        for (int i = 0; i < tokens; ++i) {
            SoftTargets one = all;
            one.states = all.states.middle_rows(i, 1);
            sum += kernels::distilled_cross_entropy(
                c.x.view().middle_rows(i, 1), c.weight.view(),
                std::span(c.targets).subspan(static_cast<std::size_t>(i), 1), 0.1F, one,
                {.dx = alone.view().middle_rows(i, 1)}, scratch);
        }
        CHECK(sum.loss == together.loss);
        CHECK(hat::support::same_bits(alone.view(), dx.view()));
    }

    TEST_CASE("logits of a thousand overflow nowhere") {
        hat::Random random(7);
        Arena scratch;
        const Operand x(random, 5, 4, 0, 100.0);
        const Operand weight(random, 300, 4, 0, 10.0);
        const Operand states(random, 5, 4, 0, 100.0);
        const auto targets = some_targets(random, 5, 300);
        Operand dx(5, 4);
        const CrossEntropy result = kernels::distilled_cross_entropy(
            x.view(), weight.view(), targets, 0.1F, {states.view(), weight.view(), 0.5F, 0.5F},
            {.dx = dx.view()}, scratch);
        CHECK(std::isfinite(result.loss));
        for (int i = 0; i < 5; ++i)
            for (const float d : dx.view().row(i)) CHECK(std::isfinite(d));
    }

    TEST_CASE("scratch is given back, and is all that the loss allocates") {
        Arena scratch;
        const Case c(8, 12, 400);
        Operand dx(12, 3);
        Operand dweight(400, 3);
        const auto step = [&] {
            (void)kernels::distilled_cross_entropy(
                c.x.view(), c.weight.view(), c.targets, 0.1F, c.teaching(0.5F, 1.0F),
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
