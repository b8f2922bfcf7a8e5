// SPDX-License-Identifier: Apache-2.0
#include <hat/model/layer_points.hpp>
#include <hat/model/network.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

#include <set>

using hat::model::layer_point_of;

TEST_SUITE("model/layer_points") {
    TEST_CASE("tensors of layers have the point of their layer, others none") {
        CHECK(layer_point_of("encoder.layers.0.fc1.weight") == hat::model::encoder_layer_point(0));
        CHECK(layer_point_of("decoder.layers.11.self_attn.out_proj.bias") ==
              hat::model::decoder_layer_point(11));
        CHECK(layer_point_of("encoder.embed_tokens.weight") == -1);
        CHECK(layer_point_of("decoder.layer_norm.weight") == -1);
        CHECK(layer_point_of("decoder.layers.999.fc1.weight") == -1);
        CHECK(layer_point_of("") == -1);
    }

    TEST_CASE("a network's layers have a point each") {
        const hat::model::Network network(hat::support::small_architecture(24));
        const auto& architecture = network.architecture();
        std::set<int> points;
        for (const auto& entry : network.table())
            if (const int point = layer_point_of(entry.name); point >= 0) points.insert(point);
        CHECK(static_cast<int>(points.size()) ==
              architecture.encoder.layer_count + architecture.decoder.layer_count);
    }
}
