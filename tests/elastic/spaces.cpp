// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/spaces.hpp>
#include <hat/model/counts.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace hat::elastic;
using hat::model::layer_parameters;

TEST_SUITE("elastic/spaces") {
    TEST_CASE("every named space is valid and found by its name") {
        for (const NamedSpace& named : named_spaces) {
            CAPTURE(named.name);
            CHECK(is_built_in_space(named.name));
            CHECK(built_in_space(named.name) == named.make());
            CHECK_NOTHROW(validate(named.make()));
            CHECK_NOTHROW(validate(with_vocabulary(named.make(), 5000, 5000)));
        }
    }

    TEST_CASE("a name that no space has is an error listing those there are") {
        CHECK_FALSE(is_built_in_space("wmt"));
        CHECK_THROWS_WITH_AS(
            static_cast<void>(built_in_space("wmt")),
            "design space: there is none called \"wmt\"; built in are wmt-space0, iwslt-space1, "
            "wmt-latency, iwslt-latency, multi30k, quickstart, quick, joint",
            hat::Error);
    }

    TEST_CASE("the largest members of the published spaces are the published SuperTransformers") {
        CHECK(largest(with_vocabulary(wmt_space(), 32768, 32768)) ==
              hat::model::hat_super_wmt(32768));
        CHECK(largest(with_vocabulary(iwslt_space(), 8848, 6632)) ==
              hat::model::hat_super_iwslt(8848, 6632));
    }

    TEST_CASE("the published spaces reach as far as published") {
        CHECK(layer_parameters(largest(wmt_space())) == 70'900'992);
        CHECK(layer_parameters(smallest(wmt_space())) == 15'771'136);
        CHECK(layer_parameters(largest(iwslt_space())) == 55'160'064);
        CHECK(layer_parameters(smallest(iwslt_space())) == 12'097'536);
    }

    TEST_CASE("the space for Multi30k reaches from above Transformer-Tiny to far below it") {
        const DesignSpace space = with_vocabulary(multi30k_space(), 10000, 10000);
        const auto top = largest(space);
        CHECK(top.encoder.layer_count == 6);
        CHECK(top.decoder.layer_count == 6);
        CHECK(top.encoder.embed_dim == 192);
        CHECK(top.decoder.layer_shapes[5].ffn_dim == 512);
        CHECK(top.decoder.layer_shapes[5].heads == 8);
        const auto tiny = hat::model::transformer_tiny(10000);
        CHECK(layer_parameters(top) > 3 * layer_parameters(tiny));
        CHECK(2 * layer_parameters(smallest(space)) < layer_parameters(tiny));
        const auto work = [](const hat::model::Architecture& a) {
            const auto macs = hat::model::macs(a, 14, 14);
            return macs.linear + macs.attention + macs.output_projection;
        };
        CHECK(3 * work(smallest(space)) < 2 * work(tiny));
    }

    TEST_CASE("vocabularies are no part of a named space") {
        for (const NamedSpace& named : named_spaces) {
            CHECK(named.make().super.source_vocab_size == 0);
            CHECK(named.make().super.target_vocab_size == 0);
        }
        CHECK(with_vocabulary(iwslt_space(), 3, 4).super.source_vocab_size == 3);
        CHECK(with_vocabulary(iwslt_space(), 3, 4).super.target_vocab_size == 4);
    }
}
