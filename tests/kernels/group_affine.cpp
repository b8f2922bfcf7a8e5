// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/group_affine.hpp>
#include <hat/kernels/group_linear.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <vector>

using hat::Fixed;
using hat::Matrix;
using hat::MatrixView;
using hat::VectorView;
using hat::kernels::group_affine;
using hat::support::Operand;
using hat::support::same_bits;

namespace {

// Two groups of two inputs and three outputs.
constexpr std::array weight{1.0F, 2.0F,  3.0F,   4.0F,    5.0F, 6.0F,
                            1.0F, 10.0F, 100.0F, 1000.0F, 0.0F, -1.0F};
constexpr std::array bias{0.0F, 0.5F, 0.0F, 0.0F, 0.0F, 7.0F};
constexpr std::array x{1.0F, 1.0F, 2.0F, 3.0F};

template <bool Shuffle>
constexpr std::array<float, 6> transformed() {
    std::array<float, 6> y{};
    group_affine(MatrixView<const float, Fixed<1>, Fixed<4>>(x.data(), {}, {}),
                 MatrixView<const float, Fixed<6>, Fixed<2>>(weight.data(), {}, {}),
                 VectorView<const float, Fixed<6>>(bias.data(), {}), Fixed<2>{}, Shuffle,
                 MatrixView<float, Fixed<1>, Fixed<6>>(y.data(), {}, {}));
    return y;
}

}  // namespace

TEST_SUITE("kernels/group_affine") {
    TEST_CASE("the compiler transforms features by hand-made weights") {
        static_assert(transformed<false>() == std::array{3.0F, 7.5F, 11.0F, 32.0F, 3200.0F, 4.0F});
        static_assert(transformed<true>() == std::array{3.0F, 32.0F, 7.5F, 3200.0F, 11.0F, 4.0F});
        CHECK(transformed<true>() == std::array{3.0F, 32.0F, 7.5F, 3200.0F, 11.0F, 4.0F});
    }

    TEST_CASE("static and dynamic extents give the bits of the packed kernel") {
        hat::Random random(1);
        const Operand in(random, 5, 24, 3);
        const Operand w(random, 48, 6, 2, 0.3);
        const Operand b(random, 1, 48);
        std::vector<float> panels(
            static_cast<std::size_t>(hat::kernels::packed_groups_size(48, 6, 4)));
        hat::Arena scratch;
        for (const bool shuffle : {false, true}) {
            Operand packed(5, 48, 1);
            hat::kernels::group_linear(
                {in.view(), hat::kernels::pack_groups(w.view(), 4, panels.data())}, {}, b.vector(),
                {.groups = 4, .shuffle = shuffle}, {}, packed.view(), scratch);
            Operand dynamic(5, 48, 2);
            group_affine(hat::ConstMatrix(in.view()), hat::ConstMatrix(w.view()),
                         hat::ConstVector(b.vector()), 4, shuffle, Matrix(dynamic.view()));
            CHECK(same_bits(dynamic.view(), packed.view()));
            Operand fixed(5, 48, 0);
            const hat::ConstMatrix from = in.view();
            const hat::ConstMatrix by = w.view();
            group_affine(
                MatrixView<const float, int, Fixed<24>>(from.data(), 5, {}, from.stride()),
                MatrixView<const float, Fixed<48>, Fixed<6>>(by.data(), {}, {}, by.stride()),
                VectorView<const float, Fixed<48>>(b.vector().data(), {}), Fixed<4>{}, shuffle,
                MatrixView<float, int, Fixed<48>>(fixed.view().data(), 5, {}));
            CHECK(same_bits(fixed.view(), packed.view()));
        }
    }

    TEST_CASE("without a bias the sums begin at zero") {
        std::array<float, 6> y{};
        group_affine(hat::ConstMatrix(x.data(), 1, 4), hat::ConstMatrix(weight.data(), 6, 2),
                     hat::ConstVector{}, 2, false, Matrix(y.data(), 1, 6));
        CHECK(y == std::array{3.0F, 7.0F, 11.0F, 32.0F, 3200.0F, -3.0F});
    }
}
