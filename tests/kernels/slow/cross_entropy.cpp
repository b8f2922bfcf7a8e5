// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/cross_entropy.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <vector>

using hat::Arena;
using hat::kernels::CrossEntropy;
using hat::support::Operand;
using hat::support::same_bits;

namespace kernels = hat::kernels;

TEST_SUITE("kernels/cross_entropy") {
    TEST_CASE("a batch whose logits are too many is worked through in equal parts") {
        hat::Random random(4);
        Arena scratch;
        constexpr int vocab_size = 70'000;
        constexpr int tokens = 80;  // 5.6 million logits: two parts of 40 tokens
        const Operand x(random, tokens, 2);
        const Operand weight(random, vocab_size, 2);
        std::vector<int> targets(tokens);
        for (int& t : targets) t = static_cast<int>(random.below(vocab_size));
        Operand dx(tokens, 2);
        Operand dweight(vocab_size, 2);
        const CrossEntropy whole =
            kernels::cross_entropy(x.view(), weight.view(), targets, 0.1F,
                                   {.dx = dx.view(), .dweight = dweight.view()}, scratch);
        CrossEntropy halves;
        Operand dx_halves(tokens, 2);
        Operand dweight_halves(vocab_size, 2);
        for (const int first : {0, 40}) {
            halves += kernels::cross_entropy(
                x.view().middle_rows(first, 40), weight.view(),
                std::span(targets).subspan(static_cast<std::size_t>(first), 40), 0.1F,
                {.dx = dx_halves.view().middle_rows(first, 40), .dweight = dweight_halves.view()},
                scratch);
        }
        CHECK(whole.loss == doctest::Approx(halves.loss).epsilon(1e-12));
        CHECK(whole.nll == doctest::Approx(halves.nll).epsilon(1e-12));
        CHECK(same_bits(dx.view(), dx_halves.view()));
        CHECK(same_bits(dweight.view(), dweight_halves.view()));
    }
}
