// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/json.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace hat::io {

namespace detail {

/// The values of an object by name; none of what is no object.
using SettingValues = std::map<std::string_view, const Json*>;
[[nodiscard]] inline SettingValues setting_values(const Json& json) {
    SettingValues values;
    if (json.is_object())
        for (const auto& [key, value] : json.items()) values.emplace(key, &value);
    return values;
}
/// Null where there is none.
[[nodiscard]] inline Json setting_value(const SettingValues& values, std::string_view key) {
    const auto found = values.find(key);
    return found == values.end() ? Json() : *found->second;
}

/// visit(key) for each key of either.
template <class Visit>
void for_each_setting(const Json& before, const Json& now, const SettingValues& old_values,
                      Visit visit) {
    for (const auto& item : before.items()) visit(item.key());
    for (const auto& item : now.items())
        if (!old_values.contains(item.key())) visit(item.key());
}

/// A setting as it was given: of a number in single precision, the digits that it was read from.
[[nodiscard]] inline std::string setting_text(const Json& json) {
    if (json.is_null()) return "nothing";
    if (json.is_number_float()) {
        const auto value = json.get<double>();
        const auto single = std::abs(value) < 1e38 ? static_cast<float>(value) : 0.0F;
        if (static_cast<double>(single) == value) {
            std::array<char, 64> text{};
            return {text.data(), std::to_chars(text.data(), text.data() + text.size(), single).ptr};
        }
    }
    return readable(json_text(json));
}

/// Appends what differs between two settings, by name: those inside of objects one by one.
inline void append_difference(std::string& text, const std::string& name, const Json& before,
                              const Json& now) {
    if (before == now) return;
    if (before.is_object() && now.is_object()) {
        const SettingValues old_values = setting_values(before);
        const SettingValues new_values = setting_values(now);
        for_each_setting(before, now, old_values, [&](const std::string& key) {
            append_difference(text, name + "." + key, setting_value(old_values, key),
                              setting_value(new_values, key));
        });
        return;
    }
    text += (text.empty() ? "" : "; ") + readable(name) + " was " + setting_text(before) + ", is " +
            setting_text(now);
}

/// A path without what changes nothing: "./data/" is "data".
[[nodiscard]] inline Json plain_path(const Json& path) {
    if (!path.is_string()) return path;
    std::filesystem::path plain = std::filesystem::path(path.get<std::string>()).lexically_normal();
    if (!plain.has_filename()) plain = plain.parent_path();
    return plain.string();
}

/// Settings with what they say of the content that their paths lead to.
struct ToldSettings {
    explicit ToldSettings(const Json& json)
        : values(setting_values(json)), content_json(setting_value(values, "content")),
          content(setting_values(content_json)) {}
    ToldSettings(const ToldSettings&) = delete;
    ToldSettings& operator=(const ToldSettings&) = delete;
    ~ToldSettings() = default;

    SettingValues values;
    Json content_json;
    SettingValues content;
};

inline void append_setting(std::string& text, const std::string& key, const ToldSettings& before,
                           const ToldSettings& now) {
    if (key == "hat_version" || key == "content") return;
    const Json old_content = setting_value(before.content, key);
    const Json new_content = setting_value(now.content, key);
    const Json old_value = setting_value(before.values, key);
    const Json new_value = setting_value(now.values, key);
    if (!old_content.is_null() && !new_content.is_null())
        append_difference(text, "the content of " + key, old_content, new_content);
    else if (!old_content.is_null() || !new_content.is_null())
        append_difference(text, key, plain_path(old_value), plain_path(new_value));
    else
        append_difference(text, key, old_value, new_value);
}

}  // namespace detail

/// What differs between the settings of something that was begun and those it is to go on with, by
/// name: "dropout was 0.1, is 0.2"; empty if nothing that matters does. Settings are JSON objects;
/// other texts are compared as they are.
///
/// A path says where something was, not what it is. So "content" may tell the hash of what a
/// setting leads to, and where both tell it, it is compared in place of the path:
///
///     {"data": "text/data", "content": {"data": "xxh3:…"}, "dropout": 0.1, "hat_version": "0.1.0"}
///
/// The version of hat is told, and compared by nobody: formats have versions of their own.
[[nodiscard]] inline std::string settings_difference(const std::string& before,
                                                     const std::string& now) {
    if (before == now) return {};
    constexpr std::size_t longest = 1000;
    const auto settings = [](const std::string& text) {
        try {
            return parse_json(text, "settings");
        } catch (const Error&) {
            return Json();  // a text, compared as what it is
        }
    };
    const Json old_settings = settings(before);
    const Json new_settings = settings(now);
    if (!old_settings.is_object() || !new_settings.is_object())
        return in_quotes(before, longest) + ", expected " + in_quotes(now, longest);
    const detail::ToldSettings told_before(old_settings);
    const detail::ToldSettings told_now(new_settings);
    std::string text;
    detail::for_each_setting(
        old_settings, new_settings, told_before.values,
        [&](const std::string& key) { detail::append_setting(text, key, told_before, told_now); });
    return readable(text, longest);
}

}  // namespace hat::io
