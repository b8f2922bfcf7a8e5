// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/deadline_ladder.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace hat::decode;

TEST_SUITE("decode/deadline_ladder") {
    TEST_CASE("it runs the largest network in time, and counts what was late") {
        hat::model::Network network(hat::model::transformer_tiny(50));
        network.initialize(4);
        hat::model::Architecture genes = network.architecture();
        genes.decoder.layer_count = 1;
        const auto small = sub_architecture(genes, network.architecture());
        const AnyTranslator whole(network.view(), WeightKind::fp32, {});
        const std::vector<Rung> rungs{{small, 1}, {network.architecture(), 2}};
        hat::ThreadPool pool(1);
        for (const double ms : {1e6, 1e-9}) {
            DeadlineLadder ladder(whole, {.ms = ms, .ladder = rungs});
            ladder.practise(50, 2, {.beam = 2, .max_length_b = 5}, pool);
            CHECK(ladder.deadline().sentences() == 0);
            const int layers = ladder.run(
                5, [](const AnyTranslator& translator) { return translator.decoder_layers(); });
            if (ms > 1) CHECK(layers == whole.decoder_layers());
            CHECK(ladder.deadline().sentences() == 1);
            CHECK(ladder.deadline().late() == (ms > 1 ? 0 : 1));
        }
    }

    TEST_CASE("it practises with no more tokens than the network has positions for") {
        hat::model::Architecture architecture = hat::model::transformer_tiny(50);
        const auto limit = [](auto& side) {
            side.positions = hat::model::Positions::learned;
            side.max_positions = 5;
        };
        limit(architecture.encoder);
        limit(architecture.decoder);
        hat::model::Network network(architecture);
        network.initialize(4);
        const AnyTranslator whole(network.view(), WeightKind::fp32, {});
        DeadlineLadder ladder(whole, {.ms = 1, .ladder = {{architecture, 1}}});
        hat::ThreadPool pool(1);
        CHECK_NOTHROW(ladder.practise(50, 2, {.beam = 2}, pool));
    }
}
