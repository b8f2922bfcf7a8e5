// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/csv.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/features.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace hat::latency {

/// What the latency laboratory knows of a measurement beyond the published columns.
struct LatencyDetails {
    double encoder_median_ms = 0;
    double decoder_median_ms = 0;
    double total_median_ms = 0;  ///< of the sums, run by run
    double total_low_ms = 0;     ///< bootstrap interval of the median
    double total_high_ms = 0;
    double encoder_p95_ms = 0;
    double decoder_p95_ms = 0;
    double sentinel_ratio = 1;  ///< the sentinel's time around this measurement / its usual time
    int repeats = 0;
    int beam = 0;
    double source_length = 0;  ///< tokens; the mean where lengths are a distribution
    double target_length = 0;
    std::string flags;  ///< words joined with '+', such as "remeasured+throttled"; may be empty
    std::string genes;  ///< the network as a gene string; may be empty

    friend bool operator==(const LatencyDetails&, const LatencyDetails&) = default;
};

/// One measured network.
struct LatencyRow {
    LatencyFeatures features;
    double encoder_mean_ms = 0;
    double decoder_mean_ms = 0;
    double encoder_std_ms = 0;
    double decoder_std_ms = 0;
    std::optional<LatencyDetails> details;

    /// What predictors learn: medians where they are known, else means.
    [[nodiscard]] double encoder_ms() const noexcept {
        return details ? details->encoder_median_ms : encoder_mean_ms;
    }
    [[nodiscard]] double decoder_ms() const noexcept {
        return details ? details->decoder_median_ms : decoder_mean_ms;
    }
    [[nodiscard]] double total_ms() const noexcept {
        return details ? details->total_median_ms : encoder_mean_ms + decoder_mean_ms;
    }

    friend bool operator==(const LatencyRow&, const LatencyRow&) = default;
};

/// Measurements in the order they were made.
using LatencyTable = std::vector<LatencyRow>;

/// Where in a row the value of a column is.
using LatencyPlace = std::variant<double LatencyFeatures::*, double LatencyRow::*,
                                  double LatencyDetails::*, int LatencyDetails::*>;

/// A column of numbers: its name, its place in a row, the values that are allowed.
struct LatencyColumn {
    std::string_view name;
    LatencyPlace place;
    double low, high;
    bool integer = false;
};

/// Columns of numbers that a published file has: its features, and mean and deviation of both
/// sides.
inline constexpr int published_latency_column_count = published_feature_count + 4;

/// All columns of numbers in the order in which they are written: the published ones (HAT,
/// arXiv:2005.14187, and its code), then those that our laboratory adds. Two of text follow.
inline constexpr auto latency_columns = [] {
    using R = LatencyRow;
    using D = LatencyDetails;
    constexpr double ms = 1e9;
    constexpr double many = 1e9;
    constexpr auto measured = std::to_array<LatencyColumn>({
        {"latency_mean_encoder", &R::encoder_mean_ms, 0, ms},
        {"latency_mean_decoder", &R::decoder_mean_ms, 0, ms},
        {"latency_std_encoder", &R::encoder_std_ms, 0, ms},
        {"latency_std_decoder", &R::decoder_std_ms, 0, ms},
        {"encoder_median_ms", &D::encoder_median_ms, 0, ms},
        {"decoder_median_ms", &D::decoder_median_ms, 0, ms},
        {"total_median_ms", &D::total_median_ms, 0, ms},
        {"total_low_ms", &D::total_low_ms, 0, ms},
        {"total_high_ms", &D::total_high_ms, 0, ms},
        {"encoder_p95_ms", &D::encoder_p95_ms, 0, ms},
        {"decoder_p95_ms", &D::decoder_p95_ms, 0, ms},
        {"sentinel_ratio", &D::sentinel_ratio, 0, many},
        {"repeats", &D::repeats, 0, many, true},
        {"beam", &D::beam, 0, many, true},
        {"source_length", &D::source_length, 0, many},
        {"target_length", &D::target_length, 0, many},
    });
    std::array<LatencyColumn, measured.size() + latency_feature_count> all{};
    std::size_t next = 0;
    const auto add = [&](std::span<const LatencyFeature> features) {
        for (const LatencyFeature& f : features)
            all[next++] = {f.name, f.place, f.low, f.high, f.integer};
    };
    add(published_features);
    for (const LatencyColumn& column : measured) all[next++] = column;
    add(further_features);
    return all;
}();

