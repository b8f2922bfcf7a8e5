// SPDX-License-Identifier: Apache-2.0
// Needs: yaml-cpp
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/yaml.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::elastic {

/// Adam's β₁ and β₂.
struct AdamBetas {
    double first = 0.9;
    double second = 0.98;

    friend bool operator==(const AdamBetas&, const AdamBetas&) = default;
};

/// How the network of a published file is to be trained: the options of fairseq that such files
/// carry beside the design space. What a file does not say is empty.
struct TrainingRecipe {
    std::optional<std::string> arch;  ///< the task's name: "transformersuper_wmt_en_de"
    std::optional<std::int64_t> max_tokens;
    std::optional<std::int64_t> update_freq;  ///< batches per update
    std::optional<std::int64_t> max_update;
    std::optional<std::int64_t> warmup_updates;
    std::optional<std::string> schedule;  ///< "cosine" or "inverse_sqrt"
    std::optional<double> initial_rate;   ///< at update 0
    std::optional<double> rate;           ///< the peak; for cosine, the minimum
    std::optional<double> max_rate;       ///< the peak, for cosine
    std::optional<double> rate_shrink;    ///< from one cosine to the next
    std::optional<AdamBetas> adam_betas;
    std::optional<double> clip_norm;  ///< 0: none
    std::optional<double> weight_decay;
    std::optional<double> dropout;
    std::optional<double> attention_dropout;
    std::optional<double> activation_dropout;
    std::optional<double> label_smoothing;
    std::optional<bool> fp16;
    /// Options that say nothing about the network or its updates (paths, logging, what to measure
    /// latency on, …), as they were written.
    std::vector<std::pair<std::string, std::string>> others;

    friend bool operator==(const TrainingRecipe&, const TrainingRecipe&) = default;
};

namespace detail {

/// Options that are kept in `others`.
inline constexpr std::array other_options{"data",
                                          "source-lang",
                                          "target-lang",
                                          "distributed-world-size",
                                          "ddp-backend",
                                          "optimizer",
                                          "criterion",
                                          "keep-last-epochs",
                                          "save-interval",
                                          "validate-interval",
                                          "lat-dataset-path",
                                          "lat-dataset-size",
                                          "cpu",
                                          "latcpu",
                                          "latgpu",
                                          "latiter",
                                          "latsilent"};

/// Calls `visit(key, field)` for all fields but `others`.
template <class Recipe, class Visit>
void visit_recipe(Recipe& recipe, Visit&& visit) {
    visit("arch", recipe.arch);
    visit("max-tokens", recipe.max_tokens);
    visit("update-freq", recipe.update_freq);
    visit("max-update", recipe.max_update);
    visit("warmup-updates", recipe.warmup_updates);
    visit("lr-scheduler", recipe.schedule);
    visit("warmup-init-lr", recipe.initial_rate);
    visit("lr", recipe.rate);
    visit("max-lr", recipe.max_rate);
    visit("lr-shrink", recipe.rate_shrink);
    visit("adam-betas", recipe.adam_betas);
    visit("clip-norm", recipe.clip_norm);
    visit("weight-decay", recipe.weight_decay);
    visit("dropout", recipe.dropout);
    visit("attention-dropout", recipe.attention_dropout);
    visit("activation-dropout", recipe.activation_dropout);
    visit("label-smoothing", recipe.label_smoothing);
    visit("fp16", recipe.fp16);
}

/// Fails unless `text` is a number of type `Number`, finite and not below 0.
template <class Number>
[[nodiscard]] Number parse_number(std::string_view text, const std::string& address) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, value);
    bool valid = error == std::errc{} && after == end && !text.empty() && value >= 0;
    if constexpr (std::is_floating_point_v<Number>) valid = valid && std::isfinite(value);
    if (!valid)
        fail(address, "expected ", std::is_integral_v<Number> ? "a whole number" : "a number",
             " of 0 or more, found ", in_quotes(text));
    return value;
}

/// True or False, as Python writes them, or true or false.
[[nodiscard]] inline bool parse_flag(std::string_view text, const std::string& address) {
    if (text == "True" || text == "true") return true;
    if (text == "False" || text == "false") return false;
    fail(address, "expected True or False, found ", in_quotes(text));
}

