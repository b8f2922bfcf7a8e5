// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/fairseq.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>

#include "support/reference_checkpoint.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace hat::interop;
using namespace hat::io;
using namespace hat::model;
using hat::support::reference_checkpoint;
using hat::support::some_architecture;
using hat::support::some_arguments;
using hat::support::TemporaryDirectory;
using hat::support::TorchContainer;
using hat::support::TorchFile;
using hat::support::write_json;

namespace {

Network some_network(const Architecture& architecture) {
    Network network(architecture);
    network.initialize(1);
    return network;
}

/// Opens the checkpoint of these settings and this network.
FairseqCheckpoint written(const Json& arguments, const Network& network,
                          TorchContainer container = TorchContainer::zip) {
    const TemporaryDirectory directory;
    reference_checkpoint(container, arguments, network).write(directory / "c.pt");
    return FairseqCheckpoint::open(directory / "c.pt");
}

/// Checks the message for settings that have been changed.
void check_rejected(const Json& change, const std::string& message) {
    Json arguments = some_arguments();
    arguments.update(change);
    const TemporaryDirectory directory;
    const std::string path = directory / "c.pt";
    reference_checkpoint(TorchContainer::zip, arguments, some_network(some_architecture()))
        .write(path);
    CAPTURE(message);
    CHECK_THROWS_WITH_AS(static_cast<void>(FairseqCheckpoint::open(path)),
                         (path + ": " + message).c_str(), hat::Error);
}

/// A checkpoint whose model `fill` writes.
template <class Fill>
TorchFile model_file(Fill fill) {
    TorchFile file(TorchContainer::legacy);
    file.pickle().op("}(").text("args").global("argparse", "Namespace").op(")\x81");
    write_json(file.pickle(), some_arguments());
    file.pickle().op("b").text("model").op("}(");
    fill(file);
    file.pickle().op("uu");
    return file;
}

void check_model_rejected(const TorchFile& file, const std::string& message) {
    const TemporaryDirectory directory;
    const std::string path = directory / "c.pt";
    file.write(path);
    CHECK_THROWS_WITH_AS(static_cast<void>(FairseqCheckpoint::open(path)),
                         (path + ": " + message).c_str(), hat::Error);
}

}  // namespace

