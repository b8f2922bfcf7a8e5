// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The version as the preprocessor sees it; the build takes it from the first of these lines.
#define HAT_VERSION "0.1.0"
#define HAT_VERSION_MAJOR 0
#define HAT_VERSION_MINOR 1
#define HAT_VERSION_PATCH 0

/// Grows with the version, for conditions: 10203 is version 1.2.3.
#define HAT_VERSION_NUMBER (HAT_VERSION_MAJOR * 10000 + HAT_VERSION_MINOR * 100 + HAT_VERSION_PATCH)

namespace hat {

/// The version of the library, "major.minor.patch" (SemVer).
inline constexpr std::string_view version = HAT_VERSION;

}  // namespace hat
