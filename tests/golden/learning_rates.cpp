// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/train/schedule.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

using namespace hat::train;
using hat::io::Json;
using hat::io::SafetensorsFile;

namespace {

/// "--name value --name value …"
class CommandLine {
public:
    explicit CommandLine(const std::string& text) {
        std::istringstream words(text);
        for (std::string name, value; words >> name >> value;) values_[name] = value;
    }
    [[nodiscard]] double number(const std::string& name,
                                std::optional<double> otherwise = {}) const {
        const auto found = values_.find(name);
        return found == values_.end() ? otherwise.value() : std::stod(found->second);
    }
    [[nodiscard]] std::int64_t integer(const std::string& name) const {
        return std::stoll(values_.at(name));
    }
    [[nodiscard]] const std::string& text(const std::string& name) const {
        return values_.at(name);
    }

private:
    std::map<std::string, std::string> values_;
};

Schedule schedule_of(const CommandLine& options) {
    const auto warmup = options.integer("--warmup-updates");
    if (options.text("--lr-scheduler") == "inverse_sqrt") {
        return InverseSqrtSchedule{.peak_rate = options.number("--lr"),
                                   .initial_rate = options.number("--warmup-init-lr"),
                                   .warmup = warmup};
    }
    if (options.text("--lr-scheduler") != "cosine") throw std::runtime_error("unknown schedule");
    return CosineSchedule{
        .peak_rate = options.number("--max-lr"),
        .minimal_rate = options.number("--lr"),
        .initial_rate = options.number("--warmup-init-lr"),
        .warmup = warmup,
        .period = options.number("--lr-period-updates",
                                 options.number("--max-update") - static_cast<double>(warmup)),
        .growth = options.number("--t-mult", 1),
        .shrink = options.number("--lr-shrink", 1)};
}

}  // namespace

TEST_SUITE("golden/learning_rates") {
    TEST_CASE("every rate of the HAT schedulers' tables is ours") {
        hat::support::Golden golden("hat/lr_tables*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const Json settings = hat::io::parse_json(file.metadata("cli"), path.string());
            std::size_t compared = 0;
            for (const auto& item : settings.items()) {
                const std::string& name = item.key();
                const Schedule schedule = schedule_of(CommandLine(item.value().get<std::string>()));
                const auto updates = file.values<std::int64_t>(name + "/update");
                const auto rates = file.values<double>(name + "/lr");
                REQUIRE(updates.size() == rates.size());
                double worst = 0;
                for (std::size_t i = 0; i < rates.size(); ++i) {
                    const double error = std::abs(schedule.rate(updates[i]) - rates[i]) / rates[i];
                    worst = std::max(worst, error);
                }
                // Both compute in double, in some ten roundings.
                CHECK_MESSAGE(worst < 1e-13, name);
                compared += rates.size();
            }
            CHECK(2 * settings.size() == file.tensors().size());
            golden.add(path, compared);
        }
    }

    TEST_CASE("every rate of the DeLighT training runs is ours") {
        hat::support::Golden golden("delight/h_train_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const Json options = hat::io::parse_json(file.metadata("schedule_args"), path.string());
            const auto number = [&](const char* name) { return options.at(name).get<double>(); };
            const auto integer = [&](const char* name) {
                return options.at(name).get<std::int64_t>();
            };
            const double rate = options.at("lr").at(0).get<double>();
            const double initial = number("warmup_init_lr");
            const auto warmup = integer("warmup_updates");
            const bool is_line = file.metadata("schedule") == "linear";
            const Schedule schedule = [&]() -> Schedule {
                if (is_line)
                    return LinearSchedule{rate, initial, 1e-7, warmup, integer("max_update")};
                CHECK(file.metadata("schedule") == "cosine");
                return CosineSchedule{.peak_rate = number("max_lr"),
                                      .minimal_rate = rate,
                                      .initial_rate = initial,
                                      .warmup = warmup,
                                      .period = number("lr_period_updates"),
                                      .growth = number("t_mult"),
                                      .shrink = number("lr_shrink")};
            }();
            const Json rates = hat::io::parse_json(file.metadata("lr"), path.string());
            std::int64_t update = 0;
            for (const Json& expected : rates) {
                const double difference = schedule.rate(update++) - expected.get<double>();
                CHECK(std::abs(difference) <= 1e-13 * expected.get<double>());
            }
            golden.add(path, rates.size());
        }
    }
}