TEST_SUITE("interop/fairseq") {
    TEST_CASE("a weight that is not finite is not loaded, but named") {
        const TemporaryDirectory directory;
        const std::string path = directory / "c.pt";
        Network network = some_network(some_architecture());
        const auto& entry = network.table()[1];
        network.values().data()[entry.offset + 2] = NAN;
        reference_checkpoint(TorchContainer::zip, some_arguments(), network).write(path);
        const auto checkpoint = FairseqCheckpoint::open(path);
        CHECK_THROWS_WITH_AS(
            checkpoint.load_weights(network.table(), network.values()),
            (path + ": tensor \"" + entry.name + "\": element 2 is not a finite number").c_str(),
            hat::Error);
    }

    TEST_CASE("a SuperTransformer comes back from either container, bit for bit") {
        const Network network = some_network(some_architecture());
        for (const auto container : {TorchContainer::zip, TorchContainer::legacy}) {
            const auto checkpoint = written(some_arguments(), network, container);
            CHECK(checkpoint.architecture() == some_architecture());
            CHECK_FALSE(checkpoint.sub_transformer().has_value());
            CHECK_FALSE(checkpoint.updates().has_value());
            CHECK(checkpoint.ignored().empty());
            Network loaded(checkpoint.architecture());
            checkpoint.load_weights(loaded.table(), loaded.values());
            for (std::ptrdiff_t i = 0; i < network.values().size(); ++i)
                CHECK(loaded.values().data()[i] == network.values().data()[i]);
        }
    }

    TEST_CASE("settings say what kind of network it is") {
        Json arguments = some_arguments();
        arguments.update({{"share_all_embeddings", false},
                          {"share_decoder_input_output_embed", true},
                          {"encoder_normalize_before", true},
                          {"decoder_normalize_before", true},
                          {"activation_fn", "gelu_accurate"},
                          {"encoder_learned_pos", true},
                          {"max_source_positions", 20},
                          {"vocab_original_scaling", true},
                          {"decoder_embed_dim", 12},
                          {"decoder_output_dim", 12},
                          {"decoder_arbitrary_ende_attn_choice", nullptr}});
        Architecture a = some_architecture();
        a.target_vocab_size = 7;
        a.sharing = Sharing::decoder_input_output;
        a.norm = Norm::pre;
        a.encoder.final_norm = true;
        a.decoder.final_norm = true;
        a.activation = hat::Activation::gelu_tanh;
        a.encoder.positions = Positions::learned;
        a.encoder.max_positions = 20;
        a.embedding.scaled_by_super_dim = true;
        a.decoder.embed_dim = 12;
        for (auto& layer : a.decoder.layer_shapes)
            layer.attended_layers = std::min(layer.attended_layers, 1);
        const auto checkpoint = written(arguments, some_network(a));
        CHECK(checkpoint.architecture() == a);
        CHECK(checkpoint.architecture().joint_cross_projection() == false);

        arguments["no_decoder_final_norm"] = true;
        a.decoder.final_norm = false;
        CHECK(written(arguments, some_network(a)).architecture() == a);
    }

    TEST_CASE("old modules, and those without a version, have no final norm") {
        Json arguments = some_arguments();
        arguments.update({{"encoder_normalize_before", true}, {"decoder_normalize_before", true}});
        Architecture a = some_architecture();
        a.norm = Norm::pre;
        const Network network = some_network(a);
        for (const float version : {0.0F, 1.0F, 2.0F, 3.0F}) {
            CAPTURE(version);
            TorchFile file(TorchContainer::zip);
            file.pickle().op("}(").text("args").global("argparse", "Namespace").op(")\x81");
            write_json(file.pickle(), arguments);
            file.pickle().op("b").text("model").op("}(");
            for (const char* name : {"encoder.version", "decoder.version"}) {
                if (version == 0.0F) continue;
                file.pickle().text(name);
                file.floats({1}, std::array{version});
            }
            for (const auto& entry : network.table()) {
                file.pickle().text(entry.name);
                file.floats(stored_shape(entry), {network.values().data() + entry.offset,
                                                  static_cast<std::size_t>(entry.size())});
            }
            const std::array<float, 8> ones{1, 1, 1, 1, 1, 1, 1, 1};
            for (const std::string side : {"encoder", "decoder"})
                for (const char* part : {".layer_norm.weight", ".layer_norm.bias"}) {
                    file.pickle().text(side + part);
                    file.floats({8}, ones);
                }
            file.pickle().text("decoder.embed_tokens.weight");
            file.floats({10, 8}, {network.values().data(), 80});
            file.pickle().op("uu");
            const TemporaryDirectory directory;
            file.write(directory / "c.pt");
            const auto checkpoint = FairseqCheckpoint::open(directory / "c.pt");
            CHECK(checkpoint.architecture().encoder.final_norm == (version >= 2.0F));
            CHECK(checkpoint.architecture().decoder.final_norm == (version > 2.0F));
            // What the network does not use is listed.
            const std::size_t unused = version < 2.0F ? 4 : version < 3.0F ? 2 : 0;
            CHECK(checkpoint.ignored().size() == unused);
            if (unused == 2) CHECK(checkpoint.ignored().front() == "decoder.layer_norm.weight");
        }
    }

    TEST_CASE("a SubTransformer is what the settings choose of the SuperTransformer") {
        Json arguments = some_arguments();
        arguments.update({{"train_subtransformer", true},
                          {"encoder_embed_dim_subtransformer", 8},
                          {"decoder_embed_dim_subtransformer", 4},
                          {"encoder_layer_num_subtransformer", 2},
                          {"decoder_layer_num_subtransformer", 1},
                          {"encoder_ffn_embed_dim_all_subtransformer", {12, 6}},
                          {"decoder_ffn_embed_dim_all_subtransformer", {10, 12}},
                          {"encoder_self_attention_heads_all_subtransformer", {4, 2}},
                          {"decoder_self_attention_heads_all_subtransformer", {2}},
                          {"decoder_ende_attention_heads_all_subtransformer", {4}},
                          {"decoder_arbitrary_ende_attn_all_subtransformer", {1, -1}}});
        Architecture genes;
        genes.encoder.embed_dim = 8;
        genes.decoder.embed_dim = 4;
        genes.encoder.layer_count = 2;
        genes.decoder.layer_count = 1;
        genes.encoder.layer_shapes[0] = {.ffn_dim = 12, .heads = 4};
        genes.encoder.layer_shapes[1] = {.ffn_dim = 6, .heads = 2};
        genes.decoder.layer_shapes[0] = {
            .ffn_dim = 10, .heads = 2, .cross_heads = 4, .attended_layers = 2};
        const Network network = some_network(some_architecture());
        const auto checkpoint = written(arguments, network);
        CHECK(checkpoint.architecture() == some_architecture());
        CHECK(checkpoint.sub_transformer() == sub_architecture(genes, some_architecture()));

        arguments["decoder_layer_num_subtransformer"] = 2;
        CHECK_THROWS_WITH_AS(
            static_cast<void>(
                fairseq_sub(written(some_arguments(), network).arguments(), some_architecture())),
            doctest::Contains("encoder_embed_dim_subtransformer is missing"), hat::Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(written(arguments, network)),
            doctest::Contains("decoder_self_attention_heads_all_subtransformer has 1 items for 2 "
                              "layers"),
            hat::Error);
        arguments["decoder_layer_num_subtransformer"] = 1;
        arguments["encoder_embed_dim_subtransformer"] = 16;
        CHECK_THROWS_WITH_AS(
            static_cast<void>(written(arguments, network)),
            doctest::Contains("encoder_embed_dim = 16 exceeds the super network's 8"), hat::Error);
    }

    TEST_CASE("settings that are missing, wrong or of other networks are named") {
        check_rejected({{"arch", "lstm"}},
                       "args: arch: expected a SuperTransformer, transformersuper…");
        check_rejected({{"encoder_layers", "two"}}, "args: encoder_layers: expected an integer");
        check_rejected({{"encoder_layers", 99}}, "args: encoder_layers = 99, expected 1 to 16");
        check_rejected({{"qkv_dim", 6}}, "args: architecture: encoder layer 0: heads = 4 does not "
                                         "divide qkv_dim = 6");
        check_rejected({{"activation_fn", "selu"}},
                       "args: activation_fn: expected relu, gelu, gelu_accurate, tanh or linear");
        check_rejected({{"adaptive_input", true}}, "args: adaptive_input: expected False");
        check_rejected({{"adaptive_softmax_cutoff", {1, 2}}},
                       "args: adaptive_softmax_cutoff: expected None");
        check_rejected({{"decoder_output_dim", 4}},
                       "args: decoder_output_dim: expected the same as decoder_embed_dim");
        check_rejected({{"share_all_embeddings", 1}},
                       "args: share_all_embeddings: expected True or False");
        check_rejected({{"encoder_normalize_before", true}},
                       "args: decoder_normalize_before: expected the same as "
                       "encoder_normalize_before");
        check_rejected({{"decoder_arbitrary_ende_attn_choice", {3}}},
                       "args: decoder_arbitrary_ende_attn_choice: expected -1, 1 or 2");
        check_rejected({{"decoder_arbitrary_ende_attn_choice", 2}},
                       "args: decoder_arbitrary_ende_attn_choice: expected a list");
        check_rejected({{"qkv_dim", nullptr}, {"decoder_embed_dim", 12}},
                       "args: qkv_dim: expected an integer, as encoder and decoder differ in "
                       "width");
        check_rejected({{"encoder_ffn_embed_dim", 16}},
                       "tensor \"encoder.layers.0.fc1.weight\" has shape [12, 8], expected [16, "
                       "8]");
        check_rejected({{"decoder_layers", 3}},
                       "tensor \"decoder.layers.2.self_attn.in_proj_weight\" is missing");
    }

    TEST_CASE("a file without settings, model or embeddings is one line") {
        TorchFile empty(TorchContainer::zip);
        empty.pickle().op("}");
        check_model_rejected(empty, "has no model: it is no checkpoint of the reference");
        TorchFile text(TorchContainer::zip);
        text.pickle().op("}(").text("model").none().text("args").none().op("u");
        check_model_rejected(text, "args: is no Namespace");
        const auto embeddings = [](TorchFile& file) {
            const std::vector<float> values(80);
            for (const char* side : {"encoder", "decoder"}) {
                file.pickle().text(side + std::string(".embed_tokens.weight"));
                file.floats({10, 8}, values);
            }
        };
        check_model_rejected(model_file([](TorchFile&) {}),
                             "tensor \"encoder.embed_tokens.weight\" is missing");
        check_model_rejected(model_file([&](TorchFile& file) {
                                 embeddings(file);
                                 file.pickle().text("encoder.version").text("three");
                             }),
                             "tensor \"encoder.version\": is no tensor");
        check_model_rejected(model_file([&](TorchFile& file) {
                                 embeddings(file);
                                 file.pickle().text("encoder.version");
                                 file.floats({1}, std::array{-1.0F});
                             }),
                             "tensor \"encoder.version\" is no version");
        check_model_rejected(model_file([&](TorchFile& file) {
                                 embeddings(file);
                                 file.pickle().text("decoder.embed_tokens.weight").integer(1);
                             }),
                             "tensor \"decoder.embed_tokens.weight\": is no tensor");
    }

    TEST_CASE("a shared table that is stored twice must be the same twice") {
        const Network network = some_network(some_architecture());
        for (const bool same : {true, false}) {
            const TorchFile file = model_file([&](TorchFile& f) {
                for (const auto& entry : network.table()) {
                    f.pickle().text(entry.name);
                    f.floats(stored_shape(entry), {network.values().data() + entry.offset,
                                                   static_cast<std::size_t>(entry.size())});
                }
                std::vector<float> copy(network.values().data(), network.values().data() + 80);
                if (!same) copy[79] += 1;
                f.pickle().text("decoder.embed_tokens.weight");
                f.floats({10, 8}, copy);
            });
            if (same) {
                const TemporaryDirectory directory;
                file.write(directory / "c.pt");
                CHECK(FairseqCheckpoint::open(directory / "c.pt").ignored().empty());
            } else {
                check_model_rejected(file, "all embeddings are shared, but those of encoder and "
                                           "decoder differ");
            }
        }
    }
}
