// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace hat::deploy {

namespace detail {

/// The keywords of C++20 and its other spellings of operators.
inline constexpr auto cpp_words =
    std::to_array<std::string_view>({"alignas",       "alignof",     "and",
                                     "and_eq",        "asm",         "auto",
                                     "bitand",        "bitor",       "bool",
                                     "break",         "case",        "catch",
                                     "char",          "char16_t",    "char32_t",
                                     "char8_t",       "class",       "co_await",
                                     "co_return",     "co_yield",    "compl",
                                     "concept",       "const",       "const_cast",
                                     "consteval",     "constexpr",   "constinit",
                                     "continue",      "decltype",    "default",
                                     "delete",        "do",          "double",
                                     "dynamic_cast",  "else",        "enum",
                                     "explicit",      "export",      "extern",
                                     "false",         "float",       "for",
                                     "friend",        "goto",        "if",
                                     "inline",        "int",         "long",
                                     "mutable",       "namespace",   "new",
                                     "noexcept",      "not",         "not_eq",
                                     "nullptr",       "operator",    "or",
                                     "or_eq",         "private",     "protected",
                                     "public",        "register",    "reinterpret_cast",
                                     "requires",      "return",      "short",
                                     "signed",        "sizeof",      "static",
                                     "static_assert", "static_cast", "struct",
                                     "switch",        "template",    "this",
                                     "thread_local",  "throw",       "true",
                                     "try",           "typedef",     "typeid",
                                     "typename",      "union",       "unsigned",
                                     "using",         "virtual",     "void",
                                     "volatile",      "wchar_t",     "while",
                                     "xor",           "xor_eq"});

constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Whether any program may have an identifier of that form.
constexpr bool is_free_identifier(std::string_view name) {
    const auto may_follow = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    return !name.empty() && is_letter(name[0]) &&
           std::all_of(name.begin(), name.end(), may_follow) &&
           name.find("__") == std::string_view::npos;
}

/// hat's own, and those that C++ keeps: `main`, and `std` with or without a number.
constexpr bool is_owned(std::string_view name) {
    if (name == "hat" || name == "main" || name.starts_with("HAT_")) return true;
    return name.starts_with("std") && std::all_of(name.begin() + 3, name.end(), is_digit);
}

}  // namespace detail

/// What should be instead of a name that a namespace of a user's own cannot have; empty if it can.
/// Names of the C library, `exp` say, are not known here: a compiler tells of them.
[[nodiscard]] constexpr std::string_view fault_of_namespace_name(std::string_view name) {
    if (!detail::is_free_identifier(name))
        return "expected the name of a namespace: a letter, then letters, digits and single _";
    const auto& words = detail::cpp_words;
    if (std::find(words.begin(), words.end(), name) != words.end())
        return "expected another name: it is a word of C++";
    if (detail::is_owned(name)) return "expected another name: it is one of C++ or of hat";
    return {};
}

}  // namespace hat::deploy
