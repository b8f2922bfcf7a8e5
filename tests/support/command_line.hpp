// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The command lines of the reference's trainer, as golden files record them.

#include <hat/train/schedule.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

namespace hat::support {

/// "--name value --flag --name value …"
class CommandLine {
public:
    explicit CommandLine(const std::string& text) {
        std::istringstream words(text);
        std::string name;
        for (std::string word; words >> word;) {
            if (word.starts_with("--"))
                name = word;
            else
                values_[name] = word;
        }
    }
    /// Throws  if it is not there and there is no `otherwise`.
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

/// The schedule that a command line asks for; `updates` is what --max-update is if not given.
[[nodiscard]] inline train::Schedule reference_schedule(const CommandLine& options,
                                                        std::optional<double> updates = {}) {
    const auto warmup = options.integer("--warmup-updates");
    if (options.text("--lr-scheduler") == "inverse_sqrt") {
        return train::InverseSqrtSchedule{.peak_rate = options.number("--lr"),
                                          .initial_rate = options.number("--warmup-init-lr"),
                                          .warmup = warmup};
    }
    if (options.text("--lr-scheduler") != "cosine") throw std::runtime_error("unknown schedule");
    const double single_fall =
        options.number("--max-update", updates) - static_cast<double>(warmup);
    return train::CosineSchedule{.peak_rate = options.number("--max-lr"),
                                 .minimal_rate = options.number("--lr"),
                                 .initial_rate = options.number("--warmup-init-lr"),
                                 .warmup = warmup,
                                 .period = options.number("--lr-period-updates", single_fall),
                                 .growth = options.number("--t-mult", 1),
                                 .shrink = options.number("--lr-shrink", 1)};
}

}  // namespace hat::support
