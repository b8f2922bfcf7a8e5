// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/yaml.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hat::program {

/// A device that `hat-latency` can be started on.
struct Device {
    std::string name;
    std::string shell;    ///< a command to which one word is appended, a line for a shell there
    std::string folder;   ///< there, where its plan and its table are kept
    std::string start;    ///< what starts hat-latency in that folder
    std::string program;  ///< what is brought there before, from here; empty: it is there
    std::string copy;     ///< a command that brings FILE to PLACE there; empty: `shell` does
};

/// Whether `word` stands at `at` in `text`, and neither letter, digit nor "_" beside it.
[[nodiscard]] inline bool is_word_at(std::string_view text, std::size_t at, std::string_view word) {
    const auto is_of_word = [&](std::size_t place) {
        const char c = text[place];
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    const std::size_t end = at + word.size();
    return text.substr(at).starts_with(word) && (at == 0 || !is_of_word(at - 1)) &&
           (end == text.size() || !is_of_word(end));
}

namespace detail {

constexpr std::string_view letters_and_digits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Whether `text` is made of letters, digits and `marks`, and begins with none of "-.".
[[nodiscard]] inline bool is_plain(const std::string& text, std::string_view marks,
                                   std::string_view first_not = "-.") {
    return !text.empty() && first_not.find(text.front()) == std::string_view::npos &&
           text.find_first_not_of(std::string(letters_and_digits).append(marks)) ==
               std::string::npos;
}

[[nodiscard]] inline bool has_word(std::string_view text, std::string_view word) {
    std::size_t at = text.find(word);
    while (at != std::string_view::npos && !is_word_at(text, at, word))
        at = text.find(word, at + 1);
    return at != std::string_view::npos;
}

/// A value that is one line; `otherwise` where there is none.
[[nodiscard]] inline std::string line_of(const io::YamlMap& map, const char* key,
                                         const std::string& otherwise) {
    if (!map.contains(key)) return otherwise;
    std::string line = map.word(key);
    if (line.empty() || line.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
        fail(map.address(key), "expected one line of text, found ", in_quotes(line));
    return line;
}

[[nodiscard]] inline Device read_device(const std::string& name, const io::YamlMap& map) {
    if (!map.contains("shell"))
        fail(map.address("shell"), "is missing: a command that takes a line for the device's ",
             "shell, such as \"ssh pi@kitchen\"");
    Device device{.name = name,
                  .shell = line_of(map, "shell", ""),
                  .folder = line_of(map, "folder", "hat-latency"),
                  .start{},
                  .program = line_of(map, "program", ""),
                  .copy = line_of(map, "copy", "")};
    device.start =
        line_of(map, "start", device.program.empty() ? "hat-latency" : "./hat-latency." + name);
    map.reject_unread();
    if (!is_plain(device.folder, "-_.+=/,:%@", "-"))
        fail(map.address("folder"), "expected a path without spaces and quotation marks, found ",
             in_quotes(device.folder));
    if (!device.program.empty() && !io::is_regular_file(device.program))
        fail(map.address("program"), in_quotes(device.program), " is no file that is here");
    if (device.copy.empty()) return device;
    if (device.program.empty())
        fail(map.address("copy"), "there is no program to copy: name it, program: FILE");
    for (const char* word : {"FILE", "PLACE"})
        if (!has_word(device.copy, word))
            fail(map.address("copy"), "expected a command with FILE and PLACE in it, such as ",
                 "\"scp FILE pi@kitchen:PLACE\", found ", in_quotes(device.copy));
    return device;
}

}  // namespace detail

/// Reads a file of devices, in its order: a name for each, and what is known of it.
///
///     kitchen:
///       shell: ssh pi@kitchen
///       program: build/aarch64/bin/hat-latency
///
/// Throws  `Error`, "file:line: name: key: …", naming the first thing that is wrong
[[nodiscard]] inline std::vector<Device> read_devices(const std::string& path) {
    const auto map = io::YamlMap::read(path);
    std::vector<Device> devices;
    for (const std::string& name : map.keys()) {
        if (!detail::is_plain(name, "-_."))
            fail(map.address(readable(name)),
                 R"(expected a name of letters, digits, "-", "_" and ".", as a file's)");
        devices.push_back(detail::read_device(name, map.map(name)));
    }
    if (devices.empty()) fail(path, ": names no device");
    return devices;
}

}  // namespace hat::program
