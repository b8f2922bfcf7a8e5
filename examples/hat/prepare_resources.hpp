// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>

#include "flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

/// What `hat prepare` may use, and where it puts aside what memory does not hold.
namespace hat::program {

struct PrepareResources {
    static constexpr std::int64_t least_memory = std::int64_t{32} << 20U;

    std::string out;  ///< temporary files lie beside it
    std::int64_t memory = std::int64_t{1} << 30U;
    int threads = 0;

    /// Of a text that is worked on at once. What is computed does not depend on it.
    [[nodiscard]] std::size_t block_bytes() const {
        return std::clamp<std::size_t>(static_cast<std::size_t>(memory) / 128, 1U << 16U,
                                       1U << 22U);
    }
    /// For sorting.
    [[nodiscard]] std::size_t sort_bytes() const { return static_cast<std::size_t>(memory) / 16; }
};

namespace detail {

/// "1G": bytes as a number with K, M, G or T, powers of 1,024; nothing if it is none.
[[nodiscard]] inline std::int64_t parse_bytes(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    constexpr std::string_view units = "KMGT";
    if (error != std::errc() || number < 0 || has_leading_zero(text) || unit.size() > 1) return -1;
    if (unit.empty()) return number;
    const std::size_t power = units.find(unit);
    if (power == std::string_view::npos || number > (std::int64_t{1} << 20U)) return -1;
    return number << (10U * (static_cast<unsigned>(power) + 1));
}

}  // namespace detail

/// "32M": bytes, rounded up to whole MiB.
[[nodiscard]] inline std::string bytes_text(std::int64_t bytes) {
    constexpr std::int64_t mebi = std::int64_t{1} << 20U;
    const std::int64_t all = (bytes + mebi - 1) / mebi;
    return all % 1024 == 0 ? std::to_string(all / 1024) + "G" : std::to_string(all) + "M";
}

inline void add_resource_flags(CLI::App& command, PrepareResources& resources) {
    const auto read = [&resources](const CLI::results_t& found) {
        resources.memory = detail::parse_bytes(found.at(0));
        if (resources.memory < PrepareResources::least_memory)
            throw CLI::ValidationError("--memory", detail::shown(found[0]) + ", expected bytes, " +
                                                       bytes_text(PrepareResources::least_memory) +
                                                       " or more: 500M, 1G");
        return true;
    };
    command
        .add_option("--memory", read,
                    "most memory to use, whatever the text: what it does not hold is put aside "
                    "beside --out; the data does not depend on it. Beyond it go 8 bytes a pair "
                    "where validation is held out of the training text, the distinct words of "
                    "--words, a line longer than all of it, and aligning a --shortlist")
        ->type_name("BYTES (32M …)")
        ->default_str(bytes_text(resources.memory));
    NumberFlags{command}("--threads", resources.threads,
                         {.low = 0, .high = ThreadPool::max_threads},
                         "to encode and align with; 0: all cores");
}

}  // namespace hat::program
