// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/io/byte_order_mark.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/predictor.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Latencies depend on how many pieces a vocabulary has, not on which. The plan beside a table
/// tells it, and goes into the provenance of the predictor.
namespace hat::program {

inline constexpr const char* predictor_vocabulary_key = "target_vocab_size";

/// The pieces of the networks that a table was measured with, if its plan is beside it.
[[nodiscard]] inline std::optional<int> vocabulary_of_table(const std::string& path) {
    const std::string plan = path + ".plan";
    if (!io::exists(plan)) return std::nullopt;
    return latency::plan_from_text(io::read_file(plan), plan).super.target_vocab_size;
}

/// The pieces of the networks that a predictor was fitted to, if it says so.
///
/// Throws  `Error` if the file cannot be read
[[nodiscard]] inline std::optional<int> vocabulary_of_predictor(const std::string& path) {
    const std::string bytes = io::read_file(path);
    const std::string_view text = io::skip_byte_order_mark(bytes);
    io::Json provenance;
    if (text.starts_with('{')) {
        provenance = io::parse_json(text, path).value("provenance", io::Json());
    } else {
        const auto file = io::SafetensorsFile::open(path);
        const auto found = file.metadata().find("provenance");
        if (found != file.metadata().end())
            provenance = io::parse_json(found->second, path + ": provenance");
    }
    if (!provenance.is_object() || !provenance.contains(predictor_vocabulary_key))
        return std::nullopt;
    return io::json_get<int>(provenance, predictor_vocabulary_key, path + ": provenance");
}

/// The predictor at `path`, for networks of `pieces`, those of `run`.
///
/// Throws  `Error` if it is none, or of networks with another number of pieces
[[nodiscard]] inline latency::Predictor load_predictor(const std::string& path,
                                                       const std::string& run, int pieces) {
    latency::Predictor predictor = latency::Predictor::load(path);
    const int fitted = vocabulary_of_predictor(path).value_or(pieces);
    if (fitted != pieces)
        fail("--predictor ", path, ": is of networks with a vocabulary of ", fitted, ", but --run ",
             run, " has one of ", pieces);
    return predictor;
}

/// Whether the file at `path` is a predictor.
///
/// Throws  `Error` if it cannot be read
[[nodiscard]] inline bool is_predictor(const std::string& path) {
    const std::string bytes = io::read_file(path);
    const std::string_view text = io::skip_byte_order_mark(bytes);
    if (text.starts_with('{'))
        return io::json_get<std::string>(io::parse_json(text, path), "format", path) ==
               latency::detail::predictor_format;
    return io::SafetensorsFile::open(path).metadata("format") == latency::detail::predictor_format;
}

}  // namespace hat::program
