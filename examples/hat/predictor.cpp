// SPDX-License-Identifier: Apache-2.0

/// hat predictor: from measured latencies to a predictor of all others.

#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/io/json.hpp>
#include <hat/latency/predictor_fit.hpp>
#include <hat/latency/repeated_rows.hpp>
#include <hat/latency/shifts.hpp>
#include <hat/latency/statistics.hpp>
#include <hat/latency/table.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "measurements.hpp"
#include "output_file.hpp"
#include "predictor_vocabulary.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hat::program {

namespace {

using latency::LatencyTable;
using latency::PredictionErrors;
using latency::PredictorFit;
using latency::PredictorKind;
using latency::Shift;

const std::map<std::string, PredictorKind> kinds{{"auto", PredictorKind::automatic},
                                                 {"additive", PredictorKind::additive},
                                                 {"mlp", PredictorKind::mlp}};

struct PredictorArguments {
    std::string latency, out;
    latency::PredictorOptions options;
    bool leave_out_shifts = false;
    bool published_mlp = false;
    int training_rows = 0;
};

double percent(double part) {
    return 100 * part;
}

void warn_of(const std::vector<Shift>& shifts, bool left_out) {
    for (const Shift& shift : shifts)
        std::fprintf(stderr,
                     "hat: warning: rows %d … %d (lines %d … %d) took %.0f %% %s than the other "
                     "rows say%s\n",
                     shift.begin, shift.end - 1, io::Csv::line(shift.begin),
                     io::Csv::line(shift.end - 1),
                     percent(shift.ratio > 1 ? shift.ratio - 1 : 1 - shift.ratio),
                     shift.ratio > 1 ? "longer" : "less",
                     left_out ? ": left out" : "; --leave-out-shifts leaves them out");
}

/// Rows of networks that the table has already.
struct Repetitions {
    std::size_t copies = 0;  ///< equal in all columns
    std::size_t again = 0;   ///< with other times
};

/// Removes the copies from `rows`, and warns of repetitions.
Repetitions leave_out_copies(LatencyTable& rows) {
    Repetitions found{.copies = rows.size()};
    rows = latency::without_copies(rows);
    found.copies -= rows.size();
    found.again = rows.size() - latency::networks_of(rows).size();
    if (found.copies > 0)
        std::fprintf(stderr, "hat: warning: %zu rows are copies of others: left out\n",
                     found.copies);
    if (found.again > 0)
        std::fprintf(stderr,
                     "hat: warning: %zu rows are of networks that were measured before: errors are "
                     "those of networks that the predictor has not seen\n",
                     found.again);
    return found;
}

void print_errors(const char* name, const PredictionErrors& errors) {
    std::printf("%-10s %5d %8.2f %% %11.3f %8.4f\n", name, errors.rows, percent(errors.mape),
                errors.rmse_ms, errors.r2);
}

void print_thirds(const PredictionErrors& errors) {
    std::printf("by thirds of the latency range:\n");
    for (const latency::RangeError& third : errors.thirds) {
        std::printf("  %8.4g to %8.4g ms %5d rows", third.low_ms, third.high_ms, third.rows);
        if (third.rows > 0) std::printf("  MAPE %.2f %%", percent(third.mape));
        std::putchar('\n');
    }
}

std::string reason(const PredictorFit& fit, PredictorKind kind) {
    if (kind != PredictorKind::automatic) return "as asked for";
    std::vector<char> text(200);
    std::snprintf(text.data(), text.size(),
                  "the MLP's error is %.2f %% ± %.2f %% of latency %s, which is %s than chance",
                  percent(fit.gain < 0 ? -fit.gain : fit.gain), percent(fit.gain_error),
                  fit.gain < 0 ? "higher" : "lower",
                  fit.gain > fit.gain_error ? "more"
                  : fit.gain < 0            ? "worse"
                                            : "no more");
    return text.data();
}

/// What the file says of its origin: enough to fit the same predictor again.
io::Json provenance(const PredictorArguments& arguments, const std::vector<Shift>& shifts,
                    std::size_t rows, std::size_t fitted_rows) {
    io::Json stretches = io::Json::array();
    for (const Shift& shift : shifts)
        stretches.push_back({{"begin", shift.begin}, {"end", shift.end}, {"ratio", shift.ratio}});
    io::Json json{{"latency", arguments.latency},
                  {"rows", rows},
                  {"fitted_rows", fitted_rows},
                  {"shifts", stretches},
                  {"shifts_left_out", arguments.leave_out_shifts},
                  {"seed", arguments.options.seed},
                  {"folds", arguments.options.folds},
                  {"mlp_steps", arguments.options.mlp.steps},
                  {"mlp_learning_rate", arguments.options.mlp.learning_rate}};
    if (const auto pieces = vocabulary_of_table(arguments.latency))
        json[predictor_vocabulary_key] = *pieces;
    return json;
}

/// Throws  `Error` that names the table
PredictorFit fit_to(const LatencyTable& rows, const PredictorArguments& arguments) {
    try {
        return latency::fit_predictor(rows, arguments.options);
    } catch (const Error& error) {
        fail(arguments.latency, ": ", error.what());
    }
}

void fit_predictor(PredictorArguments arguments) {
    check_output({.flag = "--out",
                  .path = arguments.out,
                  .kind = "a latency predictor",
                  .is_of_kind = is_predictor},
                 {arguments.latency, arguments.latency + ".plan"});
    const LatencyTable measured = read_measurements(arguments.latency);
    if (measured.empty()) fail(arguments.latency, ": the table has no rows");
    const std::vector<Shift> shifts = latency::find_shifts(measured);
    warn_of(shifts, arguments.leave_out_shifts);
    LatencyTable rows =
        arguments.leave_out_shifts ? latency::without_shifts(measured, shifts) : measured;
    const Repetitions repetitions = leave_out_copies(rows);
    LatencyTable held_out;
    if (arguments.training_rows > 0) {
        const auto count = static_cast<std::size_t>(arguments.training_rows);
        if (count >= rows.size())
            fail("predictor: --training-rows ", count, " leaves none of the ", rows.size(),
                 " rows of ", arguments.latency, " to test with");
        Random(RandomKey(arguments.options.seed).split(3)).shuffle(rows);
        held_out.assign(rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end());
        rows.resize(count);
        held_out = latency::without_seen(held_out, rows);
        if (held_out.empty())
            fail("predictor: --training-rows ", count, " leaves no network of ", arguments.latency,
                 " to test with");
    }
    if (arguments.published_mlp) arguments.options.mlp = {};
    const PredictorFit fit = fit_to(rows, arguments);

    std::printf("%s: %zu rows, fitted to %zu\n", arguments.latency.c_str(), measured.size(),
                rows.size());
    std::printf("%-10s %5s %10s %11s %8s\n", "", "rows", "MAPE", "RMSE in ms", "R²");
    if (fit.additive) print_errors("additive", *fit.additive);
    if (fit.mlp) print_errors("MLP", *fit.mlp);
    if (!held_out.empty()) {
        std::vector<double> predicted;
        for (const auto& row : held_out)
            predicted.push_back(fit.predictor.predict_ms(row.features));
        print_errors("held out", latency::prediction_errors(held_out, predicted));
        std::vector<double> errors;
        for (std::size_t i = 0; i < predicted.size(); ++i)
            errors.push_back(std::abs(predicted[i] / held_out[i].total_ms() - 1));
        std::printf("half of those held out are off by %.2f %% at most\n",
                    percent(latency::median(errors)));
    }
    std::printf("chosen: %s: %s\n", fit.predictor.name(),
                reason(fit, arguments.options.kind).c_str());
    print_thirds(fit.predictor.errors()->cross_validated);
    std::printf("nine of ten measurements lie within %.2f %% of the prediction\n",
                percent(fit.predictor.errors()->bound));
    io::Json origin = provenance(arguments, shifts, measured.size(), rows.size());
    origin.update({{"copies_left_out", repetitions.copies}, {"measured_again", repetitions.again}});
    fit.predictor.save(arguments.out, origin);
}

/// A line break, then "a, b, c" in lines that are not too long.
std::string list_of_columns(const std::vector<std::string_view>& names) {
    constexpr std::size_t most = 90;
    std::string text;
    std::size_t begin = 0;  // of the last line
    for (const std::string_view name : names) {
        if (!text.empty()) text += ',';
        const bool is_full = text.size() - begin + name.size() > most;
        if (is_full) begin = text.size() + 1;
        text += text.empty() || is_full ? "\n  " : " ";
        text += name;
    }
    return text;
}

/// What a table must have and what it may have, for the help.
std::string columns_text() {
    std::vector<std::string_view> needed;
    std::vector<std::string_view> medians;
    std::vector<std::string_view> others;
    for (const auto& column : latency::latency_columns_of(true))
        (is_needed(column, false)  ? needed
         : is_needed(column, true) ? medians
                                   : others)
            .push_back(column.name);
    for (const auto name : latency::latency_text_columns) others.push_back(name);
    return "The table must have the columns" + list_of_columns(needed) +
           "\nIt may have those that hat latency adds, in any order. With one of them it must "
           "have" +
           list_of_columns(medians) + "\nand may have" + list_of_columns(others) +
           "\nSizes of the network that it lacks (such as " +
           std::string(latency::further_features.back().name) + ") are told by its column genes.";
}

}  // namespace

