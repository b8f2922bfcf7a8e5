// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

namespace hat {

/// The value of another type that has the bits of `from`: `std::bit_cast`, which the standard
/// library of Clang has only since version 14.
template <class To, class From>
[[nodiscard]] constexpr To bit_cast(const From& from) noexcept {
    static_assert(sizeof(To) == sizeof(From) && std::is_trivially_copyable_v<To> &&
                      std::is_trivially_copyable_v<From>,
                  "bit_cast: both types must be trivially copyable and of one size");
    return __builtin_bit_cast(To, from);
}

}  // namespace hat
