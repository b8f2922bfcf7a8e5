// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/delight.hpp>
#include <hat/train/delight_recipe.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

using hat::io::Json;
using hat::model::Architecture;

namespace {

/// The published network that an entry describes.
Architecture published(const Json& model) {
    const auto task = model.at("task").get<std::string>();
    const int dim = model.at("d_m").get<int>();
    const Json& vocab = model.at("vocab_used");
    if (task.starts_with("iwslt14"))
        return hat::model::delight_iwslt(dim, vocab.at("src_de").get<int>(),
                                         vocab.at("tgt_en").get<int>());
    if (task == "wikitext103") return hat::model::delight_wikitext103(dim, vocab.get<int>());
    return hat::model::delight_wmt(dim, vocab.get<int>());
}

hat::train::DeLighTRecipe published_recipe(const Json& model) {
    const auto task = model.at("task").get<std::string>();
    const int dim = model.at("d_m").get<int>();
    if (task.starts_with("iwslt14")) return hat::train::delight_recipe("iwslt14", dim);
    if (task == "wikitext103") return hat::train::delight_recipe("wikitext-103", dim);
    std::string name = task;
    std::replace(name.begin(), name.end(), '_', '-');
    return hat::train::delight_recipe(name, dim);
}

/// Compares one published network; returns the number of values.
std::size_t compare(const Json& model) {
    std::size_t values = 0;
    const auto equal = [&](auto found, const Json& expected) {
        CHECK(found == expected.get<decltype(found)>());
        ++values;
    };
    const Architecture a = published(model);
    equal(parameters(a), model.at("params"));

    const auto depth = published_depth(a);
    const auto layers = weight_layers(a);
    const Json& depths = model.at("depth");
    if (a.has_encoder()) {
        equal(depth.encoder, depths.at("encoder").at("sum_N_plus_4"));
        equal(layers.encoder, depths.at("encoder").at("weight_layers_on_path"));
    }
    equal(depth.decoder, depths.at("decoder").at("sum_N_plus_4"));
    equal(layers.decoder, depths.at("decoder").at("weight_layers_on_path"));

    const Json& macs = model.at("macs");
    const int source = a.has_encoder() ? macs.at("src_len").get<int>() : 0;
    const int target = macs.at("tgt_len").get<int>();
    const auto count = published_macs(a, source, target);
    if (a.has_encoder()) equal(count.encoder, macs.at("encoder_macs"));
    equal(count.decoder, macs.at("decoder_macs_single_pass_T"));
    std::int64_t uncached = 0;
    for (int t = 1; t <= target; ++t) uncached += published_macs(a, source, t).decoder;
    equal(uncached, macs.at("decoder_macs_sum_over_t_1..T"));

    const auto recipe = published_recipe(model);
    if (model.contains("max_lr_in_script")) {
        const double peak =
            std::visit([](const auto& schedule) { return schedule.peak_rate; }, recipe.schedule);
        equal(peak, model.at("max_lr_in_script"));
    }
    const auto& dropout = recipe.dropout;
    const Json& hyper = model.at("hyper");
    equal(dropout.residual, hyper.at("dropout"));
    equal(dropout.residual, hyper.at("ffn_dropout"));
    equal(dropout.attention, hyper.at("attention_dropout"));
    equal(dropout.dextra, hyper.at("delight_dropout"));
    equal(dropout.embedding, hyper.at("delight_emb_dropout"));
    equal(dropout.position, hyper.at("pe_dropout"));
    return values;
}

}  // namespace

TEST_SUITE("golden/delight_published") {
    TEST_CASE("parameters, depth, multiply-adds, dropout and learning rate of the published models "
              "are equal") {
        hat::support::Golden golden("delight_published_models.json");
        for (const auto& path : golden.files()) {
            const Json json = hat::io::parse_json(hat::io::read_file(path.string()), path.string());
            std::size_t values = 0;
            for (const Json& model : json.at("models")) {
                const auto task = model.at("task").get<std::string>();
                const int dim = model.at("d_m").get<int>();
                CAPTURE(task);
                CAPTURE(dim);
                values += compare(model);
            }
            golden.add(path, values);
        }
    }
}
