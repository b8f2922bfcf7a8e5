// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hat::io {

/// A JSON value whose objects keep the order of their keys.
using Json = nlohmann::ordered_json;

/// A JSON value whose objects find a key among n in log n steps: for large or hostile files.
using SortedJson = nlohmann::json;

/// `text` in quotation marks on one line, for messages about names that come from files.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Parses `text`; `where` names its source in messages.
///
/// Throws  `Error` with the byte offset if it is not JSON, or if an object names a key twice.
template <class AnyJson = Json>
[[nodiscard]] AnyJson parse_json(std::string_view text, const std::string& where) {
    std::vector<std::set<std::string>> keys;  // of the objects that are open
    const auto reject_twice = [&](int, typename AnyJson::parse_event_t event, AnyJson& value) {
        if (event == AnyJson::parse_event_t::object_start) keys.emplace_back();
        if (event == AnyJson::parse_event_t::object_end) keys.pop_back();
        if (event == AnyJson::parse_event_t::key &&
            !keys.back().insert(value.template get<std::string>()).second)
            fail(where, ": key ", in_quotes(value.template get_ref<const std::string&>()),
                 " appears twice");
        return true;
    };
    try {
        return AnyJson::parse(text.begin(), text.end(), reject_twice);
    } catch (const typename AnyJson::parse_error& error) {
        fail(where, ": not valid JSON at byte ", error.byte);
    }
}

/// The value of `key` in `object`, which `where` names in messages.
///
/// Throws  `Error` if it is missing or `object` is not one.
template <class AnyJson>
[[nodiscard]] const AnyJson& json_field(const AnyJson& object, const char* key,
                                        const std::string& where) {
    if (!object.is_object()) fail(where, ": expected an object, found ", object.type_name());
    const auto found = object.find(key);
    if (found == object.end()) fail(where, ": key \"", key, "\" is missing");
    return *found;
}

/// `value` as a `T`: `bool`, an integer type, `double` or `std::string`; `where` names it.
///
/// Throws  `Error` if it is of another kind or an integer is out of T's range; nothing is rounded.
template <class T, class AnyJson>
[[nodiscard]] T json_as(const AnyJson& value, const std::string& where) {
    const auto reject = [&](const char* expected) {
        fail(where, ": expected ", expected, ", found ", value.type_name());
    };
    if constexpr (std::is_same_v<T, bool>) {
        if (!value.is_boolean()) reject("true or false");
        return value.template get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
        if (!value.is_number_integer()) reject("an integer");
        const bool negative = !value.is_number_unsigned() && value.template get<std::int64_t>() < 0;
        using Limits = std::numeric_limits<T>;
        const bool fits =
            negative
                ? std::is_signed_v<T> &&
                      value.template get<std::int64_t>() >= static_cast<std::int64_t>(Limits::min())
                : value.template get<std::uint64_t>() <= static_cast<std::uint64_t>(Limits::max());
        if (!fits) fail(where, ": ", value.dump(), " is out of range");
        return value.template get<T>();
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!value.is_number()) reject("a number");
        return value.template get<T>();
    } else {
        if (!value.is_string()) reject("a string");
        return value.template get<T>();
    }
}

/// The value of `key` in `object` as a `T`.
///
/// Throws  `Error` as `json_field` and `json_as`.
template <class T, class AnyJson>
[[nodiscard]] T json_get(const AnyJson& object, const char* key, const std::string& where) {
    return json_as<T>(json_field(object, key, where), where + ": " + key);
}

}  // namespace hat::io
