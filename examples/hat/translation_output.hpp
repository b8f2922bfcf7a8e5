// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/io/json.hpp>

#include "line_translator.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace hat::program {

enum class OutputFormat { text, jsonl };

struct OutputOptions {
    OutputFormat format = OutputFormat::text;
    bool scores = false;
    int n_best = 0;  ///< 0: the best one alone, without its line's number
};

/// Prints translations to standard output, line by line or as one JSON object a line:
///
///     {"source": …, "target": …, "score": …, "n_best": [{"target": …, "score": …}, …]}
///
/// Of a line that the network was not asked for, the score is null.
class TranslationOutput {
public:
    explicit TranslationOutput(const OutputOptions& options) : options_(options) {}

    /// The translations of line `number`, best first.
    void print(std::uint64_t number, const std::string& source,
               const std::vector<LineTranslation>& translations) const {
        if (options_.format == OutputFormat::jsonl) {
            Json line = {{"source", source}};
            add(line, translations.front());
            if (options_.n_best > 0) {
                line["n_best"] = Json::array();
                for (const LineTranslation& translation : translations)
                    add(line["n_best"].emplace_back(Json::object()), translation);
            }
            return print(line);
        }
        for (const LineTranslation& translation : translations) {
            if (options_.n_best > 0) std::printf("%llu\t", static_cast<unsigned long long>(number));
            const bool is_empty = translation.text.empty() && !translation.score;
            if (options_.scores && !is_empty)
                std::printf("%.4f\t", static_cast<double>(translation.score.value_or(0.0F)));
            std::fwrite(translation.text.data(), 1, translation.text.size(), stdout);
            std::putchar('\n');
        }
    }

    /// The score of a pair that was given; none if the network cannot read it.
    void print(const std::string& source, const std::string& target,
               std::optional<float> score) const {
        if (options_.format == OutputFormat::jsonl)
            return print(Json{{"source", source}, {"target", target}, {"score", number(score)}});
        if (score)
            std::printf("%.4f\n", static_cast<double>(*score));
        else
            std::printf("nan\n");
    }

private:
    using Json = nlohmann::ordered_json;

    /// A number as `--scores` prints it; null if there is none, or none that JSON has.
    [[nodiscard]] static Json number(std::optional<float> score) {
        if (!score || !std::isfinite(*score)) return nullptr;
        return std::round(static_cast<double>(*score) * 1e4) / 1e4;
    }
    static void add(Json& json, const LineTranslation& translation) {
        json["target"] = translation.text;
        json["score"] = number(translation.score);
        if (translation.is_cut) json["is_cut"] = true;
    }
    static void print(const Json& json) { std::printf("%s\n", io::json_text(json).c_str()); }

    OutputOptions options_;
};

}  // namespace hat::program
