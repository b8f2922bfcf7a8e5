// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/json.hpp>
#include <hat/model/architecture.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

namespace hat::io {

namespace detail {

struct JsonFieldWriter {
    Json json = Json::object();

    template <class T>
    void value(const char* name, const T& x, bool /*is_required*/ = true) {
        if constexpr (std::is_enum_v<T>)
            json[name] = enum_word(x);
        else
            json[name] = x;
    }
    template <class At>
    void layers(const char* name, int count, At at, bool is_required = true) {
        if (!is_required && !any_layer(count, at)) return;
        Json& list = json[name] = Json::array();
        for (int i = 0; i < count; ++i) list.push_back(at(i));
    }
    [[nodiscard]] std::string address(const char* name) const {
        return std::string("architecture: ") + name + ": ";
    }
};

struct JsonFieldReader {
    const Json& json;
    std::string where;
    std::set<std::string> read{};

    template <class T>
    void value(const char* name, T& x, bool is_required = true) {
        if (!is_required && !json.contains(name)) return;
        read.emplace(name);
        if constexpr (std::is_enum_v<T>)
            x = parse_enum<T>(json_get<std::string>(json, name, where), address(name));
        else
            x = json_get<T>(json, name, where);
    }
    template <class At>
    void layers(const char* name, int count, At at, bool is_required = true) {
        if (!is_required && !json.contains(name)) return;
        read.emplace(name);
        const Json& list = json_field(json, name, where);
        if (!list.is_array() || list.size() != static_cast<std::size_t>(count))
            fail(address(name), "expected a list of ", count, " integers");
        for (int i = 0; i < count; ++i)
            at(i) = json_as<int>(list[static_cast<std::size_t>(i)], where + ": " + name);
    }
    [[nodiscard]] std::string address(const char* name) const { return where + ": " + name + ": "; }
};

}  // namespace detail

/// The architecture as a JSON object, every field by its name.
[[nodiscard]] inline Json architecture_to_json(const model::Architecture& architecture) {
    detail::JsonFieldWriter writer;
    visit_fields(architecture, writer);
    return std::move(writer.json);
}

/// The architecture that `architecture_to_json` wrote; fields with a default may be missing.
/// `where` begins messages.
///
/// Throws  `Error` if a field is missing, unknown, of the wrong kind, or `validate` objects.
[[nodiscard]] inline model::Architecture architecture_from_json(const Json& json,
                                                                const std::string& where) {
    model::Architecture architecture;
    detail::JsonFieldReader reader{json, where};
    visit_fields(architecture, reader);
    for (const auto& [key, value] : json.items())
        if (!reader.read.contains(key)) fail(where, ": unknown key ", in_quotes(key));
    try {
        validate(architecture);
    } catch (const Error& error) {
        fail(where, ": ", error.what());
    }
    return architecture;
}

}  // namespace hat::io
