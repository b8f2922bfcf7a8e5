// SPDX-License-Identifier: Apache-2.0
#include <hat/model/parameters.hpp>
#include <hat/model/presets.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace hat::model;
using hat::ConstMatrix;
using hat::Slab;
using hat::TensorTable;

namespace {

Architecture one_layer_each() {
    Architecture a = uniform({.encoder_layers = 1,
                              .decoder_layers = 1,
                              .embed_dim = 8,
                              .ffn_dim = 12,
                              .heads = 2,
                              .qkv_dim = 6},
                             11, 11);
    return a;
}

/// "name rows×cols" of every tensor, vectors with one number.
std::vector<std::string> listing(const Architecture& a) {
    const ParameterLayout layout = parameter_layout(a);
    std::vector<std::string> lines;
    for (const auto& entry : layout.table) {
        const std::string rows = entry.is_vector ? "" : std::to_string(entry.rows) + "×";
        lines.push_back(entry.name + " " + rows + std::to_string(entry.cols));
    }
    return lines;
}

struct Initialized {
    explicit Initialized(const Architecture& a, std::uint64_t seed = 1)
        : layout(parameter_layout(a)), values(layout.table) {
        initialize(layout, values, seed);
    }
    [[nodiscard]] ConstMatrix operator[](const char* name) const {
        return values.matrix(layout.table[layout.table.index(name)]);
    }

    ParameterLayout layout;
    Slab values;
};

struct Moments {
    double mean = 0;
    double variance = 0;
    double largest = 0;
};

Moments moments(ConstMatrix m) {
    Moments result;
    const double n = m.rows() * m.cols();
    for (int i = 0; i < m.rows(); ++i) {
        for (const float value : m.row(i)) {
            const auto x = static_cast<double>(value);
            result.mean += x / n;
            result.variance += x * x / n;
            result.largest = std::max(result.largest, std::abs(x));
        }
    }
    return result;
}

}  // namespace

