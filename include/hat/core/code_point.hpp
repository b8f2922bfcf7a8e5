// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace hat::detail {

struct CodePoint {
    char32_t value = 0;
    int size_bytes = 0;  // 0: what stands there is not UTF-8
};

/// The code point whose first byte is `text[at]`. Precondition: at < text.size().
constexpr CodePoint code_point(std::string_view text, std::size_t at) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const int size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (size == 0 || text.size() - at < static_cast<std::size_t>(size)) return {};
    auto value = static_cast<char32_t>(lead & (0xFF >> (size + 1)));
    for (std::size_t i = 1; i < static_cast<std::size_t>(size); ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        value = value << 6 | (byte(i) & 0x3FU);
    }
    const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    const bool surrogate = 0xD800 <= value && value <= 0xDFFF;
    if (overlong || surrogate || value > 0x10FFFF) return {};
    return {value, size};
}

}  // namespace hat::detail
