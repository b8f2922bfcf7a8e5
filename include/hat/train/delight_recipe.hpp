// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/model/block_scaling.hpp>
#include <hat/train/schedule.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <variant>

/// How the published DeLighT networks (arXiv:2008.00623) were trained: the reference's scripts,
/// and for IWSLT'14, which has none, its author's command.
namespace hat::train {

/// The settings of one training.
struct DeLighTRecipe {
    std::variant<CosineSchedule, LinearSchedule> schedule;
    std::int64_t updates;
    int max_tokens;          ///< target tokens a batch
    int batches_per_update;  ///< of all eight devices
    model::DeLighTDropout dropout;
    double softmax_dropout = 0;  ///< in front of an adaptive softmax
    double label_smoothing = 0.1;
    double weight_decay = 0;  ///< decoupled
    bool language_model = false;
};

namespace detail {

/// `base` of a model of width `reference_dim`, carried over to width `dim`: in inverse proportion,
/// rounded, at most 0.01.
constexpr double scaled_rate(double base, int reference_dim, int dim, int decimals) noexcept {
    const double x = static_cast<double>(reference_dim) / dim * base;
    return std::min(model::round_decimals(std::min(x, 1.0), decimals), 0.01);
}

inline constexpr double delight_first_rate = 1e-7;  ///< of all published trainings, and the last

constexpr CosineSchedule delight_cosine(double peak_rate, std::int64_t warmup,
                                        double period) noexcept {
    return {.peak_rate = peak_rate,
            .minimal_rate = delight_first_rate,
            .initial_rate = delight_first_rate,
            .warmup = warmup,
            .period = period};
}

constexpr LinearSchedule delight_line(double peak_rate, std::int64_t warmup,
                                      std::int64_t updates) noexcept {
    return {.peak_rate = peak_rate,
            .initial_rate = delight_first_rate,
            .final_rate = delight_first_rate,
            .warmup = warmup,
            .updates = updates};
}

}  // namespace detail

/// The recipes, for a model of width `dim`.
[[nodiscard]] constexpr DeLighTRecipe wmt14_en_de_recipe(int dim) noexcept {
    return {.schedule =
                detail::delight_cosine(detail::scaled_rate(0.003, 640, dim, 3), 10000, 20000),
            .updates = 30000,
            .max_tokens = 4096,
            .batches_per_update = 8 * 16,
            .dropout = model::wmt14_en_de_dropout(dim)};
}
/// Its cosine is never completed.
[[nodiscard]] constexpr DeLighTRecipe wmt14_en_fr_recipe(int dim) noexcept {
    return {.schedule =
                detail::delight_cosine(detail::scaled_rate(0.003, 640, dim, 3), 10000, 70000),
            .updates = 50000,
            .max_tokens = 4096,
            .batches_per_update = 8 * 16,
            .dropout = model::wmt14_en_fr_dropout(dim)};
}
[[nodiscard]] constexpr DeLighTRecipe wmt16_en_ro_recipe(int dim) noexcept {
    return {.schedule =
                detail::delight_line(detail::scaled_rate(0.0007, 512, dim, 4), 10000, 100000),
            .updates = 100000,
            .max_tokens = 4096,
            .batches_per_update = 8,
            .dropout = model::wmt16_en_ro_dropout(dim)};
}
/// The author's command was for width 384; its rate is taken for all.
[[nodiscard]] constexpr DeLighTRecipe iwslt14_recipe(int dim) noexcept {
    return {.schedule = detail::delight_line(0.001, 4000, 50000),
            .updates = 50000,
            .max_tokens = 4096,
            .batches_per_update = 1,
            .dropout = model::iwslt14_dropout(dim),
            .weight_decay = 1e-4};
}
/// A language model, in blocks of 512 tokens.
[[nodiscard]] constexpr DeLighTRecipe wikitext103_recipe(int dim) noexcept {
    return {.schedule =
                detail::delight_cosine(detail::scaled_rate(0.002, 1024, dim, 3), 5000, 95000),
            .updates = 100000,
            .max_tokens = 8192,
            .batches_per_update = 8 * 4,
            .dropout = model::wikitext103_dropout(dim),
            .softmax_dropout = 0.1,
            .label_smoothing = 0,
            .language_model = true};
}

/// The names that `delight_recipe` knows.
inline constexpr const char* delight_recipe_names =
    "wmt14-en-de, wmt14-en-fr, wmt16-en-ro, iwslt14, wikitext-103";

/// The recipe of that name, for a model of width `dim`.
///
/// Throws  `Error` if there is none.
[[nodiscard]] constexpr DeLighTRecipe delight_recipe(std::string_view name, int dim) {
    if (name == "wmt14-en-de") return wmt14_en_de_recipe(dim);
    if (name == "wmt14-en-fr") return wmt14_en_fr_recipe(dim);
    if (name == "wmt16-en-ro") return wmt16_en_ro_recipe(dim);
    if (name == "iwslt14") return iwslt14_recipe(dim);
    if (name == "wikitext-103") return wikitext103_recipe(dim);
    fail("DeLighT: there is no recipe ", name, ", only ", delight_recipe_names);
}

}  // namespace hat::train
