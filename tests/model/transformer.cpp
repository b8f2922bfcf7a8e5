// SPDX-License-Identifier: Apache-2.0
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/transformer.hpp>

#include "support/reference.hpp"
#include "support/sentences.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

using namespace hat::model;
using hat::Arena;
using hat::ConstMatrix;
using hat::Matrix;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Tape;
using hat::nn::DropoutRates;
using hat::support::same_bits;
using hat::support::SentencePairs;
using hat::support::TokenLists;

namespace {

using Tokens = std::vector<std::vector<int>>;

const Tokens sources{{4, 5, 6, 2}, {7, 2}, {8, 9, 10, 11, 12, 13, 2}};
const Tokens inputs{{2, 14, 15}, {2, 16, 17, 18, 19}, {2, 20}};

Architecture translator(Norm norm = Norm::post) {
    Architecture a = uniform({.encoder_layers = 3,
                              .decoder_layers = 3,
                              .embed_dim = 24,
                              .ffn_dim = 40,
                              .heads = 4,
                              .qkv_dim = 16},
                             30, 30);
    for (int i = 0; i < 3; ++i)
        a.decoder.layer_shapes[static_cast<std::size_t>(i)].attended_layers = i + 1;
    a.norm = norm;
    a.encoder.final_norm = a.decoder.final_norm = norm == Norm::pre;
    return a;
}

Architecture language_model() {
    const DecoderLayerShape layer{.ffn_dim = 40, .heads = 4};
    return {.target_vocab_size = 30,
            .decoder = {.embed_dim = 24, .layer_count = 2, .layer_shapes = {layer, layer}},
            .qkv_dim = 16,
            .sharing = Sharing::decoder_input_output};
}

/// A network with weights and a place to run it in.
class Runner {
public:
    explicit Runner(const Architecture& a) : network_(a) { network_.initialize(1); }

    [[nodiscard]] Network& network() { return network_; }

    /// Logits of whole sentences; `source` is empty for a language model.
    template <class Context, class Model>
    Matrix logits(Context& context, const Model& model, const Tokens& source, const Tokens& input) {
        lists_.push_back(std::make_unique<TokenLists>(source));
        const TokenLists& from = *lists_.back();
        lists_.push_back(std::make_unique<TokenLists>(input));
        const TokenLists& to = *lists_.back();
        Encoded encoded;
        if (network_.architecture().has_encoder())
            encoded = encode(context, model, {}, from.tokens, from.ragged());
        const Decoded decoded = decode(context, model, {}, encoded, to.tokens, to.ragged());
        return hat::autograd::linear(context, decoded.output, network_.view().output).value;
    }
    Matrix logits(const Tokens& source, const Tokens& input) {
        return logits(eval_, network_.view(), source, input);
    }

    [[nodiscard]] Eval& eval() { return eval_; }
    [[nodiscard]] Arena& memory() { return memory_; }
    [[nodiscard]] Arena& scratch() { return scratch_; }

private:
    Network network_;
    Arena memory_;
    Arena scratch_;
    Eval eval_{memory_, scratch_};
    std::vector<std::unique_ptr<TokenLists>> lists_;
};

}  // namespace

