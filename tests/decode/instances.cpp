// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/core/arena.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>

#include "support/random_pairs.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#ifndef HAT_SHARED_INSTANCES
#error "tests are compiled with HAT_SHARED_INSTANCES"
#endif

namespace {

/// What needs this context is compiled here, as in a program that shares nothing.
struct OwnEval : hat::autograd::Eval {
    using Eval::Eval;
};

template <class Context>
double loss_with(hat::model::Network& network) {
    hat::Arena memory;
    hat::Arena scratch;
    Context context(memory, scratch);
    const hat::support::SentencePairs pairs({{5, 9, 4, 2}, {7, 2}}, {{2, 8, 6}, {2, 11, 4, 10}});
    return loss(context, network.view(), {}, pairs.batch(), 0.1F).loss;
}

}  // namespace

TEST_SUITE("decode/instances") {
    TEST_CASE("a shared loss has the bits of one that is compiled where it is used") {
        hat::model::Network network(hat::support::small_architecture(20));
        network.initialize(1);
        CHECK(loss_with<hat::autograd::Eval>(network) == loss_with<OwnEval>(network));
    }
}
