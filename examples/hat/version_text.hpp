// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/version.hpp>

#include <cstdlib>

namespace hat::program {

// A program that holds itself for several instruction sets is told by its build for which of them
// this is compiled (cmake/hatDispatch.cmake).
#ifdef HAT_ISA
/// The version, and the instructions that were chosen: "0.1.0, x86-64-v3".
inline constexpr const char* version_text = HAT_VERSION ", " HAT_ISA;
inline void check_instructions() {
}
#else
inline constexpr const char* version_text = HAT_VERSION;
/// Throws  `Error` if others are asked for than those this was built for.
inline void check_instructions() {
    if (std::getenv("HAT_ISA") != nullptr)
        fail(
            "HAT_ISA: this program is built for one instruction set; one for several is built with "
            "-D HAT_DISPATCH=ON");
}
#endif

}  // namespace hat::program
