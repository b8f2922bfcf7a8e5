// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::io {

/// A JSON value whose objects keep the order of their keys.
using Json = nlohmann::ordered_json;

/// A JSON value whose objects find a key among n in log n steps: for large or hostile files.
using SortedJson = nlohmann::json;

using hat::in_quotes;

/// What JSON from outside may have; more is refused before it takes memory, or a stack, without
/// end.
struct JsonLimits {
    int depth = 64;        ///< objects and arrays inside each other
    int values = 1 << 23;  ///< of all kinds, in all
};

namespace detail {

/// Makes a value of what the parser of nlohmann-json finds, in time that is linear in the text but
/// for the look-up of keys: its own builder compares every key of an ordered object with all before
/// it, and where it calls back, walks over all values of an object for each of them.
///
/// See  https://json.nlohmann.me/features/parsing/sax_interface
template <class AnyJson>
class JsonBuilder {
public:
    using Text = typename AnyJson::string_t;

    JsonBuilder(const std::string& where, const JsonLimits& limits)
        : where_(where), limits_(limits) {}

    [[nodiscard]] AnyJson take() { return std::move(root_); }

    bool null() { return add(nullptr); }
    bool boolean(bool value) { return add(value); }
    bool number_integer(typename AnyJson::number_integer_t value) { return add(value); }
    bool number_unsigned(typename AnyJson::number_unsigned_t value) { return add(value); }
    bool number_float(typename AnyJson::number_float_t value, const Text&) { return add(value); }
    bool string(Text& value) { return add(std::move(value)); }
    bool binary(typename AnyJson::binary_t&) { return false; }  // JSON has none
    bool start_object(std::size_t) { return open(AnyJson::object()); }
    bool start_array(std::size_t) { return open(AnyJson::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }

    bool key(Text& name) {
        if (!open_.back().keys.insert(name).second)
            fail(where_, ": key ", in_quotes(name), " appears twice");
        open_.back().key = std::move(name);
        return true;
    }

    template <class Exception>
    [[noreturn]] bool parse_error(std::size_t byte, const std::string&, const Exception& error) {
        constexpr int number_overflow = 406;
        if (error.id == number_overflow)
            fail(where_, ": the number that ends at byte ", byte, " is out of range");
        fail(where_, ": not valid JSON at byte ", byte);
    }

private:
    /// An object or array whose end is still to come.
    struct Open {
        AnyJson* value;
        Text key{};  ///< of the next value
        std::set<Text> keys{};
    };

    template <class Value>
    bool add(Value&& value) {
        put(AnyJson(std::forward<Value>(value)));
        return true;
    }
    bool open(AnyJson empty) {
        if (open_.size() >= static_cast<std::size_t>(limits_.depth))
            fail(where_, ": has more than ", limits_.depth, " levels of brackets");
        open_.push_back({put(std::move(empty))});
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    /// Puts `value` where it belongs; what is open keeps its place while others are inside it.
    AnyJson* put(AnyJson value) {
        if (++values_ > limits_.values) fail(where_, ": has more than ", limits_.values, " values");
        if (open_.empty()) return &(root_ = std::move(value));
        AnyJson& parent = *open_.back().value;
        if (auto* array = parent.template get_ptr<typename AnyJson::array_t*>())
            return &array->emplace_back(std::move(value));
        auto& object = parent.template get_ref<typename AnyJson::object_t&>();
        Text& name = open_.back().key;
        if constexpr (std::is_same_v<AnyJson, Json>) {  // a vector of pairs
            using Pairs = typename Json::object_t::Container;
            return &static_cast<Pairs&>(object)
                        .emplace_back(std::move(name), std::move(value))
                        .second;
        } else {
            return &object.emplace(std::move(name), std::move(value)).first->second;
        }
    }

    const std::string& where_;
    JsonLimits limits_;
    int values_ = 0;
    AnyJson root_;
    std::vector<Open> open_;
};

}  // namespace detail

/// Parses `text`; `where` names its source in messages.
///
/// Throws  `Error` with the byte offset if it is not JSON or has a number that no double holds, if
///         an object names a key twice, or beyond the limits.
template <class AnyJson = Json>
[[nodiscard]] AnyJson parse_json(std::string_view text, const std::string& where,
                                 const JsonLimits& limits = {}) {
    detail::JsonBuilder<AnyJson> builder(where, limits);
    if (!AnyJson::sax_parse(text.begin(), text.end(), &builder)) fail(where, ": not valid JSON");
    return builder.take();
}

/// Parses text that may be anything: a value that `is_discarded` if it is not JSON.
template <class AnyJson = Json>
[[nodiscard]] AnyJson parse_json_or_discard(std::string_view text) {
    return AnyJson::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

/// `json` as text, on one line or with `indent` spaces a level; U+FFFD where a string in it is not
/// UTF-8.
template <class AnyJson>
[[nodiscard]] std::string json_text(const AnyJson& json, int indent = -1) {
    return json.dump(indent, ' ', false, AnyJson::error_handler_t::replace);
}

/// The value of `key` in `object`, which `where` names in messages.
///
/// Throws  `Error` if it is missing or `object` is not one.
template <class AnyJson>
[[nodiscard]] const AnyJson& json_field(const AnyJson& object, const char* key,
                                        const std::string& where) {
    if (!object.is_object()) fail(where, ": expected an object, found ", object.type_name());
    const auto found = object.find(key);
    if (found == object.end()) fail(where, ": key ", in_quotes(key), " is missing");
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
        if (!fits) fail(where, ": ", json_text(value), " is out of range");
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

/// What parses and writes JSON; `how` is empty, or `extern` where another source has them.
// NOLINTBEGIN(bugprone-macro-parentheses): types and keywords bear none
#define HAT_JSON_INSTANCES(how, AnyJson)                                                           \
    how template AnyJson parse_json<AnyJson>(std::string_view, const std::string&,                 \
                                             const JsonLimits&);                                   \
    how template AnyJson parse_json_or_discard<AnyJson>(std::string_view);                         \
    how template std::string json_text(const AnyJson&, int);
// NOLINTEND(bugprone-macro-parentheses)

#ifdef HAT_SHARED_INSTANCES  // they are in <hat/io/json_instances.hpp>
HAT_JSON_INSTANCES(extern, Json)
HAT_JSON_INSTANCES(extern, SortedJson)
#endif

}  // namespace hat::io
