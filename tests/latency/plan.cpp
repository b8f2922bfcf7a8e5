// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/latency/plan.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace hat::latency;
using hat::elastic::DesignSpace;
using hat::model::Architecture;

namespace {

DesignSpace space() {
    return with_vocabulary(hat::elastic::multi30k_space(), 8000, 8000);
}

}  // namespace

TEST_SUITE("latency/plan") {
    TEST_CASE("a plan begins with the middle, the largest and the smallest member") {
        const LatencyPlan plan = plan_latency(space(), {}, 50, 1);
        REQUIRE(plan.members.size() == 50);
        CHECK(hat::elastic::gene_string(plan.members[0]) ==
              "e128:384x4+384x4+384x4+384x4+384x4/"
              "d128:384x4x4x2+384x4x4x2+384x4x4x2+384x4x4x2");
        CHECK(plan.members[1] == largest(space()));
        CHECK(plan.members[2] == smallest(space()));
        for (auto member = plan.members.begin(); member != plan.members.end(); ++member) {
            CHECK(contains(space(), *member));
            CHECK(std::find(plan.members.begin(), member, *member) == member);
        }
    }

    TEST_CASE("a longer plan begins as a shorter one, another seed draws others") {
        const LatencyPlan shorter = plan_latency(space(), {}, 10, 1);
        const LatencyPlan longer = plan_latency(space(), {}, 20, 1);
        CHECK(std::equal(shorter.members.begin(), shorter.members.end(), longer.members.begin()));
        CHECK(plan_latency(space(), {}, 10, 2).members[5] != shorter.members[5]);
    }

    TEST_CASE("a plan goes where predictions would be least certain: to the ends of the space") {
        const auto worst = [](const LatencyPlan& plan) {
            LatencyDesign design(latency_features(largest(space())));
            for (const Architecture& member : plan.members) design.add(latency_features(member));
            double most = 0;
            hat::Random random(9);
            for (int i = 0; i < 200; ++i) {
                const auto end = i % 2 == 0 ? smallest(space()) : largest(space());
                const auto near = hat::elastic::mutate(space(), end, 0.2, random);
                most = std::max(most, design.variance(latency_features(near)));
            }
            return most;
        };
        LatencyPlan uniform{space().super, {}, {}};
        hat::Random random(1);
        uniform.members = {middle(space()), largest(space()), smallest(space())};
        while (uniform.members.size() < 50)
            uniform.members.push_back(hat::elastic::sample(space(), random));
        CHECK(worst(plan_latency(space(), {}, 50, 1)) < 0.5 * worst(uniform));
    }

    TEST_CASE("a small space is measured whole") {
        DesignSpace one = space();
        for (auto* choices :
             {&one.encoder_embed_dims, &one.decoder_embed_dims, &one.encoder_layer_counts,
              &one.decoder_layer_counts, &one.encoder_ffn_dims, &one.encoder_heads,
              &one.decoder_ffn_dims, &one.decoder_heads, &one.decoder_cross_heads,
              &one.decoder_attended_layers}) {
            choices->resize(1);
        }
        CHECK(plan_latency(one, {}, 50, 1).members.size() == 1);
        one.encoder_embed_dims = {192, 128};
        one.decoder_embed_dims = {192, 128};
        CHECK(plan_latency(one, {}, 50, 1).members.size() == 4);
    }

    TEST_CASE("every way to serve is measured, and the sentinel has all tokens") {
        DesignSpace served = space();
        served.weight_bits = {32, 8};
        served.listed_tokens = {0, 512};
        const LatencyPlan plan = plan_latency(served, {}, 24, 1);
        CHECK(plan.members.front().serving == hat::model::Serving{32, 0});
        for (const int bits : served.weight_bits)
            for (const int listed : served.listed_tokens)
                CHECK(std::count_if(plan.members.begin(), plan.members.end(),
                                    [&](const Architecture& member) {
                                        return member.serving == hat::model::Serving{bits, listed};
                                    }) >= 3);
    }
}
