// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/top_candidates.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

using namespace hat::kernels;
using hat::Arena;
using hat::Random;
using hat::RandomKey;
using hat::support::Operand;

namespace {

/// The best outputs of scale · x · Wᵀ.
template <class Adjust>
hat::kernels::CandidateRows
linear_top_candidates(hat::ConstMatrix x, hat::kernels::PackedView weight, int count,
                      bool normalize, float scale, const Adjust& adjust, hat::Arena& scratch) {
    const auto compute = [&](int first, hat::Matrix y) {
        hat::kernels::packed_gemm(x, weight.middle_outputs(first, y.cols()), {.y = y});
    };
    return hat::kernels::top_candidates(x.rows(), weight.outputs(), compute, count, normalize,
                                        scale, adjust, scratch);
}

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr auto unchanged = [](int, int, std::span<float>) {};

struct Case {
    int rows;
    int outputs;
    int count;
    int inputs = 24;
};

/// Each row of x · wᵀ, every output one chain of fused multiply-adds.
std::vector<float> row_outputs(const Operand& x, const Operand& w, int row) {
    std::vector<float> outputs;
    for (int j = 0; j < w.view().rows(); ++j) {
        float sum = 0.0F;
        for (int k = 0; k < w.view().cols(); ++k) sum = std::fma(x(row, k), w(j, k), sum);
        outputs.push_back(sum);
    }
    return outputs;
}

/// The best `count` by sorting; of equals the first.
std::vector<Candidate> best_by_sorting(const std::vector<float>& outputs, int count) {
    std::vector<Candidate> all;
    for (std::size_t j = 0; j < outputs.size(); ++j) {
        if (outputs[j] > -infinity) all.push_back({outputs[j], static_cast<int>(j)});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return a.value > b.value; });
    all.resize(std::min(all.size(), static_cast<std::size_t>(count)));
    return all;
}

std::vector<Candidate> copy(std::span<const Candidate> row) {
    return {row.begin(), row.end()};
}

struct Product {
    Operand x;
    Operand w;
    std::vector<float> packed;
    PackedView view;

    Product(const Case& c, std::uint64_t seed) : Product(c, Random(RandomKey(seed))) {}

private:
    Product(const Case& c, Random random)
        : x(random, c.rows, c.inputs, 3), w(random, c.outputs, c.inputs, 0, 0.3),
          packed(static_cast<std::size_t>(packed_size(c.outputs, c.inputs))),
          view(pack(w.view(), packed.data())) {}
};

}  // namespace

TEST_SUITE("kernels/top_candidates") {
    TEST_CASE("the candidates are the best of all outputs, bit by bit") {
        for (const Case c :
             {Case{1, 1000, 1}, Case{3, 1000, 10}, Case{11, 517, 4}, Case{2, 256, 20},
              Case{5, 7, 10}, Case{1, 16, 16}, Case{40, 2000, 8}}) {
            const Product p(c, 5);
            Arena scratch;
            const auto found =
                linear_top_candidates(p.x.view(), p.view, c.count, false, 1.0F, unchanged, scratch);
            for (int i = 0; i < c.rows; ++i) {
                CHECK(copy(found.row(i)) == best_by_sorting(row_outputs(p.x, p.w, i), c.count));
            }
        }
    }

    TEST_CASE("their values are log-probabilities if wished, with any temperature") {
        for (const Case c : {Case{3, 1000, 10}, Case{2, 7, 7}, Case{5, 300, 2}}) {
            const Product p(c, 6);
            for (const float scale : {1.0F, 0.7F}) {
                Arena scratch;
                const auto found = linear_top_candidates(p.x.view(), p.view, c.count, true, scale,
                                                         unchanged, scratch);
                for (int i = 0; i < c.rows; ++i) {
                    const auto outputs = row_outputs(p.x, p.w, i);
                    double sum = 0;
                    for (const float v : outputs) {
                        sum += std::exp(static_cast<double>(v) * static_cast<double>(scale));
                    }
                    for (const Candidate& candidate : found.row(i)) {
                        const double logit =
                            static_cast<double>(outputs[static_cast<std::size_t>(candidate.index)]);
                        const double expected = logit * static_cast<double>(scale) - std::log(sum);
                        CHECK(std::abs(static_cast<double>(candidate.value) - expected) < 2e-6);
                    }
                }
            }
        }
    }

    TEST_CASE("a row alone has the same bits as among others") {
        const Case c{37, 1500, 6};
        const Product p(c, 7);
        Arena scratch;
        const auto together =
            linear_top_candidates(p.x.view(), p.view, c.count, true, 1.0F, unchanged, scratch);
        for (int i = 0; i < c.rows; ++i) {
            Arena own;
            const auto alone = linear_top_candidates(p.x.view().middle_rows(i, 1), p.view, c.count,
                                                     true, 1.0F, unchanged, own);
            CHECK(copy(alone.row(0)) == copy(together.row(i)));
        }
    }

    TEST_CASE("of equal outputs the first are chosen") {
        std::vector<float> outputs(100, 1.0F);
        outputs[50] = 2.0F;
        outputs[70] = 2.0F;
        Arena scratch;
        TopCandidates best(1, 4, false, scratch);
        best.add(0, 0, outputs.data(), 100, [](float*) {});
        CHECK(copy(best.finish(1).row(0)) ==
              std::vector<Candidate>{{2.0F, 50}, {2.0F, 70}, {1.0F, 0}, {1.0F, 1}});
    }

    TEST_CASE("what is adjusted to −∞ is no candidate, but part of the sum") {
        std::vector<float> outputs{1.0F, 3.0F, 2.0F, 0.0F};
        Arena scratch;
        TopCandidates best(1, 3, true, scratch);
        best.add(0, 0, outputs.data(), 4, [](float* x) {
            x[1] = -infinity;
            x[0] = -infinity;
        });
        const auto found = best.finish(1).row(0);
        const double log_sum =
            std::log(std::exp(1.0) + std::exp(3.0) + std::exp(2.0) + std::exp(0.0));
        REQUIRE(found.size() == 2);
        CHECK(found[0].index == 2);
        CHECK(found[1].index == 3);
        CHECK(found[0].value == doctest::Approx(2.0 - log_sum).epsilon(1e-6));
        CHECK(found[1].value == doctest::Approx(0.0 - log_sum).epsilon(1e-6));
    }

    TEST_CASE("large logits and rows of −∞ do no harm") {
        std::vector<float> outputs(300, -infinity);
        outputs[299] = 3e4F;
        outputs[5] = -3e4F;
        Arena scratch;
        TopCandidates best(1, 3, true, scratch);
        best.add(0, 0, outputs.data(), 256, [](float*) {});
        best.add(0, 256, outputs.data() + 256, 44, [](float*) {});
        const auto found = best.finish(1).row(0);
        REQUIRE(found.size() == 2);
        CHECK(found[0] == Candidate{0.0F, 299});
        CHECK(found[1] == Candidate{-6e4F, 5});
    }
}