/// The published columns, or all: a table has details or not.
[[nodiscard]] constexpr std::span<const LatencyColumn> latency_columns_of(bool details) noexcept {
    const std::span all(latency_columns);
    return details ? all : all.first(published_latency_column_count);
}

/// Whether one of `columns` has that name.
[[nodiscard]] constexpr bool has_column(std::span<const LatencyColumn> columns,
                                        std::string_view name) noexcept {
    return std::any_of(columns.begin(), columns.end(),
                       [name](const LatencyColumn& column) { return column.name == name; });
}

/// Columns of text, which follow those of numbers.
inline constexpr std::array<std::string_view, 2> latency_text_columns{"flags", "genes"};

/// What a table with details tells at least of each network.
inline constexpr std::array<std::string_view, 3> latency_medians{
    "encoder_median_ms", "decoder_median_ms", "total_median_ms"};

/// Columns without which a table says nothing of what was measured: the published ones, and where
/// there are details, the medians.
[[nodiscard]] constexpr bool is_needed(const LatencyColumn& column, bool details) noexcept {
    bool is_median = false;
    for (const std::string_view name : latency_medians)
        is_median = is_median || name == column.name;
    return has_column(latency_columns_of(false), column.name) || (details && is_median);
}

namespace detail {

/// Calls `visit` with the value of `column` in `row`, a `LatencyRow` or a constant one.
template <class Row, class Visit>
void visit_latency(const LatencyColumn& column, Row& row, const Visit& visit) {
    // std::visit would cost all who include this more than these four.
    static_assert(std::variant_size_v<LatencyPlace> == 4);
    if (const auto* of_features = std::get_if<double LatencyFeatures::*>(&column.place))
        visit(row.features.**of_features);
    else if (const auto* of_row = std::get_if<double LatencyRow::*>(&column.place))
        visit(row.**of_row);
    else if (const auto* of_details = std::get_if<double LatencyDetails::*>(&column.place))
        visit((*row.details).**of_details);
    else if (const auto* count = std::get_if<int LatencyDetails::*>(&column.place))
        visit((*row.details).**count);
}

inline void read_latency_column(const io::Csv& csv, int row, int index, const LatencyColumn& column,
                                LatencyRow& out) {
    const double value = csv.number(row, index);
    if (value < column.low || value > column.high || (column.integer && value != std::floor(value)))
        csv.reject(row, index,
                   (column.integer ? "an integer in " : "a number in ") +
                       io::number_text(column.low) + " … " + io::number_text(column.high));
    visit_latency(column, out,
                  [&]<class Value>(Value& place) { place = static_cast<Value>(value); });
}

/// Features whose columns a table of another version does not have, from the genes of its row.
///
/// Throws  `Error` naming the first feature that is not that of the row's genes.
inline void take_genes(const io::Csv& csv, int row, LatencyRow& found) {
    const std::string& genes = found.details->genes;
    if (genes.empty()) return;
    const std::string where = csv.where() + ":" + std::to_string(io::Csv::line(row)) + ": genes";
    const model::Architecture network = elastic::parse_genes(genes, where);
    constexpr double rounding = 1e-4;  // tables may be written with few digits
    for (const LatencyFeature& feature : latency_feature_table) {
        if (!feature.of_genes) continue;
        if (csv.find(feature.name) < 0) found.features.*feature.place = feature.of(network);
        const double expected = feature.of(network);
        if (!(std::abs(found.features.*feature.place - expected) <=
              rounding * std::max(1.0, expected)))
            csv.reject(row, csv.find(feature.name),
                       io::number_text(expected) + ", as its genes " + readable(genes) + " say");
    }
}

/// Throws  `Error` if a row's total is far from the sum of encoder and decoder. It is a median of
///         sums, which the sum of two medians comes near to where the device was calm.
inline void check_total(const io::Csv& csv, int row, const LatencyDetails& found) {
    const double sum = found.encoder_median_ms + found.decoder_median_ms;
    constexpr double tolerance = 0.1;
    const double most = tolerance * sum + std::abs(found.total_high_ms - found.total_low_ms);
    if (!(std::abs(found.total_median_ms - sum) <= most))
        csv.reject(row, csv.find("total_median_ms"),
                   "about " + io::number_text(sum) + ", what encoder and decoder take together");
}

}  // namespace detail

