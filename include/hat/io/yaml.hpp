// SPDX-License-Identifier: Apache-2.0
// Needs: yaml-cpp
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/library_call.hpp>
#include <hat/io/text_file.hpp>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hat::io {

/// A YAML file that is one mapping of keys to numbers, words, lists of numbers and mappings of that
/// kind.
///
/// Every message names file, line and key: `arch.yml:3: encoder-heads: expected an integer, found
/// "x"`. Keys are kept track of: those that nobody asked for are an error in `reject_unread`.
class YamlMap {
public:
    /// Throws  `Error` if `text` is not YAML, not one document, not a mapping, names a key twice,
    /// or
    ///         is too long.
    [[nodiscard]] static YamlMap parse(const std::string& text, const std::string& where) {
        if (text.size() > max_bytes) fail(where, ": is larger than ", max_bytes, " bytes");
        return library_call(where, [&] {
            try {
                const std::vector<YAML::Node> documents = YAML::LoadAll(text);
                if (documents.size() > 1)
                    fail(where, ":", documents[1].Mark().line + 1,
                         ": a second YAML document begins, expected one");
                return YamlMap(documents.empty() ? YAML::Node() : documents.front(), where);
            } catch (const YAML::DeepRecursion& error) {
                fail(where, ":", error.mark.line + 1, ": nested too deeply: more than ",
                     error.depth() - 1, " levels");
            } catch (const YAML::Exception& error) {
                fail(where, ":", error.mark.line + 1, ": not valid YAML: ", readable(error.msg));
            }
        });
    }

    /// Throws  `Error` as `parse`, or if the file cannot be read.
    [[nodiscard]] static YamlMap read(const std::string& path) {
        return parse(read_file(path, max_bytes), path);
    }

    /// Whether there is such a key.
    [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }

    /// All keys, in the order of the file.
    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const Field& field : fields_) all.push_back(field.key);
        return all;
    }

    /// The mapping at `key`. Its messages name both: `devices.yml:3: kitchen: shell: expected …`.
    /// Throws  `Error` if `key` is missing or anything else, or a key in it appears twice.
    [[nodiscard]] YamlMap map(std::string_view key) const {
        const Field& field = required(key);
        if (!field.value.IsMap()) reject(field, field.value, "a mapping of keys to values");
        return {field.value, where_, field.line, inside_ + field.key + ": "};
    }

    /// Throws  `Error` if `key` is missing or not a whole number in the range of int.
    [[nodiscard]] int integer(std::string_view key) const {
        const Field& field = required(key);
        return integer(field, field.value);
    }

    /// A list of whole numbers.
    /// Throws  `Error` if `key` is missing or anything else.
    [[nodiscard]] std::vector<int> integers(std::string_view key) const {
        const Field& field = required(key);
        if (!field.value.IsSequence()) reject(field, field.value, "a list of integers");
        std::vector<int> values;
        for (const YAML::Node& item : field.value) values.push_back(integer(field, item));
        return values;
    }

    /// A list of `count` whole numbers, or one number that stands for `count` equal ones.
    /// Throws  `Error` if `key` is missing or anything else.
    [[nodiscard]] std::vector<int> integers(std::string_view key, int count) const {
        const Field& field = required(key);
        if (field.value.IsScalar()) {
            std::vector<int> equal;
            equal.assign(static_cast<std::size_t>(count), integer(field, field.value));
            return equal;
        }
        std::vector<int> values = integers(key);
        if (values.size() != static_cast<std::size_t>(count))
            fail(address(key), "expected ", count, " values, one a layer, found ", values.size());
        return values;
    }

    /// Throws  `Error` if `key` is missing or neither true nor false.
    [[nodiscard]] bool flag(std::string_view key) const {
        const Field& field = required(key);
        const std::string& text = field.value.IsScalar() ? field.value.Scalar() : empty;
        if (text != "true" && text != "false") reject(field, field.value, "true or false");
        return text == "true";
    }

    /// Throws  `Error` if `key` is missing or not a scalar.
    [[nodiscard]] std::string word(std::string_view key) const {
        const Field& field = required(key);
        if (!field.value.IsScalar()) reject(field, field.value, "a word");
        return field.value.Scalar();
    }

    /// "file:line: key: ", to begin a message about the value of `key`.
    [[nodiscard]] std::string address(std::string_view key) const {
        const Field* field = find(key);
        return (field != nullptr ? place(field->line) : place(line_)) + std::string(key) + ": ";
    }

    /// Throws  `Error` naming the first key that was not asked for: a misspelt one, as a rule.
    void reject_unread() const {
        for (const Field& field : fields_)
            if (!read_.contains(field.key))
                fail(place(field.line), "unknown key ", in_quotes(field.key));
    }

private:
    /// No description of a network or a space comes near this.
    static constexpr std::size_t max_bytes = 1'000'000;
    inline static const std::string empty;

    struct Field {
        std::string key;
        int line;
        YAML::Node value;
    };

    YamlMap(const YAML::Node& root, std::string where, int line = 0, std::string inside = {})
        : where_(std::move(where)), line_(line), inside_(std::move(inside)) {
        if (!root.IsMap()) fail(where_, ": expected lines of \"key: value\"");
        std::set<std::string> names;  // a hostile file has very many
        for (const auto& entry : root) {
            const YAML::Node& key = entry.first;
            const int at = key.Mark().line + 1;
            if (!key.IsScalar()) fail(place(at), "a key is not a word");
            std::string name = key.Scalar();
            if (!names.insert(name).second)
                fail(place(at), "key ", in_quotes(name), " appears twice");
            fields_.push_back({std::move(name), at, entry.second});
        }
    }

    /// "file:line: ", or "file: " where there is none, and the keys of mappings around.
    [[nodiscard]] std::string place(int line) const {
        return where_ + ":" + (line > 0 ? std::to_string(line) + ": " : " ") + inside_;
    }

    [[nodiscard]] const Field* find(std::string_view key) const {
        for (const Field& field : fields_)
            if (field.key == key) return &field;
        return nullptr;
    }

    [[nodiscard]] const Field& required(std::string_view key) const {
        const Field* field = find(key);
        if (field == nullptr) fail(place(line_), "key ", in_quotes(key), " is missing");
        read_.emplace(key);
        return *field;
    }

    [[nodiscard]] int integer(const Field& field, const YAML::Node& node) const {
        const std::string& text = node.IsScalar() ? node.Scalar() : empty;
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc{} || end != text.data() + text.size())
            reject(field, node, "an integer");
        return value;
    }

    [[noreturn]] void reject(const Field& field, const YAML::Node& node,
                             const char* expected) const {
        const char* kind = node.IsSequence() ? "a list" : node.IsMap() ? "a mapping" : "nothing";
        const std::string found = node.IsScalar() ? in_quotes(node.Scalar()) : kind;
        fail(place(node.IsNull() ? field.line : node.Mark().line + 1), field.key, ": expected ",
             expected, ", found ", found);
    }

    std::string where_;
    int line_;            ///< of the key of this mapping; 0: it is the whole file
    std::string inside_;  ///< "key: " of each mapping around
    std::vector<Field> fields_;
    mutable std::set<std::string, std::less<>> read_;
};

}  // namespace hat::io
