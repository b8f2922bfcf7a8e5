// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/elastic.hpp>

#include <doctest/doctest.h>

using namespace hat::elastic;

TEST_SUITE("elastic/elastic") {
    TEST_CASE("what its description shows holds: a member of a space is a view of the super one") {
        const DesignSpace space = with_vocabulary(multi30k_space(), 80, 80);
        SuperTransformer super(largest(space));
        hat::Random random(1);
        const hat::model::Architecture genes = sample(space, random);
        const auto sub = super.sub_transformer(genes);
        CHECK(sub.architecture == genes);
        const auto& first = sub.encoder_layers[0].feed_forward.first.weight.value;
        CHECK(first.rows() == genes.encoder.layer_shapes[0].ffn_dim);
        CHECK(first.cols() == genes.encoder.embed_dim);
        const auto all = super.sub_transformer(largest(space));
        CHECK(first.data() == all.encoder_layers[0].feed_forward.first.weight.value.data());
    }
}
