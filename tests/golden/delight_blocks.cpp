// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>

#include "support/delight_model.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::ConstMatrix;
using hat::Matrix;
using hat::RandomKey;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::model::Architecture;
using hat::model::Network;

namespace {

// A few times what separates single from double precision of the reference: 2e-7 and 2e-6.
constexpr double output_tolerance = 2e-6;
constexpr double gradient_tolerance = 1e-5;

/// A network that has the block of a file for one of its layers.
Architecture architecture_around(const SafetensorsFile& file, bool in_encoder) {
    const Json args = metadata_json(file, "args");
    const std::string side = in_encoder ? "enc" : "dec";
    const int dim = std::stoi(file.metadata("embed_dim"));
    const bool has_memory = in_encoder || file.metadata("no_encoder_attn") != "true";
    Architecture a;
    a.target_vocab_size = 4;
    a.decoder.embed_dim = dim;
    a.qkv_dim = dim / 2;
    a.decoder.layer_count = 1;
    a.decoder.layer_shapes[0] = {.ffn_dim = 8, .heads = 1};
    if (has_memory) {
        a.source_vocab_size = 4;
        a.encoder.embed_dim = dim;
        a.encoder.layer_count = 1;
        a.encoder.layer_shapes[0] = {.ffn_dim = 8, .heads = 1};
        a.decoder.layer_shapes[0].cross_heads = a.decoder.layer_shapes[0].attended_layers = 1;
    }
    const auto shape = [&](auto& layer) {
        layer.ffn_dim = dim / args.at("delight_" + side + "_ffn_red").get<int>();
        layer.dextra_depth = std::stoi(file.metadata("dextra_depth"));
        layer.dextra_width = detail::thousandths(std::stod(file.metadata("width_multiplier")));
        layer.dextra_groups = args.at("delight_" + side + "_max_groups").get<int>();
    };
    if (in_encoder)
        shape(a.encoder.layer_shapes[0]);
    else
        shape(a.decoder.layer_shapes[0]);
    const bool pre =
        args.value(in_encoder ? "encoder_normalize_before" : "decoder_normalize_before", false);
    a.norm = pre ? hat::model::Norm::pre : hat::model::Norm::post;
    a.activation = args.at("act_type") == "gelu" ? hat::Activation::gelu : hat::Activation::swish;
    if (args.value("define_iclr", false)) a.dextra_variant = hat::nn::DExTraVariant::define;
    validate(a);
    return a;
}

/// The sentences of a tensor [length, sentences, dim], without what a mask says is padding.
class TimeMajor {
public:
    TimeMajor(const SafetensorsFile& file, const std::string& name, const std::string& mask) {
        const auto& shape = file.tensor(name).shape;
        const auto length = static_cast<int>(shape.at(0));
        const auto sentences = static_cast<int>(shape.at(1));
        const auto padding =
            file.contains(mask) ? stored_integers(file, mask) : std::vector<std::int64_t>{};
        for (int s = 0; s < sentences; ++s) {
            offsets_.push_back(static_cast<int>(rows_.size()));
            for (int t = 0; t < length; ++t)
                if (padding.empty() || padding[static_cast<std::size_t>(s * length + t)] == 0)
                    rows_.push_back(t * sentences + s);
        }
        offsets_.push_back(static_cast<int>(rows_.size()));
    }

    [[nodiscard]] hat::Ragged ragged() const noexcept {
        return {offsets_.data(), static_cast<int>(offsets_.size()) - 1};
    }
    /// Copies the rows of a stored tensor.
    void read(std::span<const float> stored, Matrix to) const {
        for (int i = 0; i < to.rows(); ++i)
            for (int j = 0; j < to.cols(); ++j) to(i, j) = stored[place(i, j, to.cols())];
    }
    void compare(std::span<const float> stored, ConstMatrix found, Difference& difference) const {
        for (int i = 0; i < found.rows(); ++i)
            for (int j = 0; j < found.cols(); ++j)
                difference.add(static_cast<double>(found(i, j)),
                               static_cast<double>(stored[place(i, j, found.cols())]));
    }
    [[nodiscard]] int rows() const noexcept { return static_cast<int>(rows_.size()); }

private:
    [[nodiscard]] std::size_t place(int row, int col, int cols) const noexcept {
        return static_cast<std::size_t>(rows_[static_cast<std::size_t>(row)] * cols + col);
    }