/// "(0.9, 0.98)".
[[nodiscard]] inline AdamBetas parse_betas(std::string_view text, const std::string& address) {
    const auto comma = text.find(", ");
    if (text.size() < 2 || text.front() != '(' || text.back() != ')' ||
        comma == std::string_view::npos)
        fail(address, "expected \"(0.9, 0.98)\" or the like, found ", in_quotes(text));
    return {parse_number<double>(text.substr(1, comma - 1), address),
            parse_number<double>(text.substr(comma + 2, text.size() - comma - 3), address)};
}

/// The shortest text that is read back as `value`.
[[nodiscard]] inline std::string shortest(double value) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end};
}

template <class T>
[[nodiscard]] T parse_option(const std::string& text, const std::string& address) {
    if constexpr (std::is_same_v<T, std::string>)
        return text;
    else if constexpr (std::is_same_v<T, bool>)
        return parse_flag(text, address);
    else if constexpr (std::is_same_v<T, AdamBetas>)
        return parse_betas(text, address);
    else
        return parse_number<T>(text, address);
}

/// `value` so that YAML reads it as one word; `address` names it in messages.
[[nodiscard]] inline std::string yaml_scalar(const std::string& value, const std::string& address) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_./+-@";
    for (const char c : value)
        if (static_cast<unsigned char>(c) < ' ') fail(address, "has a control character");
    if (!value.empty() && value.find_first_not_of(plain) == std::string::npos) return value;
    std::string quoted = "'";
    for (const char c : value) quoted += c == '\'' ? "''" : std::string(1, c);
    return quoted + "'";
}

template <class T>
[[nodiscard]] std::string option_text(const T& value) {
    if constexpr (std::is_same_v<T, std::string>)
        return yaml_scalar(value, "training recipe: ");
    else if constexpr (std::is_same_v<T, bool>)
        return value ? "True" : "False";
    else if constexpr (std::is_same_v<T, AdamBetas>)
        return "(" + shortest(value.first) + ", " + shortest(value.second) + ")";
    else if constexpr (std::is_integral_v<T>)
        return std::to_string(value);
    else
        return shortest(value);
}

/// Options of which we know one value; another one would be ignored, so it is an error.
inline void require_known_methods(const io::YamlMap& map) {
    constexpr std::array<std::pair<const char*, const char*>, 2> methods{
        {{"optimizer", "adam"}, {"criterion", "label_smoothed_cross_entropy"}}};
    for (const auto& [key, known] : methods)
        if (map.contains(key) && map.word(key) != known)
            fail(map.address(key), "only ", known, " is known, found ", in_quotes(map.word(key)));
    constexpr const char* schedule = "lr-scheduler";
    if (map.contains(schedule) && map.word(schedule) != "cosine" &&
        map.word(schedule) != "inverse_sqrt")
        fail(map.address(schedule), "expected cosine or inverse_sqrt, found ",
             in_quotes(map.word(schedule)));
}

}  // namespace detail

/// The recipe in `map`; its keys are then read, what is unknown is left to `reject_unread`.
///
/// Throws  `Error` naming line and key of what is of the wrong kind.
[[nodiscard]] inline TrainingRecipe read_recipe(const io::YamlMap& map) {
    TrainingRecipe recipe;
    detail::visit_recipe(recipe, [&map]<class T>(const char* key, std::optional<T>& field) {
        if (map.contains(key)) field = detail::parse_option<T>(map.word(key), map.address(key));
    });
    for (const auto* rate :
         {"dropout", "attention-dropout", "activation-dropout", "label-smoothing"})
        if (map.contains(rate) &&
            detail::parse_number<double>(map.word(rate), map.address(rate)) >= 1)
            fail(map.address(rate), "expected a number below 1, found ", readable(map.word(rate)));
    detail::require_known_methods(map);
    for (const char* key : detail::other_options)
        if (map.contains(key)) recipe.others.emplace_back(key, map.word(key));
    return recipe;
}

/// Lines of "key: value", as `read_recipe` reads them.
///
/// Throws  `Error` if a text has a control character.
[[nodiscard]] inline std::string recipe_to_yaml(const TrainingRecipe& recipe) {
    std::string text;
    const auto line = [&text](std::string_view key, const std::string& value) {
        ((text += key) += ": ") += value + '\n';
    };
    detail::visit_recipe(recipe, [&]<class T>(const char* key, const std::optional<T>& field) {
        if (field) line(key, detail::option_text(*field));
    });
    for (const auto& [key, value] : recipe.others)
        line(key, detail::yaml_scalar(value, "training recipe: " + key + ": "));
    return text;
}

}  // namespace hat::elastic
