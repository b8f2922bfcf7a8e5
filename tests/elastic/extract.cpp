// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/translate.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"
#include "support/reference.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using hat::Arena;
using hat::Matrix;
using hat::RandomKey;
using hat::elastic::extract;
using hat::model::Architecture;
using hat::model::Network;
using hat::model::Sharing;

namespace {

constexpr int vocab_size = 40;

/// A super network whose sides are `encoder_dim` and `decoder_dim` wide.
Architecture super_architecture(int encoder_dim, int decoder_dim, Sharing sharing) {
    Architecture super = hat::model::uniform({.encoder_layers = 3,
                                              .decoder_layers = 2,
                                              .embed_dim = encoder_dim,
                                              .ffn_dim = 40,
                                              .heads = 4,
                                              .qkv_dim = 16,
                                              .attended_layers = 3,
                                              .sharing = sharing},
                                             vocab_size, vocab_size);
    super.decoder.embed_dim = decoder_dim;
    return super;
}

Architecture member(const Architecture& super, int encoder_dim, int decoder_dim) {
    Architecture genes = super;
    genes.encoder.embed_dim = encoder_dim;
    genes.decoder.embed_dim = decoder_dim;
    genes.encoder.layer_count = 2;
    genes.encoder.layer_shapes[0] = {.ffn_dim = 33, .heads = 2};
    genes.encoder.layer_shapes[1] = {.ffn_dim = 17, .heads = 8};
    genes.decoder.layer_shapes[0] = {
        .ffn_dim = 24, .heads = 4, .cross_heads = 1, .attended_layers = 3};
    genes.decoder.layer_shapes[1] = {
        .ffn_dim = 40, .heads = 1, .cross_heads = 16, .attended_layers = 2};
    return sub_architecture(genes, super);
}

const hat::support::SentencePairs& pairs() {
    static const hat::support::SentencePairs two({{4, 5, 6, 2}, {7, 8, 2}},
                                                 {{2, 9, 10}, {2, 11, 12, 13, 14}});
    return two;
}

/// A super network, a member of it as a view, and the same extracted.
struct Twins {
    Network super;
    Architecture sub;
    Network small;

    Twins(const Architecture& architecture, int encoder_dim, int decoder_dim)
        : super(initialized(architecture)), sub(member(architecture, encoder_dim, decoder_dim)),
          small(extract(super, sub)) {}

    static Network initialized(const Architecture& architecture) {
        Network network(architecture);
        network.initialize(2);
        // Biases and norms too, so that one in the wrong place is noticed.
        hat::Random random(3);
        for (const auto& entry : network.table()) {
            if (!entry.is_vector) continue;
            for (float& x : network.values().matrix(entry).row(0))
                x += static_cast<float>(0.1 * random.normal());
        }
        return network;
    }
};

/// Every case in which cross-attention may store its projections together in one network and apart
/// in the other.
template <class Check>
void for_each_twins(const Check& check) {
    struct Dims {
        int encoder, decoder, sub_encoder, sub_decoder;
    };
    for (const Dims d : {Dims{24, 24, 20, 20}, Dims{24, 24, 20, 12}, Dims{24, 20, 16, 16},
                         Dims{20, 24, 20, 12}, Dims{24, 24, 24, 24}}) {
        for (const Sharing sharing : {Sharing::none, Sharing::decoder_input_output, Sharing::all}) {
            CAPTURE(d.encoder);
            CAPTURE(d.decoder);
            CAPTURE(d.sub_encoder);
            CAPTURE(d.sub_decoder);
            Twins twins(super_architecture(d.encoder, d.decoder, sharing), d.sub_encoder,
                        d.sub_decoder);
            check(twins);
        }
    }
}

/// The logits of a batch; with a tape, of a training step whose dropout is the same each time.
template <class Context>
Matrix logits_of(Context& context, const hat::model::Transformer<hat::nn::Trainable>& model,
                 const hat::nn::DropoutRates& rates) {
    return hat::support::logits_of(context, model, rates, pairs().batch());
}

std::vector<hat::decode::Hypotheses>
translations(const hat::model::Transformer<hat::nn::Trainable>& model) {
    const hat::model::PackedModel packed(model);
    hat::decode::Translator translator(packed, {});
    hat::ThreadPool pool(1);
    std::vector<hat::decode::Hypotheses> results;
    translator.translate({pairs().batch().source, pairs().batch().source_sentences},
                         {.beam = 4, .max_length_a = 0, .max_length_b = 12}, pool, results);
    return results;
}

}  // namespace

