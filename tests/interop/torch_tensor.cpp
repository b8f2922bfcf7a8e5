// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/torch_tensor.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

using hat::interop::copy_floats;
using hat::interop::TorchTensor;
using hat::io::Dtype;

namespace {

template <class Element>
std::vector<float> copied(Dtype dtype, const std::vector<Element>& storage,
                          std::vector<std::int64_t> shape, std::vector<std::int64_t> strides,
                          std::size_t offset = 0) {
    const auto bytes = std::as_bytes(std::span(storage)).subspan(offset * sizeof(Element));
    const TorchTensor tensor{dtype, std::move(shape), std::move(strides), bytes};
    std::vector<float> values(static_cast<std::size_t>(tensor.size()), -1.0F);
    copy_floats(tensor, values);
    return values;
}

std::vector<float> count_up(int n) {
    std::vector<float> values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), 0.0F);
    return values;
}

using Floats = std::vector<float>;

}  // namespace

TEST_SUITE("interop/torch_tensor") {
    TEST_CASE("elements come in row-major order, whatever the strides") {
        const Floats storage = count_up(6);
        CHECK(copied(Dtype::f32, storage, {2, 3}, {3, 1}) == Floats{0, 1, 2, 3, 4, 5});
        CHECK(copied(Dtype::f32, storage, {3, 2}, {1, 3}) == Floats{0, 3, 1, 4, 2, 5});
        CHECK(copied(Dtype::f32, storage, {2, 2}, {2, 1}, 1) == Floats{1, 2, 3, 4});
        CHECK(copied(Dtype::f32, storage, {2, 3}, {0, 1}) == Floats{0, 1, 2, 0, 1, 2});
        const Floats cube = count_up(8);
        CHECK(copied(Dtype::f32, cube, {2, 2, 2}, {1, 2, 4}) == Floats{0, 4, 2, 6, 1, 5, 3, 7});
    }

    TEST_CASE("a tensor without dimensions is one number, one with an empty one is none") {
        const Floats storage = count_up(3);
        CHECK(copied(Dtype::f32, storage, {}, {}, 2) == Floats{2});
        CHECK(copied(Dtype::f32, storage, {2, 0}, {1, 1}).empty());
        CHECK(copied(Dtype::f32, Floats{}, {0}, {1}).empty());
    }

    TEST_CASE("halves are widened exactly, doubles rounded to the nearest float") {
        const std::vector<std::uint16_t> halves{0x3C00, 0xC100, 0x0001, 0x7C00};
        CHECK(copied(Dtype::f16, halves, {4}, {1}) ==
              Floats{1.0F, -2.5F, 0x1p-24F, std::numeric_limits<float>::infinity()});
        const std::vector<std::uint16_t> brains{0x3F80, 0xC020};
        CHECK(copied(Dtype::bf16, brains, {2}, {1}) == Floats{1.0F, -2.5F});
        const std::vector<double> doubles{0.1, 1.0 + 0x1p-25};
        CHECK(copied(Dtype::f64, doubles, {2}, {1}) == Floats{0.1F, 1.0F});
    }

    TEST_CASE("floating are the types that can be copied") {
        for (const Dtype d : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16})
            CHECK(TorchTensor{d, {}, {}, {}}.is_floating());
        for (const Dtype d : {Dtype::i64, Dtype::u8})
            CHECK_FALSE(TorchTensor{d, {}, {}, {}}.is_floating());
    }
}