TEST_SUITE("model/transformer") {
    TEST_CASE("a later target token changes no earlier logit") {
        for (const Architecture& a : {translator(), translator(Norm::pre), language_model()}) {
            Runner runner(a);
            const Tokens source = a.has_encoder() ? Tokens{sources[2]} : Tokens{};
            const Matrix before = runner.logits(source, {{2, 14, 15, 16, 17}});
            const Matrix after = runner.logits(source, {{2, 14, 15, 26, 17}});
            CHECK(same_bits(before.top_rows(3), after.top_rows(3)));
            for (int t = 3; t < 5; ++t)
                CHECK_FALSE(same_bits(before.middle_rows(t, 1), after.middle_rows(t, 1)));
        }
    }

    TEST_CASE("every source token changes every logit") {
        Runner runner(translator());
        const Matrix before = runner.logits({{4, 5, 6, 2}}, {{2, 14}});
        for (int i = 0; i < 4; ++i) {
            Tokens changed{{4, 5, 6, 2}};
            changed[0][static_cast<std::size_t>(i)] = 20;
            const Matrix after = runner.logits(changed, {{2, 14}});
            CHECK_FALSE(same_bits(before.top_rows(1), after.top_rows(1)));
            CHECK_FALSE(same_bits(before.middle_rows(1, 1), after.middle_rows(1, 1)));
        }
    }

    TEST_CASE("a batch gives the same bits as its sentences one by one") {
        for (const Architecture& a : {translator(), translator(Norm::pre), language_model()}) {
            Runner runner(a);
            const Matrix together = runner.logits(a.has_encoder() ? sources : Tokens{}, inputs);
            int row = 0;
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                const Tokens source = a.has_encoder() ? Tokens{sources[i]} : Tokens{};
                const Matrix alone = runner.logits(source, {inputs[i]});
                CHECK(same_bits(together.middle_rows(row, alone.rows()), alone));
                row += alone.rows();
            }
            CHECK(row == together.rows());
        }
    }

    TEST_CASE("an evaluation gives the same bits as a tape without dropout") {
        Runner runner(translator());
        Tape tape(runner.memory(), runner.scratch(), RandomKey(1));
        CHECK(same_bits(runner.logits(tape, runner.network().view(), sources, inputs),
                        runner.logits(sources, inputs)));
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        for (const Architecture& a : {translator(), translator(Norm::pre), language_model()}) {
            Runner runner(a);
            const PackedModel packed(runner.network().view());
            const Tokens source = a.has_encoder() ? sources : Tokens{};
            CHECK(same_bits(runner.logits(runner.eval(), packed.view(), source, inputs),
                            runner.logits(source, inputs)));
        }
    }

    TEST_CASE("the loss is that of the logits, label smoothing included") {
        for (const Architecture& a : {translator(), language_model()}) {
            Runner runner(a);
            const SentencePairs pairs(a.has_encoder() ? sources : Tokens{}, inputs);
            const Batch batch = pairs.batch();
            const auto found = loss(runner.eval(), runner.network().view(), {}, batch, 0.1F);
            const hat::support::Doubles logits(
                runner.logits(a.has_encoder() ? sources : Tokens{}, inputs));
            double nll = 0;
            double smooth = 0;
            for (int t = 0; t < logits.rows; ++t) {
                double sum = 0;
                for (int v = 0; v < logits.cols; ++v) sum += std::exp(logits(t, v));
                nll += std::log(sum) - logits(t, batch.target[static_cast<std::size_t>(t)]);
                for (int v = 0; v < logits.cols; ++v)
                    smooth += (std::log(sum) - logits(t, v)) / logits.cols;
            }
            CHECK(found.nll == doctest::Approx(nll).epsilon(1e-6));
            CHECK(found.loss == doctest::Approx(0.9 * nll + 0.1 * smooth).epsilon(1e-6));
        }
    }

    TEST_CASE("all of a language model learns") {
        Runner runner(language_model());
        Gradients gradients(runner.network().table());
        const SentencePairs pairs({}, inputs);
        Tape tape(runner.memory(), runner.scratch(), RandomKey(1));
        static_cast<void>(loss(tape, runner.network().view(&gradients), {}, pairs.batch(), 0.1F));
        tape.backward();
        for (const auto has : gradients.has_gradient) CHECK(has == 1);
    }

    TEST_CASE("the same key drops the same, another one something else") {
        Runner runner(translator());
        const SentencePairs pairs(sources, inputs);
        const auto loss_with = [&](std::uint64_t seed, const DropoutRates& rates) {
            Tape tape(runner.memory(), runner.scratch(), RandomKey(seed));
            return loss(tape, runner.network().view(), rates, pairs.batch(), 0.1F).loss;
        };
        const DropoutRates rates{.residual = 0.3F, .attention = 0.1F, .activation = 0.2F};
        CHECK(loss_with(1, rates) == loss_with(1, rates));
        CHECK(loss_with(1, rates) != loss_with(2, rates));
        CHECK(loss_with(1, {}) == loss_with(2, {}));
        CHECK(loss(runner.eval(), runner.network().view(), rates, pairs.batch(), 0.1F).loss ==
              loss_with(1, {}));
    }

    TEST_CASE("a narrower sub-network drops less, but for its encoder's self-attention") {
        Architecture a = translator();
        a.origin.encoder_dim = 48;
        a.origin.decoder_dim = 96;
        const DropoutRates rates{.residual = 0.4F, .attention = 0.1F, .activation = 0.2F};
        const auto encoder = detail::encoder_dropout(a, rates);
        CHECK(encoder.self_attention == 0.4F);
        CHECK(encoder.scaled == 0.4F * 0.5F);
        CHECK(encoder.attention == 0.1F);
        CHECK(encoder.activation == 0.2F * 0.5F);
        const auto decoder = detail::decoder_dropout(a, rates);
        CHECK(decoder.self_attention == 0.4F * 0.25F);
        CHECK(decoder.scaled == 0.4F * 0.25F);
        CHECK(decoder.attention == 0.1F);
        CHECK(decoder.activation == 0.2F * 0.25F);
    }

    TEST_CASE("a narrower sub-network drops as much as any if that is asked for") {
        Architecture a = translator();
        a.origin.encoder_dim = 48;
        a.origin.decoder_dim = 96;
        const DropoutRates rates{.residual = 0.4F, .activation = 0.2F, .scaled_by_width = false};
        for (const auto& side :
             {detail::encoder_dropout(a, rates), detail::decoder_dropout(a, rates)}) {
            CHECK(side.self_attention == 0.4F);
            CHECK(side.scaled == 0.4F);
            CHECK(side.activation == 0.2F);
        }
    }

    TEST_CASE("embeddings are scaled by the root of the own or of the super width") {
        Architecture a = translator();
        a.encoder.embed_dim = 16;
        a.origin.encoder_dim = 64;
        a.decoder.embed_dim = 25;
        CHECK(source_embedding_scale(a) == 4.0F);
        CHECK(target_embedding_scale(a) == 5.0F);
        a.embedding.scaled_by_super_dim = true;
        CHECK(source_embedding_scale(a) == 8.0F);
        CHECK(target_embedding_scale(a) == 5.0F);
    }
}
