// SPDX-License-Identifier: Apache-2.0
#include <hat/model/counts.hpp>
#include <hat/model/parameters.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace hat::model;
using hat::Ragged;

namespace {

/// One layer on each side, all sizes different: E = 4, D = 8, Q = 6, F = 10 and 12.
constexpr Architecture small = {
    .source_vocab_size = 20,
    .target_vocab_size = 30,
    .encoder = {.embed_dim = 4, .layer_count = 1, .layer_shapes = {EncoderLayerShape{10, 2}}},
    .decoder = {.embed_dim = 8, .layer_count = 1, .layer_shapes = {DecoderLayerShape{12, 2, 3, 1}}},
    .qkv_dim = 6};

constexpr int encoder_layer = (4 * 24 + 18 + 4) + (2 * 40 + 10 + 4) + 2 * 8;
constexpr int decoder_layer =
    (4 * 48 + 18 + 8) + (2 * 48 + 2 * 24 + 18 + 8) + (2 * 96 + 12 + 8) + 3 * 16;

static_assert(layer_parameters(small) == encoder_layer + decoder_layer);
static_assert(layer_parameters(hat_super_wmt(32768)) == 70'900'992);
static_assert(layer_parameters(hat_super_iwslt(8848, 6632)) == 55'160'064);

}  // namespace

TEST_SUITE("model/counts") {
    TEST_CASE("every stored table counts once") {
        Architecture a = small;
        const int layers = encoder_layer + decoder_layer;
        CHECK(parameters(a) == layers + 20 * 4 + 30 * 8 + 30 * 8);
        a.sharing = Sharing::decoder_input_output;
        CHECK(parameters(a) == layers + 20 * 4 + 30 * 8);
        a.sharing = Sharing::all;
        a.source_vocab_size = 30;
        CHECK(parameters(a) == layers + 30 * 8);
        a.encoder.positions = Positions::learned;
        a.encoder.max_positions = 5;
        CHECK(parameters(a) == layers + 30 * 8 + 7 * 4);
        a.norm = Norm::pre;
        a.encoder.final_norm = a.decoder.final_norm = true;
        CHECK(parameters(a) == layers + 30 * 8 + 7 * 4 + 8 + 16);
    }

    TEST_CASE("the count is that of the tensors a network has") {
        for (const Architecture& a : hat::support::varied_architectures()) {
            std::int64_t count = 0;
            for (const auto& entry : parameter_layout(a).table) count += entry.size();
            CHECK(parameters(a) == count);
        }
    }

    TEST_CASE("multiply-adds of three source and two target tokens, by hand") {
        constexpr Macs count = macs(small, 3, 2);
        CHECK(count.linear == 3 * (4 * 24 + 2 * 40)            // encoder
                                  + 2 * (4 * 48 + 2 * 96)      // decoder without cross
                                  + 2 * 2 * 48 + 3 * 2 * 24);  // cross
        CHECK(count.attention == 2 * 6 * (3 * 3 + 2 * 2 + 2 * 3));
        CHECK(count.element_wise == (3 * 4 + 2 * 8) + (3 * 6 + 2 * 12) + (4 * 6 + 3 * 16));
        CHECK(count.output_projection == 2 * 8 * 30);
    }

    TEST_CASE("encoding and all steps are the whole, but for what a token does not attend to") {
        for (const Architecture& a : hat::support::varied_architectures()) {
            const int source = a.has_encoder() ? 5 : 0;
            const Macs whole = macs(a, source, 7);
            std::int64_t sum = encoding_macs(a, source);
            for (int earlier = 0; earlier < 7; ++earlier) sum += step_macs(a, source, earlier);
            std::int64_t hidden = 0;  // of 7 · 7 pairs, 7 · 8 / 2 are seen
            for (const auto& layer : a.decoder.layers())
                hidden += 2 * (49 - 28) * a.qkv_dim_of(layer);
            CHECK(sum == whole.linear + whole.attention + whole.element_wise +
                             whole.output_projection - hidden);
        }
    }

    TEST_CASE("attending to more layers costs keys, values and their products only") {
        Architecture three = small;
        three.decoder.layer_shapes[0].attended_layers = 3;
        const Macs one = macs(small, 3, 2);
        const Macs more = macs(three, 3, 2);
        CHECK(more.linear - one.linear == 6 * 2 * 24);
        CHECK(more.attention - one.attention == 2 * 2 * 6 * 6);
        CHECK(more.element_wise == one.element_wise);
        CHECK(layer_parameters(three) == layer_parameters(small));
    }

    TEST_CASE("a training step is six times the multiply-adds that real tokens need") {
        constexpr std::array sources{0, 3, 4};
        constexpr std::array targets{0, 2, 7};
        const Macs first = macs(small, 3, 2);
        const Macs second = macs(small, 1, 5);
        const auto hidden = 2 * 6 * (1 + 10);  // pairs above the diagonal
        CHECK(training_flops(small, Ragged(sources.data(), 2), Ragged(targets.data(), 2)) ==
              6 * (first.linear + first.attention + first.output_projection + second.linear +
                   second.attention + second.output_projection - hidden));
    }

    TEST_CASE("a language model has neither cross-attention nor source") {
        Architecture a = small;
        a.encoder.layer_count = 0;
        a.encoder.embed_dim = a.source_vocab_size = 0;
        a.sharing = Sharing::decoder_input_output;
        a.decoder.layer_shapes[0] = {12, 2, 0, 0};
        validate(a);
        CHECK(parameters(a) == 30 * 8 + (4 * 48 + 18 + 8) + (2 * 96 + 12 + 8) + 2 * 16);
        CHECK(macs(a, 0, 2).linear == 2 * (4 * 48 + 2 * 96));
        constexpr std::array targets{0, 1};
        CHECK(training_flops(a, {}, Ragged(targets.data(), 1)) ==
              6 * (4 * 48 + 2 * 96 + 2 * 6 + 8 * 30));
    }
}
