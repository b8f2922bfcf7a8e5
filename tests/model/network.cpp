// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/gradient_check.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/own_layers.hpp"
#include "support/reference.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace hat::model;
using hat::Arena;
using hat::Matrix;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Tape;
using hat::support::OwnLayers;
using hat::support::same_bits;
using hat::support::SentencePairs;

namespace {

Architecture small_super(Sharing sharing = Sharing::all) {
    return uniform({.encoder_layers = 3,
                    .decoder_layers = 2,
                    .embed_dim = 24,
                    .ffn_dim = 40,
                    .heads = 4,
                    .qkv_dim = 16,
                    .attended_layers = 3,
                    .sharing = sharing},
                   30, 30);
}

/// A member of `small_super`: fewer layers, narrower, and narrower still in the decoder.
Architecture small_sub(const Architecture& super, int encoder_dim, int decoder_dim) {
    Architecture genes;
    genes.encoder.embed_dim = encoder_dim;
    genes.decoder.embed_dim = decoder_dim;
    genes.encoder.layer_count = 2;
    genes.decoder.layer_count = 1;
    genes.encoder.layer_shapes[0] = {.ffn_dim = 33, .heads = 2};
    genes.encoder.layer_shapes[1] = {.ffn_dim = 17, .heads = 8};
    genes.decoder.layer_shapes[0] = {
        .ffn_dim = 24, .heads = 4, .cross_heads = 1, .attended_layers = 3};
    const Architecture sub = sub_architecture(genes, super);
    validate_fits_in(sub, super);
    return sub;
}

const SentencePairs& pairs() {
    static const SentencePairs two({{4, 5, 6, 2}, {7, 8, 2}}, {{2, 9, 10}, {2, 11, 12, 13, 14}});
    return two;
}

Matrix tensor(Network& network, const std::string& name) {
    return network.values().matrix(network.table()[network.table().index(name)]);
}

/// Copies of `super` what `sub` uses, into a network that has nothing else.
Network extract(Network& super, const Architecture& sub) {
    Network own(sub);
    for (const auto& entry : own.table()) {
        const Matrix to = own.values().matrix(entry);
        Matrix from;
        const auto part = entry.name.find("encoder_attn.");
        if (super.table().find(entry.name) >= 0) {
            from = tensor(super, entry.name);
        } else {  // the super network stores one projection, this one three
            REQUIRE(part != std::string::npos);
            const std::string name = entry.name.substr(0, part) + "encoder_attn.in_proj_weight";
            const char which = entry.name[part + 13];
            const int third = which == 'q' ? 0 : which == 'k' ? 1 : 2;
            from = tensor(super, name).middle_rows(third * sub.qkv_dim, sub.qkv_dim);
        }
        hat::kernels::add(from.top_left(to.rows(), to.cols()), to, false);
    }
    return own;
}

}  // namespace

