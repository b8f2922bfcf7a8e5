// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>
#include <hat/nn/adaptive_softmax.hpp>

#include "support/golden.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::Matrix;
using hat::autograd::Eval;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::io::Json;
using hat::io::SafetensorsFile;

namespace {

/// Of a tensor's largest entry: sums of some ten terms, rounded on both sides.
constexpr double tolerance = 2e-6;
const std::string softmax_name = "decoder.adaptive_softmax.";

/// The adaptive softmax of a file, on a slab of its own.
class Softmax {
public:
    explicit Softmax(const SafetensorsFile& file) : file_(file) {
        const Json options = metadata_json(file, "args");
        is_tied_ = options.at("tie_adaptive_weights").get<bool>();
        REQUIRE(options.at("tie_adaptive_proj").get<bool>() == is_tied_);
        std::vector<int> cutoffs;
        std::string list = options.at("adaptive_softmax_cutoff").get<std::string>();
        for (std::size_t at = 0; at < list.size();
             at = std::min(list.find(',', at), list.size()) + 1)
            cutoffs.push_back(std::stoi(list.substr(at)));
        bands_ = hat::nn::adaptive_bands(cutoffs, std::stoi(file.metadata("vocab")),
                                         options.at("delight_emb_map_dim").get<int>(),
                                         options.at("adaptive_softmax_factor").get<int>());
        for (const std::string& name : names()) {
            const auto& shape = file.tensor("param." + name).shape;
            table_.add_matrix(name, static_cast<int>(shape.at(0)), static_cast<int>(shape.at(1)));
        }
        values_ = hat::Slab(table_);
        hat::io::copy_tensors(file, table_, values_, "param.");
        gradients_ = hat::model::Gradients(table_);
    }

    [[nodiscard]] const hat::nn::AdaptiveBands& bands() const { return bands_; }

    [[nodiscard]] hat::nn::AdaptiveSoftmax<hat::nn::Trainable> view() {
        hat::nn::AdaptiveSoftmax<hat::nn::Trainable> layer{.bands = bands_};
        layer.has_tied_projections = is_tied_;
        int i = 0;
        layer.head = parameter(i++);
        if (is_tied_) layer.classes = parameter(i++);
        for (std::size_t tail = 0; tail + 1 < static_cast<std::size_t>(bands_.count); ++tail) {
            layer.projections[tail] = parameter(i++);
            layer.tails[tail] = parameter(i++);
        }
        return layer;
    }

    /// Compares the gradients of the tensors that nothing but the softmax uses; how many values.
    [[nodiscard]] std::size_t check_gradients() {
        std::size_t compared = 0;
        for (int i = 0; i < table_.size(); ++i) {
            if (!table_[i].name.starts_with(softmax_name)) continue;
            Difference difference;
            difference.add(
                {gradients_.values.matrix(table_[i]).data(), static_cast<int>(table_[i].size())},
                file_.floats("grad." + table_[i].name));
            CHECK_MESSAGE(difference.relative() <= tolerance, table_[i].name);
            compared += difference.count;
        }
        return compared;
    }

private:
    /// In the order of `view`.
    [[nodiscard]] std::vector<std::string> names() const {
        const std::string input = "decoder.embed_tokens.map_layer.";
        std::vector<std::string> names;
        if (is_tied_)
            names = {input + "embeddings.0.weight", softmax_name + "head.class_proj.weight"};
        else
            names = {softmax_name + "head.weight"};
        for (int band = 1; band < bands_.count; ++band) {
            const std::string tied = std::to_string(band) + ".weight";
            const std::string own = softmax_name + "tail." + std::to_string(band - 1);
            names.push_back(is_tied_ ? input + "projections." + tied : own + ".0.weight");
            names.push_back(is_tied_ ? input + "embeddings." + tied : own + ".2.weight");
        }
        return names;
    }
    [[nodiscard]] Parameter parameter(int i) {
        return {values_.matrix(table_[i]), gradients_.values.matrix(table_[i]),
                &gradients_.has_gradient[static_cast<std::size_t>(i)]};
    }

    const SafetensorsFile& file_;
    bool is_tied_ = false;
    hat::nn::AdaptiveBands bands_;
    hat::TensorTable table_;
    hat::Slab values_;
    hat::model::Gradients gradients_{table_};
};

/// The rows of a padded tensor whose target is no padding.
struct RealTokens {
    std::vector<int> targets;
    std::vector<int> places;