TEST_SUITE("elastic/extract") {
    TEST_CASE("an extracted network computes the bits of the view") {
        for_each_twins([](Twins& twins) {
            Arena memory;
            Arena scratch;
            hat::autograd::Eval eval(memory, scratch);
            CHECK(hat::support::same_bits(logits_of(eval, twins.small.view(), {}),
                                          logits_of(eval, twins.super.view(twins.sub), {})));
        });
    }

    TEST_CASE("a member of a network of DeFINE units is extracted with its narrower units") {
        const Architecture super = hat::support::define_translator(vocab_size, vocab_size);
        Architecture genes = super;
        genes.encoder.embed_dim = 24;
        genes.decoder.embed_dim = 16;
        genes.encoder.layer_count = 2;
        genes.encoder.layer_shapes[0].ffn_dim = 5;
        const Network whole = Twins::initialized(super);
        const Network small = extract(whole, genes);
        CHECK(small.architecture().unit_of(genes.encoder.layer_shapes[1], 24).variant ==
              hat::nn::DExTraVariant::define);
        Arena memory;
        Arena scratch;
        hat::autograd::Eval eval(memory, scratch);
        CHECK(hat::support::same_bits(
            logits_of(eval, small.view(), {}),
            logits_of(eval, whole.view(sub_architecture(genes, super)), {})));
    }

    TEST_CASE("an extracted network trains on the bits of the view, dropout included") {
        for_each_twins([](Twins& twins) {
            Arena memory;
            Arena scratch;
            const hat::nn::DropoutRates rates{
                .residual = 0.3F, .attention = 0.2F, .activation = 0.1F};
            hat::autograd::Tape first(memory, scratch, RandomKey(1));
            hat::autograd::Tape second(memory, scratch, RandomKey(1));
            CHECK(hat::support::same_bits(logits_of(first, twins.small.view(), rates),
                                          logits_of(second, twins.super.view(twins.sub), rates)));
        });
    }

    TEST_CASE("an extracted network translates as the view does") {
        for_each_twins([](Twins& twins) {
            const auto small = translations(twins.small.view());
            const auto view = translations(twins.super.view(twins.sub));
            REQUIRE(small.size() == view.size());
            for (std::size_t s = 0; s < small.size(); ++s) {
                REQUIRE(small[s].size() == view[s].size());
                for (std::size_t h = 0; h < small[s].size(); ++h) {
                    CHECK(small[s][h].tokens == view[s][h].tokens);
                    CHECK(small[s][h].score == view[s][h].score);
                }
            }
        });
    }

    TEST_CASE("an extracted network holds the sliced weights only") {
        const Twins twins(super_architecture(24, 24, Sharing::none), 20, 12);
        CHECK(twins.small.architecture() == twins.sub);
        CHECK(twins.small.table().find("encoder.layers.2.fc1.weight") < 0);
        const auto& table = twins.small.table();
        const auto& fc1 = table[table.index("encoder.layers.0.fc1.weight")];
        CHECK(fc1.rows == 33);
        CHECK(fc1.cols == 20);
        CHECK(twins.small.values().size() < twins.super.values().size());
    }

    TEST_CASE("genes that the super network does not hold are named") {
        Network super(super_architecture(24, 24, Sharing::all));
        Architecture genes = super.architecture();
        genes.decoder.layer_shapes[1].ffn_dim = 41;
        CHECK_THROWS_WITH_AS(static_cast<void>(extract(super, genes)),
                             "architecture: decoder layer 1: ffn_dim = 41 exceeds the super "
                             "network's 40",
                             hat::Error);
    }
}
