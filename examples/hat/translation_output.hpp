// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/decode/line_translator.hpp>
#include <hat/io/json.hpp>

#include "line_input.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace hat::program {

enum class OutputFormat { text, jsonl };

struct OutputOptions {
    OutputFormat format = OutputFormat::text;
    bool scores = false;
    bool word_scores = false;
    bool alignment = false;
    int n_best = 0;  ///< 0: the best one alone, without its line's number
};

/// Prints translations to standard output, line by line or as one JSON object a line:
///
///     {"source": …, "target": …, "score": …, "n_best": [{"target": …, "score": …}, …]}
///
/// In text, what is asked for stands in front of a translation, each with a tab behind it: number
/// of the line, score, scores of words. What the network was not asked for, or did not say, has the
/// score null, or nan in text. What is not as usual is told in further fields: of a translation
/// "is_cut" and "lost" (protected strings), of a line "parts", "unknown_tokens", "mended" (it was
/// not UTF-8) and "shortened".
class TranslationOutput {
public:
    explicit TranslationOutput(const OutputOptions& options) : options_(options) {}

    /// The translations of a line, best first.
    void print(const InputLine& source, const data::SourceLine& encoded,
               const std::vector<decode::LineTranslation>& translations) const {
        if (options_.format == OutputFormat::jsonl) {
            Json line = {{"source", source.text}};
            add(line, translations.front());
            if (options_.n_best > 0) {
                line["n_best"] = Json::array();
                for (const decode::LineTranslation& translation : translations)
                    add(line["n_best"].emplace_back(Json::object()), translation);
            }
            if (encoded.parts.size() > 1) line["parts"] = encoded.parts.size();
            if (encoded.unknown_tokens > 0) line["unknown_tokens"] = encoded.unknown_tokens;
            add(line, source);
            return print(line);
        }
        for (const decode::LineTranslation& translation : translations) {
            if (options_.n_best > 0)
                std::printf("%llu\t", static_cast<unsigned long long>(source.number));
            if (options_.scores) std::printf("%s\t", text(translation.score).c_str());
            if (options_.word_scores) print_words(translation.word_scores);
            if (options_.alignment) print_links(translation.alignment);
            std::fwrite(translation.text.data(), 1, translation.text.size(), stdout);
            std::putchar('\n');
        }
    }

    /// The score of a pair that was given; none if the network cannot read it.
    void print(const InputLine& source, const std::string& target,
               std::optional<float> score) const {
        if (options_.format == OutputFormat::text) {
            std::printf("%s\n", text(score).c_str());
            return;
        }
        Json line = {{"source", source.text}, {"target", target}, {"score", number(score)}};
        add(line, source);
        print(line);
    }

private:
    using Json = nlohmann::ordered_json;

    /// As `--scores` prints it.
    [[nodiscard]] static std::string text(std::optional<float> score) {
        if (!score) return "nan";
        std::array<char, 64> digits{};
        std::snprintf(digits.data(), digits.size(), "%.4f", static_cast<double>(*score));
        return digits.data();
    }
    /// A number as `--scores` prints it; null if there is none, or none that JSON has.
    [[nodiscard]] static Json number(std::optional<float> score) {
        if (!score || !std::isfinite(*score)) return nullptr;
        return std::round(static_cast<double>(*score) * 1e4) / 1e4;
    }
    static void print_words(const std::vector<float>& scores) {
        const char* between = "";
        for (const float score : scores) {
            std::printf("%s%s", between, text(score).c_str());
            between = " ";
        }
        std::putchar('\t');
    }
    static void print_links(const std::vector<decode::WordLink>& links) {
        const char* between = "";
        for (const decode::WordLink& link : links) {
            std::printf("%s%d-%d", between, link.source, link.target);
            between = " ";
        }
        std::putchar('\t');
    }
    void add(Json& json, const decode::LineTranslation& translation) const {
        json["target"] = translation.text;
        json["score"] = number(translation.score);
        if (options_.word_scores) {
            json["word_scores"] = Json::array();
            for (const float score : translation.word_scores)
                json["word_scores"].push_back(number(score));
        }
        if (options_.alignment) {
            json["alignment"] = Json::array();
            for (const decode::WordLink& link : translation.alignment)
                json["alignment"].push_back(Json::array({link.source, link.target}));
        }
        if (translation.is_cut) json["is_cut"] = true;
        if (translation.placeholders.lost > 0) json["lost"] = translation.placeholders.lost;
    }
    static void add(Json& json, const InputLine& line) {
        if (line.is_mended) json["mended"] = true;
        if (line.is_shortened) json["shortened"] = true;
    }
    static void print(const Json& json) { std::printf("%s\n", io::json_text(json).c_str()); }

    OutputOptions options_;
};

}  // namespace hat::program
