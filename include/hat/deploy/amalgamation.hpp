// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Many headers as one, which includes nothing of hat.
namespace hat::deploy {

/// The text of a header, by the name that it is included by ("hat/core/simd.hpp").
using HeaderText = std::function<std::string(const std::string& name)>;

namespace detail {

/// What a line of a header is to the preprocessor.
struct HeaderLine {
    enum class Kind { code, included, once, begins_condition, ends_condition };

    Kind kind = Kind::code;
    std::string_view name{};  ///< of the header that is included
};

[[nodiscard]] inline HeaderLine read_header_line(std::string_view line) {
    using Kind = HeaderLine::Kind;
    const auto blank_free = [](std::string_view text) {
        return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
    };
    std::string_view rest = blank_free(line);
    if (!rest.starts_with('#')) return {};
    rest = blank_free(rest.substr(1));
    if (rest.starts_with("if")) return {Kind::begins_condition};
    if (rest.starts_with("endif")) return {Kind::ends_condition};
    if (rest.starts_with("pragma once")) return {Kind::once};
    if (!rest.starts_with("include")) return {};
    rest = blank_free(rest.substr(std::string_view("include").size()));
    const std::size_t end = rest.find('>');
    if (rest.starts_with("\"hat/")) fail("amalgamation: expected <hat/…>, found ", rest);
    if (!rest.starts_with('<') || end == std::string_view::npos) return {};
    return {Kind::included, rest.substr(1, end - 1)};
}

}  // namespace detail

/// Writes headers, and all they include of `hat/`, as one text, each behind those it needs.
///
/// Other headers are included once, at the beginning; those that stand within a condition stay
/// where they are. Comments stay, but for the line that names the licence, which comes first. Each
/// of ours has a guard, so that a source can have several such texts.
class Amalgamation {
public:
    /// `text_of` gives the text of each header of hat.
    explicit Amalgamation(HeaderText text_of) : text_of_(std::move(text_of)) {}

    /// Adds the header `name` unless it is there already.
    ///
    /// Throws  `Error` if headers include each other in a circle, or one of ours within a condition
    /// or
    ///         in quotes; nothing can be added after that
    void add(const std::string& name) {
        if (contains(done_, name)) return;
        if (contains(open_, name)) fail(name, ": includes itself by way of ", open_.back());
        open_.push_back(name);
        body_ += body_of(name);
        open_.pop_back();
        done_.push_back(name);
    }

    /// The headers in the order in which they stand.
    [[nodiscard]] std::span<const std::string> headers() const noexcept { return done_; }

    /// One text: each header once, behind those that it includes.
    [[nodiscard]] std::string text() const {
        std::vector<std::string> others = others_;
        std::sort(others.begin(), others.end());
        std::string text = std::string(licence) + "\n#pragma once\n\n";
        for (const std::string& name : others) text += "#include <" + name + ">\n";
        return text + body_;
    }

private:
    static constexpr std::string_view licence = "// SPDX-License-Identifier: Apache-2.0";

    static bool contains(const std::vector<std::string>& names, std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    }

    /// HAT_PART_… for a header.
    [[nodiscard]] static std::string guard_of(const std::string& name) {
        std::string guard = "HAT_PART_";
        for (const char c : name.substr(std::string_view("hat/").size()))
            guard += c >= 'a' && c <= 'z'   ? static_cast<char>(c - 'a' + 'A')
                     : c >= '0' && c <= '9' ? c
                                            : '_';
        return guard;
    }

    /// Adds what `name` includes, and returns the rest of it.
    [[nodiscard]] std::string body_of(const std::string& name) {
        using Kind = detail::HeaderLine::Kind;
        const std::string text = text_of_(name);
        const std::string guard = guard_of(name);
        std::string body = "\n// ---- " + name + "\n#ifndef " + guard + "\n#define " + guard + "\n";
        int conditions = 0;  // that are open
        bool was_blank = true;
        for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
            end = std::min(text.find('\n', begin), text.size());
            const std::string_view line = std::string_view(text).substr(begin, end - begin);
            const detail::HeaderLine read = detail::read_header_line(line);
            if (read.kind == Kind::begins_condition) ++conditions;
            if (read.kind == Kind::ends_condition) --conditions;
            if (read.kind == Kind::once || line == licence) continue;
            if (read.kind == Kind::included && take(name, std::string(read.name), conditions))
                continue;
            // What is taken out leaves no stretches of empty lines.
            if (!(line.empty() && was_blank)) body.append(line).append("\n");
            was_blank = line.empty();
        }
        return body + "#endif\n";
    }

    /// Whether the header that is included need not be included there.
    bool take(const std::string& by, const std::string& name, int conditions) {
        const bool is_ours = name.starts_with("hat/");
        if (is_ours && conditions > 0)
            fail(by, ": includes ", name, " within a condition, expected outside of all");
        if (conditions > 0) return false;
        if (is_ours)
            add(name);
        else if (!contains(others_, name))
            others_.push_back(name);
        return true;
    }

    HeaderText text_of_;
    std::vector<std::string> done_;
    std::vector<std::string> open_;    ///< headers that are being read
    std::vector<std::string> others_;  ///< headers that are not ours
    std::string body_;
};

}  // namespace hat::deploy
