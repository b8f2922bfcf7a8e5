// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>

#include "support/delight_model.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::ConstMatrix;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Tape;
using hat::io::SafetensorsFile;
using hat::model::Network;

namespace {

// The files say how far single precision of the reference is from double: 5e-7 of the logits and
// 2e-6 of a gradient at worst; a few times that.
constexpr double output_tolerance = 3e-6;
constexpr double loss_tolerance = 1e-6;
constexpr double gradient_tolerance = 1e-5;

/// The batch of a file; a language model has no source.
struct DeLighTBatch {
    explicit DeLighTBatch(const SafetensorsFile& file, bool has_encoder)
        : source(has_encoder ? Sentences(file, "in.src_tokens")
                             : Sentences(file, input_name(file))),
          input(file, input_name(file)), target(file, "in.target"), has_source(has_encoder) {}

    [[nodiscard]] hat::model::Batch batch() const {
        hat::model::Batch batch;
        if (has_source) {
            batch.source = source.tokens();
            batch.source_sentences = source.ragged();
        }
        batch.input = input.tokens();
        batch.target = target.tokens();
        batch.target_sentences = target.ragged();
        return batch;
    }

    Sentences source;
    Sentences input;
    Sentences target;
    bool has_source;

private:
    static std::string input_name(const SafetensorsFile& file) {
        const auto has = [&](const char* name) {
            return std::ranges::any_of(file.tensors(),
                                       [&](const auto& t) { return t.name == name; });
        };
        return has("in.prev_output_tokens") ? "in.prev_output_tokens" : "in.src_tokens";
    }
};

/// A model file beside what the library computes.
class Comparison {
public:
    explicit Comparison(const SafetensorsFile& file)
        : file_(file), network_(delight_architecture(file)),
          batch_(file, network_.architecture().has_encoder()),
          smoothing_(file.metadata().count("label_smoothing") > 0
                         ? std::stof(file.metadata("label_smoothing"))
                         : 0.0F) {
        load_delight(DeLighTTensors(file, "param."), network_);
        if (file.metadata().count("num_parameters") > 0)
            CHECK(parameters(network_.architecture()) ==
                  std::stoll(file.metadata("num_parameters")));
    }

    void forward() {
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        const auto model = network_.view();
        const auto batch = batch_.batch();
        hat::model::Encoded encoded;
        if (batch_.has_source) {
            encoded = hat::model::encode(eval, model, {}, batch.source, batch.source_sentences);
            rows("out.encoder_out", encoded.output.value, batch_.source, true);
        }
        const auto decoded =
            hat::model::decode(eval, model, {}, encoded, batch.input, batch.target_sentences);
        if (model.adaptive_softmax) {
            rows("out.features", decoded.output.value, batch_.input, false);
            const auto found =
                memory.matrix(decoded.output.rows(), model.architecture.target_vocab_size);
            log_probabilities(eval, *model.adaptive_softmax, decoded.output, found);
            rows("out.log_probs", found, batch_.input, false);
            loss("out.true_nll", hat::model::loss(eval, model, {}, batch, 0.0F).loss);
        } else {
            rows("out.logits", hat::model::logits(eval, model, decoded.output).value, batch_.input,
                 false);
        }
        served(decoded.output.value);
    }

    void backward() {
        Arena memory;
        Arena scratch;
        hat::model::Gradients gradients(network_.table());
        Tape tape(memory, scratch, RandomKey(1));
        const auto found = objective(tape, network_.view(&gradients));
        loss("out.loss", found.loss);
        loss("out.nll_loss", found.nll);
        tape.backward();
        const DeLighTTensors expected(file_, "grad.");
        for (int i = 0; i < network_.table().size(); ++i) {
            const auto& entry = network_.table()[i];
            CAPTURE(entry.name);
            CHECK(gradients.has_gradient[static_cast<std::size_t>(i)] != 0);
            const std::vector<double> values = expected(entry.name);
            REQUIRE(values.size() == static_cast<std::size_t>(entry.size()));
            const float* const own = gradients.values.matrix(entry).data();
            Difference difference;
            for (std::size_t k = 0; k < values.size(); ++k)
                difference.add(static_cast<double>(own[k]), values[k]);
            check(difference, gradient_tolerance * difference.largest);
        }
    }

