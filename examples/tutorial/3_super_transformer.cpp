// SPDX-License-Identifier: Apache-2.0

/// One set of weights for many networks: what a SuperTransformer shares, and what training it is
/// for.

#include <hat/elastic/cardinality.hpp>
#include <hat/model/counts.hpp>

#include "super.hpp"

#include <cstdio>

int main() {
    const hat::elastic::DesignSpace space = letters::design_space();
    const hat::model::Architecture largest = hat::elastic::largest(space);
    const hat::model::Architecture smallest = hat::elastic::smallest(space);
    std::printf("%s networks, of %d to %d parameters in their layers\n",
                cardinality(space).text().c_str(), int(layer_parameters(smallest)),
                int(layer_parameters(largest)));

    hat::elastic::SuperTransformer super(space.super);
    super.network().initialize(1);
    hat::ThreadPool pool;
    letters::train_super(super.network(), space, pool);

    const auto whole = super.sub_transformer(largest);
    const auto part = super.sub_transformer(smallest);
    const auto& wide = whole.encoder_layers[0].feed_forward.first.weight.value;
    const auto& narrow = part.encoder_layers[0].feed_forward.first.weight.value;
    std::printf("feed-forward layers of %d and %d outputs, %s\n", wide.rows(), narrow.rows(),
                wide.data() == narrow.data() ? "in one place" : "apart");

    hat::train::Validator validator(letters::corpus(200, 2), pool);
    std::printf("loss of the largest %.3f, of the smallest %.3f\n", validator(whole, 0).loss(),
                validator(part, 0).loss());

    hat::model::Network alone(largest);
    alone.initialize(1);
    letters::train(alone, 400, pool);
    std::printf("of a network trained alone %.3f, of its smallest part %.3f\n",
                validator(alone.view(), 0).loss(), validator(alone.view(smallest), 0).loss());
}

// Output:
// 5760 networks, of 8784 to 42752 parameters in their layers
// feed-forward layers of 64 and 32 outputs, in one place
// loss of the largest 0.011, of the smallest 0.033
// of a network trained alone 0.015, of its smallest part 3.524
