// SPDX-License-Identifier: Apache-2.0
#include <hat/io/architecture_yaml.hpp>

#include "support/architectures.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <iterator>
#include <string>
#include <unistd.h>

using namespace hat::io;
using hat::model::Architecture;
using hat::model::hat_super_wmt;
using hat::model::transformer_tiny;
using hat::support::TemporaryDirectory;

namespace {

constexpr const char* tiny_text = R"(# Transformer-Tiny
encoder-layers: 4
decoder-layers: 4
encoder-embed-dim: 128
decoder-embed-dim: 128
qkv-dim: 128
encoder-ffn-dims: 256
encoder-heads: 4
decoder-ffn-dims: [256, 256, 256, 256]
decoder-heads: 4
decoder-cross-heads: 4
decoder-attended-layers: 1
sharing: all
)";

/// As the reference's search program writes it.
constexpr const char* published_text = R"(encoder-embed-dim-subtransformer: 512
decoder-embed-dim-subtransformer: 640

encoder-ffn-embed-dim-all-subtransformer: [3072, 1024, 2048, 3072, 3072, 3072]
decoder-ffn-embed-dim-all-subtransformer: [3072, 2048]

encoder-layer-num-subtransformer: 6
decoder-layer-num-subtransformer: 2

encoder-self-attention-heads-all-subtransformer: [8, 8, 4, 8, 8, 8]
decoder-self-attention-heads-all-subtransformer: [4, 8]
decoder-ende-attention-heads-all-subtransformer: [8, 4]

decoder-arbitrary-ende-attn-all-subtransformer: [2, -1]

)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

void check_rejected(const std::string& from, const std::string& to, const char* message) {
    CHECK_THROWS_WITH_AS(
        static_cast<void>(architecture_from_yaml(replaced(tiny_text, from, to), "a.yml")), message,
        hat::Error);
}

void check_published_rejected(const std::string& from, const std::string& to, const char* message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(published_from_yaml(replaced(published_text, from, to),
                                                               "s.yml", hat_super_wmt(32768))),
                         message, hat::Error);
}

}  // namespace

