// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/extent.hpp>
#include <hat/kernels/bfloat16.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/packed_matrix.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <type_traits>

using namespace hat::kernels;
using hat::Fixed;
using hat::support::Operand;

// Equal sizes that are fixed cost no room, and fixed ones become those of run time, not the
// reverse.
static_assert(sizeof(PackedMatrix<Fixed<64>, Fixed<64>>) == 2 * sizeof(void*));
static_assert(std::is_convertible_v<PackedMatrix<Fixed<64>, Fixed<32>, Int8>, PackedOf<Int8>>);
static_assert(!std::is_convertible_v<PackedOf<Int8>, PackedMatrix<Fixed<64>, Fixed<32>, Int8>>);
static_assert(!std::is_convertible_v<PackedOf<Int8>, PackedOf<Float32>>);

TEST_SUITE("kernels/packed_matrix") {
    TEST_CASE_TEMPLATE("panels of outputs go on one behind the other in every format", Format,
                       Float32, Bfloat16, Int8) {
        for (const int inputs : {1, 5, 16}) {
            for (const int outputs : {1, 16, 40}) {
                const Operand weight(outputs, inputs, 0, 1.0F);
                const std::ptrdiff_t size = packed_size<Format>(outputs, inputs);
                hat::AlignedArray<typename Format::Element> memory(size);
                const auto packed = pack<Format>(weight.view(), memory.data());
                CHECK(packed.panels() == (outputs + 15) / 16);
                CHECK(packed.panel_stride() * packed.panels() == size);
                CHECK(packed.panel_stride() == Format::panel_stride(inputs));
                CHECK(packed.outputs() == outputs);
                CHECK(packed.inputs() == inputs);
            }
        }
    }

    TEST_CASE_TEMPLATE("a part has the panels of the whole", Format, Float32, Bfloat16, Int8) {
        const Operand weight(48, 12, 0, 1.0F);
        hat::AlignedArray<typename Format::Element> memory(packed_size<Format>(48, 12));
        const auto packed = pack<Format>(weight.view(), memory.data());
        const auto part = packed.top_left(20, 7);
        CHECK(part.data() == packed.data());
        CHECK(part.panel_stride() == packed.panel_stride());
        CHECK(part.outputs() == 20);
        CHECK(part.inputs() == 7);
        const auto middle = packed.middle_outputs(16, 20);
        CHECK(middle.data() == packed.data() + packed.panel_stride());
        CHECK(middle.outputs() == 20);
        CHECK(middle.inputs() == 12);
    }

    TEST_CASE("a matrix of nothing is empty") {
        CHECK(PackedOf<Int8>().empty());
        CHECK(packed_size<Int8>(0, 5) == 0);
    }
}
