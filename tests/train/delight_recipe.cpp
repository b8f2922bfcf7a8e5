// SPDX-License-Identifier: Apache-2.0
#include <hat/train/delight_recipe.hpp>

#include <doctest/doctest.h>

#include <variant>

using hat::train::CosineSchedule;
using hat::train::delight_recipe;
using hat::train::DeLighTRecipe;
using hat::train::LinearSchedule;
using hat::train::Schedule;

TEST_SUITE("train/delight_recipe") {
    TEST_CASE("the narrower a model, the faster it learns, to 0.01") {
        static_assert(
            std::get<CosineSchedule>(hat::train::wmt14_en_de_recipe(256).schedule).peak_rate ==
            0.007);  // 0.0075 is below its tie
        static_assert(
            std::get<CosineSchedule>(hat::train::wmt14_en_de_recipe(128).schedule).peak_rate ==
            0.01);
        static_assert(
            std::get<LinearSchedule>(hat::train::wmt16_en_ro_recipe(384).schedule).peak_rate ==
            0.0009);
        static_assert(
            std::get<CosineSchedule>(hat::train::wikitext103_recipe(384).schedule).peak_rate ==
            0.005);
    }

    TEST_CASE("an update has the tokens of eight devices") {
        const auto tokens = [](const DeLighTRecipe& recipe) {
            return recipe.max_tokens * recipe.batches_per_update;
        };
        CHECK(tokens(delight_recipe("wmt14-en-de", 256)) == 524288);
        CHECK(tokens(delight_recipe("wmt14-en-fr", 256)) == 524288);
        CHECK(tokens(delight_recipe("wmt16-en-ro", 256)) == 32768);
        CHECK(tokens(delight_recipe("wikitext-103", 256)) == 262144);
        CHECK(tokens(delight_recipe("iwslt14", 256)) == 4096);
    }

    TEST_CASE("a cosine ends with the training, but for the one that is never completed") {
        for (const char* const name : {"wmt14-en-de", "wikitext-103"}) {
            const DeLighTRecipe recipe = delight_recipe(name, 256);
            const Schedule schedule = std::get<CosineSchedule>(recipe.schedule);
            CHECK(schedule.rate(recipe.updates - 1) < 2e-7);
        }
        const DeLighTRecipe long_one = delight_recipe("wmt14-en-fr", 640);
        const Schedule schedule = std::get<CosineSchedule>(long_one.schedule);
        CHECK(schedule.rate(long_one.updates) == doctest::Approx(0.39 * 0.003).epsilon(0.01));
    }

    TEST_CASE("only the recipe of a language model is for its loss") {
        CHECK(delight_recipe("wikitext-103", 128).language_model);
        CHECK(delight_recipe("wikitext-103", 128).label_smoothing == 0);
        CHECK_FALSE(delight_recipe("iwslt14", 128).language_model);
        CHECK(delight_recipe("iwslt14", 128).weight_decay == 1e-4);
    }

    TEST_CASE("an unknown recipe is an error that names the known ones") {
        CHECK_THROWS_WITH_AS((void)delight_recipe("wmt15", 256),
                             "DeLighT: there is no recipe wmt15, only wmt14-en-de, wmt14-en-fr, "
                             "wmt16-en-ro, iwslt14, wikitext-103",
                             hat::Error);
    }
}
