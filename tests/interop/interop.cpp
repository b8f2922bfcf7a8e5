// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/interop.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/reference_checkpoint.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>

TEST_SUITE("interop/interop") {
    TEST_CASE("what its description shows holds: a checkpoint becomes a network") {
        const hat::model::Architecture architecture = hat::model::uniform(
            {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 8, .ffn_dim = 12, .heads = 4},
            10, 10);
        hat::model::Network trained(architecture);
        trained.initialize(1);
        const hat::support::TemporaryDirectory directory;
        const hat::io::Json arguments{{"arch", "transformersuper_wmt_en_de"},
                                      {"encoder_embed_dim", 8},
                                      {"decoder_embed_dim", 8},
                                      {"encoder_ffn_embed_dim", 12},
                                      {"decoder_ffn_embed_dim", 12},
                                      {"encoder_layers", 1},
                                      {"decoder_layers", 1},
                                      {"encoder_attention_heads", 4},
                                      {"decoder_attention_heads", 4},
                                      {"qkv_dim", 8},
                                      {"share_all_embeddings", true},
                                      {"decoder_arbitrary_ende_attn_choice", {-1}}};
        hat::support::reference_checkpoint(hat::support::TorchContainer::zip, arguments, trained)
            .write(directory / "checkpoint_best.pt");

        const auto checkpoint =
            hat::interop::FairseqCheckpoint::open(directory / "checkpoint_best.pt");
        hat::model::Network network(checkpoint.architecture());
        checkpoint.load_weights(network.table(), network.values());
        CHECK(network.architecture() == architecture);
        CHECK(std::equal(network.values().data(), network.values().data() + network.values().size(),
                         trained.values().data()));
    }
}
