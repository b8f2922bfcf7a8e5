// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/in_quotes.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>
#include <hat/report/language_name.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace hat::report {

/// A measured quality, with the signature that says how it was measured.
struct ModelScore {
    std::string data;    ///< "held-out pages", "test_2016_flickr"
    std::string metric;  ///< "BLEU", "chrF2"
    double value = 0;    ///< in points of 100
    std::string signature;
};

/// A measured latency of one sentence.
struct ModelLatency {
    std::string device;   ///< machine, compiler, threads
    std::string setting;  ///< beam, sentence lengths
    double median_ms = 0;
};

/// What a model's README.md tells beyond its architecture.
struct ModelCard {
    std::string name;
    std::string source_language{};  ///< its code, such as "en" or "pt-BR"; empty: not known
    std::string target_language{};
    std::string licence{};  ///< of the model, as SPDX names it; empty: not known
    std::string
        training_data{};  ///< what it was trained on, a part of a sentence; empty: not known
    std::vector<ModelScore> scores{};
    std::vector<ModelLatency> latencies{};
};

namespace detail {

[[nodiscard]] inline std::string decimal(double value, int digits) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

/// Text from outside on one line, without control characters.
[[nodiscard]] inline std::string one_line(std::string text) {
    constexpr std::size_t longest = 1000;
    for (char& c : text)
        if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    return readable(text, longest);
}

/// The same as Markdown shows it: nothing in it has a meaning to Markdown.
[[nodiscard]] inline std::string plain(const std::string& text) {
    std::string escaped;
    for (const char c : one_line(text)) {
        if (std::string_view("\\`*[]<>#").find(c) != std::string_view::npos) escaped += '\\';
        escaped += c;
    }
    return escaped;
}

/// A language as a reader knows it; what is no code stands for itself.
[[nodiscard]] inline std::string name_of_language(const std::string& code) {
    const std::string name = language_name(code);
    return name.empty() ? plain(code) : name;
}

/// The hubs' word for a metric: "bleu", "chrf", "ter".
[[nodiscard]] inline std::string metric_type(std::string_view metric) {
    std::string type;
    for (const char c : metric)
        if (('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z')) type += static_cast<char>(c | 0x20);
    return type;
}

/// A row of a table: a bar inside a cell does not end it.
[[nodiscard]] inline std::string table_row(std::initializer_list<std::string> cells) {
    std::string row = "|";
    for (const std::string& cell : cells) {
        row += ' ';
        for (const char c : cell) {
            if (c == '|') row += '\\';
            row += c == '\n' ? ' ' : c;
        }
        row += " |";
    }
    return row + "\n";
}

/// "256, 512": the different values of at(0) … at(count − 1), in order of appearance.
template <class At>
[[nodiscard]] std::string distinct(int count, At at) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        bool seen = false;
        for (int j = 0; j < i; ++j) seen = seen || at(j) == at(i);
        if (!seen) text += (text.empty() ? "" : ", ") + std::to_string(at(i));
    }
    return text;
}

/// One sentence about the layers of a side.
template <class Layers>
[[nodiscard]] std::string describe_side(const char* side, int embed_dim, const Layers& layers) {
    const int count = static_cast<int>(layers.size());
    const auto at = [&](auto member) {
        return distinct(count,
                        [&, member](int i) { return layers[static_cast<std::size_t>(i)].*member; });
    };
    using Layer = typename Layers::value_type;
    return "- " + std::string(side) + ": " + std::to_string(count) + " layers, width " +
           std::to_string(embed_dim) + ", feed-forward " + at(&Layer::ffn_dim) + ", heads " +
           at(&Layer::heads) + "\n";
}

/// `text` as a YAML scalar in quotation marks.
[[nodiscard]] inline std::string yaml_quoted(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : one_line(text)) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

