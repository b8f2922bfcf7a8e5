// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/nn/feed_forward.hpp>
#include <hat/nn/group_linear.hpp>
#include <hat/nn/layer_norm.hpp>

#include "support/openblas.hpp"
#include "support/operands.hpp"

#include <Eigen/Core>

#include <cmath>

/// Layers as one writes them with other libraries, over the weights that ours have in training.
/// Sizes are template parameters, `any` where they are those of run time.
namespace hat::support::rivals {

using nn::Trainable;

inline constexpr int any = Eigen::Dynamic;

/// A part of a size, if that is known.
[[nodiscard]] constexpr int part(int size, int of) noexcept {
    return size == any ? any : size / of;
}

template <int Rows, int Cols>
using EigenFixed = Eigen::Matrix<float, Rows, Cols, Cols == 1 ? Eigen::ColMajor : Eigen::RowMajor>;
template <int Cols>
using EigenRows = Eigen::Map<EigenFixed<any, Cols>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <int Cols>
using EigenConstRows =
    Eigen::Map<const EigenFixed<any, Cols>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <int Cols = any>
[[nodiscard]] EigenRows<Cols> rows(Matrix x) {
    return {x.data(), x.rows(), x.cols(), Eigen::OuterStride<>(x.stride())};
}
template <int Cols = any>
[[nodiscard]] EigenConstRows<Cols> rows(ConstMatrix x) {
    return {x.data(), x.rows(), x.cols(), Eigen::OuterStride<>(x.stride())};
}

struct WithEigen {
    /// y = x · Wᵀ
    template <int Out, int In>
    static void multiply(ConstMatrix x, ConstMatrix weight, Matrix y) {
        const Eigen::Map<const EigenFixed<Out, In>> w(weight.data(), weight.rows(), weight.cols());
        if (x.rows() == 1) {
            const Eigen::Map<const EigenFixed<In, 1>> in(x.data(), weight.cols());
            Eigen::Map<EigenFixed<Out, 1>> out(y.data(), weight.rows());
            out.noalias() = w * in;
        } else {
            rows<Out>(y).noalias() = rows<In>(x) * w.transpose();
        }
    }
};

#ifdef HAT_WITH_BLAS
struct WithOpenBlas {
    /// y = x · Wᵀ
    template <int Out, int In>
    static void multiply(ConstMatrix x, ConstMatrix weight, Matrix y) {
        const auto stride = [](ConstMatrix m) { return static_cast<int>(m.stride()); };
        if (x.rows() == 1)
            cblas_sgemv(CblasRowMajor, CblasNoTrans, weight.rows(), weight.cols(), 1.0F,
                        weight.data(), stride(weight), x.data(), 1, 0.0F, y.data(), 1);
        else
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, x.rows(), weight.rows(), x.cols(),
                        1.0F, x.data(), stride(x), weight.data(), stride(weight), 0.0F, y.data(),
                        stride(y));
    }
};
#endif

/// y = x · Wᵀ + b
template <class Product, int Out, int In>
void linear(const nn::Linear<Trainable>& layer, ConstMatrix x, Matrix y) {
    Product::template multiply<Out, In>(x, layer.weight.value, y);
    rows<Out>(y).rowwise() += rows<Out>(layer.bias.value).row(0);
}

/// y = W₂ · relu(W₁ x + b₁) + b₂, with room for what is between.
template <class Product, int Dim, int Ffn>
void feed_forward(const nn::FeedForward<Trainable>& layer, ConstMatrix x, Matrix hidden, Matrix y) {
    linear<Product, Ffn, Dim>(layer.first, x, hidden);
    rows<Ffn>(hidden) = rows<Ffn>(hidden).cwiseMax(0.0F);
    linear<Product, Dim, Ffn>(layer.second, hidden, y);
}

/// y = norm(y) ∘ gain + bias
template <int Dim>
void norm_in_place(const nn::LayerNorm<Trainable>& norm, Matrix y) {
    const auto gain = rows<Dim>(norm.gain.value).row(0).array();
    const auto bias = rows<Dim>(norm.bias.value).row(0).array();
    auto all = rows<Dim>(y);
    for (int i = 0; i < y.rows(); ++i) {
        auto row = all.row(i).array();
        row -= row.mean();
        row *= 1.0F / std::sqrt(row.square().mean() + 1e-5F);
        row = row * gain + bias;
    }
}

