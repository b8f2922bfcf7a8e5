// SPDX-License-Identifier: Apache-2.0
// Needs: RE2
#pragma once

#include <hat/data/patterns.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::data {

/// A string that stands as a symbol in a line.
struct ProtectedString {
    int number;
    std::string text;

    friend bool operator==(const ProtectedString&, const ProtectedString&) = default;
};

/// A line with symbols, and the strings they stand for in the order of the line.
struct MaskedLine {
    std::string text;
    std::vector<ProtectedString> strings;
};

/// What a pair of lines was found to be: without protected strings; with the same on both sides,
/// which are symbols now; or with other ones, which are left as they are.
enum class MaskedPair { plain, masked, uneven };

/// What is done with strings whose symbols a translation lacks: appended, appended in ⟦ ⟧, dropped.
enum class LostStrings { append, mark, drop };

/// How translations kept the protected strings of their sources.
struct PlaceholderCounts {
    std::int64_t lines = 0;     // that have some
    std::int64_t strings = 0;   // in them
    std::int64_t lost = 0;      // of these, those whose symbol was missing
    std::int64_t invented = 0;  // symbols that stand for nothing, or for nothing more

    PlaceholderCounts& operator+=(const PlaceholderCounts& other) noexcept {
        lines += other.lines;
        strings += other.strings;
        lost += other.lost;
        invented += other.invented;
        return *this;
    }
};

/// A translation with its strings put back.
struct UnmaskedLine {
    std::string text;
    int lost = 0;      // strings whose symbol was missing
    int invented = 0;  // symbols that stand for nothing, or for nothing more; they are removed
};

namespace detail {

inline constexpr std::string_view symbol_open = "⟦";
inline constexpr std::string_view symbol_close = "⟧";

/// A symbol in a text: bytes begin … end − 1.
struct SymbolAt {
    std::size_t begin;
    std::size_t end;
    int number;
};

/// The first symbol of `text` that begins at `from` or after it.
inline std::optional<SymbolAt> next_symbol(std::string_view text, std::size_t from) {
    for (auto begin = text.find(symbol_open, from); begin != std::string_view::npos;
         begin = text.find(symbol_open, begin + 1)) {
        const std::size_t digits = begin + symbol_open.size();
        std::size_t end = digits;
        int number = 0;
        for (; end < text.size() && '0' <= text[end] && text[end] <= '9'; ++end)
            number = std::min(10 * number + (text[end] - '0'), 1000);
        if (end > digits && text.substr(end).starts_with(symbol_close))
            return SymbolAt{begin, end + symbol_close.size(), number};
    }
    return std::nullopt;
}

}  // namespace detail

/// Strings that a network should not have to spell (tags, addresses, fields of formats) as symbols
/// ⟦0⟧ … ⟦15⟧, each of which a subword model keeps whole.
///
/// Strings are numbered by their first appearance in the source; the same string has the same
/// number, wherever it stands. The last symbol stands for all further strings of the line, in their
/// order. Spaces are left as they are, so that text comes back byte for byte. Where a line holds
/// what looks like a symbol, that is a protected string, too.
///
///     const Placeholders placeholders({"markup", "braces"});
///     const MaskedLine line = placeholders.mask("<b>Save</b> {0}");  // "⟦0⟧Save⟦1⟧ ⟦2⟧"
///     unmask("⟦2⟧ ⟦0⟧sichern⟦1⟧", line.strings).text;                // "{0} <b>sichern</b>"
class Placeholders {
public:
    static constexpr int count = 16;

    /// The symbols by number, to be kept whole by a subword model.
    [[nodiscard]] static std::vector<std::string> symbols() {
        std::vector<std::string> all;
        all.reserve(count);
        for (int i = 0; i < count; ++i) all.push_back(symbol(i));
        return all;
    }

    /// Throws  `Error` as `Patterns` does
    explicit Placeholders(std::vector<std::string> patterns)
        : patterns_(with_symbols(std::move(patterns))) {}

    /// The line with symbols for its strings.
    [[nodiscard]] MaskedLine mask(std::string_view line) const {
        Numbers numbers;
        const auto found = patterns_.find(line);
        for (const std::string_view text : found) number(numbers, text);
        return replace(line, found, numbers);
    }

