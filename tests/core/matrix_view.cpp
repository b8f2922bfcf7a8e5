// SPDX-License-Identifier: Apache-2.0
#include <hat/core/matrix_view.hpp>

#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <span>
#include <type_traits>
#include <vector>

using hat::ConstMatrix;
using hat::Fixed;
using hat::Matrix;
using hat::MatrixView;
using hat::Vector;
using hat::VectorView;

namespace {

// [3, 4]; element (i, j) is 10 i + j
constexpr std::array<float, 12> numbers{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
constexpr MatrixView whole(numbers.data(), 3, 4);

}  // namespace

TEST_SUITE("core/matrix_view") {
    TEST_CASE("views are made of whatever has numbers, and fixed sizes may be forgotten") {
        std::vector<float> values{1, 2, 3, 4, 5, 6};
        const hat::VectorView vector(values);
        static_assert(std::same_as<decltype(vector), const hat::Vector>);
        CHECK(vector.size() == 6);
        const std::span<const float> span(values);
        CHECK(hat::ConstVector(span)[5] == 6.0F);
        const hat::ConstMatrix matrix(span, 2, 3);
        CHECK(matrix(1, 0) == 4.0F);
        const hat::MatrixView<float, hat::Fixed<3>, hat::Fixed<2>> fixed(values.data(), {}, {});
        const hat::ConstMatrix forgotten = fixed;
        CHECK(forgotten.rows() == 3);
        CHECK(forgotten(2, 1) == 6.0F);
        static_assert(!std::is_convertible_v<hat::Matrix, decltype(fixed)>);
    }

    TEST_CASE("elements lie row by row") {
        static_assert(whole(0, 0) == 0 && whole(1, 2) == 12 && whole(2, 3) == 23);
        static_assert(whole.rows() == 3 && whole.cols() == 4 && whole.stride() == 4);
        static_assert(whole.row(1).size() == 4 && whole.row(1)[3] == 13);
    }

    TEST_CASE("a slice is a view with the stride of the whole") {
        constexpr auto slice = whole.middle_rows(1, 2).middle_cols(1, 2);
        static_assert(slice.rows() == 2 && slice.cols() == 2 && slice.stride() == 4);
        static_assert(slice(0, 0) == 11 && slice(0, 1) == 12);
        static_assert(slice(1, 0) == 21 && slice(1, 1) == 22);
        static_assert(slice.row(1)[0] == 21);
    }

    TEST_CASE("top_left is what a sub-network sees") {
        constexpr auto part = whole.top_left(2, 3);
        static_assert(part.data() == whole.data() && part.stride() == whole.stride());
        static_assert(part.rows() == 2 && part.cols() == 3 && part(1, 2) == 12);
        static_assert(whole.top_rows(2).rows() == 2 && whole.left_cols(3).cols() == 3);
    }

    TEST_CASE("a given stride separates the rows") {
        constexpr MatrixView<const float> column(numbers.data() + 2, 3, 1, 4);
        static_assert(column(0, 0) == 2 && column(1, 0) == 12 && column(2, 0) == 22);
    }

    TEST_CASE("slices of fixed size stay fixed") {
        constexpr MatrixView fixed(numbers.data(), Fixed<3>{}, Fixed<4>{});
        using Rows = decltype(fixed.middle_rows(1, Fixed<2>{}));
        static_assert(std::is_same_v<Rows, MatrixView<const float, Fixed<2>, Fixed<4>>>);
        using Cols = decltype(fixed.middle_cols(1, 2));
        static_assert(std::is_same_v<Cols, MatrixView<const float, Fixed<3>, int>>);
        static_assert(std::is_same_v<decltype(fixed.row(0)), VectorView<const float, Fixed<4>>>);
        static_assert(sizeof(fixed) < sizeof(whole));
        static_assert(fixed(2, 1) == 21);
    }

    TEST_CASE("a view of mutable numbers converts to one of constants, not back") {
        static_assert(std::is_convertible_v<Matrix, ConstMatrix>);
        static_assert(!std::is_convertible_v<ConstMatrix, Matrix>);
        static_assert(!std::is_convertible_v<MatrixView<double>, ConstMatrix>);
        static_assert(std::is_convertible_v<Vector, hat::ConstVector>);
        static_assert(!std::is_convertible_v<hat::ConstVector, Vector>);
    }

    TEST_CASE("what is written through a slice is in the whole") {
        std::array<float, 12> y{};
        const Matrix all(y.data(), 3, 4);
        all.middle_rows(1, 1).middle_cols(2, 2)(0, 1) = 5;
        all.row(2)[0] = 7;
        CHECK(y == std::array<float, 12>{0, 0, 0, 0, 0, 0, 0, 5, 7, 0, 0, 0});
    }

    TEST_CASE("a vector gives segments and runs in a range-for loop") {
        constexpr VectorView v(numbers.data(), 12);
        static_assert(v.segment(4, 3)[2] == 12 && v.segment(4, 3).size() == 3);
        static_assert(v.head(2).size() == 2 && v.head(2)[1] == 1);
        constexpr float total = [&] {
            float sum = 0;
            for (const float x : v.segment(4, 4)) sum += x;
            return sum;
        }();
        static_assert(total == 46);
    }

    TEST_CASE("a default view is empty") {
        static_assert(Matrix{}.empty() && Vector{}.empty() && !whole.empty());
        static_assert(Matrix{}.rows() == 0 && Matrix{}.cols() == 0 && Vector{}.size() == 0);
    }
}
