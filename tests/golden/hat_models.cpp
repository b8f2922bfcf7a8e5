// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>

#include "support/golden.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <span>
#include <string>

using namespace hat::support;
using hat::Arena;
using hat::ConstMatrix;
using hat::RandomKey;
using hat::TensorTable;
using hat::autograd::Eval;
using hat::autograd::Tape;
using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::model::Architecture;
using hat::model::Network;

namespace {

/// Which numbers of the super network's parameters a sub-network uses (HAT, arXiv:2005.14187,
/// §3.1).
class Slice {
public:
    Slice(const Architecture& sub, const std::string& name) : sub_(sub), name_(name) {
        const auto layers = name.find(".layers.");
        if (layers != std::string::npos) layer_ = std::stoi(name.substr(layers + 8));
    }

    [[nodiscard]] bool holds(int row, int col) const {
        const int e = sub_.encoder.embed_dim;
        const int d = sub_.decoder.embed_dim;
        const bool in_encoder = name_.starts_with("encoder.");
        const int dim = in_encoder ? e : d;
        if (layer_ >= (in_encoder ? sub_.encoder.layer_count : sub_.decoder.layer_count))
            return false;
        if (is("in_proj_bias")) return true;
        if (is("q_proj_weight")) return col < d;
        if (is("k_proj_weight") || is("v_proj_weight")) return col < e;
        if (is("encoder_attn.in_proj_weight")) return col < (row < sub_.qkv_dim ? d : e);
        if (is("out_proj.weight")) return row < dim;
        if (is("fc1.weight")) return row < ffn_dim() && col < dim;
        if (is("fc1.bias")) return col < ffn_dim();
        if (is("fc2.weight")) return row < dim && col < ffn_dim();
        if (is("embed_tokens.weight") && sub_.sharing == hat::model::Sharing::all)
            return col < std::max(e, d);
        return col < dim;
    }

private:
    [[nodiscard]] bool is(const char* what) const { return name_.ends_with(what); }
    [[nodiscard]] int ffn_dim() const {
        const auto slot = static_cast<std::size_t>(layer_);
        return name_.starts_with("encoder.") ? sub_.encoder.layer_shapes[slot].ffn_dim
                                             : sub_.decoder.layer_shapes[slot].ffn_dim;
    }

    const Architecture& sub_;
    const std::string& name_;
    int layer_ = -1;
};

// Ten times what separates the reference in single from itself in double precision, as the golden
// files' description has it. Layer outputs are of the size of logits (1 to 5) and share their
// bound.
constexpr double state_tolerance = 2e-5;
constexpr double logit_tolerance = 2e-5;
constexpr double loss_tolerance = 1e-6;      // relative
constexpr double gradient_tolerance = 1e-5;  // of the tensor's largest entry

/// One sub-network of a model file beside what the reference computed with it.
class Comparison {
public:
    Comparison(const SafetensorsFile& file, Network& network, const Architecture& sub, int index)
        : file_(file), network_(network), sub_(sub), prefix_("cfg" + std::to_string(index) + "/"),
          batch_(file, ""), smoothing_(std::stof(file.metadata("label_smoothing"))) {}

    void forward() {
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        const auto model = network_.view(sub_);
        const auto batch = batch_.batch();
        const auto encoded =
            hat::model::encode(eval, model, {}, batch.source, batch.source_sentences);
        for (int l = 0; l < sub_.encoder.layer_count + sub_.origin.identity_layers; ++l) {
            const int real = std::min(l, sub_.encoder.layer_count - 1);
            state("encoder_layer_" + std::to_string(l), batch_.source,
                  encoded.layers[static_cast<std::size_t>(real)].value);
        }
        state("encoder_out", batch_.source, encoded.output.value);

        const auto decoded =
            hat::model::decode(eval, model, {}, encoded, batch.input, batch.target_sentences);
        for (int l = 0; l <= network_.architecture().decoder.layer_count; ++l) {
            const int real = std::min(l, sub_.decoder.layer_count);
            state("decoder_state_" + std::to_string(l), batch_.input,
                  decoded.states[static_cast<std::size_t>(real)].value);
        }
        logits(hat::model::logits(eval, model, decoded.output).value);

        const auto loss_of = [&](int first, int count) {
            return hat::autograd::cross_entropy(
                eval, {decoded.output.value.middle_rows(first, count), nullptr}, model.output,
                batch.target.subspan(static_cast<std::size_t>(first),
                                     static_cast<std::size_t>(count)),
                smoothing_);
        };
        const int tokens = batch_.target_tokens();
        losses("loss", "nll", 0, loss_of(0, tokens), 0);
        REQUIRE(file_.tensor(prefix_ + "loss_tok").size() == static_cast<std::size_t>(tokens));
        // The loss of one token may be near 0: then it is as precise as its logits.
        for (int t = 0; t < tokens; ++t) {
            losses("loss_tok", "nll_tok", static_cast<std::size_t>(t), loss_of(t, 1),
                   logit_tolerance);
        }
    }