    /// Replaces the strings of both sides, if they are the same equally often. Those that share the
    /// last symbol must have the same order, too.
    MaskedPair mask(std::string& source, std::string& target) const {
        Numbers numbers;
        const auto in_source = patterns_.find(source);
        for (const std::string_view text : in_source) number(numbers, text);
        const auto in_target = patterns_.find(target);
        if (in_source.empty() && in_target.empty()) return MaskedPair::plain;
        if (in_source.size() != in_target.size()) return MaskedPair::uneven;
        for (const std::string_view text : in_target)
            if (!numbers.contains(text)) return MaskedPair::uneven;

        MaskedLine new_source = replace(source, in_source, numbers);
        MaskedLine new_target = replace(target, in_target, numbers);
        const auto sort = [](std::vector<ProtectedString>& strings) {
            std::ranges::stable_sort(strings, {}, &ProtectedString::number);
        };
        sort(new_source.strings);
        sort(new_target.strings);
        if (new_source.strings != new_target.strings) return MaskedPair::uneven;
        source = std::move(new_source.text);
        target = std::move(new_target.text);
        return MaskedPair::masked;
    }

    /// Whether the line holds what would be read as a symbol.
    [[nodiscard]] static bool has_symbol(std::string_view line) {
        auto symbol = detail::next_symbol(line, 0);
        while (symbol && symbol->number >= count) symbol = detail::next_symbol(line, symbol->end);
        return symbol.has_value();
    }

private:
    using Numbers = std::unordered_map<std::string_view, int>;

    static std::string symbol(int number) {
        return std::string(detail::symbol_open) + std::to_string(number) += detail::symbol_close;
    }

    static std::vector<std::string> with_symbols(std::vector<std::string> patterns) {
        patterns.insert(patterns.begin(), "regex:⟦[0-9]+⟧");
        return patterns;
    }

    static void number(Numbers& numbers, std::string_view text) {
        numbers.emplace(text, std::min(static_cast<int>(numbers.size()), count - 1));
    }

    static MaskedLine replace(std::string_view line, const std::vector<std::string_view>& found,
                              const Numbers& numbers) {
        MaskedLine masked;
        std::size_t done = 0;
        for (const std::string_view text : found) {
            const auto at = static_cast<std::size_t>(text.data() - line.data());
            const int number = numbers.at(text);
            masked.text += line.substr(done, at - done);
            masked.text += symbol(number);
            masked.strings.push_back({number, std::string(text)});
            done = at + text.size();
        }
        masked.text += line.substr(done);
        return masked;
    }

    Patterns patterns_;
};

/// Puts the strings of a source back into its translation. Each comes back once for each time that
/// the source has it; symbols beyond that are removed, with one of two spaces around them.
[[nodiscard]] inline UnmaskedLine unmask(std::string_view text,
                                         std::span<const ProtectedString> strings,
                                         LostStrings lost = LostStrings::append) {
    UnmaskedLine line;
    std::vector<bool> is_back(strings.size());
    std::array<std::size_t, Placeholders::count> next{};  // by number, where to look for it
    const auto take = [&](int number) -> const std::string* {
        if (number >= Placeholders::count) return nullptr;
        std::size_t& i = next[static_cast<std::size_t>(number)];
        while (i < strings.size() && strings[i].number != number) ++i;
        if (i == strings.size()) return nullptr;
        is_back[i] = true;
        return &strings[i++].text;
    };
    std::size_t done = 0;
    while (const auto symbol = detail::next_symbol(text, done)) {
        line.text += text.substr(done, symbol->begin - done);
        done = symbol->end;
        if (const std::string* string = take(symbol->number)) {
            line.text += *string;
            continue;
        }
        ++line.invented;
        const bool is_apart = line.text.empty() || line.text.ends_with(' ');
        if (is_apart && text.substr(done).starts_with(' '))
            ++done;
        else if (done == text.size() && line.text.ends_with(' '))
            line.text.pop_back();
    }
    line.text += text.substr(done);
    for (std::size_t i = 0; i < strings.size(); ++i) {
        if (is_back[i]) continue;
        ++line.lost;
        if (lost == LostStrings::drop) continue;
        if (!line.text.empty()) line.text += ' ';
        if (lost == LostStrings::mark) line.text += detail::symbol_open;
        line.text += strings[i].text;
        if (lost == LostStrings::mark) line.text += detail::symbol_close;
    }
    return line;
}

/// The symbols of a text.
[[nodiscard]] inline std::size_t count_symbols(std::string_view text) {
    std::size_t count = 0;
    auto symbol = detail::next_symbol(text, 0);
    for (; symbol; symbol = detail::next_symbol(text, symbol->end)) ++count;
    return count;
}

/// Where the symbol of `text` ends that `at` is inside of; `at` if it is inside of none.
[[nodiscard]] inline std::size_t end_of_symbol(std::string_view text, std::size_t at) {
    constexpr std::size_t longest = 8;  // bytes of ⟦15⟧
    const auto symbol =
        detail::next_symbol(text.substr(0, at + longest), at > longest ? at - longest : 0);
    return symbol && symbol->begin < at && at < symbol->end ? symbol->end : at;
}

}  // namespace hat::data
