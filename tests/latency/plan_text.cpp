// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/spaces.hpp>
#include <hat/latency/plan_text.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace hat::latency;
using hat::elastic::DesignSpace;
using hat::model::Architecture;

namespace {

DesignSpace space() {
    return with_vocabulary(hat::elastic::multi30k_space(), 8000, 8000);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto place = text.find(what);
    REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), by);
}

void check_rejected(const std::string& text, const char* message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(plan_from_text(text, "plan")), message, hat::Error);
}

}  // namespace

TEST_SUITE("latency/plan_text") {
    TEST_CASE("a plan is written and read") {
        LatencyPlan plan = plan_latency(
            space(), {.lengths = {{12, 14}, {9, 8}}, .beam = 4, .time = TimeKind::wall}, 5, 1);
        CHECK(plan_from_text(plan_to_text(plan), "plan") == plan);
        plan.super.activation = hat::Activation::gelu;
        for (Architecture& member : plan.members) member.activation = hat::Activation::gelu;
        CHECK(plan_from_text(plan_to_text(plan), "plan") == plan);
        CHECK(plan_to_text(plan).starts_with(conditions_text(plan)));
    }

    TEST_CASE("a plan written by hand may have comments and leave out what is usual") {
        const LatencyPlan plan = plan_from_text("# mine\n"
                                                "hat_latency_plan: 1\r\n"
                                                "beam: 1\n"
                                                "lengths: fixed:23\n"
                                                "\n"
                                                "source_vocab_size: 100\n"
                                                "target_vocab_size: 90\n"
                                                "encoder_layers: 1\n"
                                                "decoder_layers: 2\n"
                                                "encoder_embed_dim: 64\n"
                                                "decoder_embed_dim: 48\n"
                                                "qkv_dim: 32\n"
                                                "encoder_ffn_dims: 128\n"
                                                "encoder_heads: 4\n"
                                                "decoder_ffn_dims: 128,96\n"
                                                "decoder_heads: 4,4\n"
                                                "decoder_cross_heads: 4,4\n"
                                                "decoder_attended_layers: 1,1\n"
                                                "e64:64x4/d48:96x4x2x1",
                                                "plan");
        CHECK(plan.workload.lengths == std::vector<PairLength>{{23, 23}});
        CHECK(plan.super.decoder.layer_shapes[1].ffn_dim == 96);
        REQUIRE(plan.members.size() == 1);
        CHECK(plan.members[0].decoder.layer_count == 1);
        CHECK(plan.members[0].target_vocab_size == 90);
    }

    TEST_CASE("a plan is known by its first line, alone or beside a table") {
        CHECK(looks_like_plan(plan_to_text(plan_latency(space(), {.lengths = {{12, 14}}}, 2, 1))));
        CHECK(looks_like_plan("# device: a machine\nhat_latency_plan: 1\n"));
        CHECK_FALSE(looks_like_plan("# plans\nhat_latency_plan: 1\n"));
        CHECK_FALSE(looks_like_plan(""));
    }

    TEST_CASE("what is wrong in a plan is named with its line") {
        const std::string good = plan_to_text(plan_latency(space(), {}, 2, 1));
        check_rejected("", "plan: expected a line \"hat_latency_plan: …\", found none");
        check_rejected(replaced(good, "plan: 1", "plan: 2"),
                       "plan: is a plan of version 2, expected 1");
        check_rejected(replaced(good, "beam: 5", "beam: five"),
                       "plan:2: beam: expected a number from 0 to 2147483647, found \"five\"");
        check_rejected(replaced(good, "beam: 5", "beam: 5\nbeam: 5"),
                       "plan:3: beam appears twice (first in line 2)");
        check_rejected(replaced(good, "beam: 5", "beam: 5\nbeams: 5"),
                       "plan:3: there is no field beams");
        std::string fields;
        for (int i = 0; i < 300; ++i) fields += "field_" + std::to_string(i) + ": 1\n";
        check_rejected(fields, "plan:201: has more than 200 fields, which no plan has");
        check_rejected(replaced(good, "qkv_dim: 128", ""),
                       "plan: expected a line \"qkv_dim: …\", found none");
        check_rejected(replaced(good, "encoder_heads: 8,", "encoder_heads: "),
                       "plan:14: encoder_heads: expected 6 numbers, one a layer");
        check_rejected(replaced(good, "encoder_heads: 8,", "encoder_heads: 7,"),
                       "plan: architecture: encoder layer 0: heads = 7 does not divide qkv_dim = "
                       "128");
        check_rejected(replaced(good, "sharing: all", "sharing: some"),
                       "plan:24: sharing: expected one of none, decoder_input_output, all; found "
                       "\"some\"");
        check_rejected(conditions_text(plan_latency(space(), {}, 1, 1)),
                       "plan: names no network: expected a gene string a line");
        check_rejected(good + "e999:384x4/d128:384x4x4x1\n",
                       "plan:43: architecture: encoder_embed_dim = 999 exceeds the super "
                       "network's 192");
        check_rejected(
            good + "what is this\n",
            "plan:43: expected \"name: value\" or a gene string, found \"what is this\"");
    }
}
