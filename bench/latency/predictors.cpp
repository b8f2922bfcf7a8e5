// SPDX-License-Identifier: Apache-2.0

/// Latency predictors on the eight published tables, as a table in Markdown: the mean held-out
/// error over some seeds, with and without the silent shifts.
///
///     predictors DATA/hat_latency [GOLDEN/hat/predictors_eval.json|- [SEEDS [PUBLISHED_SEEDS
///     [TABLE]]]]
///
/// Each seed holds out a fifth of the rows and fits to 50 of the others, or to all of them.
/// PUBLISHED_SEEDS of the seeds train the MLP with the published settings too, some 30 s each.
/// predictors_eval.json has the reference's own errors. TABLE: only this one.

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/mlp_training.hpp>
#include <hat/latency/prediction.hpp>
#include <hat/latency/shifts.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hat::latency;

constexpr std::size_t few_rows = 50;

/// Errors over seeds, of which the mean and the worst are told.
class Errors {
public:
    template <class Model>
    void add(const Model& model, const LatencyTable& held_out) {
        std::vector<double> predicted;
        for (const LatencyRow& row : held_out) predicted.push_back(model.predict_ms(row.features));
        percents_.push_back(100 * prediction_errors(held_out, predicted).mape);
    }
    [[nodiscard]] std::string text() const {
        if (percents_.empty()) return "";
        double mean = 0;
        for (const double percent : percents_)
            mean += percent / static_cast<double>(percents_.size());
        std::vector<char> text(64);
        std::snprintf(text.data(), text.size(), "%.2f (%.2f)", mean,
                      *std::max_element(percents_.begin(), percents_.end()));
        return text.data();
    }

private:
    std::vector<double> percents_;
};

/// What the reference divides latencies by (spec of its predictor): about their mean.
double published_latency_norm_ms(const std::string& name) {
    if (name.ends_with("raspberrypi")) return 5000;
    return name.ends_with("xeon") ? 300 : 200;
}

struct Run {
    int seeds = 5;
    int published_seeds = 0;
};

void print_row(const std::string& name, const char* rows_name, const LatencyTable& rows,
               const Run& run, const std::string& reference) {
    Errors additive_few;
    Errors additive_all;
    Errors mlp_few;
    Errors mlp_all;
    Errors published;
    for (int seed = 0; seed < run.seeds; ++seed) {
        const auto key = static_cast<std::uint64_t>(seed);
        LatencyTable order = rows;
        hat::Random(key).shuffle(order);
        const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 5);
        const LatencyTable held_out(order.begin(), middle);
        const LatencyTable all(middle, order.end());
        const LatencyTable few(all.begin(), all.begin() + few_rows);
        additive_few.add(fit_additive_predictor(few), held_out);
        additive_all.add(fit_additive_predictor(all), held_out);
        MlpTraining brisk = brisk_mlp_training();
        brisk.seed = key;
        mlp_few.add(train_mlp_predictor(few, brisk), held_out);
        mlp_all.add(train_mlp_predictor(all, brisk), held_out);
        if (seed < run.published_seeds)
            published.add(
                train_mlp_predictor(all, {.seed = key,
                                          .inputs = published_mlp_inputs(published_feature_norm),
                                          .latency_norm_ms = published_latency_norm_ms(name)}),
                held_out);
    }
    std::printf("| %s | %s, %zu | %s | %s | %s | %s | %s | %s |\n", name.c_str(), rows_name,
                rows.size(), additive_few.text().c_str(), additive_all.text().c_str(),
                mlp_few.text().c_str(), mlp_all.text().c_str(), published.text().c_str(),
                reference.c_str());
    std::fflush(stdout);
}

/// The error that the reference reports of its own training, on the table as it is.
std::string reference_error(const std::string& path, const std::string& name) {
    if (path == "-") return "";
    const auto all = hat::io::parse_json(hat::io::read_file(path), path);
    const auto& errors =
        hat::io::json_field(hat::io::json_field(all, name.c_str(), path), "fresh_test", path);
    std::vector<char> text(32);
    std::snprintf(text.data(), text.size(), "%.2f",
                  100 * hat::io::json_get<double>(errors, "mapd", path));
    return text.data();
}

void run_tables(const std::string& folder, const std::string& reference, const Run& run,
                const std::string& only) {
    constexpr std::string_view ending = "_all.csv";
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string file = entry.path().filename().string();
        if (file.ends_with(ending)) names.push_back(file.substr(0, file.size() - ending.size()));
    }
    std::sort(names.begin(), names.end());
    if (names.empty()) hat::fail(folder, ": has no file whose name ends in ", ending);
    std::printf("MAPE in %% on a held-out fifth: mean of %d seeds (worst); MLP as published: %d "
                "seeds\n\n",
                run.seeds, run.published_seeds);
    std::printf(
        "| table | rows | additive, %zu rows | additive, 80 %% | MLP, %zu rows | MLP, 80 %% "
        "| MLP as published, 80 %% | reference, 80 %% |\n",
        few_rows, few_rows);
    std::printf("|---|---|---|---|---|---|---|---|\n");
    for (const std::string& name : names) {
        if (!only.empty() && name != only) continue;
        const auto path = std::filesystem::path(folder) / (name + std::string(ending));
        const LatencyTable rows = read_latency_table(path.string());
        const std::vector<Shift> shifts = find_shifts(rows);
        for (const Shift& shift : shifts)
            std::fprintf(stderr, "%s: rows %d … %d: %+.0f %%\n", name.c_str(), shift.begin,
                         shift.end - 1, 100 * (shift.ratio - 1));
        print_row(name, "all", rows, run, reference_error(reference, name));
        if (!shifts.empty())
            print_row(name, "without shifts", without_shifts(rows, shifts), run, "");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto argument = [&](std::size_t i, const char* otherwise) {
        return i < arguments.size() ? arguments[i] : std::string(otherwise);
    };
    if (arguments.empty() || arguments.size() > 5) {
        std::fprintf(stderr, "usage: predictors FOLDER [EVAL.json|- [SEEDS [PUBLISHED_SEEDS "
                             "[TABLE]]]]\n");
        return 2;
    }
    try {
        run_tables(arguments[0], argument(1, "-"),
                   {.seeds = std::atoi(argument(2, "5").c_str()),
                    .published_seeds = std::atoi(argument(3, "0").c_str())},
                   argument(4, ""));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "predictors: %s\n", error.what());
    }
    return 1;
}
