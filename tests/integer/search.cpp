// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>
#include <hat/decode/beam.hpp>
#include <hat/integer/search.hpp>
#include <hat/kernels/top_candidates.hpp>

#include "support/allocations.hpp"
#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace hat::integer;
using hat::Arena;
using hat::support::IntegerNetwork;

namespace {

constexpr Limits limits{.source_tokens = 12, .target_tokens = 10, .beam = 4};
constexpr hat::SpecialTokens special{};

/// A network of integers as the searches of floats see it: log-probabilities are whole numbers, so
/// that sums are exact there, too.
class AsFloats {
public:
    AsFloats(Network& network, const Transformer<Constants>& model)
        : network_(network), model_(model) {}

    [[nodiscard]] int vocab_size() const noexcept { return model_.vocab_size(); }
    [[nodiscard]] static int max_length() noexcept { return limits.target_tokens; }
    void start(const hat::decode::Sources& sources, int /*rows*/,
               std::span<const int> /*lengths*/) {
        network_.start(sources[0]);
    }
    hat::kernels::CandidateRows step(std::span<const hat::decode::Row> rows,
                                     const hat::decode::Selection& selection) {
        std::vector<Continuation> own;
        for (const auto& row : rows) own.push_back({row.parent, row.token});
        Allowed allowed{.forbidden = {selection.special.pad, -1, -1}};
        if (rows[0].allowed == hat::decode::Allowed::no_eos) allowed.forbidden[1] = special.eos;
        if (rows[0].allowed == hat::decode::Allowed::only_eos) allowed.only = special.eos;
        network_.step(own, allowed, selection.count);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            sizes_[i] = 0;
            for (const Candidate& candidate : network_.candidates(static_cast<int>(i)))
                if (candidate.token != Network::no_token)
                    found_[i * static_cast<std::size_t>(selection.count) +
                           static_cast<std::size_t>(sizes_[i]++)] = {
                        static_cast<float>(candidate.value), candidate.token};
        }
        return {found_.data(), sizes_.data(), selection.count};
    }

private:
    Network& network_;
    const Transformer<Constants>& model_;
    std::array<hat::kernels::Candidate, 64> found_{};
    std::array<int, 8> sizes_{};
};

}  // namespace

TEST_SUITE("integer/search") {
    static_assert(hat::integer::Search::bytes({.source_tokens = 8, .target_tokens = 8}) > 0);

    TEST_CASE("it finds what the beam search of floats finds") {
        for (const auto& architecture : hat::support::integer_architectures()) {
            const IntegerNetwork made(architecture);
            const auto& model = made.integers.view();
            Arena memory;
            Network network(model, limits, memory);
            Search search(limits, memory);
            AsFloats as_floats(network, model);
            hat::decode::BeamSearch of_floats;
            for (std::size_t s = 0; s < 8; ++s) {
                for (const int beam : {1, 2, 4}) {
                    const int min_length = static_cast<int>(s % 3);
                    const std::array offsets{0, static_cast<int>(made.sources[s].size())};
                    const hat::decode::Sources sources{made.sources[s],
                                                       hat::Ragged(offsets.data(), 1)};
                    std::vector<hat::decode::Hypotheses> expected(1);
                    of_floats.run(as_floats, sources, special,
                                  {.beam = beam, .max_length_b = 9, .min_length = min_length},
                                  expected);
                    network.start(made.sources[s]);
                    const auto found =
                        search.run(network, special,
                                   {.beam = beam, .max_length = 9, .min_length = min_length});
                    REQUIRE(found.size() == expected[0].size());
                    for (std::size_t i = 0; i < found.size(); ++i) {
                        const std::vector<int> tokens(found[i].tokens.begin(),
                                                      found[i].tokens.end());
                        CHECK(tokens == expected[0][i].tokens);
                        const double score = expected[0][i].score;
                        CHECK(std::abs(found[i].score - score) <= 2 + 1e-4 * std::abs(score));
                    }
                }
            }
        }
    }

    TEST_CASE("scores are divided by a power of the length, to 1.5e-4 of them") {
        constexpr std::int32_t sum = -12'345'678;
        for (const double penalty : {0.0, 0.5, 1.0, 2.0, -1.0}) {
            const SearchOptions options{.length_penalty =
                                            static_cast<std::int32_t>(penalty * 65536)};
            for (int length = 1; length <= 200; ++length) {
                const double exact = sum / std::pow(length, penalty);
                if (exact < -2e9) continue;
                CHECK(std::abs(final_score(sum, length, options) - exact) < 1 - 1.5e-4 * exact);
            }
        }
        CHECK(final_score(sum, 7, {.normalize = false}) == sum);
    }

    TEST_CASE("unk is left out if so wished, and nothing is allocated") {
        const IntegerNetwork made(hat::support::integer_architectures()[0]);
        std::vector<std::byte> room(Search::bytes(limits) + hat::alignment);
        Arena memory;
        Arena given{std::span<std::byte>(room)};
        Network network(made.integers.view(), limits, memory);
        Search search(limits, given);
        CHECK(given.most_used_bytes() == Search::bytes(limits));
        const std::size_t before = hat::support::allocations();
        for (const auto& source : made.sources) {
            network.start(source);
            for (const auto& hypothesis :
                 search.run(network, special, {.beam = 4, .max_length = 9, .unk = false}))
                for (const int token : hypothesis.tokens) CHECK(token != special.unk);
        }
        CHECK(hat::support::allocations() == before);
    }
}