TEST_SUITE("model/parameters") {
    TEST_CASE("tensors have the reference's names, shapes and order") {
        const std::vector<std::string> expected{"encoder.embed_tokens.weight 11×8",
                                                "encoder.layers.0.self_attn.in_proj_weight 18×8",
                                                "encoder.layers.0.self_attn.in_proj_bias 18",
                                                "encoder.layers.0.self_attn.out_proj.weight 8×6",
                                                "encoder.layers.0.self_attn.out_proj.bias 8",
                                                "encoder.layers.0.self_attn_layer_norm.weight 8",
                                                "encoder.layers.0.self_attn_layer_norm.bias 8",
                                                "encoder.layers.0.fc1.weight 12×8",
                                                "encoder.layers.0.fc1.bias 12",
                                                "encoder.layers.0.fc2.weight 8×12",
                                                "encoder.layers.0.fc2.bias 8",
                                                "encoder.layers.0.final_layer_norm.weight 8",
                                                "encoder.layers.0.final_layer_norm.bias 8",
                                                "decoder.layers.0.self_attn.in_proj_weight 18×8",
                                                "decoder.layers.0.self_attn.in_proj_bias 18",
                                                "decoder.layers.0.self_attn.out_proj.weight 8×6",
                                                "decoder.layers.0.self_attn.out_proj.bias 8",
                                                "decoder.layers.0.self_attn_layer_norm.weight 8",
                                                "decoder.layers.0.self_attn_layer_norm.bias 8",
                                                "decoder.layers.0.encoder_attn.in_proj_weight 18×8",
                                                "decoder.layers.0.encoder_attn.in_proj_bias 18",
                                                "decoder.layers.0.encoder_attn.out_proj.weight 8×6",
                                                "decoder.layers.0.encoder_attn.out_proj.bias 8",
                                                "decoder.layers.0.encoder_attn_layer_norm.weight 8",
                                                "decoder.layers.0.encoder_attn_layer_norm.bias 8",
                                                "decoder.layers.0.fc1.weight 12×8",
                                                "decoder.layers.0.fc1.bias 12",
                                                "decoder.layers.0.fc2.weight 8×12",
                                                "decoder.layers.0.fc2.bias 8",
                                                "decoder.layers.0.final_layer_norm.weight 8",
                                                "decoder.layers.0.final_layer_norm.bias 8"};
        CHECK(listing(one_layer_each()) == expected);
    }

    TEST_CASE("unshared tables, learned positions and final norms stand in their places") {
        Architecture a = one_layer_each();
        a.sharing = Sharing::none;
        a.target_vocab_size = 13;
        a.norm = Norm::pre;
        a.encoder.final_norm = a.decoder.final_norm = true;
        a.encoder.positions = a.decoder.positions = Positions::learned;
        a.encoder.max_positions = 20;
        a.decoder.max_positions = 30;
        const auto names = listing(a);
        REQUIRE(names.size() == 31 + 8);
        CHECK(names[0] == "encoder.embed_tokens.weight 11×8");
        CHECK(names[1] == "encoder.embed_positions.weight 22×8");
        CHECK(names[14] == "encoder.layer_norm.weight 8");
        CHECK(names[15] == "encoder.layer_norm.bias 8");
        CHECK(names[16] == "decoder.embed_out 13×8");
        CHECK(names[17] == "decoder.embed_tokens.weight 13×8");
        CHECK(names[18] == "decoder.embed_positions.weight 32×8");
        CHECK(names[37] == "decoder.layer_norm.weight 8");
        CHECK(names[38] == "decoder.layer_norm.bias 8");
    }

    TEST_CASE("cross-attention between different widths has three matrices, keys first") {
        Architecture a = one_layer_each();
        a.sharing = Sharing::decoder_input_output;
        a.decoder.embed_dim = 10;
        const auto names = listing(a);
        CHECK(names[13] == "decoder.embed_tokens.weight 11×10");
        CHECK(names[20] == "decoder.layers.0.encoder_attn.k_proj_weight 6×8");
        CHECK(names[21] == "decoder.layers.0.encoder_attn.v_proj_weight 6×8");
        CHECK(names[22] == "decoder.layers.0.encoder_attn.q_proj_weight 6×10");
        CHECK(names[23] == "decoder.layers.0.encoder_attn.in_proj_bias 18");
    }

    TEST_CASE("tables that are shared are one tensor, as wide as the wider side") {
        Architecture a = one_layer_each();
        a.decoder.embed_dim = 10;
        const ParameterLayout shared = parameter_layout(a);
        CHECK(shared.places.source_embedding.weight.entry ==
              shared.places.target_embedding.weight.entry);
        CHECK(shared.places.output.entry == shared.places.target_embedding.weight.entry);
        CHECK(shared.table[shared.places.output.entry].cols == 10);

        a.sharing = Sharing::decoder_input_output;
        const ParameterLayout tied = parameter_layout(a);
        CHECK(tied.places.source_embedding.weight.entry !=
              tied.places.target_embedding.weight.entry);
        CHECK(tied.places.output.entry == tied.places.target_embedding.weight.entry);

        a.sharing = Sharing::none;
        const ParameterLayout apart = parameter_layout(a);
        CHECK(apart.places.output.entry != apart.places.target_embedding.weight.entry);
        CHECK(apart.places.output.entry != apart.places.source_embedding.weight.entry);
    }

    TEST_CASE("initial weights have the reference's distributions") {
        const Initialized all(uniform({.encoder_layers = 1,
                                       .decoder_layers = 1,
                                       .embed_dim = 128,
                                       .ffn_dim = 256,
                                       .heads = 4,
                                       .sharing = Sharing::none},
                                      500, 400));
        // Matrices are uniform in ± √(6 / (in + out)), of variance a third of the bound's square.
        const auto is_uniform = [&](const char* name, double in_and_out) {
            CAPTURE(name);
            const double bound = std::sqrt(6.0 / in_and_out);
            const Moments m = moments(all[name]);
            CHECK(m.largest <= bound);
            CHECK(m.largest > 0.999 * bound);
            CHECK(m.variance == doctest::Approx(bound * bound / 3).epsilon(0.03));
            CHECK(std::abs(m.mean) < 0.02 * bound);
        };
        is_uniform("encoder.layers.0.fc1.weight", 128 + 256);
        is_uniform("decoder.layers.0.fc2.weight", 256 + 128);
        is_uniform("encoder.layers.0.self_attn.in_proj_weight", 3 * 128 + 128);
        is_uniform("decoder.layers.0.encoder_attn.out_proj.weight", 128 + 128);
        // Tables are normal with variance 1 / dim.
        for (const char* name :
             {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "decoder.embed_out"}) {
            CAPTURE(name);
            const Moments m = moments(all[name]);
            CHECK(m.variance == doctest::Approx(1.0 / 128).epsilon(0.03));
            CHECK(std::abs(m.mean) < 0.01 / std::sqrt(128.0));
            CHECK(m.largest > 3.5 / std::sqrt(128.0));
        }
        for (const auto& entry : all.layout.table) {
            if (!entry.is_vector) continue;
            const bool is_gain = entry.name.ends_with("layer_norm.weight");
            const Moments m = moments(all.values.matrix(entry));
            CHECK(m.mean == (is_gain ? 1.0 : 0.0));
            CHECK(m.largest == (is_gain ? 1.0 : 0.0));
        }
    }

    TEST_CASE("a tensor's initial numbers depend on its name and the seed alone") {
        Architecture deeper = one_layer_each();
        deeper.encoder.layer_count = deeper.decoder.layer_count = 2;
        deeper.encoder.layer_shapes[1] = deeper.encoder.layer_shapes[0];
        deeper.decoder.layer_shapes[1] = deeper.decoder.layer_shapes[0];
        const Initialized one(one_layer_each());
        const Initialized two(deeper);
        for (const auto& entry : one.layout.table) {
            CHECK(hat::support::same_bits(one[entry.name.c_str()], two[entry.name.c_str()]));
        }
        const char* first = "encoder.layers.0.fc1.weight";
        CHECK_FALSE(hat::support::same_bits(two[first], two["encoder.layers.1.fc1.weight"]));
        CHECK_FALSE(hat::support::same_bits(one[first], Initialized(one_layer_each(), 2)[first]));
    }
}
