// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/design_space_yaml.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hat::elastic;
using hat::model::Norm;
using hat::model::Positions;
using hat::model::Sharing;

namespace {

/// The super network and the choices of the WMT tasks, as published files have them.
const std::string wmt_genes = R"(
encoder-embed-dim: 640
decoder-embed-dim: 640

encoder-ffn-embed-dim: 3072
decoder-ffn-embed-dim: 3072

encoder-layers: 6
decoder-layers: 6

encoder-attention-heads: 8
decoder-attention-heads: 8

qkv-dim: 512

encoder-embed-choice: [640, 512]
decoder-embed-choice: [640, 512]

encoder-ffn-embed-dim-choice: [3072, 2048, 1024]
decoder-ffn-embed-dim-choice: [3072, 2048, 1024]

encoder-layer-num-choice: [6]
decoder-layer-num-choice: [6, 5, 4, 3, 2, 1]

encoder-self-attention-heads-choice: [8, 4]
decoder-self-attention-heads-choice: [8, 4]
decoder-ende-attention-heads-choice: [8, 4]

decoder-arbitrary-ende-attn-choice: [-1, 1, 2]
)";

/// All options of the published file for training on WMT.
const std::string wmt_training = R"(
arch: transformersuper_wmt_en_de
share-all-embeddings: True
max-tokens: 4096
data: data/binary/wmt16_en_de

optimizer: adam
adam-betas: (0.9, 0.98)
clip-norm: 0.0
weight-decay: 0.0
dropout: 0.3
attention-dropout: 0.1
criterion: label_smoothed_cross_entropy
label-smoothing: 0.1

ddp-backend: no_c10d
fp16: True

update-freq: 16
max-update: 40000
warmup-updates: 10000
lr-scheduler: cosine
warmup-init-lr: 1e-7
max-lr: 0.001
lr: 1e-7
lr-shrink: 1

keep-last-epochs: 20
save-interval: 10
validate-interval: 10
)";

/// `text` with the first `from` replaced by `to`.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

DesignSpaceFile parse(const std::string& text) {
    return design_space_from_yaml(text, "space.yml");
}

void check_invalid(const std::string& text, const char* message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(parse(text)), message, hat::Error);
}

void check_round_trip(const DesignSpaceFile& file) {
    const std::string text = design_space_to_yaml(file);
    CAPTURE(text);
    CHECK(parse(text) == file);
}

}  // namespace