    explicit RealTokens(const SafetensorsFile& file) {
        int place = 0;
        for (const std::int64_t target : stored_integers(file, "in.target")) {
            if (target != reference_pad) {
                targets.push_back(static_cast<int>(target));
                places.push_back(place);
            }
            ++place;
        }
        CHECK(targets.size() == std::stoul(file.metadata("ntokens")));
    }
    /// Those rows of a stored tensor, as a variable of the context.
    template <class Context>
    [[nodiscard]] Variable rows(Context& context, const SafetensorsFile& file, const char* name,
                                int dim) const {
        const Variable x = context.variable(static_cast<int>(places.size()), dim);
        for (int i = 0; i < x.rows(); ++i)
            std::ranges::copy(stored(file, name, i, dim), x.value.row_data(i));
        return x;
    }
    [[nodiscard]] std::span<const float> stored(const SafetensorsFile& file, const char* name,
                                                int i, int dim) const {
        const auto size = static_cast<std::size_t>(dim);
        const auto place = static_cast<std::size_t>(places[static_cast<std::size_t>(i)]);
        return file.floats(name).subspan(place * size, size);
    }
};

double relative(double found, double expected) {
    return std::abs(found - expected) / std::abs(expected);
}

}  // namespace

TEST_SUITE("golden/delight_adaptive") {
    TEST_CASE("the adaptive softmax of the language models equals the reference") {
        Golden golden("delight/e_lm_adaptive_*.safetensors");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const auto file = SafetensorsFile::open(path.string());
            Softmax softmax(file);
            const auto& bands = softmax.bands();
            const RealTokens real(file);
            Arena memory;
            Arena scratch;
            std::size_t compared = 0;

            // The loss of training, with the reference's quirk, and its gradients.
            Tape tape(memory, scratch, hat::RandomKey(1));
            const Variable x = real.rows(tape, file, "out.features", bands.dim);
            const auto loss = cross_entropy(tape, softmax.view(), x, real.targets,
                                            {.skips_second_tail_word = true});
            tape.backward();
            CHECK(relative(loss.loss, static_cast<double>(file.floats("out.loss")[0])) <=
                  tolerance);
            compared += 1 + softmax.check_gradients();

            // The exact loss, and all log-probabilities, at padded positions too.
            Eval context(memory, scratch);
            const auto exact = cross_entropy(context, softmax.view(), x, real.targets);
            CHECK(relative(exact.nll, static_cast<double>(file.floats("out.true_nll")[0])) <=
                  tolerance);
            CHECK(exact.loss > loss.loss);
            ++compared;
            const auto features = file.floats("out.features");
            const Variable all =
                context.variable(static_cast<int>(features.size()) / bands.dim, bands.dim);
            std::ranges::copy(features, all.value.data());
            const Variable y = context.variable(all.rows(), bands.vocab_size());
            log_probabilities(context, softmax.view(), all, y.value);
            Difference difference;
            difference.add({y.value.data(), y.rows() * y.cols()}, file.floats("out.log_probs"));
            CHECK(difference.relative() <= tolerance);
            compared += difference.count;

            // The classes of the head, and the words of every tail.
            const auto all_targets = stored_integers(file, "in.target");
            std::vector<int> words(all_targets.begin(), all_targets.end());
            for (int band = 0; band < bands.count; ++band) {
                const std::string name = "out.adaptive." + std::to_string(band) + ".target";
                const auto expected = stored_integers(file, name);
                std::vector<int> found;
                if (band == 0) {
                    for (const int word : words) found.push_back(bands.head_class(word));
                } else {
                    const auto own = words_of_band(bands, band, words, memory).words;
                    found.assign(own.begin(), own.end());
                }
                CHECK(std::ranges::equal(found, expected));
                compared += expected.size();
            }
            golden.add(path, compared);
        }
    }

    TEST_CASE("the logits of the head and of every tail equal the reference") {
        Golden golden("delight/e_lm_adaptive_*.safetensors");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const auto file = SafetensorsFile::open(path.string());
            Softmax softmax(file);
            const auto layer = softmax.view();
            const auto& bands = softmax.bands();
            Arena memory;
            Arena scratch;
            Eval context(memory, scratch);
            const auto features = file.floats("out.features");
            const Variable x =
                context.variable(static_cast<int>(features.size()) / bands.dim, bands.dim);
            std::ranges::copy(features, x.value.data());
            const auto targets = stored_integers(file, "in.target");
            const std::vector<int> words(targets.begin(), targets.end());
            std::size_t compared = 0;
            const auto check = [&](int band, const Matrix logits) {
                Difference difference;
                difference.add({logits.data(), logits.rows() * logits.cols()},
                               file.floats("out.adaptive." + std::to_string(band) + ".logits"));
                CHECK_MESSAGE(difference.relative() <= tolerance, "band " << band);
                compared += difference.count;
            };
            const Matrix head = memory.matrix(x.rows(), bands.head_size());
            hat::nn::detail::head_logits(context, layer, x, head);
            check(0, head);
            for (int band = 1; band < bands.count; ++band) {
                const auto places = words_of_band(bands, band, words, memory).places;
                const Variable own = hat::autograd::gather_rows(context, x, places);
                const Matrix tail = memory.matrix(own.rows(), bands.size(band));
                hat::nn::detail::tail_logits(context, layer, band, own, tail);
                check(band, tail);
            }
            golden.add(path, compared);
        }
    }
}