TEST_SUITE("io/architecture_yaml") {
    TEST_CASE("what is written is read") {
        for (const Architecture& architecture : hat::support::varied_architectures())
            CHECK(architecture_from_yaml(architecture_to_yaml(architecture), "a.yml") ==
                  architecture);
    }

    TEST_CASE("a short description is a whole architecture but for the vocabulary") {
        Architecture architecture = architecture_from_yaml(tiny_text, "a.yml");
        CHECK(architecture.source_vocab_size == 0);
        architecture.source_vocab_size = architecture.target_vocab_size = 1000;
        CHECK(architecture == transformer_tiny(1000));
    }

    TEST_CASE("what is wrong is named by file, line and key") {
        check_rejected("qkv-dim: 128\n", "", "a.yml: key \"qkv-dim\" is missing");
        check_rejected("sharing: all", "sharing: some",
                       "a.yml:13: sharing: expected one of none, decoder_input_output, all; found "
                       "\"some\"");
        check_rejected("sharing", "shared", "a.yml:13: unknown key \"shared\"");
        check_rejected("encoder-layers: 4", "encoder-layers: 40",
                       "a.yml:2: encoder-layers: 40 is not in 0 … 16");
        check_rejected("[256, 256, 256, 256]", "[256, 256]",
                       "a.yml:9: decoder-ffn-dims: expected 4 values, one a layer, found 2");
        check_rejected("encoder-heads: 4", "encoder-heads: four",
                       "a.yml:8: encoder-heads: expected an integer, found \"four\"");
    }

    TEST_CASE("a published SubTransformer is read as part of its super network") {
        const Architecture sub = published_from_yaml(published_text, "s.yml", hat_super_wmt(32768));
        CHECK(sub.encoder.embed_dim == 512);
        CHECK(sub.origin.encoder_dim == 640);
        CHECK(sub.decoder.layer_count == 2);
        CHECK(sub.encoder.layer_shapes[1].ffn_dim == 1024);
        CHECK(sub.encoder.layer_shapes[2].heads == 4);
        CHECK(sub.decoder.layer_shapes[0] == hat::model::DecoderLayerShape{3072, 4, 8, 3});
        CHECK(sub.decoder.layer_shapes[1] == hat::model::DecoderLayerShape{2048, 8, 4, 1});
        CHECK(sub.qkv_dim == 512);
        CHECK(sub.target_vocab_size == 32768);
    }

    TEST_CASE("a published SubTransformer is written to the letter") {
        CHECK(published_to_yaml(published_from_yaml(published_text, "s.yml", hat_super_wmt(1))) ==
              published_text);
    }

    TEST_CASE("published lists may be longer than the layers they are for") {
        const std::string longer = replaced(published_text, "[2, -1]", "[2, -1, 2, 2, 2, 2]");
        CHECK(published_from_yaml(longer, "s.yml", hat_super_wmt(1)) ==
              published_from_yaml(published_text, "s.yml", hat_super_wmt(1)));
    }

    TEST_CASE("what is wrong in a published file is named by file, line and key") {
        check_published_rejected(
            "[2, -1]", "[2]",
            "s.yml:14: decoder-arbitrary-ende-attn-all-subtransformer: expected "
            "at least 2 values, one a layer, found 1");
        check_published_rejected(
            "[2, -1]", "[2, 0]",
            "s.yml:14: decoder-arbitrary-ende-attn-all-subtransformer: expected "
            "-1, 1 or 2, found 0");
        check_published_rejected("[3072, 2048]", "[4096, 2048]",
                                 "s.yml: architecture: decoder layer 0: ffn_dim = 4096 exceeds the "
                                 "super network's 3072");
        check_published_rejected("[4, 8]", "[4, 7]",
                                 "s.yml: architecture: decoder layer 1: heads = 7 does not divide "
                                 "qkv_dim = 512");
        check_published_rejected("layer-num-subtransformer: 6", "layer-num-subtransformer: 99",
                                 "s.yml:7: encoder-layer-num-subtransformer: 99 is not in 1 … 16");
        check_published_rejected("layer-num-subtransformer: 6", "layer-num-subtransformer: 7",
                                 "s.yml:4: encoder-ffn-embed-dim-all-subtransformer: expected at "
                                 "least 7 values, one a layer, found 6");
    }

    TEST_CASE("a file is read in whichever form it has") {
        const TemporaryDirectory directory;
        const std::string path = directory / "a.yml";
        const Architecture super = hat_super_wmt(1000);
        write_file(path, tiny_text);
        CHECK(read_architecture_yaml(path).encoder.embed_dim == 128);
        CHECK(read_architecture_yaml(path, &super).encoder.embed_dim == 128);
        write_file(path, published_text);
        CHECK(read_architecture_yaml(path, &super).encoder.embed_dim == 512);
        CHECK_THROWS_AS(static_cast<void>(read_architecture_yaml(path)), hat::Error);
    }

    TEST_CASE("a file is read once, so that it may be a pipe") {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const std::string text = tiny_text;
        REQUIRE(::write(ends[1], text.data(), text.size()) == std::ssize(text));
        ::close(ends[1]);
        const auto read = read_architecture_yaml("/dev/fd/" + std::to_string(ends[0]));
        ::close(ends[0]);
        CHECK(read.encoder.embed_dim == 128);
    }

    TEST_CASE("how a network is served is written where it is not as usual") {
        Architecture a = transformer_tiny(700);
        CHECK(architecture_to_yaml(a).find("weight-bits") == std::string::npos);
        CHECK(architecture_to_yaml(a).find("listed-tokens") == std::string::npos);
        a.serving = {8, 512};
        const std::string text = architecture_to_yaml(a);
        CHECK(text.ends_with("weight-bits: 8\nlisted-tokens: 512\n"));
        CHECK(architecture_from_yaml(text, "a.yml") == a);
    }
}
