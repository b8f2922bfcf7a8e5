// SPDX-License-Identifier: Apache-2.0
#include <hat/model/block_scaling.hpp>

#include <doctest/doctest.h>

#include <vector>

using hat::model::block_scale;
using hat::model::BlockScale;
using hat::model::BlockScaling;
using hat::model::default_max_groups;
using hat::model::scaled_dropout;

TEST_SUITE("model/block_scaling") {
    TEST_CASE("blocks become deeper and wider from the first to the last") {
        constexpr BlockScaling scaling{};
        static_assert(block_scale(scaling, 0) == BlockScale{4, 2000});
        static_assert(block_scale(scaling, 1) == BlockScale{4, 2143});
        static_assert(block_scale(scaling, 7) == BlockScale{8, 3000});
        std::vector<int> depths;
        for (int b = 0; b < 8; ++b) depths.push_back(block_scale(scaling, b).depth);
        CHECK(depths == std::vector{4, 4, 5, 5, 6, 6, 7, 8});  // rounded down
    }

    TEST_CASE("uniform scaling gives all blocks the same") {
        for (int b = 0; b < 5; ++b) {
            CHECK(block_scale({.min_depth = 6, .max_depth = 6, .blocks = 5}, b) ==
                  BlockScale{6, 2000});
        }
    }

    TEST_CASE("one block has the least depth and width") {
        CHECK(block_scale({.blocks = 1}, 0) == BlockScale{4, 2000});
    }

    TEST_CASE("what cannot be scaled is an error") {
        CHECK_THROWS_WITH_AS((void)block_scale({.min_depth = 4, .max_depth = 21}, 0),
                             "block scaling: depths 4 … 21 are not within 1 … 20", hat::Error);
        CHECK_THROWS_WITH_AS((void)block_scale({.min_depth = 5, .max_depth = 4}, 0),
                             "block scaling: depths 5 … 4 are not within 1 … 20", hat::Error);
        CHECK_THROWS_WITH_AS((void)block_scale({}, 8), "block scaling: there is no block 8 among 8",
                             hat::Error);
    }

    TEST_CASE("the group cap is the least power of two that leaves at most 32 features a group") {
        const auto caps = [](int first, int last, int groups) {
            for (int dim = first; dim <= last; dim += 32) CHECK(default_max_groups(dim) == groups);
        };
        caps(32, 32, 1);
        caps(64, 64, 2);
        caps(96, 128, 4);
        caps(160, 256, 8);
        caps(288, 512, 16);
        caps(544, 1024, 32);
        CHECK_THROWS_WITH_AS((void)default_max_groups(100),
                             "DeLighT: the model's width 100 is not a positive multiple of 32",
                             hat::Error);
    }

    TEST_CASE("scaled dropout rounds the exact double, and no further than its maximum") {
        static_assert(scaled_dropout(0.3, 1024, 256, 0.3) == 0.07);  // of 0.07499…
        static_assert(scaled_dropout(0.3, 512, 384, 0.3) == 0.23);   // of 0.22500…1
        static_assert(scaled_dropout(0.5, 4, 1, 1.0) == 0.12);       // of 0.125, a tie
        static_assert(scaled_dropout(0.375, 1, 1, 1.0) == 0.38);     // of 0.375, a tie
        CHECK(scaled_dropout(0.1, 512, 1024, 0.1) == 0.1);
        CHECK(scaled_dropout(0.1, 512, 1024, 0.3) == 0.2);
    }
}