void add_predictor(CLI::App& app) {
    auto arguments = std::make_shared<PredictorArguments>();
    arguments->options.threads = 0;
    CLI::App* command = app.add_subcommand(
        "predictor", "Fits a latency predictor to measurements and reports its error.");
    command->footer("Errors are those of 5-fold cross-validation: of rows that the predictor has "
                    "not seen.\nThe additive predictor has costs of its own for each kind of "
                    "weights.\n\n" +
                    columns_text() +
                    "\n\nExample:\n  hat predictor --latency latency.csv --out "
                    "predictor.json");
    command->add_option("--latency", arguments->latency, "the table that hat latency wrote")
        ->required();
    command->add_option("--out", arguments->out, "file to write")->required();
    add_choice(*command, "--model", arguments->options.kind, kinds,
               "additive, mlp, or auto: the better one");
    command->add_flag("--leave-out-shifts", arguments->leave_out_shifts,
                      "do not fit to stretches of rows that all took longer than the rest says");
    command->add_flag("--published-mlp", arguments->published_mlp,
                      "train the MLP for 5000 steps at 1e-5 as published, not briskly");
    const NumberFlags number(*command);
    number.without_default("--training-rows", arguments->training_rows, {.low = 1},
                           "fit to this many random rows and test with the others");
    number("--folds", arguments->options.folds, {.low = 2, .high = 100}, "of the cross-validation");
    number("--seed", arguments->options.seed, {}, "of all that is drawn");
    number("--threads", arguments->options.threads, {.low = 0, .high = ThreadPool::max_threads},
           "0: one per core");
    command->callback([arguments] { fit_predictor(*arguments); });
}

}  // namespace hat::program
