// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, utf8proc
#pragma once

#include <hat/deploy/embedded_text_builder.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::deploy {

namespace detail {

/// Writes constants as C++.
class TableSource {
public:
    /// An array; none if there are no values.
    template <class Value>
    void add(std::string_view name, std::string_view type, const std::vector<Value>& values) {
        if (values.empty()) return;
        text_ += "inline constexpr " + std::string(type) + ' ' + std::string(name) + "[] = {";
        std::size_t column = longest_line;
        for (const Value& value : values) {
            const std::string number = constant(value) + ',';
            if (column + number.size() > longest_line) {
                text_ += '\n';
                column = 0;
            }
            text_ += number;
            column += number.size();
        }
        text_ += "};\n";
    }
    /// Bytes, and a zero behind them.
    void add(std::string_view name, std::string_view bytes) {
        text_ += "inline constexpr char " + std::string(name) + "[] =";
        std::size_t column = 0;
        for (const char c : bytes) {
            if (column == 0) text_ += "\n\"";
            const std::string part = constant(c);
            text_ += part;
            column += part.size();
            if (column < longest_line) continue;
            text_ += '"';
            column = 0;
        }
        text_ += column > 0 ? "\";\n" : bytes.empty() ? " \"\";\n" : ";\n";
    }
    /// A member of the tables: an array that is there if it has values, with their number.
    template <class Value>
    void refer(std::string_view member, std::string_view count, const std::vector<Value>& values) {
        if (values.empty()) return;
        set(member, member);
        if (!count.empty()) set(count, std::to_string(values.size()));
    }
    void set(std::string_view member, std::string_view value) {
        text_ += "    to." + prefix_ + std::string(member) + " = " + std::string(value) + ";\n";
    }
    void set(std::string_view member, std::same_as<bool> auto value) {
        set(member, std::string_view(value ? "true" : "false"));
    }
    void set(std::string_view member, std::same_as<int> auto value) {
        set(member, std::string_view(std::to_string(value)));
    }
    void members_of(std::string_view prefix) { prefix_ = prefix; }
    void line(std::string_view text) { text_ += std::string(text) + '\n'; }

    [[nodiscard]] std::string& text() noexcept { return text_; }

    /// A character as it stands in a literal.
    [[nodiscard]] static std::string character(unsigned char c) {
        const bool is_plain = c >= ' ' && c < 0x7F && c != '"' && c != '\\' && c != '?';
        if (is_plain) return {static_cast<char>(c)};
        const auto digit = [&](unsigned shift) {
            return static_cast<char>('0' + (unsigned{c} >> shift & 7U));
        };
        return {'\\', digit(6), digit(3), digit(0)};
    }

private:
    static constexpr std::size_t longest_line = 100;

    template <class Value>
    [[nodiscard]] static std::string constant(const Value& value) {
        if constexpr (std::is_same_v<Value, PieceRun>)
            return '{' + std::to_string(value.first) + ",hat::deploy::PieceKind(" +
                   std::to_string(static_cast<int>(value.kind)) + ")}";
        else if constexpr (std::is_same_v<Value, char>)
            return character(static_cast<unsigned char>(value));
        else
            return std::to_string(value);
    }
    std::string text_;
    std::string prefix_;
};

template <class Unit>
void add_decompositions(TableSource& source, const std::string& name, std::string_view type,
                        const OwnedDecompositionTable<Unit>& table) {
    source.add(name + "_whole", type, table.whole);
    source.add(name + "_first", type, table.first);
    source.add(name + "_second", type, table.second);
    source.add(name + "_composed", "std::uint16_t", table.composed);
}

template <class Unit>
std::string decompositions(const std::string& name, const OwnedDecompositionTable<Unit>& table) {
    return '{' + name + "_whole, " + name + "_first, " + name + "_second, " +
           std::to_string(table.whole.size()) + ", " + name + "_composed, " +
           std::to_string(table.composed.size()) + '}';
}

}  // namespace detail

/// C++ that defines `inline constexpr hat::deploy::TextTables tables` and the arrays that it points
/// at, all constants, in the namespace `space`. It needs <hat/deploy/embedded_text.hpp> before it.
[[nodiscard]] inline std::string text_tables_source(const OwnedTextTables& tables,
                                                    std::string_view space) {
    const OwnedSubwordTables& subwords = tables.subwords;
    detail::TableSource source;
    source.line("namespace " + std::string(space) + " {");
    source.add("text", subwords.text);
    source.add("bases", "std::uint32_t", subwords.bases);
    source.add("offsets", "std::uint16_t", subwords.offsets);
    source.add("sorted", "std::uint16_t", subwords.sorted);
    source.add("buckets", "std::uint16_t", subwords.buckets);
    source.add("runs", "hat::deploy::PieceRun", subwords.runs);
    source.add("scores", "std::uint32_t", subwords.scores);
    source.add("ranks", "std::uint16_t", subwords.ranks);
    source.add("rules", "std::uint32_t", subwords.rules);
    source.add("replacements", subwords.replacements);
    source.add("unknown_text", subwords.unknown_text);
    source.add("kinds", "std::uint32_t", tables.kinds);
    if (tables.composition) {
        detail::add_decompositions(source, "narrow", "std::uint16_t", tables.composition->narrow);
        detail::add_decompositions(source, "wide", "std::uint32_t", tables.composition->wide);
        source.add("classes", "std::uint32_t", tables.composition->classes);
    }
    source.line("inline constexpr hat::deploy::TextTables tables = [] {");
    source.line("    hat::deploy::TextTables to;");
    source.members_of("subwords.");
    const SubwordTables& settings = subwords.settings;
    source.set("pieces", settings.pieces);
    source.set("is_bpe", settings.is_bpe);
    source.set("adds_space", settings.adds_space);
    source.set("removes_extra_spaces", settings.removes_extra_spaces);
    source.set("has_user_symbols", settings.has_user_symbols);
    source.set("unknown", settings.unknown);
    source.set("first_byte", settings.first_byte);
    source.set("text", "text");
    source.refer("bases", "", subwords.bases);
    source.refer("offsets", "", subwords.offsets);
    source.refer("sorted", "sorted_count", subwords.sorted);
    source.refer("buckets", "", subwords.buckets);
    source.refer("runs", "run_count", subwords.runs);
    source.refer("scores", "", subwords.scores);
    source.set("unknown_score", std::to_string(settings.unknown_score) + 'U');
    source.refer("ranks", "", subwords.ranks);
    source.refer("rules", "rule_count", subwords.rules);
    source.set("replacements", "replacements");
    source.set("unknown_text", "unknown_text");
    source.set("unknown_bytes", static_cast<int>(subwords.unknown_text.size()));
    source.members_of("");
    if (tables.composition) {
        source.set("composes", true);
        source.set("composition.narrow",
                   detail::decompositions("narrow", tables.composition->narrow));
        source.set("composition.wide", detail::decompositions("wide", tables.composition->wide));
        source.set("composition.classes", "classes");
        source.set("composition.class_count", static_cast<int>(tables.composition->classes.size()));
    }
    source.set("has_stand_ins", tables.has_stand_ins);
    source.refer("kinds", "kind_count", tables.kinds);
    source.set("eos", tables.eos);
    source.set("whole_tokens", tables.whole_tokens);
    source.line("    return to;\n}();");
    source.line("}  // namespace " + std::string(space));
    return std::move(source.text());
}

}  // namespace hat::deploy
