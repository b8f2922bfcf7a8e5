// SPDX-License-Identifier: Apache-2.0
#include <hat/train/training_state.hpp>

#include <doctest/doctest.h>

using hat::train::TrainingPosition;

TEST_SUITE("train/training_state") {
    TEST_CASE("a position without kept parameters is another than one that has kept none") {
        TrainingPosition old;
        old.update = 3;
        TrainingPosition noted = old;
        CHECK(noted == old);
        noted.parameters.emplace();
        CHECK_FALSE(noted == old);
        noted.parameters->push_back({.update = 3, .checksum = "7"});
        TrainingPosition other = noted;
        other.parameters->front().checksum = "8";
        CHECK_FALSE(noted == other);
    }
}
