// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/bfloat16.hpp>
#include <hat/kernels/gather_outputs.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/packed_gemm.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

using hat::Arena;
using hat::Matrix;
using hat::kernels::gather_outputs;
using hat::kernels::PackedOf;

namespace {

Matrix random_matrix(Arena& memory, int rows, int cols, std::uint64_t seed) {
    hat::Random random{hat::RandomKey(seed)};
    const Matrix m = memory.matrix(rows, cols);
    for (int i = 0; i < rows * cols; ++i) m.data()[i] = random.uniform() - 0.5F;
    return m;
}

template <class Format>
Matrix product(Matrix x, PackedOf<Format> weight, Arena& memory) {
    const Matrix y = memory.matrix(x.rows(), weight.outputs());
    hat::kernels::multiply_panels<Format>(Format::prepare(x, memory), weight, {.y = y});
    return y;
}

}  // namespace

TEST_SUITE("kernels/gather_outputs") {
    TEST_CASE_TEMPLATE("chosen outputs are those of the whole product, bit by bit", Format,
                       hat::kernels::Float32, hat::kernels::Bfloat16, hat::kernels::Int8) {
        Arena memory;
        using Element = typename Format::Element;
        for (const int inputs : {1, 2, 7, 64, 130}) {
            const Matrix weight = random_matrix(memory, 77, inputs, 1);
            const auto packed = hat::kernels::pack<Format>(
                weight,
                memory.allocate<Element>(hat::kernels::packed_size<Format>(weight.rows(), inputs)));
            const Matrix x = random_matrix(memory, 5, inputs, 2);
            const Matrix whole = product(x, packed, memory);
            for (const std::vector<int>& outputs : std::vector<std::vector<int>>{
                     {76}, {0, 3, 15, 16, 17, 40, 76}, {50, 2, 2, 33}, {}}) {
                const auto size = static_cast<int>(outputs.size());
                const auto gathered = gather_outputs(
                    packed, outputs,
                    memory.allocate<Element>(hat::kernels::packed_size<Format>(size, inputs)));
                CHECK(gathered.outputs() == size);
                CHECK(gathered.inputs() == inputs);
                const Matrix some = product(x, gathered, memory);
                for (int i = 0; i < x.rows(); ++i)
                    for (int j = 0; j < size; ++j)
                        CHECK(some(i, j) == whole(i, outputs[static_cast<std::size_t>(j)]));
            }
        }
    }

    TEST_CASE_TEMPLATE("all outputs are the weight itself, to the last byte", Format,
                       hat::kernels::Float32, hat::kernels::Bfloat16) {
        Arena memory;
        using Element = typename Format::Element;
        const Matrix weight = random_matrix(memory, 45, 19, 3);
        const auto size = hat::kernels::packed_size<Format>(45, 19);
        const auto packed = hat::kernels::pack<Format>(weight, memory.allocate<Element>(size));
        std::vector<int> all(45);
        for (int i = 0; i < 45; ++i) all[static_cast<std::size_t>(i)] = i;
        auto* const to = memory.allocate<Element>(size);
        static_cast<void>(gather_outputs(packed, all, to));
        CHECK(std::equal(to, to + size, packed.data()));
    }
}
