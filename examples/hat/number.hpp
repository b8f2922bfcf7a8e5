// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/in_quotes.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

/// Numbers on a command line: what is read is what was written, or an error of one short line.
namespace hat::program {

/// The numbers that a flag allows; what is not said is not limited.
template <class T>
struct Range {
    std::optional<T> low{};    ///< the least one
    std::optional<T> above{};  ///< instead: all are greater than this
    std::optional<T> high{};   ///< the greatest one

    [[nodiscard]] bool contains(T value) const {
        return !(low && value < *low) && !(above && value <= *above) && !(high && value > *high);
    }
};

/// A flag's number is none, or not one that it allows. The line does not name the program.
struct NumberError {
    std::string line;
};

namespace detail {

template <class T>
[[nodiscard]] std::string shortest(T value) {
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

/// What a flag was given, as its line of error shows it: short, and seen where it is nothing.
[[nodiscard]] inline std::string shown(std::string_view text, std::size_t longest = 40) {
    return text.empty() ? "\"\"" : readable(text, longest);
}

/// Digits behind a zero: an octal number to some, a decimal one to others.
[[nodiscard]] inline bool has_leading_zero(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

}  // namespace detail

/// "1 or more", "above 0", "1 to 1000", …; empty where every number is allowed.
template <class T>
[[nodiscard]] std::string to_text(const Range<T>& range) {
    using detail::shortest;
    const std::string above = range.above ? "above " + shortest(*range.above) : "";
    if (range.high && range.low) return shortest(*range.low) + " to " + shortest(*range.high);
    if (range.high && range.above) return above + " and at most " + shortest(*range.high);
    if (range.high) return "at most " + shortest(*range.high);
    return range.low ? shortest(*range.low) + " or more" : above;
}

/// The number of type `T` that `text` is: decimal, whole for whole types, finite, nothing before or
/// behind it, and in `range`.
///
/// Throws  `NumberError` with the line "name: text, expected range"
template <class T>
[[nodiscard]] T parse_number(std::string_view name, std::string_view text, Range<T> range) {
    constexpr bool whole = std::is_integral_v<T>;
    if (std::is_unsigned_v<T> && !range.low) range.low = T{0};
    const auto refuse = [&](const std::string& expected) {
        throw NumberError{std::string(name) + ": " + detail::shown(text) + ", expected " +
                          expected};
    };
    const auto of_range = [&](const char* kind) {
        const std::string limits = to_text(range);
        return limits.empty() ? kind : std::string(kind) + ", " + limits;
    };
    const char* const kind = whole ? "a whole number" : "a number";
    if (detail::has_leading_zero(text)) refuse("a number without a leading zero");
    const bool negative = text.starts_with('-');
    T value{};
    const char* const end = text.data() + text.size();
    // An unsigned number reads no sign, so that −1 is looked at without: it is a number, too small.
    const std::size_t sign = std::is_unsigned_v<T> && negative ? 1 : 0;
    const auto [after, error] = std::from_chars(text.data() + sign, end, value);
    if (error == std::errc::invalid_argument || after != end) refuse(of_range(kind));
    if constexpr (!whole) {
        if (!std::isfinite(value)) refuse(of_range("a finite number"));
    }
    if (error == std::errc::result_out_of_range) {
        if (whole && !negative && !range.high) range.high = std::numeric_limits<T>::max();
        if (whole && negative && !range.low) range.low = std::numeric_limits<T>::lowest();
        refuse(whole || range.high ? to_text(range) : of_range("a finite number"));
    }
    if (sign == 1 && value != T{0}) refuse(to_text(range));
    if (!range.contains(value)) refuse(to_text(range));
    return value;
}

}  // namespace hat::program