    /// `without` names the parameters that get no gradient.
    void backward(const std::set<std::string>& without) {
        Arena memory;
        Arena scratch;
        hat::model::Gradients gradients(network_.table());
        Tape tape(memory, scratch, RandomKey(1));
        const auto found =
            hat::model::loss(tape, network_.view(sub_, &gradients), {}, batch_.batch(), smoothing_);
        losses("loss", "nll", 0, found, 0);
        tape.backward();
        for (int i = 0; i < network_.table().size(); ++i) {
            const TensorTable::Entry& entry = network_.table()[i];
            CAPTURE(entry.name);
            const bool has = gradients.has_gradient[static_cast<std::size_t>(i)] != 0;
            CHECK(has == !without.contains(entry.name));
            gradient(entry, gradients.values.matrix(entry));
        }
    }

    [[nodiscard]] std::size_t values() const { return values_; }

private:
    void state(const std::string& name, const Sentences& sentences, ConstMatrix found) {
        CAPTURE(name);
        const auto stored = file_.floats(prefix_ + name);
        REQUIRE(file_.tensor(prefix_ + name).shape.at(2) == found.cols());
        Difference difference;
        for (int t = 0; t < found.rows(); ++t) {
            row(difference, found, t, stored, sentences.in_time_major(t));
        }
        check(difference, state_tolerance);
    }

    void logits(ConstMatrix found) {
        const auto stored = file_.floats(prefix_ + "logits");
        const auto& shape = file_.tensor(prefix_ + "logits").shape;
        REQUIRE(shape.at(2) == found.cols());
        Difference difference;
        for (int t = 0; t < found.rows(); ++t) {
            row(difference, found, t, stored,
                batch_.input.in_batch_major(t, static_cast<int>(shape.at(1))));
        }
        check(difference, logit_tolerance);
    }

    static void row(Difference& difference, ConstMatrix found, int t, std::span<const float> stored,
                    std::size_t stored_row) {
        difference.add(found.row(t),
                       stored.subspan(stored_row * static_cast<std::size_t>(found.cols())));
    }

    void losses(const std::string& loss, const std::string& nll, std::size_t i,
                const hat::kernels::CrossEntropy& found, double least_tolerance) {
        const auto compare = [&](const std::string& name, double value) {
            Difference difference;
            difference.add(value, static_cast<double>(file_.floats(prefix_ + name)[i]));
            check(difference, std::max(loss_tolerance * difference.largest, least_tolerance));
        };
        compare(loss, found.loss);
        compare(nll, found.nll);
    }

    void gradient(const TensorTable::Entry& entry, ConstMatrix found) {
        const auto expected = file_.floats(prefix_ + "grad/" + entry.name);
        REQUIRE(expected.size() == static_cast<std::size_t>(entry.size()));
        const Slice slice(sub_, entry.name);
        Difference difference;
        bool zero_outside = true;
        for (int i = 0; i < entry.rows; ++i) {
            difference.add(found.row(i),
                           expected.subspan(static_cast<std::size_t>(i * entry.cols)));
            for (int j = 0; j < entry.cols; ++j) {
                if (!slice.holds(i, j)) zero_outside = zero_outside && found(i, j) == 0.0F;
            }
        }
        // The key third of an in_proj_bias has no gradient but for rounding: like all of a tensor
        // it is measured by the largest entry, that of the other thirds.
        check(difference, gradient_tolerance * difference.largest);
        CHECK(zero_outside);
    }

    void check(const Difference& difference, double tolerance) {
        CHECK(difference.worst <= tolerance);
        values_ += difference.count;
    }

    const SafetensorsFile& file_;
    Network& network_;
    const Architecture& sub_;
    std::string prefix_;
    ReferenceBatch batch_;
    float smoothing_;
    std::size_t values_ = 0;
};

}  // namespace

TEST_SUITE("golden/hat_models") {
    TEST_CASE("layers, logits, losses and gradients of every sub-network are the reference's") {
        Golden golden("hat/model_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            CAPTURE(file.path());
            Network network = reference_network(file, "param/");
            const Json configs = metadata_json(file, "configs");
            const Json with_gradients = metadata_json(file, "configs_with_gradients");
            const Json grad_is_none = metadata_json(file, "grad_is_none");
            std::size_t values = 0;
            std::size_t differentiated = 0;
            for (std::size_t i = 0; i < configs.size(); ++i) {
                CAPTURE(i);
                const Architecture sub = reference_sub(configs[i], network.architecture());
                Comparison comparison(file, network, sub, static_cast<int>(i));
                comparison.forward();
                if (std::ranges::find(with_gradients, Json(i)) != with_gradients.end()) {
                    comparison.backward(
                        grad_is_none.at(std::to_string(i)).get<std::set<std::string>>());
                    ++differentiated;
                }
                values += comparison.values();
            }
            CHECK(differentiated == with_gradients.size());
            golden.add(path, values);
        }
    }
}