/// What model hubs read: languages, licence, task, and the scores in the form of a results index.
[[nodiscard]] inline std::string front_matter(const ModelCard& card, bool translates) {
    std::string text = "---\n";
    std::string languages;
    for (const std::string& code : {card.source_language, card.target_language})
        if (!language_name(code).empty()) languages += "- " + yaml_quoted(code) + "\n";
    if (!languages.empty()) text += "language:\n" + languages;
    std::string licence = card.licence.empty() ? "unknown" : card.licence;
    for (char& c : licence)
        if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const std::string task = translates ? "translation" : "text-generation";
    text +=
        "license: " + yaml_quoted(licence) + "\nlibrary_name: hat\npipeline_tag: " + task + "\n";
    if (!card.scores.empty()) {
        text += "model-index:\n- name: " + yaml_quoted(card.name) + "\n  results:\n";
        for (const ModelScore& score : card.scores)
            text += "  - task:\n      type: " + task +
                    "\n    dataset:\n      name: " + yaml_quoted(score.data) +
                    "\n      type: text\n    metrics:\n    - type: " + metric_type(score.metric) +
                    "\n      name: " + yaml_quoted(score.metric + " " + score.signature) +
                    "\n      value: " + decimal(score.value, 2) + "\n";
    }
    return text + "---\n";
}

/// What the model does, and the command that makes it do so.
[[nodiscard]] inline std::string describe_task(const ModelCard& card, bool translates) {
    if (!translates)
        return "A Transformer language model, made with hat.\n\n    hat generate --model .\n\n";
    std::string text = "A Transformer that translates";
    if (!card.source_language.empty() && !card.target_language.empty())
        text += ' ' + name_of_language(card.source_language) + " to " +
                name_of_language(card.target_language);
    return text + ", made with hat.\n\n    hat translate --model . < text\n\n";
}

}  // namespace detail

/// The model card as Markdown: what the model is, its size, its scores, its latency and its
/// licence, behind the lines of YAML by which model hubs sort it.
[[nodiscard]] inline std::string model_card_to_markdown(const ModelCard& card,
                                                        const model::Architecture& a) {
    using detail::decimal;
    std::string text = detail::front_matter(card, a.has_encoder());
    text +=
        "\n# " + detail::plain(card.name) + "\n\n" + detail::describe_task(card, a.has_encoder());
    if (!card.training_data.empty())
        text += "Trained on " + detail::plain(card.training_data) + ".\n\n";
    text += "## Size\n\n";
    if (a.has_encoder())
        text += detail::describe_side("encoder", a.encoder.embed_dim, a.encoder.layers());
    text += detail::describe_side("decoder", a.decoder.embed_dim, a.decoder.layers());
    text += "- vocabulary: ";
    if (a.has_encoder()) text += std::to_string(a.source_vocab_size) + " source, ";
    text += std::to_string(a.target_vocab_size) + (a.has_encoder() ? " target\n" : "\n");
    text += "- parameters: " + decimal(static_cast<double>(parameters(a)) / 1e6, 2) + " M, " +
            decimal(static_cast<double>(layer_parameters(a)) / 1e6, 2) +
            " M of them in the layers\n";
    text += "- weights: " + decimal(static_cast<double>(parameters(a)) * sizeof(float) / 1e6, 1) +
            " MB in single precision\n";
    text += "- FLOPs: " + decimal(static_cast<double>(published_flops(a, 30)) / 1e9, 2) +
            " G for 30 tokens" + (a.has_encoder() ? " each side" : "") +
            ", without the output projection\n";
    if (!card.scores.empty()) {
        text += "\n## Scores\n\n| data | metric | score | signature |\n| --- | --- | --- | --- |\n";
        for (const ModelScore& score : card.scores)
            text += detail::table_row({detail::plain(score.data), score.metric,
                                       decimal(score.value, 2), "`" + score.signature + "`"});
    }
    if (!card.latencies.empty()) {
        text += "\n## Latency\n\n| device | setting | median ms |\n| --- | --- | --- |\n";
        for (const ModelLatency& latency : card.latencies)
            text += detail::table_row(
                {detail::plain(latency.device), latency.setting, decimal(latency.median_ms, 2)});
    }
    text += "\n## Licence\n\n" +
            (card.licence.empty() ? "Not stated." : detail::plain(card.licence)) + "\n";
    return text;
}

}  // namespace hat::report
