// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/core/threads.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>
#include <hat/train/adam.hpp>
#include <hat/train/schedule.hpp>

#include "support/delight_model.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::RandomKey;
using hat::autograd::Tape;
using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::model::Network;

namespace {

// Single and double precision of the reference are 1e-6 apart.
constexpr double loss_tolerance = 5e-6;
constexpr double norm_tolerance = 1e-5;       // relative
constexpr double parameter_tolerance = 5e-3;  // of the sum of learning rates: Adam amplifies
                                              // rounding where gradients are tiny
constexpr double rate_tolerance = 1e-12;      // relative

hat::train::Schedule schedule_of(const SafetensorsFile& file) {
    const Json args = metadata_json(file, "schedule_args");
    const auto number = [&](const char* name) { return args.at(name).get<double>(); };
    const auto warmup = args.at("warmup_updates").get<std::int64_t>();
    const double lowest = args.at("lr").at(0).get<double>();
    if (file.metadata("schedule") == "cosine")
        return hat::train::CosineSchedule{.peak_rate = number("max_lr"),
                                          .minimal_rate = lowest,
                                          .initial_rate = number("warmup_init_lr"),
                                          .warmup = warmup,
                                          .period = number("lr_period_updates")};
    REQUIRE(file.metadata("schedule") == "linear");
    return hat::train::LinearSchedule{.peak_rate = lowest,
                                      .initial_rate = number("warmup_init_lr"),
                                      .final_rate = number("warmup_init_lr"),
                                      .warmup = warmup,
                                      .updates = args.at("max_update").get<std::int64_t>()};
}

/// A training run of the reference, repeated.
class Trajectory {
public:
    explicit Trajectory(const SafetensorsFile& file)
        : file_(file), network_(delight_architecture(file)), gradients_(network_.table()),
          adam_(network_.table(),
                {.beta2 = 0.98, .weight_decay = std::stod(file.metadata("weight_decay"))}),
          batches_{{file, "in.batch0."}, {file, "in.batch1."}} {
        REQUIRE(file.metadata("betas") == "[0.9, 0.98]");
        REQUIRE(file.metadata("eps") == "1e-08");
        load_delight(DeLighTTensors(file, "param0."), network_);
    }

    void run() {
        const auto schedule = schedule_of(file_);
        const Json rates = metadata_json(file_, "lr");
        const Json losses = metadata_json(file_, "loss_per_token");
        const Json norms = metadata_json(file_, "grad_norm");
        double way = 0;
        for (std::size_t update = 0; update < rates.size(); ++update) {
            CAPTURE(update);
            const double rate = schedule.rate(static_cast<std::int64_t>(update));
            const double wanted = rates[update].get<double>();
            compare(rate, wanted, rate_tolerance * wanted);
            const ReferenceBatch& batch = batches_[update % 2];
            const double tokens = batch.target_tokens();
            compare(learn(batch, update) / tokens, losses[update].get<double>(), loss_tolerance);
            const double norm = norms[update].get<double>();
            compare(gradient_norm() / tokens, norm, norm_tolerance * norm);
            adam_.step(
                network_.values(), gradients_.values, gradients_.has_gradient,
                {.learning_rate = rate, .gradient_scale = 1 / tokens, .clear_gradients = true},
                pool_);
            way += rate;
        }
        check_parameters(way);
    }

    [[nodiscard]] std::size_t values() const { return values_; }

private:
    double learn(const ReferenceBatch& batch, std::size_t update) {
        std::fill(gradients_.has_gradient.begin(), gradients_.has_gradient.end(), std::uint8_t{0});
        memory_.reset();
        Tape tape(memory_, scratch_, RandomKey(update));
        const auto sum =
            hat::model::loss(tape, network_.view(&gradients_), {}, batch.batch(), 0.1F);
        tape.backward();
        return sum.loss;
    }

    [[nodiscard]] double gradient_norm() const {
        double squares = 0;
        for (std::ptrdiff_t i = 0; i < gradients_.values.size(); ++i) {
            const auto g = static_cast<double>(gradients_.values.data()[i]);
            squares += g * g;
        }
        return std::sqrt(squares);
    }

    void check_parameters(double way) {
        const DeLighTTensors expected(file_, "param_end.");
        for (const auto& entry : network_.table()) {
            CAPTURE(entry.name);
            const std::vector<double> values = expected(entry.name);
            REQUIRE(values.size() == static_cast<std::size_t>(entry.size()));
            // The gradient of key biases is zero but for rounding, whose sign Adam makes a step of.
            const bool has_keys = entry.name.ends_with("in_proj_bias");
            Difference difference;
            for (int i = 0; i < entry.size(); ++i) {
                if (has_keys && i / (entry.cols / 3) == 1) continue;
                difference.add(static_cast<double>(network_.values().matrix(entry).data()[i]),
                               values[static_cast<std::size_t>(i)]);
            }
            CHECK(difference.worst <= parameter_tolerance * way + 0x1p-23);
            values_ += difference.count;
        }
    }

    void compare(double found, double expected, double tolerance) {
        CHECK(std::abs(found - expected) <= tolerance);
        ++values_;
    }

    const SafetensorsFile& file_;
    Network network_;
    hat::model::Gradients gradients_;
    hat::train::Adam adam_;
    std::vector<ReferenceBatch> batches_;
    hat::ThreadPool pool_{1};
    Arena memory_;
    Arena scratch_;
    std::size_t values_ = 0;
};

}  // namespace

TEST_SUITE("golden/delight_trajectories") {
    TEST_CASE("rates, losses, norms and parameters of whole training runs are the reference's") {
        Golden golden("delight/h_train_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            CAPTURE(file.path());
            Trajectory trajectory(file);
            trajectory.run();
            golden.add(path, trajectory.values());
        }
    }
}
