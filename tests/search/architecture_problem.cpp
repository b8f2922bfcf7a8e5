// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/spaces.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/evolution.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

using hat::model::Architecture;
using hat::search::ArchitectureProblem;
using hat::search::cheapest_member;

namespace {

/// Grows with every gene.
double size_of(const Architecture& a) {
    double sum = a.encoder.embed_dim + a.decoder.embed_dim;
    for (const auto& layer : a.encoder.layers()) sum += layer.ffn_dim + layer.heads;
    for (const auto& layer : a.decoder.layers())
        sum += layer.ffn_dim + layer.heads + layer.cross_heads + layer.attended_layers;
    return sum;
}

std::vector<double> negative_sizes(std::span<const Architecture> all) {
    std::vector<double> scores;
    for (const Architecture& a : all) scores.push_back(-size_of(a));
    return scores;
}

hat::elastic::DesignSpace space() {
    return with_vocabulary(hat::elastic::multi30k_space(), 100, 100);
}

}  // namespace

TEST_SUITE("search/architecture_problem") {
    TEST_CASE("where larger genes cost more, the smallest member is the cheapest") {
        CHECK(cheapest_member(space(), size_of) == smallest(space()));
    }

    TEST_CASE("where they cost less, the largest is") {
        const auto cost = [](const Architecture& a) { return -size_of(a); };
        CHECK(cheapest_member(space(), cost) == largest(space()));
    }

    TEST_CASE("members share the traits of the genes they share") {
        const auto of = space();
        const ArchitectureProblem problem(of, size_of, negative_sizes);
        const Architecture a = smallest(of);
        Architecture b = a;
        b.decoder.layer_shapes[0].ffn_dim = 512;
        const auto traits_a = problem.traits(a);
        const auto traits_b = problem.traits(b);
        REQUIRE(traits_a.size() == traits_b.size());
        std::size_t different = 0;
        for (std::size_t i = 0; i < traits_a.size(); ++i) different += traits_a[i] != traits_b[i];
        CHECK(different == 1);
        auto sorted = problem.traits(largest(of));
        std::sort(sorted.begin(), sorted.end());
        CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
        CHECK(problem.parse(problem.text(b)) == b);
    }

    TEST_CASE("an evolution goes to the limit, and says what the smallest limit is") {
        const auto of = space();
        ArchitectureProblem problem(of, size_of, negative_sizes);
        hat::search::Evolution search(problem, 3000.0, {.iterations = 12});
        while (search.iterate()) {
        }
        CHECK(search.best().cost <= 3000);
        CHECK(search.best().cost > 2990);
        CHECK_THROWS_AS(hat::search::Evolution(problem, size_of(smallest(of)) - 1), hat::Error);
    }

    TEST_CASE("the cheapest member is found in whatever way it is served") {
        auto served = space();
        served.weight_bits = {32, 8};
        served.listed_tokens = {0, 50};
        // Neither helps without the other.
        const auto cost = [](const Architecture& a) {
            const bool both = a.serving == hat::model::Serving{32, 50};
            const bool one = a.serving.weight_bits == 32 || a.serving.listed_tokens == 50;
            return size_of(a) * (both ? 0.5 : one ? 2 : 1);
        };
        Architecture expected = smallest(served);
        expected.serving = {32, 50};
        CHECK(cheapest_member(served, cost) == expected);
        CHECK(served_in_all_ways(served, expected).size() == 4);
        CHECK(served_in_all_ways(space(), smallest(space())) ==
              std::vector<Architecture>{smallest(space())});
    }
}
