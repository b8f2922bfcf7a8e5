// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/core/threads.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>
#include <hat/train/adam.hpp>
#include <hat/train/clipping.hpp>
#include <hat/train/schedule.hpp>

#include "support/command_line.hpp"
#include "support/golden.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <set>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::RandomKey;
using hat::TensorTable;
using hat::autograd::Tape;
using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::model::Architecture;
using hat::model::Network;

namespace {

// What the golden files' description expects: 1e-5 of losses and 1e-4 of final parameters, which is
// half a percent of all the way that Adam may have gone; it amplifies rounding where gradients are
// tiny.
constexpr double loss_tolerance = 1e-5;       // absolute, in bits per token
constexpr double parameter_tolerance = 5e-3;  // of the sum of learning rates, and one rounding
constexpr double norm_tolerance = 1e-5;       // relative, like a tensor's gradients
constexpr double rate_tolerance = 1e-13;      // relative, both are computed in double

/// A training run of the reference, repeated.
class Trajectory {
public:
    explicit Trajectory(const SafetensorsFile& file)
        : file_(file), options_(file.metadata("cli")), network_(reference_network(file, "init/")),
          gradients_(network_.table()), adam_(network_.table(), adam_options(file, options_)) {
        for (int i = 0; file.contains("batch" + std::to_string(i) + "/target"); ++i)
            batches_.emplace_back(file, "batch" + std::to_string(i) + "/");
    }

    void run() {
        const Json configs = metadata_json(file_, "configs");
        const Json skipped = metadata_json(file_, "decoder_layers_without_gradient");
        const auto rates = file_.values<double>("lr_used");
        REQUIRE(configs.size() == rates.size());
        const hat::train::Schedule schedule =
            reference_schedule(options_, static_cast<double>(configs.size()));
        for (std::size_t update = 0; update < configs.size(); ++update) {
            CAPTURE(update);
            const double rate = schedule.rate(static_cast<std::int64_t>(update));
            compare(rate, rates[update], rate_tolerance * rates[update]);
            const double tokens =
                accumulate(reference_sub(configs[update], network_.architecture()), update);
            check_layers(skipped[update].get<std::set<std::string>>());

            const double norm = gradient_norm() / tokens;
            const double expected = stored("grad_norm_before_clip", update);
            compare(norm, expected, norm_tolerance * expected);
            const double clip = hat::train::clip_factor(norm, options_.number("--clip-norm", 25.0));
            adam_.step(
                network_.values(), gradients_.values, gradients_.has_gradient,
                {.learning_rate = rate, .gradient_scale = clip / tokens, .clear_gradients = true},
                pool_);
            way_ += rate;
            check_parameters("after" + std::to_string(update + 1) + "/");
        }
        check_parameters("final/");
    }

    [[nodiscard]] std::size_t values() const { return values_; }

private:
    static hat::train::AdamOptions adam_options(const SafetensorsFile& file,
                                                const CommandLine& options) {
        const Json adam = metadata_json(file, "adam");
        return {.beta1 = adam.at("betas").at(0).get<double>(),
                .beta2 = adam.at("betas").at(1).get<double>(),
                .epsilon = adam.at("eps").get<double>(),
                .weight_decay = options.number("--weight-decay", 0.0)};
    }

    [[nodiscard]] double stored(const char* name, std::size_t update) const {
        return static_cast<double>(file_.floats(name)[update]);
    }

    /// Sums the gradients of all micro-batches, compares the losses, returns the target tokens.
    double accumulate(const Architecture& sub, std::size_t update) {
        std::fill(gradients_.has_gradient.begin(), gradients_.has_gradient.end(), std::uint8_t{0});
        hat::kernels::CrossEntropy sum;
        double tokens = 0;
        for (const ReferenceBatch& batch : batches_) {
            memory_.reset();
            Tape tape(memory_, scratch_, RandomKey(update));
            sum += hat::model::loss(tape, network_.view(sub, &gradients_), {}, batch.batch(), 0.1F);
            tape.backward();
            tokens += batch.target_tokens();
        }
        const double bits = tokens * std::numbers::ln2;
        compare(sum.loss / bits, stored("loss_log2", update), loss_tolerance);
        compare(sum.nll / bits, stored("nll_log2", update), loss_tolerance);
        return tokens;
    }

    /// Over all tensors that have a gradient.
    [[nodiscard]] double gradient_norm() const {
        double squares = 0;
        for (int t = 0; t < network_.table().size(); ++t) {
            if (gradients_.has_gradient[static_cast<std::size_t>(t)] == 0) continue;
            const TensorTable::Entry& entry = network_.table()[t];
            const float* const values = gradients_.values.matrix(entry).data();
            for (int i = 0; i < entry.size(); ++i) {
                const auto g = static_cast<double>(values[i]);
                squares += g * g;
            }
        }
        return std::sqrt(squares);
    }

    /// `skipped` names the decoder layers that got no gradient; all other tensors got one.
    void check_layers(const std::set<std::string>& skipped) {
        for (int i = 0; i < network_.table().size(); ++i) {
            const std::string& name = network_.table()[i].name;
            const std::string prefix = "decoder.layers.";
            const bool in_layer = name.starts_with(prefix);
            const std::string layer =
                in_layer ? name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size())
                         : "";
            CAPTURE(name);
            CHECK(gradients_.has_gradient[static_cast<std::size_t>(i)] ==
                  (skipped.contains(layer) ? 0 : 1));
        }
    }

    /// Compares the tensors that the file has under `prefix`.
    void check_parameters(const std::string& prefix) {
        for (const TensorTable::Entry& entry : network_.table()) {
            if (!file_.contains(prefix + entry.name)) {
                CHECK(prefix != "final/");  // which has all
                continue;
            }
            const auto expected = file_.floats(prefix + entry.name);
            REQUIRE(expected.size() == static_cast<std::size_t>(entry.size()));
            // The gradient of key biases is zero but for rounding, whose sign Adam makes a step of.
            const bool has_keys = entry.name.ends_with("in_proj_bias");
            const int third = entry.cols / 3;
            Difference difference;
            for (int i = 0; i < entry.size(); ++i) {
                if (has_keys && i / third == 1) continue;
                difference.add(static_cast<double>(network_.values().matrix(entry).data()[i]),
                               static_cast<double>(expected[static_cast<std::size_t>(i)]));
            }
            CHECK_MESSAGE(difference.worst <= parameter_tolerance * way_ + 0x1p-23,
                          prefix << entry.name);
            values_ += difference.count;
        }
    }

    void compare(double found, double expected, double tolerance) {
        CHECK(std::abs(found - expected) <= tolerance);
        ++values_;
    }

    const SafetensorsFile& file_;
    CommandLine options_;
    Network network_;
    hat::model::Gradients gradients_;
    hat::train::Adam adam_;
    std::vector<ReferenceBatch> batches_;
    hat::ThreadPool pool_{1};
    Arena memory_;
    Arena scratch_;
    double way_ = 0;  ///< sum of learning rates
    std::size_t values_ = 0;
};

}  // namespace

TEST_SUITE("golden/hat_trajectories") {
    TEST_CASE("losses, norms, rates and parameters of whole training runs are the reference's") {
        Golden golden("hat/traj_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            CAPTURE(file.path());
            Trajectory trajectory(file);
            trajectory.run();
            golden.add(path, trajectory.values());
        }
    }
}
