// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/served_translation.hpp>
#include <hat/model/presets.hpp>

#include "support/fake_clock.hpp"

#include <doctest/doctest.h>

using namespace hat::latency;

namespace {

hat::model::Network super_network() {
    hat::model::Network made(hat::model::uniform(
        {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 16, .ffn_dim = 24, .heads = 2}, 60,
        60));
    made.initialize(1);
    return made;
}

}  // namespace

TEST_SUITE("latency/served_translation") {
    TEST_CASE("a member is timed in every kind of weights, with all tokens and with lists") {
        const hat::model::Network super = super_network();
        const LatencyWorkload workload{.lengths = {{5, 6}, {4, 3}}, .beam = 3};
        for (const int bits : {32, 16, 8})
            for (const int listed : {0, 20}) {
                hat::model::Architecture member = super.architecture();
                member.serving = {bits, listed};
                hat::support::FakeTime time{.tick_ms = 1};
                ServedTranslation timed(super, member, workload, hat::support::FakeClock{&time});
                // The clock is read around every sentence and every encoding.
                CHECK(timed.run() == Latency{.encoder_ms = 1, .decoder_ms = 2});
            }
    }
}
