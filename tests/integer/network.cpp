// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>
#include <hat/integer/network.hpp>

#include "support/allocations.hpp"
#include "support/integer_network.hpp"
#include "support/integer_reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

using namespace hat::integer;
using hat::Arena;
using hat::support::IntegerNetwork;
using hat::support::IntegerReference;

namespace {

constexpr Limits limits{.source_tokens = 12, .target_tokens = 8, .beam = 3};

/// The best tokens that are allowed, and their log-probabilities, from all logits.
std::vector<Candidate> best_of(const IntegerReference::Numbers& logits, const Allowed& allowed,
                               int count) {
    LogSum sum;
    for (const auto logit : logits) sum.add(static_cast<std::int32_t>(logit));
    std::vector<Candidate> all;
    for (int token = 0; token < static_cast<int>(logits.size()); ++token)
        if (allowed(token))
            all.push_back({token, static_cast<std::int32_t>(
                                      logits[static_cast<std::size_t>(token)] - sum.value())});
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.value > b.value; });
    all.resize(static_cast<std::size_t>(count));
    return all;
}

void check_same(std::span<const Candidate> found, const std::vector<Candidate>& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].token == expected[i].token);
        CHECK(found[i].value == expected[i].value);
    }
}

}  // namespace

TEST_SUITE("integer/network") {
    TEST_CASE("steps find what the network makes of whole prefixes, whoever continues whom") {
        const std::vector<std::vector<Continuation>> steps{{{0, 2}},
                                                           {{0, 7}, {0, 8}, {0, 9}},
                                                           {{2, 4}, {0, 5}, {2, 6}},
                                                           {{1, 11}, {1, 12}},
                                                           {{1, 13}, {0, 14}, {1, 15}}};
        for (const auto& architecture : hat::support::integer_architectures()) {
            const IntegerNetwork made(architecture);
            const IntegerReference reference(made.integers.view());
            Arena memory;
            Network network(made.integers.view(), limits, memory);
            for (std::size_t s = 0; s < 3; ++s) {
                network.start(made.sources[s]);
                std::vector<std::vector<int>> prefixes(1);
                for (const auto& rows : steps) {
                    std::vector<std::vector<int>> longer;
                    for (const Continuation& row : rows) {
                        longer.push_back(prefixes[static_cast<std::size_t>(row.parent)]);
                        longer.back().push_back(row.token);
                    }
                    prefixes = longer;
                    const Allowed allowed{.forbidden = {3, 2, -1}};
                    network.step(rows, allowed, 6);
                    for (std::size_t i = 0; i < rows.size(); ++i)
                        check_same(
                            network.candidates(static_cast<int>(i)),
                            best_of(reference.logits(made.sources[s], prefixes[i]), allowed, 6));
                }
            }
        }
    }

    TEST_CASE("where one token is allowed there is one candidate, with its probability of all") {
        const IntegerNetwork made(hat::support::integer_architectures()[0]);
        Arena memory;
        Network network(made.integers.view(), limits, memory);
        network.start(made.sources[0]);
        const std::array<Continuation, 1> begin{{{0, 2}}};
        network.step(begin, {.only = 2}, 2);
        const auto found = network.candidates(0);
        REQUIRE(found.size() == 2);
        CHECK(found[0].token == 2);
        CHECK(found[0].value < 0);
        CHECK(found[1].token == Network::no_token);
    }

    TEST_CASE("logarithms as far apart as they can be do not run over") {
        IntegerNetwork made(hat::support::integer_architectures()[2]);
        for (std::int32_t& scale : made.integers.variables().output.scales)
            scale = to_scale(1e12).word();
        Arena memory;
        Network network(made.integers.view(), limits, memory);
        network.start(made.sources[0]);
        constexpr auto most = std::numeric_limits<std::int32_t>::max();
        int least = 0;
        int best = 0;
        for (int token = 0; token < 50; ++token) {
            network.start(made.sources[0]);
            const std::array<Continuation, 1> begin{{{0, 2}}};
            network.step(begin, {.only = token}, 1);
            const std::int32_t value = network.candidates(0)[0].value;
            (value == -most ? least : best) += 1;
            if (value != -most) CHECK(std::abs(value) < 6 * 65536);  // one of some equals
        }
        CHECK(least > 0);
        CHECK(best > 0);
    }

    TEST_CASE("it takes the bytes that it says, and asks for no more") {
        for (const auto& architecture : hat::support::integer_architectures()) {
            const IntegerNetwork made(architecture);
            const std::size_t bytes = Network::bytes(made.integers.view(), limits);
            CHECK(bytes == Network::bytes(weight_sizes(architecture), limits));
            std::vector<std::byte> room(bytes + hat::alignment);
            Arena memory{std::span<std::byte>(room)};
            Network network(made.integers.view(), limits, memory);
            CHECK(memory.most_used_bytes() == bytes);
            CHECK(hat::support::allocations_in([&] {
                      network.start(made.sources[0]);
                      const std::array<Continuation, 1> begin{{{0, 2}}};
                      network.step(begin, {}, 6);
                  }) == 0);
        }
    }
}