    [[nodiscard]] std::size_t values() const { return values_; }

private:
    void rows(const std::string& name, ConstMatrix found, const Sentences& sentences,
              bool time_major) {
        CAPTURE(name);
        const auto stored = file_.floats(name);
        const auto& shape = file_.tensor(name).shape;
        REQUIRE(shape.at(2) == found.cols());
        Difference difference;
        for (int t = 0; t < found.rows(); ++t) {
            const std::size_t row =
                time_major ? sentences.in_time_major(t)
                           : sentences.in_batch_major(t, static_cast<int>(shape.at(1)));
            difference.add(found.row(t),
                           stored.subspan(row * static_cast<std::size_t>(found.cols())));
        }
        check(difference, output_tolerance * difference.largest);
    }

    /// The loss whose gradients are stored: that of an adaptive softmax has the reference's quirk.
    [[nodiscard]] hat::kernels::CrossEntropy
    objective(Tape& tape, const hat::model::Transformer<hat::nn::Trainable>& model) const {
        const auto batch = batch_.batch();
        if (!model.adaptive_softmax) return hat::model::loss(tape, model, {}, batch, smoothing_);
        const auto decoded =
            hat::model::decode(tape, model, {}, {}, batch.input, batch.target_sentences);
        return hat::nn::cross_entropy(tape, *model.adaptive_softmax, decoded.output, batch.target,
                                      {.skips_second_tail_word = true});
    }

    /// Packed for serving, the network says the same.
    void served(ConstMatrix expected) {
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        const hat::model::PackedModel packed(network_.view());
        const auto batch = batch_.batch();
        hat::model::Encoded encoded;
        if (batch_.has_source)
            encoded =
                hat::model::encode(eval, packed.view(), {}, batch.source, batch.source_sentences);
        const ConstMatrix found = hat::model::decode(eval, packed.view(), {}, encoded, batch.input,
                                                     batch.target_sentences)
                                      .output.value;
        REQUIRE(found.rows() == expected.rows());
        Difference difference;
        for (int t = 0; t < found.rows(); ++t)
            for (int j = 0; j < found.cols(); ++j)
                difference.add(static_cast<double>(found(t, j)),
                               static_cast<double>(expected(t, j)));
        CHECK(difference.relative() <= output_tolerance);
    }

    void loss(const std::string& name, double found) {
        if (std::ranges::none_of(file_.tensors(), [&](const auto& t) { return t.name == name; }))
            return;
        CAPTURE(name);
        Difference difference;
        difference.add(found, static_cast<double>(file_.floats(name)[0]));
        check(difference, loss_tolerance * difference.largest);
    }

    void check(const Difference& difference, double tolerance) {
        CHECK(difference.worst <= tolerance);
        values_ += difference.count;
    }

    const SafetensorsFile& file_;
    Network network_;
    DeLighTBatch batch_;
    float smoothing_;
    std::size_t values_ = 0;
};

void compare_all(const char* kind) {
    Golden golden(kind);
    for (const auto& path : golden.files()) {
        const auto file = SafetensorsFile::open(path.string());
        CAPTURE(file.path());
        Comparison comparison(file);
        comparison.forward();
        comparison.backward();
        golden.add(path, comparison.values());
    }
}

}  // namespace

TEST_SUITE("golden/delight_models") {
    TEST_CASE("a DeLighT translator's outputs, loss and gradients are the reference's") {
        compare_all("delight/d_*.safetensors");
    }
    TEST_CASE("a translator of DeFINE units has the reference's outputs, loss and gradients") {
        compare_all("delight/i_nmt_*.safetensors");
    }
    TEST_CASE("the settings of a translator of DeFINE units give the blocks of the reference") {
        Golden golden("delight/i_nmt_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const int vocab_size = std::stoi(file.metadata("vocab"));
            CHECK(delight(delight_shape(file), vocab_size, vocab_size) ==
                  delight_architecture(file));
            golden.add(path, 1);
        }
    }
    TEST_CASE("a DeLighT language model's outputs, loss and gradients are the reference's") {
        compare_all("delight/e_lm_*.safetensors");
    }
}
