// SPDX-License-Identifier: Apache-2.0
#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/path.hpp>

#include <doctest/doctest.h>

using hat::Path;

TEST_SUITE("core/path") {
    TEST_CASE("a path is spelled from the root, indices behind their list; no name, no dot") {
        const Path root;
        const Path side{&root, "encoder"};
        const Path layer{&side, "layers", 0};
        const Path unnamed{&layer, ""};
        const Path weight{&unnamed, "weight"};
        CHECK(root.text().empty());
        CHECK(weight.text() == "encoder.layers.0.weight");
    }

    TEST_CASE("a weight fits what is fixed of its shape, or is named with both shapes") {
        const Path weight{nullptr, "weight"};
        hat::check_fixed<hat::Fixed<3>, int>(weight, 3, 5);
        CHECK_THROWS_WITH_AS((hat::check_fixed<hat::Fixed<3>, hat::Fixed<4>>(weight, 3, 5)),
                             "weight: is [3, 5], but here it is fixed at [3, 4]", hat::Error);
    }
}
