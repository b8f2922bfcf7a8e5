// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/train/schedule.hpp>

#include "support/command_line.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>

using namespace hat::train;
using hat::io::Json;
using hat::io::SafetensorsFile;

TEST_SUITE("golden/learning_rates") {
    TEST_CASE("every rate of the HAT schedulers' tables is ours") {
        hat::support::Golden golden("hat/lr_tables*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const Json settings = hat::io::parse_json(file.metadata("cli"), path.string());
            std::size_t compared = 0;
            for (const auto& item : settings.items()) {
                const std::string& name = item.key();
                const Schedule schedule = hat::support::reference_schedule(
                    hat::support::CommandLine(item.value().get<std::string>()));
                const auto updates = file.values<std::int64_t>(name + "/update");
                const auto rates = file.values<double>(name + "/lr");
                REQUIRE(updates.size() == rates.size());
                for (std::size_t i = 0; i < rates.size(); ++i) {
                    INFO(name << ", update " << updates[i]);
                    // Both compute in double, in some ten roundings.
                    CHECK(std::abs(schedule.rate(updates[i]) - rates[i]) <= 1e-13 * rates[i]);
                }
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
