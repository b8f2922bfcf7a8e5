// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/served_network.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/model/network.hpp>

#include "support/rejected.hpp"
#include "support/temporary_directory.hpp"
#include "support/translator_directory.hpp"

#include <doctest/doctest.h>

#include <string>

using hat::decode::load_network;
using hat::decode::ServedNetwork;
using hat::decode::WeightKind;
using hat::io::ModelDirectory;
using hat::support::save_random_translator;
using hat::support::TemporaryDirectory;

// Copies of packed weights, models of integers, and what an architecture says, are those of
// decode/served_model.cpp.
TEST_SUITE("decode/served_network") {
    TEST_CASE("a network is served in the kind of weights that is asked for") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "model");
        const ModelDirectory model = ModelDirectory::open_to_serve(directory / "model");
        CHECK(load_network(model, {}).translator.kind() == WeightKind::fp32);
        const ServedNetwork network = load_network(model, WeightKind::bf16);
        CHECK(network.translator.kind() == WeightKind::bf16);
        CHECK(network.note.empty());
        CHECK(network.most_tokens() == network.translator.max_source_length() - 1);
    }

    TEST_CASE("lines are cut that are longer than the training's, unless translations are short") {
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        save_random_translator(path);
        CHECK(load_network(ModelDirectory::open(path), {}).split_over({}) == 0);
        const auto split_over = [&](const std::string& told) {
            auto config = ModelDirectory::open(path).config();
            const auto text = ModelDirectory::open(path).text_files();
            config.provenance[hat::io::longest_source_key] = told;
            hat::model::Network network(config.architecture);
            network.initialize(1);
            hat::io::save_model_directory(path, config, network.table(), network.values(), text,
                                          "# card\n");
            const ServedNetwork served = load_network(ModelDirectory::open(path), {});
            CHECK(served.longest_source == std::stoi(told));
            return served.split_over({.max_length_b = 50});
        };
        CHECK(split_over("40") == 40);
        CHECK(split_over("20") == 32);
        hat::support::check_rejected_at(path + "/config.json",
                                        "found \"forty\", expected a number of tokens",
                                        [&] { split_over("forty"); });
    }
}
