// SPDX-License-Identifier: Apache-2.0
#include <hat/core/bfloat16.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace hat::model;
using hat::Arena;
using hat::autograd::Eval;
using hat::support::TokenLists;

namespace {

const TokenLists sources({{4, 5, 6, 2}, {7, 2}, {8, 9, 10, 11, 12, 13, 2}});
const TokenLists inputs({{2, 14, 15}, {2, 16, 17, 18, 19}, {2, 20}});

/// The encoder's and the decoder's last output.
template <class Weights>
std::vector<float> outputs(const Transformer<Weights>& model) {
    Arena memory;
    Arena scratch;
    Eval context(memory, scratch);
    Encoded encoded;
    std::vector<float> all;
    const auto append = [&](const Variable& x) {
        all.insert(all.end(), x.value.data(), x.value.data() + std::ptrdiff_t{x.rows()} * x.cols());
    };
    if (model.architecture.has_encoder()) {
        encoded = encode(context, model, {}, sources.tokens, sources.ragged());
        append(encoded.output);
    }
    append(decode(context, model, {}, encoded, inputs.tokens, inputs.ragged()).output);
    return all;
}

}  // namespace

TEST_SUITE("model/pack") {
    TEST_CASE("a packed model computes what the network does, and needs it no more") {
        std::vector<Architecture> architectures{
            hat::support::uneven_translator(Sharing::decoder_input_output)};
        for (const Architecture& a : hat::support::varied_architectures())
            architectures.push_back(a);
        for (const Architecture& a : architectures) {
            Network network(a);
            network.initialize(3);
            // Biases and gains start as 0 and 1: give them values that a mix-up would show.
            hat::Random random{hat::RandomKey(4)};
            for (const auto& entry : network.table()) {
                if (!entry.is_vector) continue;
                float* const values = network.values().data() + entry.offset;
                std::for_each(values, values + entry.size(),
                              [&](float& v) { v += 0.1F * static_cast<float>(random.normal()); });
            }
            const std::vector<float> expected = outputs(network.view());
            PackedModel packed(network.view());
            std::memset(network.values().data(), 0,
                        static_cast<std::size_t>(network.values().size()) * sizeof(float));
            const std::vector<float> found = outputs(packed.view());
            REQUIRE(found.size() == expected.size());
            float largest = 0;
            float worst = 0;
            for (std::size_t i = 0; i < found.size(); ++i) {
                largest = std::max(largest, std::abs(expected[i]));
                worst = std::max(worst, std::abs(found[i] - expected[i]));
            }
            // Training may add in another order.
            CHECK(worst < 1e-5F * largest);
            CHECK(packed.architecture() == a);

            const PackedModel moved = std::move(packed);
            CHECK(outputs(moved.view()) == found);
        }
    }

    TEST_CASE("of weights in bfloat16 it makes what floats of the same values make") {
        for (const Architecture& a : hat::support::varied_architectures()) {
            Network network(a);
            network.initialize(5);
            const PackedModelOf<hat::nn::PackedBf16> packed(network.view());
            for (const auto& entry : network.table()) {
                if (entry.is_vector || entry.name.find("positions") != std::string::npos) continue;
                float* const values = network.values().data() + entry.offset;
                std::transform(values, values + entry.size(), values, [](float v) {
                    return hat::bfloat16_to_float(hat::float_to_bfloat16(v));
                });
            }
            CHECK(outputs(packed.view()) == outputs(PackedModel(network.view()).view()));
        }
    }

    TEST_CASE("of weights in 8 bits it makes nearly the same, and takes little more than a byte") {
        const Architecture a = transformer_tiny(1000);
        Network network(a);
        network.initialize(5);
        const PackedModelOf<hat::nn::PackedInt8> packed(network.view());
        const std::vector<float> expected = outputs(PackedModel(network.view()).view());
        const std::vector<float> found = outputs(packed.view());
        double error = 0;
        double size = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            error += std::pow(static_cast<double>(found[i] - expected[i]), 2);
            size += std::pow(static_cast<double>(expected[i]), 2);
        }
        CHECK(error < 0.02 * 0.02 * size);
        const auto positions = std::size_t{2} * (Network::max_tokens + 2) * 128 * sizeof(float);
        const auto weights = static_cast<std::size_t>(network.values().size() + 1000 * 128);
        CHECK(packed.size_bytes() - positions < weights + weights / 10);
    }

    /// The weights of a network, packed, seen again from their bytes.
    template <class Weights>
    void check_from_bytes(const Network& network) {
        const PackedModelOf<Weights> packed(network.view());
        const PackedModelOf<Weights> seen(network.architecture(), packed.bytes());
        CHECK(seen.bytes().data() == packed.bytes().data());
        CHECK(seen.architecture() == packed.architecture());
        CHECK(outputs(seen.view()) == outputs(packed.view()));
    }

    TEST_CASE("packed weights are those of their architecture, wherever they lie") {
        for (const Architecture& a : hat::support::varied_architectures()) {
            Network network(a);
            network.initialize(7);
            check_from_bytes<hat::nn::Packed>(network);
            check_from_bytes<hat::nn::PackedBf16>(network);
            check_from_bytes<hat::nn::PackedInt8>(network);
        }
    }

    /// FNV-1a of 64 bits.
    std::uint64_t hash_of(std::span<const std::byte> bytes) {
        std::uint64_t hash = 0xcbf29ce484222325U;
        for (const std::byte byte : bytes)
            hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
        return hash;
    }

    TEST_CASE("packed weights have the same bytes on every processor, which files keep") {
        Network network(uniform(
            {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 24, .ffn_dim = 37, .heads = 2},
            50, 50));
        network.initialize(1);
        // Whoever changes one of these must change `nn::packed_layout`, too.
        CHECK(std::string(hat::nn::packed_layout) == "panels of 16 outputs, little-endian, 1");
        CHECK(hash_of(PackedModelOf<hat::nn::Packed>(network.view()).bytes()) ==
              8763965633390909012U);
        CHECK(hash_of(PackedModelOf<hat::nn::PackedBf16>(network.view()).bytes()) ==
              1695639666301752539U);
        CHECK(hash_of(PackedModelOf<hat::nn::PackedInt8>(network.view()).bytes()) ==
              2005997918833110720U);
    }

    TEST_CASE("tables that are one are packed once") {
        const Architecture shared = transformer_tiny(1000);
        Network network(shared);
        const PackedModel packed(network.view());
        CHECK(packed.view().source_embedding.weight.data() ==
              packed.view().target_embedding.weight.data());
        const auto floats = static_cast<std::ptrdiff_t>(packed.size_bytes() / sizeof(float));
        // The slab, the output's panels and two tables of positions.
        const std::ptrdiff_t panels = hat::kernels::packed_size(1000, 128);
        const std::ptrdiff_t positions = 2 * std::ptrdiff_t{Network::max_tokens + 2} * 128;
        CHECK(floats <= network.values().size() + panels + positions + 1024);
    }

    TEST_CASE("a part of a packed network computes what the part alone, packed, does") {
        const Architecture whole = uniform({.encoder_layers = 3,
                                            .decoder_layers = 3,
                                            .embed_dim = 48,
                                            .ffn_dim = 64,
                                            .heads = 4,
                                            .qkv_dim = 32,
                                            .attended_layers = 2},
                                           50, 50);
        Architecture genes = whole;
        genes.encoder.embed_dim = 32;
        genes.decoder.embed_dim = 40;
        genes.decoder.layer_count = 2;
        genes.encoder.layer_shapes[1].ffn_dim = 24;
        genes.decoder.layer_shapes[0] = {
            .ffn_dim = 16, .heads = 2, .cross_heads = 8, .attended_layers = 3};
        const Architecture sub = sub_architecture(genes, whole);
        Network network(whole);
        network.initialize(6);
        const PackedModel packed(network.view());
        const PackedModel part(packed.view(), sub);
        CHECK(part.architecture() == sub);
        CHECK(outputs(part.view()) == outputs(PackedModel(network.view(sub)).view()));
        const auto* const weights = part.view().encoder_layers[1].feed_forward.first.weight.data();
        CHECK(weights == packed.view().encoder_layers[1].feed_forward.first.weight.data());

        const PackedModelOf<hat::nn::PackedBf16> halves(network.view());
        const PackedModelOf<hat::nn::PackedBf16> part_of_halves(halves.view(), sub);
        CHECK(outputs(part_of_halves.view()) ==
              outputs(PackedModelOf<hat::nn::PackedBf16>(network.view(sub)).view()));

        // 8 bits have the scales of the whole: nearly the same.
        const PackedModelOf<hat::nn::PackedInt8> bytes(network.view());
        const PackedModelOf<hat::nn::PackedInt8> part_of_bytes(bytes.view(), sub);
        const auto expected = outputs(part.view());
        const auto found = outputs(part_of_bytes.view());
        double error = 0;
        double size = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            error += std::pow(static_cast<double>(found[i] - expected[i]), 2);
            size += std::pow(static_cast<double>(expected[i]), 2);
        }
        CHECK(error < 0.03 * 0.03 * size);
    }

    TEST_CASE("what is no part of a network is refused") {
        Network network(transformer_tiny(100));
        const PackedModel packed(network.view());
        Architecture larger = transformer_tiny(100);
        larger.encoder.layer_shapes[2].ffn_dim = 1024;
        CHECK_THROWS_AS(PackedModel(packed.view(), larger), hat::Error);
    }
}
