// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/block_scaling.hpp>
#include <hat/nn/dextra_shape.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

using hat::io::Json;
using hat::nn::dextra_plan;
using hat::nn::DExTraPlan;
using hat::nn::DExTraShape;
using hat::nn::DExTraVariant;
using hat::support::Golden;

namespace {

Json read(const std::filesystem::path& path) {
    return hat::io::parse_json(hat::io::read_file(path.string()), path.string());
}

int integer(const Json& object, const char* key) {
    return object.at(key).get<int>();
}

/// A multiplier of at most three decimals.
int thousandths(const Json& multiplier) {
    const double exact = multiplier.get<double>();
    const int rounded = static_cast<int>(std::lround(exact * 1000));
    REQUIRE(rounded / 1000.0 == exact);
    return rounded;
}

/// Compares widths and groups with the lists that `stored` has; returns how many numbers.
std::size_t check_layers(const DExTraPlan& plan, const Json& stored) {
    std::vector<int> in;
    std::vector<int> out;
    std::vector<int> groups;
    for (const auto& layer : plan.layers()) {
        in.push_back(layer.in_dim);
        out.push_back(layer.out_dim);
        groups.push_back(layer.groups);
    }
    CHECK(in == stored.at("glt_in").get<std::vector<int>>());
    CHECK(out == stored.at("glt_out").get<std::vector<int>>());
    CHECK(groups == stored.at("groups").get<std::vector<int>>());
    return 3 * in.size();
}

}  // namespace

TEST_SUITE("golden/delight_plans") {
    TEST_CASE("plans, counts and what cannot be built are the reference's") {
        Golden golden("delight/b_dextra_plans.json");
        for (const auto& path : golden.files()) {
            std::size_t values = 0;
            for (const Json& stored : read(path)) {
                CAPTURE(stored.dump());
                const DExTraShape shape{
                    .in_dim = integer(stored, "in_features"),
                    .inner_dim = integer(stored, "in_proj_features"),
                    .out_dim = integer(stored, "out_features"),
                    .depth = integer(stored, "dextra_depth"),
                    .width_thousandths = thousandths(stored.at("width_multiplier")),
                    .max_groups = integer(stored, "max_glt_groups"),
                    .variant = stored.at("define_iclr").get<bool>() ? DExTraVariant::define
                                                                    : DExTraVariant::dextra};
                const DExTraPlan plan = dextra_plan(shape);
                values += check_layers(plan, stored) + 1;
                if (!stored.at("runs").get<bool>()) {
                    CHECK_THROWS_AS(validate(shape), hat::Error);
                    continue;
                }
                CHECK_NOTHROW(validate(shape));
                CHECK(plan.parameters() == stored.at("params_total_ln_bias").get<std::int64_t>());
                CHECK(plan.parameters() == stored.at("params_by_counter").get<std::int64_t>());
                CHECK(plan.macs() == stored.at("macs_per_token").get<std::int64_t>());
                values += 3;
            }
            golden.add(path, values);
        }
    }

    TEST_CASE("depths and widths of blocks, and the units they give, are the reference's") {
        Golden golden("delight/f_block_scaling.json");
        for (const auto& path : golden.files()) {
            const Json file = read(path);
            std::size_t values = 0;
            for (const Json& stored : file.at("block_scaling_only")) {
                CAPTURE(stored.dump());
                const hat::model::BlockScaling scaling{.min_depth = integer(stored, "N_min"),
                                                       .max_depth = integer(stored, "N_max"),
                                                       .width_thousandths =
                                                           thousandths(stored.at("w_m")),
                                                       .blocks = integer(stored, "B")};
                for (int b = 0; b < scaling.blocks; ++b) {
                    const auto slot = static_cast<std::size_t>(b);
                    const auto scale = block_scale(scaling, b);
                    CHECK(scale.depth == stored.at("N").at(slot).get<int>());
                    CHECK(scale.width_thousandths == thousandths(stored.at("width").at(slot)));
                    values += 2;
                }
            }
            for (const Json& stored : file.at("models")) {
                const int dim = integer(stored, "d_m");
                const int max_groups = integer(stored, "max_glt_groups");
                CAPTURE(stored.at("setting").get<std::string>());
                CAPTURE(dim);
                CHECK(hat::model::default_max_groups(dim) == max_groups);
                ++values;
                for (const char* side : {"encoder", "decoder"}) {
                    if (!stored.contains(side)) continue;
                    const Json& blocks = stored.at(side);
                    const hat::model::BlockScaling scaling{
                        .min_depth = integer(blocks.front(), "N"),
                        .max_depth = integer(blocks.back(), "N"),
                        .width_thousandths = thousandths(blocks.front().at("width_multiplier")),
                        .blocks = static_cast<int>(blocks.size())};
                    for (const Json& block : blocks) {
                        const auto scale = block_scale(scaling, integer(block, "block"));
                        CHECK(scale.depth == integer(block, "N"));
                        CHECK(scale.width_thousandths == thousandths(block.at("width_multiplier")));
                        const DExTraShape shape{.in_dim = dim,
                                                .inner_dim = dim / 2,
                                                .out_dim = dim / 2,
                                                .depth = scale.depth,
                                                .width_thousandths = scale.width_thousandths,
                                                .max_groups = max_groups};
                        const DExTraPlan plan = dextra_plan(shape);
                        values += check_layers(plan, block) + 4;
                        CHECK(plan.parameters() == integer(block, "dextra_params"));
                        CHECK(plan.max_width() == integer(block, "max_width"));
                    }
                }
                const Json& unit = stored.at("embedding_unit");
                const DExTraPlan plan =
                    dextra_plan({.in_dim = integer(unit, "in_features"),
                                 .inner_dim = integer(unit, "in_proj_features"),
                                 .out_dim = integer(unit, "out_features"),
                                 .depth = integer(unit, "N"),
                                 .width_thousandths = thousandths(unit.at("width_multiplier")),
                                 .max_groups = integer(unit, "max_glt_groups")});
                values += check_layers(plan, unit) + 1;
                CHECK(plan.parameters() == integer(unit, "dextra_params"));
            }
            golden.add(path, values);
        }
    }

    TEST_CASE("dropout probabilities of the published models are the reference's") {
        Golden golden("delight_published_models.json");
        for (const auto& path : golden.files()) {
            const Json file = read(path);
            std::size_t values = 0;
            for (const Json& stored : file.at("models")) {
                const auto task = stored.at("task").get<std::string>();
                const int dim = integer(stored, "d_m");
                CAPTURE(task);
                CAPTURE(dim);
                const auto rates = task == "wmt14_en_de"   ? hat::model::wmt14_en_de_dropout(dim)
                                   : task == "wmt14_en_fr" ? hat::model::wmt14_en_fr_dropout(dim)
                                   : task == "wmt16_en_ro" ? hat::model::wmt16_en_ro_dropout(dim)
                                   : task == "wikitext103" ? hat::model::wikitext103_dropout(dim)
                                                           : hat::model::iwslt14_dropout(dim);
                const Json& hyper = stored.at("hyper");
                CHECK(rates.residual == hyper.at("dropout").get<double>());
                CHECK(rates.residual == hyper.at("ffn_dropout").get<double>());
                CHECK(rates.attention == hyper.at("attention_dropout").get<double>());
                CHECK(rates.dextra == hyper.at("delight_dropout").get<double>());
                CHECK(rates.embedding == hyper.at("delight_emb_dropout").get<double>());
                CHECK(rates.position == hyper.at("pe_dropout").get<double>());
                values += 6;
            }
            golden.add(path, values);
        }
    }
}