TEST_SUITE("elastic/design_space_yaml") {
    TEST_CASE("a published file for training gives the space and how to train it") {
        const DesignSpaceFile file = parse(wmt_training + wmt_genes);
        CHECK(file.space == wmt_space());
        const TrainingRecipe& recipe = file.recipe;
        CHECK(recipe.arch == "transformersuper_wmt_en_de");
        CHECK(recipe.max_tokens == 4096);
        CHECK(recipe.update_freq == 16);
        CHECK(recipe.max_update == 40000);
        CHECK(recipe.warmup_updates == 10000);
        CHECK(recipe.schedule == "cosine");
        CHECK(recipe.initial_rate == 1e-7);
        CHECK(recipe.rate == 1e-7);
        CHECK(recipe.max_rate == 1e-3);
        CHECK(recipe.rate_shrink == 1);
        CHECK(recipe.adam_betas == AdamBetas{0.9, 0.98});
        CHECK(recipe.clip_norm == 0);
        CHECK(recipe.weight_decay == 0);
        CHECK(recipe.dropout == 0.3);
        CHECK(recipe.attention_dropout == 0.1);
        CHECK_FALSE(recipe.activation_dropout.has_value());
        CHECK(recipe.label_smoothing == 0.1);
        CHECK(recipe.fp16 == true);
        CHECK(recipe.others.size() == 7);
        check_round_trip(file);
    }

    TEST_CASE("a published file for latency gives the wider space") {
        const std::string latency = R"(
lat-dataset-path: ./latency_dataset/iwslt14deen_gpu_titanxp.csv
lat-dataset-size: 2000
latgpu: True
latiter: 20
latsilent: True
arch: transformersuper_iwslt_de_en
max-tokens: 4096
data: data/binary/iwslt14_de_en
source-lang: de
target-lang: en
)";
        std::string genes = wmt_genes;
        for (int side = 0; side < 2; ++side)
            genes = replaced(genes, "[3072, 2048, 1024]", "[3072, 2048, 1024, 512]");
        for (int kind = 0; kind < 3; ++kind) genes = replaced(genes, "[8, 4]", "[8, 4, 2]");
        CHECK(parse(latency + genes).space == iwslt_latency_space());
        check_round_trip(parse(latency + genes));
    }

    TEST_CASE("every named space is read back as it was written") {
        for (const NamedSpace& named : named_spaces) {
            CAPTURE(named.name);
            check_round_trip({.space = named.make()});
            check_round_trip({.space = with_vocabulary(named.make(), 700, 700)});
        }
    }

    TEST_CASE("what is not a gene is read back, too") {
        DesignSpace space = quickstart_space();
        space.super.sharing = Sharing::decoder_input_output;
        space.super.norm = Norm::pre;
        space.super.encoder.final_norm = true;
        check_round_trip({.space = space});
        space.super.decoder.final_norm = true;
        check_round_trip({.space = space});
        space.weight_bits = {32, 8};
        space.listed_tokens = {0, 512};
        check_round_trip({.space = space});
        check_round_trip({.space = space});
        space.super.activation = hat::Activation::swish;
        space.super.decoder.positions = Positions::learned;
        space.super.decoder.max_positions = 77;
        space.super.embedding.scaled_by_super_dim = true;
        check_round_trip({.space = space});
        space.super.decoder.positions = space.super.encoder.positions = Positions::none;
        space.super.decoder.max_positions = 0;
        check_round_trip({.space = space});
        space.super.embedding.dim = 32;
        space.super.embedding.dextra_depth = 3;
        space.super.embedding.dextra_width = 1500;
        space.super.embedding.dextra_groups = 4;
        space.super.dextra_variant = hat::nn::DExTraVariant::define;
        check_round_trip({.space = space});
    }

    TEST_CASE("texts that YAML would take for something else are read back") {
        DesignSpaceFile file{.space = quickstart_space()};
        file.recipe.others = {{"data", "it's: a # path, [1]"}, {"source-lang", ""}};
        file.recipe.arch = "{x}";
        check_round_trip(file);
        file.recipe.others[0].second = "a\nb";
        CHECK_THROWS_WITH_AS(static_cast<void>(design_space_to_yaml(file)),
                             "training recipe: data: has a control character", hat::Error);
    }

    TEST_CASE("a language model has no options of an encoder") {
        const std::string text = "encoder-layers: 0\n"
                                 "decoder-layers: 2\n"
                                 "decoder-embed-dim: 32\n"
                                 "decoder-ffn-embed-dim: 64\n"
                                 "decoder-attention-heads: 4\n"
                                 "decoder-embed-choice: [32, 16]\n"
                                 "decoder-ffn-embed-dim-choice: [64, 32]\n"
                                 "decoder-layer-num-choice: [2, 1]\n"
                                 "decoder-self-attention-heads-choice: [4, 2]\n";
        const DesignSpaceFile file = parse(text);
        CHECK_FALSE(file.space.super.has_encoder());
        CHECK(file.space.super.qkv_dim == 32);
        CHECK(file.space.encoder_heads.empty());
        check_round_trip(file);
        check_invalid(text + "encoder-embed-dim: 32\n",
                      "space.yml:10: unknown key \"encoder-embed-dim\"");
    }

    TEST_CASE("a super network that YAML cannot describe is an error") {
        DesignSpace space = quickstart_space();
        space.super.decoder.layer_shapes[1].ffn_dim *= 2;
        CHECK_THROWS_WITH_AS(static_cast<void>(design_space_to_yaml({.space = space})),
                             "design space: YAML cannot describe its super network, whose layers "
                             "must be alike, with as many heads for self- as for cross-attention",
                             hat::Error);
    }

    TEST_CASE("an unknown, missing or doubled key is an error with its line") {
        check_invalid("encoder-layer: 6\n" + wmt_genes, "space.yml:1: unknown key "
                                                        "\"encoder-layer\"");
        check_invalid(replaced(wmt_genes, "decoder-embed-choice: [640, 512]\n", ""),
                      "space.yml: key \"decoder-embed-choice\" is missing");
        check_invalid(wmt_genes + "qkv-dim: 512\n", "space.yml:30: key \"qkv-dim\" appears twice");
        check_invalid("- 1\n- 2\n", "space.yml: expected lines of \"key: value\"");
    }

    TEST_CASE("a value of the wrong kind is an error with its line and key") {
        check_invalid("dropout: much\n" + wmt_genes,
                      "space.yml:1: dropout: expected a number of 0 or more, found \"much\"");
        check_invalid("dropout: 1\n" + wmt_genes,
                      "space.yml:1: dropout: expected a number below 1, found 1");
        check_invalid("max-update: 1.5\n" + wmt_genes,
                      "space.yml:1: max-update: expected a whole number of 0 or more, found "
                      "\"1.5\"");
        check_invalid("lr: nan\n" + wmt_genes,
                      "space.yml:1: lr: expected a number of 0 or more, found \"nan\"");
        check_invalid("fp16: yes\n" + wmt_genes,
                      "space.yml:1: fp16: expected True or False, found \"yes\"");
        check_invalid("adam-betas: 0.9\n" + wmt_genes,
                      "space.yml:1: adam-betas: expected \"(0.9, 0.98)\" or the like, found "
                      "\"0.9\"");
        check_invalid("adam-betas: (0.9, )\n" + wmt_genes,
                      "space.yml:1: adam-betas: expected a number of 0 or more, found \"\"");
        check_invalid("activation-fn: cube\n" + wmt_genes,
                      "space.yml:1: activation-fn: expected one of relu, gelu, gelu_accurate, "
                      "tanh, linear, swish; found \"cube\"");
        check_invalid(replaced(wmt_genes, "[-1, 1, 2]", "[-1, 0]"),
                      "space.yml:29: decoder-arbitrary-ende-attn-choice: expected -1, 1 or 2, "
                      "found 0");
        check_invalid(replaced(wmt_genes, "encoder-layers: 6", "encoder-layers: 17"),
                      "space.yml:8: encoder-layers: 17 is not in 0 … 16");
    }

    TEST_CASE("units of DeFINE that are to be elastic are an error with line and keys") {
        const std::string units = "dextra-variant: define\ndecoder-dextra-depth-choice: [4]\n"
                                  "decoder-dextra-width-choice: [2000]\n"
                                  "decoder-dextra-groups-choice: [4]\n";
        check_invalid(wmt_genes + units,
                      "space.yml:30: dextra-variant: expected dextra where "
                      "decoder-dextra-depth-choice makes units elastic, found \"define\"");
        CHECK_NOTHROW(static_cast<void>(parse(wmt_genes + "dextra-variant: define\n")));
    }

    TEST_CASE("a method that is not ours is an error, not a silent change") {
        check_invalid("optimizer: sgd\n" + wmt_genes,
                      "space.yml:1: optimizer: only adam is known, found \"sgd\"");
        check_invalid("lr-scheduler: triangular\n" + wmt_genes,
                      "space.yml:1: lr-scheduler: expected cosine or inverse_sqrt, found "
                      "\"triangular\"");
        check_invalid("encoder-normalize-before: True\n" + wmt_genes,
                      "space.yml: decoder-normalize-before: norms stand before sublayers on both "
                      "sides or on none");
    }

    TEST_CASE("choices that do not fit are an error that names the gene") {
        check_invalid(
            replaced(wmt_genes, "decoder-embed-choice: [640, 512]", "decoder-embed-choice: []"),
            "space.yml: design space: decoder_embed_dim has no choices");
        check_invalid(replaced(wmt_genes, "[6, 5, 4, 3, 2, 1]", "[6, 5, 6]"),
                      "space.yml: design space: decoder_layers lists 6 twice");
        check_invalid(replaced(wmt_genes, "[6, 5, 4, 3, 2, 1]", "[2000000000]"),
                      "space.yml: design space: decoder_layers = 2000000000 is not in 1 … 6, the "
                      "super network's");
        check_invalid(replaced(wmt_genes, "decoder-ende-attention-heads-choice: [8, 4]",
                               "decoder-ende-attention-heads-choice: [8, 3]"),
                      "space.yml: design space: decoder_cross_heads of layer 0 = 3: architecture: "
                      "decoder layer 0: cross_heads = 3 does not divide qkv_dim = 512");
        check_invalid(replaced(wmt_genes, "decoder-embed-choice: [640, 512]",
                               "decoder-embed-choice: [1024, 512]"),
                      "space.yml: design space: decoder_embed_dim = 1024: architecture: "
                      "decoder_embed_dim = 1024 exceeds the super network's 640");
    }

    TEST_CASE("files are written and found by path, built-in spaces by name") {
        const hat::support::TemporaryDirectory directory;
        const std::string path = directory / "space.yml";
        write_design_space(path, {.space = multi30k_space()});
        CHECK(read_design_space(path).space == multi30k_space());
        CHECK(find_design_space(path).space == multi30k_space());
        CHECK(find_design_space("iwslt-space1").space == iwslt_space());
        CHECK_THROWS_WITH_AS(static_cast<void>(find_design_space("no-such-space")),
                             "design space no-such-space: there is no such file, nor a space of "
                             "that name (wmt-space0, iwslt-space1, wmt-latency, iwslt-latency, "
                             "multi30k, quickstart, quick, joint)",
                             hat::Error);
    }
}
