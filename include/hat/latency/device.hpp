// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <sys/utsname.h>

namespace hat::latency {

namespace detail {

/// The first bytes of a file of the system, or nothing.
[[nodiscard]] inline std::string first_bytes(const char* path) {
    std::string text;
    if (std::FILE* const file = std::fopen(path, "rb")) {
        text.resize(8192);
        text.resize(std::fread(text.data(), 1, text.size(), file));
        std::fclose(file);
    }
    return text;
}

/// What follows `name` and a colon in a line of its own.
[[nodiscard]] inline std::string field_of(std::string_view text, std::string_view name) {
    const auto place = text.find(name);
    if (place == std::string_view::npos) return {};
    text.remove_prefix(place);
    text = text.substr(0, text.find('\n'));
    const auto colon = text.find(": ");
    return colon == std::string_view::npos ? std::string() : std::string(text.substr(colon + 2));
}

}  // namespace detail

/// This machine in a few words, for tables and reports: "Raspberry Pi 4 Model B Rev 1.4 (aarch64)",
/// "Intel(R) Xeon(R) Processor (x86_64)".
[[nodiscard]] inline std::string device_name() {
    utsname system{};
    const std::string kind = ::uname(&system) == 0 ? system.machine : "unknown machine";
    std::string name = detail::first_bytes("/proc/device-tree/model");
    if (name.empty()) name = detail::field_of(detail::first_bytes("/proc/cpuinfo"), "model name");
    while (!name.empty() && name.back() <= ' ') name.pop_back();  // a zero byte, on some
    for (char& c : name)
        if (c < ' ' || c > '~') c = '?';
    return name.empty() ? kind : name + " (" + kind + ")";
}

}  // namespace hat::latency
