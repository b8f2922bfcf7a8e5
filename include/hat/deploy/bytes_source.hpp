// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hat::deploy {

/// C++ that defines `inline constexpr std::uint64_t name[]`, whose bytes are `bytes` where numbers
/// have their lowest byte first, from a multiple of 64 on. Behind the last, zeros fill it up.
///
/// Words of 64 bits, not a list of bytes: compilers take an eighth of the time and memory for them.
[[nodiscard]] inline std::string bytes_source(std::span<const std::byte> bytes,
                                              std::string_view name) {
    constexpr std::size_t word_bytes = 8;
    constexpr std::size_t words_a_line = 5;
    constexpr char digits[] = "0123456789ABCDEF";
    std::string text = "alignas(64) inline constexpr std::uint64_t " + std::string(name) + "[] = {";
    text.reserve(text.size() + bytes.size() / word_bytes * 20);
    for (std::size_t begin = 0; begin < bytes.size(); begin += word_bytes) {
        text += begin / word_bytes % words_a_line == 0 ? "\n0x" : "0x";
        bool is_leading = true;
        for (std::size_t i = word_bytes; i-- > 0;) {
            const std::size_t at = begin + i;
            const unsigned byte = at < bytes.size() ? std::to_integer<unsigned>(bytes[at]) : 0U;
            if (is_leading && byte == 0 && i > 0) continue;
            is_leading = false;
            text += digits[byte >> 4U];
            text += digits[byte & 15U];
        }
        text += ',';
    }
    return text + "};\n";
}

}  // namespace hat::deploy