TEST_SUITE("model/network") {
    TEST_CASE("a network begins with zeros, and is not made of an invalid architecture") {
        Network network(small_super());
        CHECK(tensor(network, "encoder.layers.0.fc1.weight")(3, 3) == 0.0F);
        Architecture invalid = small_super();
        invalid.qkv_dim = 0;
        CHECK_THROWS_AS(Network{invalid}, hat::Error);
    }

    TEST_CASE("a sub-network is a view of the same memory, and costs no allocation") {
        Network network(small_super());
        network.initialize(1);
        const Architecture sub = small_sub(network.architecture(), 20, 12);
        Gradients gradients(network.table());
        const auto allocations =
            hat::support::allocations_in([&] { static_cast<void>(network.view(sub, &gradients)); });
        CHECK(allocations == 0);

        const auto model = network.view(sub, &gradients);
        const auto& layer = model.encoder_layers[1];
        const Matrix whole = tensor(network, "encoder.layers.1.fc1.weight");
        CHECK(layer.feed_forward.first.weight.value.data() == whole.data());
        CHECK(layer.feed_forward.first.weight.value.rows() == 17);
        CHECK(layer.feed_forward.first.weight.value.cols() == 20);
        CHECK(layer.feed_forward.first.weight.value.stride() == 24);
        CHECK(layer.self_attn.heads == 8);
        CHECK(layer.self_attn.query.weight.outputs() == 16);  // never cut

        const auto& cross = model.decoder_layers[0].encoder_attn;
        const Matrix joint = tensor(network, "decoder.layers.0.encoder_attn.in_proj_weight");
        CHECK(cross.query.weight.value.data() == joint.data());
        CHECK(cross.query.weight.value.cols() == 12);
        CHECK(cross.key.weight.value.data() == joint.row_data(16));
        CHECK(cross.key.weight.value.cols() == 20);
        CHECK(cross.value.weight.value.data() == joint.row_data(32));

        // One table, cut for each of its uses.
        CHECK(model.source_embedding.weight.value.data() ==
              model.target_embedding.weight.value.data());
        CHECK(model.source_embedding.weight.value.cols() == 20);
        CHECK(model.output.value.cols() == 12);
        tensor(network, "encoder.embed_tokens.weight")(5, 5) = 77.0F;
        CHECK(model.output.value(5, 5) == 77.0F);

        CHECK(layer.self_attn.out_proj.bias.trainable());
        CHECK_FALSE(network.view(sub).encoder_layers[1].self_attn.out_proj.bias.trainable());
        CHECK_FALSE(model.source_positions.trainable());
    }

    TEST_CASE("a sub-network computes what the network extracted from it does") {
        for (const int decoder_dim : {20, 12}) {
            for (const Sharing sharing : {Sharing::none, Sharing::all}) {
                Network super(small_super(sharing));
                super.initialize(2);
                const Architecture sub = small_sub(super.architecture(), 20, decoder_dim);
                Network own = extract(super, sub);
                Arena memory;
                Arena scratch;
                Eval eval(memory, scratch);
                const auto logits_of = [&](Network& network) {
                    return hat::support::logits_of(eval, network.view(sub), {}, pairs().batch());
                };
                CHECK(same_bits(logits_of(own), logits_of(super)));
            }
        }
    }

    TEST_CASE("gradients go to the slice in use and to nothing else") {
        Network network(small_super(Sharing::none));
        network.initialize(3);
        const Architecture sub = small_sub(network.architecture(), 20, 12);
        Gradients gradients(network.table());
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        static_cast<void>(loss(tape, network.view(sub, &gradients), {}, pairs().batch(), 0.1F));
        tape.backward();
        for (int i = 0; i < network.table().size(); ++i) {
            const auto& entry = network.table()[i];
            CAPTURE(entry.name);
            const bool unused = entry.name.starts_with("encoder.layers.2.") ||
                                entry.name.starts_with("decoder.layers.1.");
            CHECK(gradients.has_gradient[static_cast<std::size_t>(i)] == (unused ? 0 : 1));
            const Matrix g = gradients.values.matrix(entry);
            const bool reaches_end = g(g.rows() - 1, g.cols() - 1) != 0.0F;
            const bool is_never_cut = entry.name.ends_with("in_proj_bias");
            CHECK(reaches_end == (is_never_cut && !unused));
        }
    }

    TEST_CASE("initial numbers of a network are those of its tensors") {
        Network one(small_super());
        Network other(small_super());
        one.initialize(5);
        initialize(other.layout(), other.values(), 5);
        for (const auto& entry : one.table())
            CHECK(same_bits(one.values().matrix(entry), other.values().matrix(entry)));
    }

    TEST_CASE("layers of one's own have their tensors, the library's parts of them theirs") {
        BasicNetwork<OwnLayers> network(small_super());
        const Network plain(small_super());
        const auto& table = network.table();
        for (const auto& entry : plain.table())
            CHECK((table.find(entry.name) >= 0) == !entry.name.starts_with("encoder.layers."));
        CHECK(table.size() == plain.table().size() - 3 * 12 + 3 * 4 + 2 * 2);
        const auto& mix = table[table.index("encoder.layers.2.mix.weight")];
        CHECK(mix.rows == 24);
        CHECK(mix.cols == 24);
        const auto& bypass = table[table.index("decoder.layers.1.bypass.bias")];
        CHECK(bypass.is_vector);
        CHECK(bypass.cols == 24);
        network.initialize(1);
        CHECK(network.values().matrix(mix)(23, 23) != 0.0F);
        CHECK(network.values().matrix(table[table.index("encoder.layers.0.norm.weight")])(0, 23) ==
              1.0F);
    }

    TEST_CASE("layers of one's own are differentiated, and packed say the same") {
        BasicNetwork<OwnLayers> network(small_super());
        network.initialize(4);
        Gradients gradients(network.table());
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        static_cast<void>(loss(tape, network.view(&gradients), {}, pairs().batch(), 0.1F));
        tape.backward();
        for (const auto has_gradient : gradients.has_gradient) CHECK(has_gradient == 1);

        Arena eval_memory;
        const auto batch = pairs().batch();
        const auto loss_of = [&](const auto& model) {
            eval_memory.reset();
            Eval eval(eval_memory, scratch);
            return loss(eval, model, {}, batch, 0.1F).loss;
        };
        for (const char* name : {"encoder.layers.0.mix.weight", "decoder.layers.0.bypass.weight"}) {
            CAPTURE(name);
            const auto& entry = network.table()[network.table().index(name)];
            const auto error = hat::autograd::check_gradient(
                network.values().matrix(entry), gradients.values.matrix(entry),
                [&] { return loss_of(network.view()); }, 1e-2F, 7);
            CHECK(error.relative() < 1e-2);  // of losses in single precision
        }
        const PackedTransformer<OwnLayers> packed(network.view());
        CHECK(loss_of(packed.view()) == loss_of(network.view()));
    }

    TEST_CASE("learned positions are parameters, sinusoids are not, and there may be none") {
        Architecture a = small_super();
        a.encoder.positions = Positions::learned;
        a.encoder.max_positions = 20;
        a.decoder.positions = Positions::none;
        Network network(a);
        Gradients gradients(network.table());
        const auto model = network.view(&gradients);
        CHECK(model.source_positions.trainable());
        CHECK(model.source_positions.value.data() ==
              tensor(network, "encoder.embed_positions.weight").data());
        CHECK(model.target_positions.value.empty());

        Network plain(small_super());
        const auto sines = plain.view(small_sub(plain.architecture(), 20, 12)).source_positions;
        CHECK(sines.value.rows() == Network::max_tokens + hat::first_position);
        CHECK(sines.value.cols() == 20);
        CHECK(sines.value.stride() == 24);  // the super network's table
    }

    TEST_CASE("gradients of another network are refused") {
        const Network network(small_super());
        Gradients none{hat::TensorTable()};
        Gradients other(Network(small_sub(network.architecture(), 12, 12)).table());
        CHECK_THROWS_WITH_AS(
            static_cast<void>(network.view(&none)),
            doctest::Contains("network: the gradients have 0 tensors in 0 numbers"), hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(network.view(&other)),
                             doctest::Contains("are they those of another network?"), hat::Error);
        // As many numbers, in other tensors.
        hat::TensorTable one;
        one.add_vector("all", static_cast<int>(network.table().extent()));
        Gradients joined(one);
        CHECK_THROWS_AS(static_cast<void>(network.view(&joined)), hat::Error);
    }
}
