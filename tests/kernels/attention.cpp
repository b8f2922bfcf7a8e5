// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/attention.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

using hat::Arena;
using hat::Ragged;
using hat::RandomKey;
using hat::kernels::AttentionShape;
using hat::kernels::Dropout;
using hat::support::Doubles;
using hat::support::finite_differences;
using hat::support::Operand;
using hat::support::relative_error;
using hat::support::same_bits;

namespace kernels = hat::kernels;

namespace {

/// Scores, exponentials and sums of a few dozen terms, each with its roundings.
constexpr double tolerance = 2e-6;

struct Lengths {
    std::vector<int> offsets{0};

    explicit Lengths(const std::vector<int>& lengths) {
        for (const int n : lengths) offsets.push_back(offsets.back() + n);
    }
    [[nodiscard]] Ragged view() const {
        return {offsets.data(), static_cast<int>(offsets.size()) - 1};
    }
};

/// Queries, keys and values as they lie after one fused projection: side by side in one matrix.
struct Case {
    Lengths queries;
    Lengths keys;
    int heads;
    int dim;
    bool causal;
    Dropout drop;
    Operand q;
    Operand kv;
    std::vector<float> probabilities;
    Operand y;
    Arena scratch;

    Case(hat::Random& random, const std::vector<int>& query_lengths,
         const std::vector<int>& key_lengths, int n_heads, int head_dim, bool is_causal,
         float probability = 0.0F)
        : queries(query_lengths), keys(key_lengths), heads(n_heads), dim(n_heads * head_dim),
          causal(is_causal), drop(probability, RandomKey(9)),
          q(random, queries.view().tokens(), dim, 3), kv(random, keys.view().tokens(), 2 * dim, 1),
          probabilities(static_cast<std::size_t>(kernels::attention_probabilities_size(shape()))),
          y(queries.view().tokens(), dim, 2) {}

    [[nodiscard]] AttentionShape shape() const {
        return {queries.view(), keys.view(), heads, causal};
    }
    [[nodiscard]] hat::ConstMatrix k() const { return kv.view().left_cols(dim); }
    [[nodiscard]] hat::ConstMatrix v() const { return kv.view().middle_cols(dim, dim); }

    void run() {
        kernels::attention(shape(), drop, q.view(), k(), v(), probabilities.data(), y.view(),
                           scratch);
    }

    /// Dropout numbers an element by its place among the stored probabilities.
    [[nodiscard]] double factor(int sentence, int head, int row, int key) const {
        int first = 0;
        for (int s = 0; s <= sentence; ++s) {
            const int rows = queries.view().length(s);
            const int stride = kernels::detail::probability_stride(keys.view().length(s));
            first += rows * stride * (s < sentence ? heads : head);
            if (s == sentence) first += row * stride + key;
        }
        return static_cast<double>(drop.factor(static_cast<std::uint32_t>(first)));
    }
    [[nodiscard]] Doubles naive(const Doubles& qs, const Doubles& ks, const Doubles& vs) const {
        return hat::support::reference::attention(
            queries.view(), keys.view(), heads, causal, qs, ks, vs,
            [this](int s, int h, int i, int j) { return factor(s, h, i, j); });
    }
};

const std::vector<int> some_lengths{1, 5, 17, 3};
const std::vector<int> other_lengths{4, 20, 1, 16};

}  // namespace