/// y = norm(x + branch)
template <int Dim>
void add_and_norm(const nn::LayerNorm<Trainable>& norm, ConstMatrix x, ConstMatrix branch,
                  Matrix y) {
    rows<Dim>(y) = rows<Dim>(x) + rows<Dim>(branch);
    norm_in_place<Dim>(norm, y);
}

/// y = softmax(q · kᵀ / √head_dim) · v for one head, with room for the scores [rows of q, of k].
template <int HeadDim>
void attend(ConstMatrix q, ConstMatrix k, ConstMatrix v, Matrix scores, Matrix y) {
    auto p = rows(scores);
    p.noalias() = rows<HeadDim>(q) * rows<HeadDim>(k).transpose();
    const float scale = 1.0F / std::sqrt(static_cast<float>(q.cols()));
    for (int i = 0; i < scores.rows(); ++i) {
        auto row = p.row(i).array();
        row = ((row - row.maxCoeff()) * scale).exp();
        row *= 1.0F / row.sum();
    }
    rows<HeadDim>(y).noalias() = p * rows<HeadDim>(v);
}

/// The same for all heads; features of a head lie side by side.
template <int Qkv, int Heads>
void attend_with_heads(int heads, ConstMatrix q, ConstMatrix k, ConstMatrix v, Matrix scores,
                       Matrix y) {
    const int head_dim = q.cols() / heads;
    for (int h = 0; h < heads; ++h) {
        const auto own = [&](auto m) { return m.middle_cols(h * head_dim, head_dim); };
        attend<part(Qkv, Heads)>(own(q), own(k), own(v), scores, own(y));
    }
}

/// Row i of x becomes row `position` of the i-th of x.rows() equal parts of `all`.
template <int Cols>
void store_each(ConstMatrix x, int position, Matrix all) {
    const int apart = all.rows() / x.rows();
    for (int i = 0; i < x.rows(); ++i)
        rows<Cols>(all).row(i * apart + position) = rows<Cols>(x).row(i);
}

/// Every row of q attends to the first rows of its own of q.rows() equal parts of k and v, as many
/// as there is room for scores [1, positions].
template <int Qkv, int Heads>
void attend_each(int heads, ConstMatrix q, ConstMatrix k, ConstMatrix v, Matrix scores, Matrix y) {
    const int apart = k.rows() / q.rows();
    for (int i = 0; i < q.rows(); ++i) {
        const auto own = [&](ConstMatrix all) { return all.middle_rows(i * apart, scores.cols()); };
        attend_with_heads<Qkv, Heads>(heads, q.middle_rows(i, 1), own(k), own(v), scores,
                                      y.middle_rows(i, 1));
    }
}

/// y = swish(norm(shuffle(h ∘ W + y ∘ V + b))) of groups, with room for the sums in front.
template <int Out, int In, int SecondIn, int Groups>
void group_linear(const nn::GroupLinear<Trainable>& layer, ConstMatrix h, ConstMatrix second,
                  Matrix more, Matrix sums, Matrix y) {
    constexpr int size = part(Out, Groups);
    const int groups = layer.groups;
    const auto chunk = [groups](auto m, int k) {
        const int n = m.cols() / groups;
        return m.middle_cols(k * n, n);
    };
    const auto rows_of = [groups](ConstMatrix m, int k) {
        const int n = m.rows() / groups;
        return m.middle_rows(k * n, n);
    };
    for (int k = 0; k < groups; ++k) {
        const Matrix to = chunk(sums, k);
        WithEigen::multiply<size, part(In, Groups)>(chunk(h, k), rows_of(layer.weight.value, k),
                                                    to);
        if (second.empty()) continue;
        WithEigen::multiply<size, part(SecondIn, Groups)>(
            chunk(second, k), rows_of(layer.second_weight.value, k), chunk(more, k));
    }
    auto all = rows<Out>(sums);
    if (!second.empty()) all += rows<Out>(more);
    all.rowwise() += rows<Out>(layer.bias.value).row(0);
    const auto group_size = static_cast<Eigen::Index>(y.cols() / groups);
    for (int i = 0; i < y.rows(); ++i) {
        using Grid = EigenFixed<any, any>;
        const Eigen::Map<const Grid> from(sums.row_data(i), groups, group_size);
        if (layer.shuffle)
            Eigen::Map<Grid>(y.row_data(i), group_size, groups) = from.transpose();
        else
            Eigen::Map<Grid>(y.row_data(i), groups, group_size) = from;
        norm_in_place<size>(layer.norm, {y.row_data(i), groups, y.cols() / groups});
    }
    auto out = rows<Out>(y).array();
    out = out / (1.0F + (-out).exp());
}

}  // namespace hat::support::rivals
