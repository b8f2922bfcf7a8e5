// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hat {

/// The version of the library, "major.minor.patch" (SemVer); the build takes it from this line.
inline constexpr std::string_view version = "0.1.0";

}  // namespace hat
