// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/version.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>

/// What the printed lines of the scores have in common.
namespace hat::data::detail {

/// `value` with `decimals` digits after the point, correctly rounded.
inline std::string fixed(double value, int decimals) {
    std::array<char, 352> text{};  // the longest double has 309 digits before the point
    const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return {text.data(), static_cast<std::size_t>(size)};
}

/// What computed the score, for the end of its signature.
inline std::string signature_version() {
    return "hat-" + std::string(version);
}

}  // namespace hat::data::detail
