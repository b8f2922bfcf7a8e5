// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/training_recipe.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::elastic::AdamBetas;
using hat::elastic::read_recipe;
using hat::elastic::recipe_to_yaml;
using hat::elastic::TrainingRecipe;
using hat::io::YamlMap;

namespace {

TrainingRecipe parse(const std::string& text) {
    return read_recipe(YamlMap::parse(text, "f"));
}

TrainingRecipe full_recipe() {
    TrainingRecipe recipe;
    recipe.arch = "transformersuper_wmt_en_de";
    recipe.max_tokens = 4096;
    recipe.update_freq = 16;
    recipe.max_update = 40000;
    recipe.warmup_updates = 10000;
    recipe.schedule = "inverse_sqrt";
    recipe.initial_rate = 1e-7;
    recipe.rate = 0.1 + 0.2;  // needs all 17 digits
    recipe.max_rate = 1e-3;
    recipe.rate_shrink = 1;
    recipe.adam_betas = AdamBetas{0.9, 0.997};
    recipe.clip_norm = 0;
    recipe.weight_decay = 1e-4;
    recipe.dropout = 0.3;
    recipe.attention_dropout = 0.1;
    recipe.activation_dropout = 0.05;
    recipe.label_smoothing = 0.1;
    recipe.fp16 = false;
    recipe.others = {{"data", "a path"}, {"ddp-backend", "no_c10d"}};
    return recipe;
}

}  // namespace

TEST_SUITE("elastic/training_recipe") {
    TEST_CASE("a recipe with every option is read back as it was written") {
        CHECK(parse(recipe_to_yaml(full_recipe())) == full_recipe());
    }

    TEST_CASE("a recipe without options is no text, and back") {
        CHECK(recipe_to_yaml(TrainingRecipe{}).empty());
        CHECK(parse("other: 1\n") == TrainingRecipe{});
    }

    TEST_CASE("a rate of dropping is below 1") {
        CHECK(parse("dropout: 0.999\n").dropout == 0.999);
        CHECK_THROWS_AS(static_cast<void>(parse("dropout: 1\n")), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(parse("label-smoothing: 1.5\n")), hat::Error);
    }

    TEST_CASE("numbers that are none, not finite, negative or followed by more are errors") {
        for (const char* text :
             {"lr: much\n", "lr: nan\n", "lr: inf\n", "lr: -1\n", "lr: 1 2\n", "lr: ''\n",
              "max-tokens: 1.5\n", "max-tokens: 99999999999999999999\n"})
            CHECK_THROWS_AS(static_cast<void>(parse(text)), hat::Error);
    }

    TEST_CASE("betas are two numbers in brackets") {
        CHECK(parse("adam-betas: (0.9, 0.98)\n").adam_betas == AdamBetas{0.9, 0.98});
        for (const char* text :
             {"adam-betas: 0.9\n", "adam-betas: (0.9)\n", "adam-betas: (0.9, x)\n"})
            CHECK_THROWS_AS(static_cast<void>(parse(text)), hat::Error);
    }

    TEST_CASE("another optimizer, criterion or schedule is an error, not a silent change") {
        CHECK_NOTHROW(static_cast<void>(parse("optimizer: adam\nlr-scheduler: cosine\n")));
        for (const char* text :
             {"optimizer: sgd\n", "criterion: cross_entropy\n", "lr-scheduler: fixed\n"})
            CHECK_THROWS_AS(static_cast<void>(parse(text)), hat::Error);
    }
}
