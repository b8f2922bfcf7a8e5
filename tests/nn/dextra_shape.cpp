// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/dextra_shape.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

using hat::nn::dextra_plan;
using hat::nn::DExTraPlan;
using hat::nn::DExTraShape;
using hat::nn::DExTraVariant;
using hat::nn::GroupLinearShape;
using hat::nn::linspace;
using hat::nn::StaticDExTraShape;
using hat::nn::validate;

namespace {

/// Block 0 of the published models of width 256.
constexpr DExTraShape published{.in_dim = 256,
                                .inner_dim = 128,
                                .out_dim = 128,
                                .depth = 4,
                                .width_thousandths = 2000,
                                .max_groups = 8};

constexpr DExTraShape with(int DExTraShape::*field, int value) {
    DExTraShape shape = published;
    shape.*field = value;
    return shape;
}

}  // namespace

TEST_SUITE("nn/dextra_shape") {
    TEST_CASE("a plan is known to the compiler") {
        using Static = StaticDExTraShape<published>;
        static_assert(Static::plan.input == GroupLinearShape{256, 128, 1});
        static_assert(Static::plan.layers()[0] == GroupLinearShape{128, 128, 2});
        static_assert(Static::plan.layers()[1] == GroupLinearShape{256, 512, 4});
        static_assert(Static::plan.layers()[2] == GroupLinearShape{640, 512, 4});
        static_assert(Static::plan.layers()[3] == GroupLinearShape{640, 128, 2});
        static_assert(Static::plan.output == GroupLinearShape{256, 128, 1});
        static_assert(Static::plan.parameters() == 232'192);
        static_assert(Static::plan.max_width() == 512);
        CHECK(Static::plan == dextra_plan(published));
    }

    TEST_CASE("at run time a plan is what the compiler says, at every depth and multiplier") {
        constexpr auto all = [] {
            std::int64_t sum = 0;
            for (int depth = 2; depth <= 20; ++depth) {
                for (int width = 1000; width <= 4000; width += 617) {
                    DExTraShape shape = with(&DExTraShape::depth, depth);
                    shape.width_thousandths = width;
                    const DExTraPlan plan = dextra_plan(shape);
                    for (const auto& layer : plan.layers()) {
                        sum = (sum * 31 + layer.in_dim) * 31 + layer.out_dim + layer.groups;
                        sum %= 1'000'003;
                    }
                }
            }
            return sum;
        };
        constexpr std::int64_t at_compile_time = all();
        CHECK(all() == at_compile_time);
    }

    TEST_CASE("widths and groups of DExTra grow to the middle, those of DeFINE go another way") {
        DExTraShape shape = with(&DExTraShape::depth, 7);
        const auto groups = [&] {
            std::vector<int> g;
            const DExTraPlan plan = dextra_plan(shape);
            for (const auto& layer : plan.layers()) g.push_back(layer.groups);
            return g;
        };
        CHECK(groups() == std::vector{2, 4, 8, 8, 8, 4, 2});
        CHECK(dextra_plan(shape).shuffles);
        shape.variant = DExTraVariant::define;
        CHECK(groups() == std::vector{4, 2, 1, 8, 4, 2, 1});
        CHECK_FALSE(dextra_plan(shape).shuffles);
        const DExTraPlan plan = dextra_plan(shape);
        for (std::size_t i = 1; i + 1 < plan.layers().size(); ++i) {
            CHECK(plan.layers()[i].out_dim > plan.layers()[i - 1].out_dim);
        }
    }

    TEST_CASE("a layer's input is what the first layer made and the output of the one before") {
        for (int depth = 2; depth <= 20; ++depth) {
            const DExTraPlan plan = dextra_plan(with(&DExTraShape::depth, depth));
            CHECK(plan.layers()[0].in_dim == 128);
            for (std::size_t i = 1; i < plan.layers().size(); ++i) {
                CHECK(plan.layers()[i].in_dim == plan.layers()[i - 1].out_dim + 128);
            }
            CHECK(plan.layers().back().out_dim == 128);
        }
    }

    TEST_CASE("a linear sequence ends exactly where it must") {
        static_assert(linspace(1.0, 3.0, 5, 1) == 1.5);
        CHECK(linspace(0.1, 0.7, 4, 0) == 0.1);
        CHECK(linspace(0.1, 0.7, 4, 3) == 0.7);
        CHECK(linspace(5.0, 9.0, 1, 0) == 5.0);
    }

    TEST_CASE("a shape that cannot be built is an error that says why") {
        CHECK_NOTHROW(validate(published));
        const auto error = [](int DExTraShape::*field, int value, const char* message) {
            CHECK_THROWS_WITH_AS(validate(with(field, value)), message, hat::Error);
        };
        error(&DExTraShape::in_dim, 0, "DExTra: a width is not in 1 … 65536: found 0");
        error(&DExTraShape::out_dim, 65537, "DExTra: a width is not in 1 … 65536: found 65537");
        error(&DExTraShape::depth, 1, "DExTra: the depth is not in 2 … 20: found 1");
        error(&DExTraShape::depth, 21, "DExTra: the depth is not in 2 … 20: found 21");
        error(&DExTraShape::width_thousandths, 0,
              "DExTra: width_thousandths is not in 1 … 64000: found 0");
        error(&DExTraShape::max_groups, 0, "DExTra: max_groups is not in 1 … 65536: found 0");
        error(&DExTraShape::in_dim, 255, "DExTra: in_dim is odd: found 255");
        error(&DExTraShape::in_dim, 260,
              "DExTra: in_dim is not a multiple of max_groups: found 260 and 8");
        error(&DExTraShape::inner_dim, 130,
              "DExTra: inner_dim is not a multiple of the groups of a layer: found 130 and 4");
        error(&DExTraShape::out_dim, 129,
              "DExTra: the width of a layer is not a multiple of its groups: found 129 and 2");
        DExTraShape odd_groups = published;  // 12 groups follow 8
        odd_groups.in_dim = 240;
        odd_groups.inner_dim = odd_groups.out_dim = 120;
        odd_groups.max_groups = 12;
        odd_groups.depth = 8;
        odd_groups.width_thousandths = 1900;
        CHECK_THROWS_WITH_AS(
            validate(odd_groups),
            "DExTra: the width of a layer is not a multiple of its groups: found 348 and 8",
            hat::Error);
        odd_groups.width_thousandths = 1950;
        CHECK_THROWS_WITH_AS(validate(odd_groups),
                             "DExTra: the width of a layer is not a multiple of the next one's "
                             "groups: found 468 and 8",
                             hat::Error);
    }
}
