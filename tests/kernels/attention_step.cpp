// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/attention.hpp>
#include <hat/kernels/attention_step.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

using namespace hat::kernels;
using hat::Arena;
using hat::ConstMatrix;
using hat::Matrix;
using hat::MatrixView;
using hat::Ragged;
using hat::Random;
using hat::RandomKey;
using hat::support::Operand;
using hat::support::same_bits;

namespace {

struct Shape {
    int heads;
    int head_dim;
};

/// Whole panels, halves of one, several, and none of these.
constexpr Shape shapes[] = {{4, 32}, {8, 16}, {2, 64}, {1, 128}, {4, 8}, {3, 12}, {5, 32}, {2, 40}};

/// `attention` of all queries to all keys (or to those before them), which has tests of its own.
Operand whole_attention(int heads, ConstMatrix q, ConstMatrix k, ConstMatrix v, bool causal) {
    Operand y(q.rows(), q.cols());
    const int queries[] = {0, q.rows()};
    const int keys[] = {0, k.rows()};
    const AttentionShape shape{Ragged(queries, 1), Ragged(keys, 1), heads, causal};
    std::vector<float> p(static_cast<std::size_t>(attention_probabilities_size(shape)));
    Arena scratch;
    attention(shape, {}, q, k, v, p.data(), y.view(), scratch);
    return y;
}

}  // namespace

TEST_SUITE("kernels/attention_step") {
    TEST_CASE("attention to a memory is whole attention, bit by bit, for any number of rows") {
        Random random(RandomKey(1));
        for (const auto [heads, head_dim] : shapes) {
            for (const int positions : {1, 16, 30, 75}) {
                const int width = heads * head_dim;
                const Operand q(random, 12, width);
                const Operand k(random, positions, width);
                const Operand v(random, positions + 1, width);  // one row may be read behind
                const ConstMatrix values = v.view().top_rows(positions);
                const Operand expected = whole_attention(heads, q.view(), k.view(), values, false);
                std::vector<float> packed(static_cast<std::size_t>(packed_size(positions, width)));
                const PackedView keys = pack(k.view(), packed.data());
                Arena scratch;
                for (const int rows : {1, 2, 3, 4, 5, 6, 12}) {
                    Operand y(rows, width, 2);
                    attend_to_memory(heads, q.view().top_rows(rows), keys, values, y.view(),
                                     scratch);
                    CHECK(same_bits(y.view(), expected.view().top_rows(rows)));
                    CHECK(y.padding_is_untouched());
                }
            }
        }
    }

    TEST_CASE("the mean of the heads' attention is that of their softmaxes") {
        Random random(RandomKey(5));
        for (const auto [heads, head_dim] : shapes) {
            const int positions = 21;
            const int width = heads * head_dim;
            const Operand q(random, 5, width);
            const Operand k(random, positions, width);
            std::vector<float> packed(static_cast<std::size_t>(packed_size(positions, width)));
            const PackedView keys = pack(k.view(), packed.data());
            Arena scratch;
            Operand found(5, positions, 3);
            mean_attention_to_memory(heads, q.view(), keys, found.view(), scratch);
            CHECK(found.padding_is_untouched());
            for (int row = 0; row < 5; ++row) {
                std::vector<double> expected(positions);
                for (int head = 0; head < heads; ++head) {
                    std::vector<double> weights(positions);
                    double sum = 0;
                    for (int i = 0; i < positions; ++i) {
                        double dot = 0;
                        for (int d = head * head_dim; d < (head + 1) * head_dim; ++d)
                            dot += static_cast<double>(q.view()(row, d)) *
                                   static_cast<double>(k.view()(i, d));
                        weights[static_cast<std::size_t>(i)] = std::exp(dot / std::sqrt(head_dim));
                        sum += weights[static_cast<std::size_t>(i)];
                    }
                    for (std::size_t i = 0; i < weights.size(); ++i)
                        expected[i] += weights[i] / sum / heads;
                }
                for (int i = 0; i < positions; ++i)
                    CHECK(static_cast<double>(found.view()(row, i)) ==
                          doctest::Approx(expected[static_cast<std::size_t>(i)]).epsilon(1e-4));
            }
        }
    }

    TEST_CASE("attention to prefixes is causal attention, wherever the positions lie") {
        Random random(RandomKey(2));
        for (const auto [heads, head_dim] : shapes) {
            for (const int length : {1, 7, 33}) {
                constexpr int rows = 3;
                constexpr int pages = 9;
                const int width = heads * head_dim;
                // Every row has its own keys, strewn over the columns of pages in any order.
                std::vector<int> page_order(pages);
                std::iota(page_order.begin(), page_order.end(), 0);
                random.shuffle(page_order);
                std::vector<int> free_columns(pages * panel_width);
                std::iota(free_columns.begin(), free_columns.end(), 0);
                random.shuffle(free_columns);
                std::vector<float> keys(static_cast<std::size_t>(pages * panel_width * width));
                std::vector<float> values(keys.size() + panel_width);
                std::vector<int> columns;
                std::vector<int> places;
                Operand q(rows, width);
                Operand expected(rows, width);
                for (int row = 0; row < rows; ++row) {
                    const Operand queries(random, length, width);
                    const Operand k(random, length, width);
                    const Operand v(random, length, width);
                    for (int t = 0; t < length; ++t) {
                        const int column = free_columns.back();
                        free_columns.pop_back();
                        const int page = page_order[static_cast<std::size_t>(column / panel_width)];
                        const int place = page * panel_width + column % panel_width;
                        columns.push_back(column);
                        places.push_back(place);
                        for (int i = 0; i < width; ++i) {
                            keys[static_cast<std::size_t>((page * width + i) * panel_width +
                                                          column % panel_width)] = k(t, i);
                            values[static_cast<std::size_t>(place * width + i)] = v(t, i);
                        }
                    }
                    const Operand all =
                        whole_attention(heads, queries.view(), k.view(), v.view(), true);
                    for (int i = 0; i < width; ++i) {
                        q(row, i) = queries(length - 1, i);
                        expected(row, i) = all(length - 1, i);
                    }
                }
                const PagedPrefixes prefixes{page_order.data(), pages, length,
                                             MatrixView<const int>(columns.data(), rows, length),
                                             MatrixView<const int>(places.data(), rows, length)};
                Operand y(rows, width, 1);
                Arena scratch;
                attend_to_prefixes(heads, q.view(), prefixes, keys.data(), values.data(), y.view(),
                                   scratch);
                CHECK(same_bits(y.view(), expected.view()));
                CHECK(y.padding_is_untouched());
            }
        }
    }
}
