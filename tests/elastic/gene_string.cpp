// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace hat::elastic;
using hat::model::Architecture;

namespace {

void check_invalid(const char* text, const char* message) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(static_cast<void>(parse_genes(text, "front.csv:7")), message, hat::Error);
}

}  // namespace

TEST_SUITE("elastic/gene_string") {
    TEST_CASE("the text of a small network, by hand") {
        Architecture a;
        a.encoder.embed_dim = 640;
        a.decoder.embed_dim = 512;
        a.encoder.layer_count = 2;
        a.decoder.layer_count = 1;
        a.encoder.layer_shapes = {{{3072, 8}, {2048, 4}}};
        a.decoder.layer_shapes = {{{1024, 4, 8, 3}}};
        CHECK(gene_string(a) == "e640:3072x8+2048x4/d512:1024x4x8x3");
        CHECK(parse_genes(gene_string(a), "test") == a);
    }

    TEST_CASE("a language model has a decoder only") {
        Architecture a;
        a.decoder.embed_dim = 512;
        a.decoder.layer_count = 2;
        a.decoder.layer_shapes = {{{1024, 4, 0, 0}, {2048, 8, 0, 0}}};
        CHECK(gene_string(a) == "d512:1024x4+2048x8");
        CHECK(parse_genes(gene_string(a), "test") == a);
    }

    TEST_CASE("every member is what its text names") {
        for (const NamedSpace& named : named_spaces) {
            const DesignSpace space = named.make();
            hat::Random random(1);
            for (int i = 0; i < 50; ++i) {
                const Architecture member = sample(space, random);
                const std::string text = gene_string(member);
                CHECK(text.find_first_of(",;\"' \t") == std::string::npos);
                CHECK(parse_member(space, text, "test") == member);
            }
        }
    }

    TEST_CASE("a text that is no gene string is an error with its column") {
        check_invalid("", "front.csv:7: column 1: expected \"d\" and decoder_embed_dim, found "
                          "nothing more");
        check_invalid(
            "base", "front.csv:7: column 1: expected \"d\" and decoder_embed_dim, found \"base\"");
        check_invalid("e640", "front.csv:7: column 5: expected \":\" and ffn_dim, found nothing "
                              "more");
        check_invalid("e640:3072", "front.csv:7: column 10: expected \"x\" and heads, found "
                                   "nothing more");
        check_invalid("e640:3072x8+", "front.csv:7: column 13: expected ffn_dim, found nothing "
                                      "more");
        check_invalid("e640:3072x8", "front.csv:7: column 12: expected \"/\" and the decoder, "
                                     "found nothing more");
        check_invalid("e640:3072x8/d512:1024x4x8x3,", "front.csv:7: column 28: expected the end, "
                                                      "found \",\"");
        check_invalid("d512:1024x4x8x3", "front.csv:7: column 12: expected the end, found "
                                         "\"x8x3\"");
        check_invalid("e-640:3072x8", "front.csv:7: column 2: expected encoder_embed_dim, found "
                                      "\"-640:3072x8\"");
        check_invalid("d512:\n1024x4", "front.csv:7: column 6: expected ffn_dim, found "
                                       "\"\\n1024x4\"");
    }

    TEST_CASE("a number out of range is an error that names its gene") {
        check_invalid("e0:1x1", "front.csv:7: column 2: encoder_embed_dim = 0 is not in 1 … 65536");
        check_invalid("e99999999999:1x1", "front.csv:7: column 2: encoder_embed_dim = 99999999999 "
                                          "is not in 1 … 65536");
        check_invalid("e640:3072x8/d512:1024x4x8x4",
                      "front.csv:7: column 27: attended_layers = 4 is not in 1 … 3");
    }

    TEST_CASE("more layers than a network can have are an error") {
        std::string text = "d512:1024x4";
        for (int i = 1; i < hat::model::max_layers; ++i) text += "+1024x4";
        CHECK_NOTHROW(static_cast<void>(parse_genes(text, "test")));
        text += "+1024x4";
        CHECK_THROWS_WITH_AS(static_cast<void>(parse_genes(text, "test")),
                             "test: column 117: the decoder has more than 16 layers", hat::Error);
    }

    TEST_CASE("genes that are not in the space are named") {
        const DesignSpace space = wmt_space();
        const auto check = [&](const char* text, const char* message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(parse_member(space, text, "--architecture")),
                                 message, hat::Error);
        };
        check("e640:3072x8/d512:1024x4x8x3",
              "--architecture: architecture: encoder_layers = 1 is not in the design space (6)");
        check("d512:1024x4", "--architecture: the design space has an encoder, found "
                             "\"d512:1024x4\"");
    }

    TEST_CASE("gene strings are told from names") {
        CHECK(looks_like_gene_string("e640:3072x8/d512:1024x4x8x3"));
        CHECK(looks_like_gene_string("d512:"));
        CHECK_FALSE(looks_like_gene_string("d512.yml"));
        CHECK_FALSE(looks_like_gene_string("encoder:1"));
        CHECK_FALSE(looks_like_gene_string("tiny"));
        CHECK_FALSE(looks_like_gene_string(""));
    }

    TEST_CASE("what is served otherwise than usual says so last") {
        Architecture a = parse_genes("d512:1024x4", "test");
        CHECK(a.serving == hat::model::Serving{});
        a.serving.weight_bits = 8;
        CHECK(gene_string(a) == "d512:1024x4/w8");
        a.serving.listed_tokens = 512;
        CHECK(gene_string(a) == "d512:1024x4/w8l512");
        CHECK(parse_genes("d512:1024x4/w8l512", "test") == a);
        a.serving.weight_bits = 32;
        CHECK(gene_string(a) == "d512:1024x4/l512");
        CHECK(parse_genes("d512:1024x4/l512", "test") == a);
        check_invalid("d512:1024x4/", "front.csv:7: column 13: expected how the network is served, "
                                      "found nothing more");
        check_invalid("d512:1024x4/l512w8",
                      "front.csv:7: column 17: expected the end, found \"w8\"");
    }
}
