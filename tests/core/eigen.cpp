// SPDX-License-Identifier: Apache-2.0
#include <hat/core/eigen.hpp>

#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

using hat::as_eigen;
using hat::as_vector_view;
using hat::as_view;
using hat::Fixed;
using hat::MatrixView;
using hat::VectorView;

namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Matrix>
constexpr bool has_view = requires(Matrix&& m) {
    as_view(std::forward<Matrix>(m));
};
template <class Vector>
constexpr bool has_vector_view = requires(Vector&& v) {
    as_vector_view(std::forward<Vector>(v));
};

}  // namespace

TEST_SUITE("core/eigen") {
    TEST_CASE("a slice of a matrix is the same memory on both sides") {
        RowMajor m(4, 6);
        m.setZero();
        const auto view = as_view(m.block(1, 2, 2, 3));
        static_assert(std::same_as<decltype(as_view(m)), MatrixView<float>>);
        CHECK(view.rows() == 2);
        CHECK(view.cols() == 3);
        CHECK(view.stride() == 6);
        view(1, 2) = 7.0F;
        CHECK(m(2, 4) == 7.0F);

        const auto back = as_eigen(view);
        CHECK(back.data() == &m(1, 2));
        CHECK(back.outerStride() == 6);
        CHECK(back.sum() == 7.0F);
    }

    TEST_CASE("constness and fixed sizes go with a view") {
        const Eigen::Matrix<float, 2, 3, Eigen::RowMajor> fixed =
            Eigen::Matrix<float, 2, 3, Eigen::RowMajor>::Ones();
        const auto view = as_view(fixed);
        static_assert(
            std::same_as<decltype(view), const MatrixView<const float, Fixed<2>, Fixed<3>>>);
        const auto back = as_eigen(view);
        static_assert(decltype(back)::RowsAtCompileTime == 2);
        static_assert(std::is_const_v<std::remove_pointer_t<decltype(back.data())>>);
        CHECK(back.sum() == 6.0F);
    }

    TEST_CASE("a column-major matrix is seen through its transpose") {
        Eigen::MatrixXf m(3, 2);
        m << 1, 2, 3, 4, 5, 6;
        const auto view = as_view(m.transpose());
        CHECK(view.rows() == 2);
        CHECK(view(1, 2) == 6.0F);
        CHECK(view.data() == m.data());
    }

    TEST_CASE("vectors, rows and columns alike") {
        std::array numbers{1.0F, 2.0F, 3.0F, 4.0F};
        const auto column = as_eigen(VectorView<float>(numbers.data(), 4));
        CHECK(column.sum() == 10.0F);
        Eigen::Vector3f v(1, 2, 3);
        const auto view = as_vector_view(v);
        static_assert(std::same_as<decltype(view), const VectorView<float, Fixed<3>>>);
        view[2] = 9.0F;
        CHECK(v[2] == 9.0F);

        // One column of a matrix has a stride.
        const MatrixView<float, int, Fixed<1>> second(numbers.data() + 1, 2, {}, 2);
        CHECK(as_eigen(second).sum() == 6.0F);
    }

    TEST_CASE("numbers that are not neighbours are an error, not garbage") {
        Eigen::MatrixXf m(4, 4);
        CHECK_THROWS_WITH_AS((void)as_vector_view(m.row(1)),
                             "as_vector_view: numbers are 4 apart, expected 1", hat::Error);
    }

    TEST_CASE("a temporary matrix has no view, and sizes are numbers of type int") {
        static_assert(has_view<RowMajor&> && has_view<const RowMajor&>);
        static_assert(!has_view<RowMajor> && !has_view<const RowMajor>);
        static_assert(has_view<Eigen::Map<RowMajor>>);
        static_assert(!has_vector_view<Eigen::Vector3f> && has_vector_view<Eigen::Vector3f&>);

        if (sizeof(Eigen::Index) == sizeof(int)) return;  // none is larger
        float number = 0;
        const Eigen::Index many = Eigen::Index{1} << 31U;
        const Eigen::Map<RowMajor> rows(&number, many, 1);
        CHECK_THROWS_WITH_AS((void)as_view(rows),
                             "as_view: a size of 2147483648, expected at most 2147483647",
                             hat::Error);
        const Eigen::Map<Eigen::RowVectorXf> vector(&number, many);
        CHECK_THROWS_AS((void)as_vector_view(vector), hat::Error);
    }
}
