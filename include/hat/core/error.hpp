// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace hat {

/// What comes from outside (a file, a flag, a shape) is not what it must be.
///
/// The message is one line: what is wrong, where, what was found and what was expected.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A part of a message that is put together. Where there is no heap, it is empty.
#if HAT_HEAP
using MessageText = std::string;
#else
using MessageText = std::string_view;
#endif

namespace detail {

[[noreturn]] HAT_COLD inline void raise(const std::string& message) {
#if HAT_EXCEPTIONS
    throw Error(message);
#else
    std::fprintf(stderr, "hat: %s\n", message.c_str());
    std::abort();
#endif
}

template <class Part>
void append(std::string& text, const Part& part) {
    if constexpr (std::is_same_v<Part, char>)
        text += part;
    else if constexpr (std::is_arithmetic_v<Part>)
        text += std::to_string(part);
    else
        text += std::string_view(part);
}

}  // namespace detail

/// Throws `Error` with all `parts` (text and numbers) written one after the other;
/// prints the line and aborts where exceptions are off, without the line where there is no heap to
/// write it in.
///
///     fail(path, ":", line, ": expected ", 4, " columns, found ", found);
template <class... Parts>
[[noreturn]] HAT_COLD void fail(const Parts&... parts) {
#if HAT_HEAP
    std::string message;
    (detail::append(message, parts), ...);
    detail::raise(message);
#else
    (static_cast<void>(parts), ...);
    std::abort();
#endif
}

/// Calls `f()`; an error of it says where it was: `place` and ": " stand in front of its line.
/// (Where exceptions are off it ends the program with its own line.)
template <class F, class... Parts>
void fail_with_place(const F& f, const Parts&... place) {
#if HAT_EXCEPTIONS
    try {
        f();
    } catch (const Error& error) {
        fail(place..., ": ", error.what());
    }
#else
    (static_cast<void>(place), ...);
    f();
#endif
}

/// Checks an option: low ≤ value ≤ high, which a NaN is not.
/// Throws  `Error` with the line "group: name = value, expected low to high".
template <class Number, class Bound>
constexpr void require_between(std::string_view group, std::string_view name, Number value,
                               Bound low, Bound high) {
    if (!(value >= low && value <= high))
        fail(group, ": ", name, " = ", value, ", expected ", low, " to ", high);
}

}  // namespace hat
