// SPDX-License-Identifier: Apache-2.0
#include <hat/io/packed_copy.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace hat::io;
using hat::model::Network;
using hat::model::PackedModel;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

Network some_network(std::uint64_t seed) {
    Network network(hat::model::uniform(
        {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 16, .ffn_dim = 32, .heads = 2}, 20,
        20));
    network.initialize(seed);
    return network;
}

void save(const std::string& path, const Network& network) {
    save_model_directory(path, {.architecture = network.architecture()}, network.table(),
                         network.values(), "subword bytes", "# card\n");
}

/// A model with a copy of its weights.
struct Model {
    TemporaryDirectory parent;
    std::string path = parent / "model";
    Network network = some_network(1);
    std::string copy;

    Model() {
        save(path, network);
        copy = PackedCopy::write(open(), "fp32", PackedModel(network.view()).bytes());
    }
    [[nodiscard]] ModelDirectory open() const { return ModelDirectory::open_to_serve(path); }

    /// That the copy is not taken, for this reason.
    void check_refused(const std::string& reason) const {
        const ModelDirectory directory = open();
        CHECK_THROWS_WITH_AS(static_cast<void>(PackedCopy::find(directory, "fp32")),
                             doctest::Contains((copy + reason).c_str()), hat::Error);
    }
};

}  // namespace

TEST_SUITE("io/packed_copy") {
    TEST_CASE("a copy has the bytes that were packed, from a cache line on") {
        const Model model;
        CHECK(model.copy == model.path + "/packed.fp32.safetensors");
        const auto copy = PackedCopy::find(model.open(), "fp32");
        REQUIRE(copy);
        const PackedModel packed(model.network.view());
        CHECK(std::equal(copy->bytes().begin(), copy->bytes().end(), packed.bytes().begin(),
                         packed.bytes().end()));
        CHECK_NOTHROW(PackedModel(model.network.architecture(), copy->bytes()));
        CHECK_FALSE(PackedCopy::find(model.open(), "int8"));
    }

    TEST_CASE("a copy of another model, of other weights or in another layout is refused") {
        const Model model;
        const std::string kept = read_file(model.copy);

        save(model.path, some_network(2));
        CHECK_FALSE(PackedCopy::find(model.open(), "fp32"));  // a model is saved without copies
        write_file(model.copy, kept);
        model.check_refused(": model: found \"xxh3:");

        save(model.path, model.network);
        write_file(model.copy, kept);
        CHECK(PackedCopy::find(model.open(), "fp32"));
        write_file(model.path + "/packed.int8.safetensors", kept);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(PackedCopy::find(model.open(), "int8")),
            (model.path + "/packed.int8.safetensors: kind: found \"fp32\", expected \"int8\"")
                .c_str(),
            hat::Error);
        std::string other = kept;
        const std::string layout = hat::nn::packed_layout;
        other[other.find(layout) + layout.size() - 1] = '0';
        write_file(model.copy, other);
        model.check_refused(": layout: found \"panels of 16 outputs, little-endian, 0\"");
    }

    TEST_CASE("a damaged copy is refused: any byte of it, and where it was cut") {
        const Model model;
        const std::string kept = read_file(model.copy);
        std::string damaged = kept;
        damaged.back() = static_cast<char>(damaged.back() ^ 1);
        write_file(model.copy, damaged);
        model.check_refused(": content: found \"xxh3:");
        for (const std::size_t size : {std::size_t{0}, std::size_t{7}, kept.size() / 2}) {
            write_file(model.copy, kept.substr(0, size));
            model.check_refused(": ");
        }
        write_safetensors(model.copy, {}, {});
        model.check_refused(": tensor \"packed\" is missing");
    }

    TEST_CASE("weights that were exchanged do not matter to those who serve a copy of the others") {
        const Model model;
        const std::string weights = model.path + "/weights.safetensors";
        std::string exchanged = read_file(weights);
        exchanged.back() = static_cast<char>(exchanged.back() ^ 1);
        overwrite(weights, exchanged);
        const ModelDirectory directory = model.open();
        CHECK(PackedCopy::find(directory, "fp32"));
        Network network(model.network.architecture());
        CHECK_THROWS_WITH_AS(directory.load_weights(network.table(), network.values()),
                             doctest::Contains("is not the file this model was saved with"),
                             hat::Error);
        CHECK_THROWS_AS(static_cast<void>(ModelDirectory::open(model.path)), hat::Error);
    }

    TEST_CASE("a model that keeps no hashes can have no copy") {
        const Model model;
        Json config = Json::parse(read_file(model.path + "/config.json"));
        config.erase("files");
        write_file(model.path + "/config.json", config.dump());
        CHECK_THROWS_WITH_AS(PackedCopy::write(model.open(), "fp32", {}),
                             doctest::Contains("was saved without the hashes of its files"),
                             hat::Error);
        model.check_refused(": model: found ");
    }
}
