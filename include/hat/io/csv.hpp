// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/byte_order_mark.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hat::io {

/// A table with a line of column names, then one line a row: fields between commas, no quotation
/// marks. `\r\n` ends a line as `\n` does.
///
///     const Csv csv = Csv::parse(read_file(path), path);
///     const int column = csv.column("latency_ms");
///     for (int row = 0; row < csv.rows(); ++row) use(csv.number(row, column));
///
/// Messages name file, line and column: `latency.csv:7: latency_ms: expected a number, found "x"`.
class Csv {
public:
    /// `where` names the text in messages, as `path` does for a file.
    ///
    /// Throws  `Error` if there is no header, a column name is empty or there twice, a line has
    /// another number of fields than the header, or a field has a quotation mark.
    [[nodiscard]] static Csv parse(std::string_view text, std::string where) {
        return parse(text, std::move(where), [](const Csv&) {});
    }
    /// The same; `check_columns(csv)` is called once the header is known, before any row takes
    /// memory.
    template <class Check>
    [[nodiscard]] static Csv parse(std::string_view text, std::string where,
                                   const Check& check_columns) {
        Csv csv(std::move(where));
        text = skip_byte_order_mark(text);
        for (int line = 1; !text.empty(); ++line) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            std::string_view content = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (content.ends_with('\r')) content.remove_suffix(1);
            csv.add_line(content, line);
            if (line == 1) check_columns(std::as_const(csv));
        }
        if (csv.header_.empty())
            fail(csv.where_, ":1: expected a line of column names, found nothing");
        return csv;
    }

    /// What messages begin with, the names of the columns, and how many columns and rows there are.
    [[nodiscard]] const std::string& where() const noexcept { return where_; }
    [[nodiscard]] const std::vector<std::string>& header() const noexcept { return header_; }
    [[nodiscard]] int columns() const noexcept { return static_cast<int>(header_.size()); }
    [[nodiscard]] int rows() const noexcept {
        return static_cast<int>(fields_.size() / std::max<std::size_t>(header_.size(), 1));
    }
    /// The line of the file that holds `row`.
    [[nodiscard]] static int line(int row) noexcept { return row + 2; }

    /// The index of a column, or −1.
    [[nodiscard]] int find(std::string_view name) const noexcept {
        const auto found = std::find(header_.begin(), header_.end(), name);
        return found == header_.end() ? -1 : static_cast<int>(found - header_.begin());
    }

    [[nodiscard]] const std::string& text(int row, int column) const noexcept {
        return fields_[static_cast<std::size_t>(row) * header_.size() +
                       static_cast<std::size_t>(column)];
    }

    /// A field that must be a finite number.
    /// Throws  `Error` naming line and column.
    [[nodiscard]] double number(int row, int column) const {
        const std::string& field = text(row, column);
        double value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value))
            reject(row, column, "a number");
        return value;
    }

    /// "file:line: column: expected …, found …".
    [[noreturn]] HAT_COLD void reject(int row, int column, std::string_view expected) const {
        fail(where_, ":", line(row), ": ", readable(header_[static_cast<std::size_t>(column)]),
             ": expected ", expected, ", found ", in_quotes(text(row, column)));
    }

private:
    explicit Csv(std::string where) : where_(std::move(where)) {}

    void add_line(std::string_view content, int line) {
        const std::size_t before = fields_.size();
        std::vector<std::string>& fields = line == 1 ? header_ : fields_;
        const std::size_t most = line == 1 ? most_columns : header_.size();
        for (bool more = true; more;) {
            if (fields.size() - (line == 1 ? 0 : before) > most) break;  // told below
            const std::size_t comma = content.find(',');
            more = comma != std::string_view::npos;
            fields.emplace_back(content.substr(0, comma));
            content.remove_prefix(more ? comma + 1 : content.size());
            if (fields.back().find('"') != std::string::npos)
                fail(where_, ":", line, ": expected fields without quotation marks, found ",
                     in_quotes(fields.back()));
        }
        if (line == 1) return check_header();
        if (fields_.size() - before != header_.size())
            fail(where_, ":", line, ": expected ", header_.size(), " fields, found ",
                 fields_.size() - before);
    }

    void check_header() const {
        if (header_.size() > most_columns)
            fail(where_, ":1: has more than ", most_columns, " columns");
        for (auto name = header_.begin(); name != header_.end(); ++name) {
            if (name->empty()) fail(where_, ":1: expected column names, found an empty one");
            if (std::find(header_.begin(), name, *name) != name)
                fail(where_, ":1: column ", in_quotes(*name), " appears twice");
        }
    }

    static constexpr std::size_t most_columns = 1000;

    std::string where_;
    std::vector<std::string> header_;
    std::vector<std::string> fields_;  ///< row after row
};

/// A number with the fewest digits that read back as the same value.
[[nodiscard]] inline std::string number_text(double value) {
    std::array<char, 32> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

}  // namespace hat::io
