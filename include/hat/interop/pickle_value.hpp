// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hat::interop {

/// What a value of a pickle is. A `global` is the name of a class or function; an `object` is what
/// one would have made of its arguments; a `persistent` value stands for something stored
/// elsewhere.
enum class PickleKind : std::uint8_t {
    none,
    boolean,
    integer,
    big_integer,
    real,
    text,
    bytes,
    list,
    tuple,
    dict,
    global,
    object,
    persistent
};

/// A value of a pickle. Which members count depends on its kind.
///
/// Values are shared and may hold themselves: they form a graph, which its `Pickle` owns.
struct PickleValue {
    PickleKind kind = PickleKind::none;
    std::int64_t integer = 0;  ///< integer; boolean: 0 or 1
    double real = 0;
    /// text, bytes; big_integer: two's complement, lowest byte first; global: its name.
    std::string_view text{};
    std::string_view module{};  ///< global: where its name is found
    /// list, tuple; dict: key, value, key, value, …; object: its arguments; persistent: its id.
    std::vector<const PickleValue*> items{};
    const PickleValue* type = nullptr;   ///< object: what made it, most often a global
    const PickleValue* state = nullptr;  ///< object, dict: its attributes as far as it has any

    /// Whether it is of that kind.
    [[nodiscard]] bool is(PickleKind k) const noexcept { return kind == k; }
    /// Whether it is that text, or that global.
    [[nodiscard]] bool is_text(std::string_view t) const noexcept {
        return kind == PickleKind::text && text == t;
    }
    [[nodiscard]] bool is_global(std::string_view m, std::string_view name) const noexcept {
        return kind == PickleKind::global && module == m && text == name;
    }
    /// Whether it is an object made by the global `name` of module `m`.
    [[nodiscard]] bool is_made_by(std::string_view m, std::string_view name) const noexcept {
        return kind == PickleKind::object && type->is_global(m, name);
    }

    /// The value of a dict's key or of an object's attribute; null if there is none.
    [[nodiscard]] const PickleValue* find(std::string_view key) const noexcept {
        if (kind == PickleKind::object)
            return state != nullptr && state->is(PickleKind::dict) ? state->find(key) : nullptr;
        if (kind != PickleKind::dict) return nullptr;
        for (std::size_t i = items.size(); i > 0; i -= 2)  // the last of equal keys is the one
            if (items[i - 2]->is_text(key)) return items[i - 1];
        return nullptr;
    }
};

}  // namespace hat::interop
