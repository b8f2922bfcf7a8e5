// SPDX-License-Identifier: Apache-2.0
#include <hat/io/architecture_fields.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::Activation;
using hat::io::enum_word;
using hat::io::parse_enum;
using hat::model::Norm;
using hat::model::Positions;
using hat::model::Sharing;

static_assert(hat::io::enum_words<Activation>.size() == 6);

static_assert(hat::io::attended_layers(-1) == 1 && hat::io::attended_layers(2) == 3);
static_assert(hat::io::attended_layers(0) == 0 && hat::io::attended_layers(3) == 0);
static_assert(hat::io::published_attention(1) == -1 && hat::io::published_attention(3) == 2);

TEST_SUITE("io/architecture_fields") {
    TEST_CASE("published keys are the words of the table, joined as a file joins them") {
        using hat::model::Side;
        const auto& table = hat::model::gene_table;
        CHECK(hat::io::published_key(table[0], Side::decoder, '-') ==
              "decoder-embed-dim-subtransformer");
        CHECK(hat::io::published_key(table[1], Side::encoder, '_') ==
              "encoder_ffn_embed_dim_all_subtransformer");
    }

    TEST_CASE("every value of an enumeration has the word of its own name") {
        CHECK_THROWS_WITH_AS(
            (void)enum_word(static_cast<Activation>(hat::io::enum_words<Activation>.size())),
            "io/architecture_fields.hpp: value 6 of an enumeration has no word there", hat::Error);
        CHECK(std::string(enum_word(Activation::linear)) == "linear");
        CHECK(std::string(enum_word(Activation::relu)) == "relu");
        CHECK(std::string(enum_word(Activation::gelu)) == "gelu");
        CHECK(std::string(enum_word(Activation::gelu_tanh)) == "gelu_tanh");
        CHECK(std::string(enum_word(Activation::tanh)) == "tanh");
        CHECK(std::string(enum_word(Activation::swish)) == "swish");
        CHECK(std::string(enum_word(Sharing::none)) == "none");
        CHECK(std::string(enum_word(Sharing::decoder_input_output)) == "decoder_input_output");
        CHECK(std::string(enum_word(Sharing::all)) == "all");
        CHECK(std::string(enum_word(Positions::sinusoidal)) == "sinusoidal");
        CHECK(std::string(enum_word(Positions::learned)) == "learned");
        CHECK(std::string(enum_word(Positions::none)) == "none");
        CHECK(std::string(enum_word(Norm::post)) == "post");
        CHECK(std::string(enum_word(Norm::pre)) == "pre");
    }

    TEST_CASE("a word is read as its value, and another word gets the list of them") {
        CHECK(parse_enum<Activation>("swish", "") == Activation::swish);
        CHECK(parse_enum<Norm>("pre", "") == Norm::pre);
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_enum<Norm>("mid", "f:3: norm: ")),
                             "f:3: norm: expected one of post, pre; found \"mid\"", hat::Error);
    }
}
