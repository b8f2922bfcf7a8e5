// SPDX-License-Identifier: Apache-2.0
#include <hat/core/tree.hpp>
#include <hat/integer/transformer.hpp>

#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using hat::support::IntegerNetwork;

namespace {

struct Names {
    std::vector<std::string>& all;

    void operator()(const hat::Leaf& leaf, const auto& /*weight*/) const {
        all.push_back(leaf.path.text());
    }
};

std::vector<std::string> names_of(const IntegerNetwork& network) {
    std::vector<std::string> names;
    auto model = network.integers.view();
    separate_tables(model);
    hat::walk(Names{names}, model);
    return names;
}
bool has(const std::vector<std::string>& names, const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_SUITE("integer/transformer") {
    TEST_CASE("a walk names every weight once, tables that are one too") {
        const auto architectures = hat::support::integer_architectures();
        auto names = names_of(IntegerNetwork(architectures[0]));
        CHECK(has(names, "encoder.layers.2.self_attn.out_proj.weight"));
        CHECK(has(names, "decoder.layers.0.encoder_attn.score.scale"));
        CHECK(has(names, "decoder.layers.1.fc2.bias"));
        CHECK(has(names, "source.words"));
        CHECK(!has(names, "target.words"));
        CHECK(!has(names, "output.weight"));
        CHECK(has(names, "output.scale"));
        CHECK(!has(names, "encoder.layer_norm.scale"));
        std::sort(names.begin(), names.end());
        CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());

        names = names_of(IntegerNetwork(architectures[1]));
        CHECK(has(names, "target.words"));
        CHECK(!has(names, "output.weight"));
        CHECK(has(names, "encoder.layer_norm.scale"));
        CHECK(!has(names, "target.positions"));
        CHECK(has(names_of(IntegerNetwork(architectures[2])), "output.weight"));
    }

    TEST_CASE("tables that are one stand where they are read") {
        const IntegerNetwork network(hat::support::integer_architectures()[0]);
        const auto& model = network.integers.view();
        CHECK(model.target.words.data() == model.source.words.data());
        CHECK(model.output.weight.data() == model.source.words.data());
        CHECK(model.vocab_size() == 50);
    }
}