/// Checks rows that predictors are to learn from, which may have been made in code: features and
/// times are numbers from 0 to 10^9, and the whole latency is above 0, from 10^-9 ms on.
///
/// Throws  `Error` naming the first row, from 0 on, and what is wrong in it.
inline void validate(std::span<const LatencyRow> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto require = [i](std::string_view name, double value, double low) {
            constexpr double high = 1e9;
            if (!(value >= low && value <= high))
                fail("latency table: row ", i, ": ", name, " = ", io::number_text(value),
                     ", expected ", io::number_text(low), " to ", io::number_text(high));
        };
        for (const LatencyFeature& feature : latency_feature_table)
            require(feature.name, rows[i].features.*feature.place, 0);
        require("latency of the encoder", rows[i].encoder_ms(), 0);
        require("latency of the decoder", rows[i].decoder_ms(), 0);
        require("latency", rows[i].total_ms(), 1e-9);
    }
}

/// More than any table has.
inline constexpr std::size_t latency_table_bytes = std::size_t{1} << 28;

namespace detail {

/// Whether a table has details: it has a column of theirs.
///
/// Throws  `Error` if a column is missing that is needed, or is not known and `unknown` is null.
inline bool check_columns(const io::Csv& csv, std::vector<std::string>* unknown) {
    std::string ours;  // the first column of details
    std::vector<std::string> others;
    for (const std::string& name : csv.header()) {
        const bool is_published = has_column(latency_columns_of(false), name);
        bool is_ours = has_column(latency_columns, name);
        for (const std::string_view text : latency_text_columns) is_ours = is_ours || text == name;
        if (ours.empty() && is_ours && !is_published) ours = name;
        if (!is_ours) others.push_back(name);
    }
    const bool details = !ours.empty();
    const std::string stranger =
        others.empty() ? "" : "column " + in_quotes(others.front()) + " is not known";
    for (const LatencyColumn& column : latency_columns_of(details))
        if (is_needed(column, details) && csv.find(column.name) < 0)
            fail(csv.where(), ":1: column \"", column.name, "\" is missing",
                 is_needed(column, false)
                     ? ""
                     : ": with column \"" + ours + "\" this is a table with details, which needs " +
                           std::string(latency_medians[0]) + ", " +
                           std::string(latency_medians[1]) + " and " +
                           std::string(latency_medians[2]),
                 stranger.empty() ? "" : "; ", stranger);
    if (unknown == nullptr && !others.empty())
        fail(csv.where(), ":1: ", stranger, " to this version");
    if (unknown != nullptr)
        for (const std::string& name : others) unknown->push_back(name);
    return details;
}

/// Throws  `Error` if a column of a feature is missing, and the genes of a row, too.
inline void check_features_known(const io::Csv& csv, int row, const LatencyDetails& details) {
    if (!details.genes.empty()) return;
    for (const LatencyFeature& feature : further_features)
        if (feature.of_genes && !feature.of_serving && csv.find(feature.name) < 0)
            fail(csv.where(), ":", io::Csv::line(row), ": column \"", feature.name,
                 "\" is missing, and there are no genes that would tell it");
}

[[nodiscard]] inline LatencyDetails text_details(const io::Csv& csv, int row) {
    const auto text = [&](std::string_view name) {
        const int column = csv.find(name);
        return column < 0 ? std::string() : csv.text(row, column);
    };
    LatencyDetails details;
    details.flags = text("flags");
    details.genes = text("genes");
    return details;
}

}  // namespace detail