    std::vector<int> rows_;
    std::vector<int> offsets_;
};

class Comparison {
public:
    Comparison(const SafetensorsFile& file, bool in_encoder)
        : file_(file), in_encoder_(in_encoder), network_(architecture_around(file, in_encoder)),
          layer_(in_encoder ? "encoder.layers.0." : "decoder.layers.0."),
          tokens_(file, "in.x", in_encoder ? "in.encoder_padding_mask" : "") {
        const DeLighTTensors parameters(file, "param.", layer_);
        for (const auto& entry : network_.table())
            if (entry.name.starts_with(layer_)) load_delight(parameters, entry, network_);
    }

    void run() {
        const int dim = network_.architecture().decoder.embed_dim;
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        hat::model::Gradients gradients(network_.table());
        const auto model = network_.view(&gradients);
        const bool pre = network_.architecture().norm == hat::model::Norm::pre;
        const Variable x = input(tape, "in.x", tokens_, dim);
        const bool attends = file_.contains("in.encoder_out");
        const TimeMajor source =
            attends ? TimeMajor(file_, "in.encoder_out", "in.encoder_padding_mask") : tokens_;
        const Variable states = attends ? input(tape, "in.encoder_out", source, dim) : Variable{};
        const Variable y =
            in_encoder_
                ? forward(tape, model.encoder_layers[0], pre, {}, x, tokens_.ragged(), model.units)
                : forward(tape, model.decoder_layers[0], pre, {}, x,
                          hat::nn::WholeSequences{tokens_.ragged(), true},
                          hat::nn::WholeMemory{tokens_.ragged(), states, source.ragged()},
                          model.units);
        rows("out.y", tokens_, y.value, output_tolerance);
        tokens_.read(file_.floats("cot.y"), tape.gradient(y));
        tape.backward();
        rows("grad.in.x", tokens_, tape.gradient(x), gradient_tolerance);
        if (attends) rows("grad.in.encoder_out", source, tape.gradient(states), gradient_tolerance);
        const DeLighTTensors expected(file_, "grad.param.", layer_);
        for (const auto& entry : network_.table()) {
            if (!entry.name.starts_with(layer_)) continue;
            CAPTURE(entry.name);
            const std::vector<double> values = expected(entry.name);
            REQUIRE(values.size() == static_cast<std::size_t>(entry.size()));
            Difference difference;
            for (std::size_t i = 0; i < values.size(); ++i)
                difference.add(static_cast<double>(gradients.values.matrix(entry).data()[i]),
                               values[i]);
            check(difference, gradient_tolerance);
        }
    }

    [[nodiscard]] std::size_t values() const { return values_; }

private:
    [[nodiscard]] Variable input(Tape& tape, const std::string& name, const TimeMajor& sentences,
                                 int dim) const {
        const Variable x = tape.variable(sentences.rows(), dim);
        sentences.read(file_.floats(name), x.value);
        return x;
    }
    void rows(const std::string& name, const TimeMajor& sentences, ConstMatrix found,
              double tolerance) {
        CAPTURE(name);
        Difference difference;
        sentences.compare(file_.floats(name), found, difference);
        check(difference, tolerance);
    }
    void check(const Difference& difference, double tolerance) {
        CHECK(difference.worst <= tolerance * difference.largest);
        values_ += difference.count;
    }

    const SafetensorsFile& file_;
    bool in_encoder_;
    Network network_;
    std::string layer_;
    TimeMajor tokens_;
    std::size_t values_ = 0;
};

void compare_all(const char* kind, bool in_encoder) {
    Golden golden(kind);
    for (const auto& path : golden.files()) {
        const auto file = SafetensorsFile::open(path.string());
        CAPTURE(file.path());
        Comparison comparison(file, in_encoder);
        comparison.run();
        golden.add(path, comparison.values());
    }
}

}  // namespace

TEST_SUITE("golden/delight_blocks") {
    TEST_CASE("a block of the encoder is the reference's, forward and backward") {
        compare_all("delight/c_enc_*.safetensors", true);
    }
    TEST_CASE("a block of the decoder is the reference's, forward and backward") {
        compare_all("delight/c_dec_*.safetensors", false);
    }
}
