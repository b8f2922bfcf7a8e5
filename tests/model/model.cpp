// SPDX-License-Identifier: Apache-2.0
#include <hat/model/model.hpp>

#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

TEST_SUITE("model/model") {
    TEST_CASE("what its description shows holds: a network has a loss, and all of it a gradient") {
        constexpr int vocab_size = 20;
        hat::model::Network network(hat::model::transformer_tiny(vocab_size));
        network.initialize(1);
        hat::model::Gradients gradients(network.table());
        const auto model = network.view(&gradients);
        const hat::support::SentencePairs batch({{4, 5, 2}, {7, 2}}, {{2, 9, 10}, {2, 11, 12}});
        hat::Arena memory;
        hat::Arena scratch;
        hat::autograd::Tape tape(memory, scratch, hat::RandomKey(1));
        const auto sum = loss(tape, model, {.residual = 0.3F}, batch.batch(), 0.1F);
        tape.backward();
        CHECK(std::isfinite(sum.loss));
        CHECK(sum.loss > 0);
        for (const auto& entry : network.table()) {
            CAPTURE(entry.name);
            const float* const first = gradients.values.data() + entry.offset;
            CHECK(std::any_of(first, first + entry.size(), [](float g) { return g != 0.0F; }));
        }
    }
}
