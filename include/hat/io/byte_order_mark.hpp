// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hat::io {

/// `text` without the byte order mark (U+FEFF in UTF-8) that some programs write before all text.
/// What reads text from outside looks at the result.
[[nodiscard]] constexpr std::string_view skip_byte_order_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (text.starts_with(mark)) text.remove_prefix(mark.size());
    return text;
}

}  // namespace hat::io
