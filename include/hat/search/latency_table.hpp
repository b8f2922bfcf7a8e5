// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/csv.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/architecture.hpp>
#include <hat/search/latency_features.hpp>

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

namespace hat::search {

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

namespace detail {

/// Where in a row the value of a column is.
using LatencyPlace = std::variant<double LatencyFeatures::*, double LatencyRow::*,
                                  double LatencyDetails::*, int LatencyDetails::*>;

/// A column of numbers: its name, its place in a row, the values that are allowed.
struct LatencyColumn {
    const char* name;
    LatencyPlace place;
    double low, high;
    bool integer = false;
};

/// Calls `visit` with the value of `column` in `row`, a `LatencyRow` or a constant one.
template <class Row, class Visit>
void visit_latency(const LatencyColumn& column, Row& row, const Visit& visit) {
    std::visit(
        [&]<class Value, class Of>(Value Of::*place) {
            if constexpr (std::is_same_v<Of, LatencyFeatures>)
                visit(row.features.*place);
            else if constexpr (std::is_same_v<Of, LatencyRow>)
                visit(row.*place);
            else
                visit((*row.details).*place);
        },
        column.place);
}

inline constexpr double latency_limit_ms = 1e9;

/// The published columns in their order (spec/hat.md, section 12).
[[nodiscard]] inline std::span<const LatencyColumn> published_latency_columns() noexcept {
    using F = LatencyFeatures;
    using R = LatencyRow;
    constexpr double dim = model::max_dim;
    constexpr double layers = model::max_layers;
    constexpr double ms = latency_limit_ms;
    static constexpr std::array<LatencyColumn, 14> columns{{
        {"encoder_embed_dim", &F::encoder_embed_dim, 0, dim, true},
        {"encoder_layer_num", &F::encoder_layers, 0, layers, true},
        {"encoder_ffn_embed_dim_avg", &F::encoder_ffn_dim, 0, dim},
        {"encoder_self_attention_heads_avg", &F::encoder_heads, 0, dim},
        {"decoder_embed_dim", &F::decoder_embed_dim, 1, dim, true},
        {"decoder_layer_num", &F::decoder_layers, 1, layers, true},
        {"decoder_ffn_embed_dim_avg", &F::decoder_ffn_dim, 1, dim},
        {"decoder_self_attention_heads_avg", &F::decoder_heads, 1, dim},
        {"decoder_ende_attention_heads_avg", &F::decoder_cross_heads, 0, dim},
        {"decoder_arbitrary_ende_attn_avg", &F::decoder_attended_layers, 0, 3},
        {"latency_mean_encoder", &R::encoder_mean_ms, 0, ms},
        {"latency_mean_decoder", &R::decoder_mean_ms, 0, ms},
        {"latency_std_encoder", &R::encoder_std_ms, 0, ms},
        {"latency_std_decoder", &R::decoder_std_ms, 0, ms},
    }};
    return columns;
}

/// The columns that our laboratory adds; two of text, `flags` and `genes`, follow.
[[nodiscard]] inline std::span<const LatencyColumn> extended_latency_columns() noexcept {
    using D = LatencyDetails;
    constexpr double ms = latency_limit_ms;
    constexpr double many = 1e9;
    static constexpr std::array<LatencyColumn, 19> columns{{
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
        {"decoder_weight_mb", &LatencyFeatures::decoder_weight_mb, 0, many},
        {"encoder_qkv_dim", &LatencyFeatures::encoder_qkv_dim, 0, many},
        {"encoder_unit_layers", &LatencyFeatures::encoder_unit_layers, 0, many},
        {"encoder_unit_mmacs", &LatencyFeatures::encoder_unit_mmacs, 0, many},
        {"decoder_qkv_dim", &LatencyFeatures::decoder_qkv_dim, 0, many},
        {"decoder_unit_layers", &LatencyFeatures::decoder_unit_layers, 0, many},
        {"decoder_unit_mmacs", &LatencyFeatures::decoder_unit_mmacs, 0, many},
    }};
    return columns;
}

inline constexpr std::array<std::string_view, 2> latency_text_columns{"flags", "genes"};

inline void read_latency_columns(const io::Csv& csv, int row, int first_column,
                                 std::span<const LatencyColumn> columns, LatencyRow& out) {
    for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
        const LatencyColumn& column = columns[static_cast<std::size_t>(i)];
        const double value = csv.number(row, first_column + i);
        if (value < column.low || value > column.high ||
            (column.integer && value != std::floor(value)))
            csv.reject(row, first_column + i,
                       (column.integer ? "an integer in " : "a number in ") +
                           io::number_text(column.low) + " … " + io::number_text(column.high));
        visit_latency(column, out,
                      [&]<class Value>(Value& place) { place = static_cast<Value>(value); });
    }
}

/// Throws  `Error` naming the first feature of a row that is not that of the row's genes.
inline void check_genes(const io::Csv& csv, int row, const LatencyRow& found) {
    const std::string& genes = found.details->genes;
    if (genes.empty()) return;
    const std::string where = csv.where() + ":" + std::to_string(io::Csv::line(row)) + ": genes";
    const auto of_genes = published_features(elastic::parse_genes(genes, where)).values();
    const auto of_row = found.features.values();
    constexpr double rounding = 1e-4;  // tables may be written with few digits
    for (std::size_t i = 0; i < of_genes.size(); ++i)
        if (!(std::abs(of_row[i] - of_genes[i]) <= rounding * std::max(1.0, of_genes[i])))
            csv.reject(row, static_cast<int>(i),
                       io::number_text(of_genes[i]) + ", as its genes " + readable(genes) + " say");
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

/// More than any table has.
inline constexpr std::size_t latency_table_bytes = std::size_t{1} << 28;

/// Reads the text of a table: the 14 published columns, alone or with ours behind them.
/// `where` names the text in messages.
///
/// Throws  `Error`, "file:line: column: expected …, found …", for the first thing that is wrong: a
///         last line without its end, genes of another network than the features, a total that is
///         not that of encoder and decoder among it.
[[nodiscard]] inline LatencyTable latency_table_from_csv(std::string_view text,
                                                         const std::string& where) {
    const io::Csv csv = io::Csv::parse(text, where);
    const auto published = detail::published_latency_columns();
    const auto extended = detail::extended_latency_columns();
    std::vector<std::string_view> names;
    for (const auto& column : published) names.emplace_back(column.name);
    for (const auto& column : extended) names.emplace_back(column.name);
    names.insert(names.end(), detail::latency_text_columns.begin(),
                 detail::latency_text_columns.end());
    const int published_count = static_cast<int>(published.size());
    const int all_count = static_cast<int>(names.size());
    for (int i = 0; i < std::min(csv.columns(), all_count); ++i) {
        const auto slot = static_cast<std::size_t>(i);
        if (csv.header()[slot] != names[slot])
            fail(where, ":1: column ", i + 1, ": expected \"", names[slot], "\", found ",
                 in_quotes(csv.header()[slot]));
    }
    if (csv.columns() != published_count && csv.columns() != all_count)
        fail(where, ":1: expected ", published_count, " columns, or ", all_count, ", found ",
             csv.columns());

    LatencyTable table(static_cast<std::size_t>(csv.rows()));
    for (int row = 0; row < csv.rows(); ++row) {
        LatencyRow& out = table[static_cast<std::size_t>(row)];
        detail::read_latency_columns(csv, row, 0, published, out);
        if (csv.columns() == all_count) {
            out.details.emplace();
            detail::read_latency_columns(csv, row, published_count, extended, out);
            out.details->flags = csv.text(row, all_count - 2);
            out.details->genes = csv.text(row, all_count - 1);
        }
        if (row + 1 == csv.rows() && !text.ends_with('\n'))
            fail(where, ":", io::Csv::line(row),
                 ": expected a line break at the end of the last row, found none: it may be cut ",
                 "off");
        if (!(out.total_ms() > 0))
            csv.reject(row,
                       out.details ? csv.find("total_median_ms") : csv.find("latency_mean_decoder"),
                       "a latency above 0");
        if (out.details) {
            detail::check_genes(csv, row, out);
            detail::check_total(csv, row, *out.details);
        }
    }
    return table;
}

/// Throws  `Error` as `latency_table_from_csv`, or if the file cannot be read.
[[nodiscard]] inline LatencyTable read_latency_table(const std::string& path) {
    return latency_table_from_csv(io::read_file(path, latency_table_bytes), path);
}

/// The table as text, numbers with the fewest digits that read back as the same value; our columns
/// are there if the first row has them.
///
/// Throws  `Error` if some rows have details and others have not, or their text has commas,
/// quotation marks or line breaks.
[[nodiscard]] inline std::string latency_table_to_csv(std::span<const LatencyRow> table) {
    const bool extended = !table.empty() && table.front().details.has_value();
    std::string csv;
    const auto put = [&](std::string_view field) {
        if (!csv.empty() && csv.back() != '\n') csv += ',';
        csv += field;
    };
    for (const auto& column : detail::published_latency_columns()) put(column.name);
    if (extended) {
        for (const auto& column : detail::extended_latency_columns()) put(column.name);
        for (const auto name : detail::latency_text_columns) put(name);
    }
    csv += '\n';
    for (const LatencyRow& row : table) {
        if (row.details.has_value() != extended)
            fail("latency table: some rows have details and others have not");
        const auto put_number = [&](auto value) {
            put(io::number_text(static_cast<double>(value)));
        };
        for (const auto& column : detail::published_latency_columns())
            detail::visit_latency(column, row, put_number);
        if (extended) {
            for (const auto& column : detail::extended_latency_columns())
                detail::visit_latency(column, row, put_number);
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

}  // namespace hat::search
