// SPDX-License-Identifier: Apache-2.0
#include <hat/io/io.hpp>
#include <hat/model/parameters.hpp>
#include <hat/model/presets.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

using namespace hat::io;
using hat::Slab;

TEST_SUITE("io/io") {
    TEST_CASE("what its description shows holds: a model that was saved has its weights again") {
        const hat::support::TemporaryDirectory parent;
        ModelConfig config;
        config.architecture = hat::model::transformer_tiny(10);
        const auto saved = hat::model::parameter_layout(config.architecture);
        Slab values(saved.table);
        for (std::ptrdiff_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
        save_model_directory(parent / "model", config, saved.table, values, "subword", "# card\n");

        const auto directory = ModelDirectory::open(parent / "model");
        const auto layout = hat::model::parameter_layout(directory.config().architecture);
        Slab weights(layout.table);
        directory.load_weights(layout.table, weights);
        for (const auto& entry : layout.table) {
            CAPTURE(entry.name);
            const float* const first = weights.data() + entry.offset;
            CHECK(std::equal(first, first + entry.size(), values.data() + entry.offset));
        }
    }
}