TEST_SUITE("kernels/attention") {
    TEST_CASE("attention equals its definition on ragged batches") {
        hat::Random random(1);
        for (const int heads : {1, 3}) {
            for (const int head_dim : {1, 5, 16, 24}) {
                for (const float probability : {0.0F, 0.4F}) {
                    CAPTURE(heads);
                    CAPTURE(head_dim);
                    CAPTURE(probability);
                    const auto is_right = [&](const std::vector<int>& key_lengths, bool causal) {
                        Case c(random, some_lengths, key_lengths, heads, head_dim, causal,
                               probability);
                        c.run();
                        CHECK(c.y.padding_is_untouched());
                        return relative_error(c.y.view(), c.naive(Doubles(c.q), Doubles(c.k()),
                                                                  Doubles(c.v()))) < tolerance;
                    };
                    CHECK(is_right(some_lengths, false));
                    CHECK(is_right(some_lengths, true));
                    CHECK(is_right(other_lengths, false));
                }
            }
        }
    }

    TEST_CASE("gradients are finite differences of the definition, added where told to") {
        hat::Random random(2);
        for (const bool causal : {false, true}) {
            for (const float probability : {0.0F, 0.4F}) {
                for (const int head_dim : {3, 16}) {
                    CAPTURE(causal);
                    CAPTURE(probability);
                    CAPTURE(head_dim);
                    const std::vector<int> query_lengths{2, 4};
                    Case c(random, query_lengths, causal ? query_lengths : std::vector{5, 3}, 2,
                           head_dim, causal, probability);
                    c.run();
                    const Operand dy(random, c.q.view().rows(), c.dim, 5);
                    const Operand old_q(random, c.q.view().rows(), c.dim, 1);
                    const Operand old_kv(random, c.kv.view().rows(), 2 * c.dim, 4);

                    Doubles q(c.q);
                    Doubles k(c.k());
                    Doubles v(c.v());
                    const Doubles up(dy);
                    const auto loss = [&] { return dot(c.naive(q, k, v), up); };
                    const Doubles q_slope = finite_differences(q, loss);
                    const Doubles k_slope = finite_differences(k, loss);
                    const Doubles v_slope = finite_differences(v, loss);

                    for (const bool accumulate : {false, true}) {
                        Operand dq = old_q;
                        Operand dkv = old_kv;
                        const kernels::AttentionGradients gradients{
                            .dq = dq.view(),
                            .dk = dkv.view().left_cols(c.dim),
                            .dv = dkv.view().middle_cols(c.dim, c.dim),
                            .accumulate_q = accumulate,
                            .accumulate_k = !accumulate,
                            .accumulate_v = accumulate};
                        kernels::attention_backward(c.shape(), c.drop, c.q.view(), c.k(), c.v(),
                                                    c.probabilities.data(), dy.view(), gradients,
                                                    c.scratch);
                        const auto started = [](bool added, const Doubles& slope,
                                                hat::ConstMatrix old) {
                            return added ? slope + Doubles(old) : slope;
                        };
                        CHECK(relative_error(gradients.dq, started(accumulate, q_slope,
                                                                   old_q.view())) < tolerance);
                        CHECK(relative_error(gradients.dk,
                                             started(!accumulate, k_slope,
                                                     old_kv.view().left_cols(c.dim))) < tolerance);
                        CHECK(relative_error(gradients.dv, started(accumulate, v_slope,
                                                                   old_kv.view().middle_cols(
                                                                       c.dim, c.dim))) < tolerance);
                        CHECK(dq.padding_is_untouched());
                        CHECK(dkv.padding_is_untouched());
                    }
                }
            }
        }
    }

    TEST_CASE("a sentence has the same bits in a batch as alone") {
        hat::Random random(3);
        Case batch(random, some_lengths, other_lengths, 2, 8, false);
        batch.run();
        for (int s = 0; s < 4; ++s) {
            const Ragged queries = batch.queries.view();
            const Ragged keys = batch.keys.view();
            const Lengths query(std::vector{queries.length(s)});
            const Lengths key(std::vector{keys.length(s)});
            const auto rows = [&](hat::ConstMatrix m, const Ragged& ragged) {
                return m.middle_rows(ragged.begin(s), ragged.length(s));
            };
            Operand alone(queries.length(s), batch.dim);
            kernels::attention({query.view(), key.view(), 2, false}, batch.drop,
                               rows(batch.q.view(), queries), rows(batch.k(), keys),
                               rows(batch.v(), keys), batch.probabilities.data(), alone.view(),
                               batch.scratch);
            CHECK(same_bits(alone.view(), rows(batch.y.view(), queries)));
        }
    }

    TEST_CASE("a causal row has the bits of one query on the keys up to it, as in decoding") {
        hat::Random random(4);
        Case c(random, {23}, {23}, 3, 16, true);
        c.run();
        for (int t = 0; t < 23; ++t) {
            const Lengths one({1});
            const Lengths prefix(std::vector{t + 1});
            Operand step(1, c.dim);
            kernels::attention({one.view(), prefix.view(), 3, false}, c.drop,
                               c.q.view().middle_rows(t, 1), c.k().top_rows(t + 1),
                               c.v().top_rows(t + 1), c.probabilities.data(), step.view(),
                               c.scratch);
            CHECK(same_bits(step.view(), c.y.view().middle_rows(t, 1)));
        }
    }

    TEST_CASE("a head sees only its own features") {
        hat::Random random(5);
        Case both(random, {6}, {9}, 2, 16, false);
        both.run();
        Operand alone(6, 16);
        kernels::attention({both.queries.view(), both.keys.view(), 1, false}, both.drop,
                           both.q.view().middle_cols(16, 16), both.k().middle_cols(16, 16),
                           both.v().middle_cols(16, 16), both.probabilities.data(), alone.view(),
                           both.scratch);
        CHECK(same_bits(alone.view(), both.y.view().middle_cols(16, 16)));
    }

    TEST_CASE("probabilities sum to 1 and are 0 for keys that come later") {
        hat::Random random(6);
        Case c(random, {19}, {19}, 1, 4, true);
        c.run();
        const int stride = kernels::detail::probability_stride(19);
        for (int i = 0; i < 19; ++i) {
            const float* const row = c.probabilities.data() + i * stride;
            CHECK(std::accumulate(row, row + 19, 0.0F) == doctest::Approx(1).epsilon(1e-6));
            for (int j = i + 1; j < 19; ++j) CHECK(row[j] == 0.0F);
        }
    }

    TEST_CASE("scratch is given back, and is all that attention allocates") {
        hat::Random random(7);
        Case c(random, some_lengths, some_lengths, 2, 5, true, 0.3F);
        const Operand dy(random, 26, c.dim);
        Operand dq(26, c.dim);
        Operand dkv(26, 2 * c.dim);
        const auto step = [&] {
            c.run();
            kernels::attention_backward(
                c.shape(), c.drop, c.q.view(), c.k(), c.v(), c.probabilities.data(), dy.view(),
                {dq.view(), dkv.view().left_cols(c.dim), dkv.view().middle_cols(c.dim, c.dim)},
                c.scratch);
        };
        const float* const next = c.scratch.allocate<float>(1);
        c.scratch.reset();
        step();
        CHECK(hat::support::allocations_in(step) == 0);
        CHECK(c.scratch.allocate<float>(1) == next);
    }
}
