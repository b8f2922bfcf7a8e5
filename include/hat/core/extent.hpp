// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <concepts>

namespace hat {

/// A size the compiler knows. Converts to `int`; arithmetic of two fixed sizes stays fixed.
template <int N>
struct Fixed {
    static constexpr int value = N;

    constexpr Fixed() noexcept = default;
    /// Precondition: n = N.
    constexpr explicit Fixed([[maybe_unused]] int n) noexcept { HAT_ASSERT(n == N); }
    constexpr operator int() const noexcept { return N; }  // NOLINT(google-explicit-constructor)
};

namespace detail {
template <class T>
inline constexpr bool is_fixed = false;
template <int N>
inline constexpr bool is_fixed<Fixed<N>> = true;
}  // namespace detail

/// A size: an `int` known at run time or a `Fixed<N>` known to the compiler.
template <class T>
concept Extent = std::same_as<T, int> || detail::is_fixed<T>;

/// An extent that the compiler knows.
template <class T>
concept FixedExtent = detail::is_fixed<T>;

/// Sum, product and quotient that stay fixed if both operands are.
template <Extent A, Extent B>
constexpr auto add(A a, B b) noexcept {
    if constexpr (FixedExtent<A> && FixedExtent<B>)
        return Fixed<A::value + B::value>{};
    else
        return int{a} + int{b};
}

template <Extent A, Extent B>
constexpr auto multiply(A a, B b) noexcept {
    if constexpr (FixedExtent<A> && FixedExtent<B>)
        return Fixed<A::value * B::value>{};
    else
        return int{a} * int{b};
}

/// The quotient, rounded towards 0.
template <Extent A, Extent B>
constexpr auto divide(A a, B b) noexcept {
    if constexpr (FixedExtent<A> && FixedExtent<B>) {
        static_assert(B::value >= 1, "Fixed<N> divides nothing where N is less than 1");
        return Fixed<A::value / (B::value >= 1 ? B::value : 1)>{};
    } else
        return int{a} / int{b};
}

/// False only if the compiler knows both and `Divisor` does not divide `Dividend`, as none below 1
/// does.
template <Extent Dividend, Extent Divisor>
inline constexpr bool may_divide = true;
template <int Dividend, int Divisor>
inline constexpr bool
    may_divide<Fixed<Dividend>, Fixed<Divisor>> = Divisor >= 1 &&
                                                  Dividend % (Divisor >= 1 ? Divisor : 1) == 0;

/// False only if the compiler knows both and they are not equal.
template <Extent A, Extent B>
inline constexpr bool may_equal = true;
template <int A, int B>
inline constexpr bool may_equal<Fixed<A>, Fixed<B>> = A == B;

/// Whether a size of this type can be `n`.
template <Extent Size>
[[nodiscard]] constexpr bool can_be(int n) noexcept {
    if constexpr (FixedExtent<Size>)
        return n == Size::value;
    else
        return true;
}

/// What a size is that nobody has given: `n`, unless the compiler knows it.
template <Extent Size>
[[nodiscard]] constexpr Size size_or(int n) noexcept {
    if constexpr (FixedExtent<Size>)
        return {};
    else
        return n;
}

/// `n` rounded up to a multiple of `step`.
constexpr int round_up(int n, int step) noexcept {
    return (n + step - 1) / step * step;
}

}  // namespace hat