/// Reads the text of a table by the names of its columns: the 14 published ones, alone or with
/// ours, in any order. What a table of an older version lacks is told by the genes of its rows
/// (features), or is as `LatencyDetails` begins. Columns that are not known are put into `unknown`,
/// without which they are an error. `where` names the text in messages.
///
/// Throws  `Error`, "file:line: column: expected …, found …", for the first thing that is wrong: a
///         last line without its end, genes of another network than the features, a total that is
///         not that of encoder and decoder among it.
[[nodiscard]] inline LatencyTable
latency_table_from_csv(std::string_view text, const std::string& where,
                       std::vector<std::string>* unknown = nullptr) {
    bool details = false;
    const io::Csv csv = io::Csv::parse(text, where, [&](const io::Csv& header) {
        details = detail::check_columns(header, unknown);
    });
    LatencyTable table(static_cast<std::size_t>(csv.rows()));
    for (int row = 0; row < csv.rows(); ++row) {
        LatencyRow& out = table[static_cast<std::size_t>(row)];
        if (details) out.details = detail::text_details(csv, row);
        for (const auto& column : latency_columns_of(details))
            if (const int index = csv.find(column.name); index >= 0)
                detail::read_latency_column(csv, row, index, column, out);
        if (row + 1 == csv.rows() && !text.ends_with('\n'))
            fail(where, ":", io::Csv::line(row),
                 ": expected a line break at the end of the last row, found none: it may be cut ",
                 "off");
        if (!(out.total_ms() > 0))
            csv.reject(row, csv.find(details ? "total_median_ms" : "latency_mean_decoder"),
                       "a latency above 0");
        if (details) {
            detail::check_features_known(csv, row, *out.details);
            detail::take_genes(csv, row, out);
            detail::check_total(csv, row, *out.details);
        }
    }
    return table;
}

/// Throws  `Error` as `latency_table_from_csv`, or if the file cannot be read.
[[nodiscard]] inline LatencyTable read_latency_table(const std::string& path,
                                                     std::vector<std::string>* unknown = nullptr) {
    return latency_table_from_csv(io::read_file(path, latency_table_bytes), path, unknown);
}

/// The table as text, numbers with the fewest digits that read back as the same value; our columns
/// are there if the first row has them.
///
/// Throws  `Error` if some rows have details and others have not, their text has commas, quotation
///         marks or line breaks, or a number is not finite.
[[nodiscard]] inline std::string latency_table_to_csv(std::span<const LatencyRow> table) {
    const bool extended = !table.empty() && table.front().details.has_value();
    std::string csv;
    const auto put = [&](std::string_view field) {
        if (!csv.empty() && csv.back() != '\n') csv += ',';
        csv += field;
    };
    for (const auto& column : latency_columns_of(extended)) put(column.name);
    if (extended)
        for (const auto name : latency_text_columns) put(name);
    csv += '\n';
    for (const LatencyRow& row : table) {
        if (row.details.has_value() != extended)
            fail("latency table: some rows have details and others have not");
        for (const auto& column : latency_columns_of(extended))
            detail::visit_latency(column, row, [&](auto number) {
                const auto value = static_cast<double>(number);
                if (!std::isfinite(value))
                    fail("latency table: line ",
                         io::Csv::line(static_cast<int>(&row - table.data())), ": ", column.name,
                         ": expected a number, found ", io::number_text(value));
                put(io::number_text(value));
            });
        if (extended) {
            for (const std::string* text : {&row.details->flags, &row.details->genes}) {
                if (text->find_first_of(",\"\r\n") != std::string::npos)
                    fail("latency table: ", in_quotes(*text), " cannot be a field of a CSV file");
                csv += ',';
                csv += *text;
            }
        }
        csv += '\n';
    }
    return csv;
}

/// Replaces the file at `path`, whole or not at all.
///
/// Throws  `Error` as `latency_table_to_csv`, or if the file cannot be written.
inline void write_latency_table(const std::string& path, std::span<const LatencyRow> table) {
    io::write_file(path, latency_table_to_csv(table));
}

}  // namespace hat::latency
