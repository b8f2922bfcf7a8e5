// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

using namespace hat::elastic;

TEST_SUITE("elastic/cardinality") {
    TEST_CASE("counts are written in decimal") {
        CHECK(BigCount().text() == "0");
        CHECK(BigCount(7).text() == "7");
        CHECK(BigCount(999'999'999).text() == "999999999");
        CHECK(BigCount(1'000'000'000).text() == "1000000000");
        CHECK(BigCount(4'294'967'295).text() == "4294967295");
        CHECK((BigCount(1'000'000'000) * BigCount(1'000'000'007)).text() == "1000000007000000000");
    }

    TEST_CASE("counts add and multiply as numbers do") {
        CHECK((BigCount(999'999'999) + BigCount(1)).text() == "1000000000");
        CHECK((BigCount(5) * BigCount(0)) == BigCount(0));
        CHECK((BigCount(0) + BigCount(0)).text() == "0");
        CHECK(power(2, 10) == BigCount(1024));
        CHECK(power(2, 128).text() == "340282366920938463463374607431768211456");
        CHECK(power(10, 40).text() == "1" + std::string(40, '0'));
        CHECK(power(7, 0) == BigCount(1));
        // (a + b)² = a² + 2ab + b²
        const BigCount a = power(3, 70);
        const BigCount b = power(5, 41);
        CHECK((a + b) * (a + b) == a * a + BigCount(2) * a * b + b * b);
        CHECK(power(2, 100).approximate() == doctest::Approx(0x1p100).epsilon(1e-14));
    }

    TEST_CASE("the sizes of the published spaces") {
        for (const DesignSpace& space : {wmt_space(), iwslt_space()}) {
            CHECK(cardinality(space).text() == "417846678672384");
            CHECK(published_cardinality(space).text() == "2437438960041984");
        }
        for (const DesignSpace& space : {wmt_latency_space(), iwslt_latency_space()}) {
            CHECK(cardinality(space).text() == "19130661104239706112");
            CHECK(published_cardinality(space).text() == "113721152119718805504");
            CHECK(cardinality(space).approximate() == doctest::Approx(1.913e19).epsilon(1e-3));
        }
    }

    TEST_CASE("a small space has as many members as its neighbours lead to") {
        DesignSpace space = quickstart_space();
        space.encoder_ffn_dims = {384};
        space.encoder_heads = {8, 2};
        space.encoder_layer_counts = {4, 3};
        space.decoder_layer_counts = {2, 1};
        space.decoder_heads = {8};
        space.decoder_cross_heads = {4, 2};
        std::unordered_set<hat::model::Architecture, GenesHash> found{largest(space)};
        std::vector<hat::model::Architecture> open{largest(space)};
        while (!open.empty()) {
            const auto genes = open.back();
            open.pop_back();
            for (const auto& neighbour : neighbours(space, genes))
                if (found.insert(neighbour).second) open.push_back(neighbour);
        }
        // 3 · (2⁴ + 2³) · 3 · (18² + 18)
        CHECK(found.size() == 73872);
        CHECK(cardinality(space) == BigCount(73872));
        CHECK(published_cardinality(space) == BigCount(3 * 2 * 16 * 3 * 2) * power(18, 4));
    }

    TEST_CASE("ways to serve multiply the members") {
        DesignSpace space = wmt_space();
        space.weight_bits = {32, 16, 8};
        space.listed_tokens = {0, 512};
        CHECK(cardinality(space) == cardinality(wmt_space()) * BigCount(6));
        CHECK(published_cardinality(space) == published_cardinality(wmt_space()) * BigCount(6));
    }

    TEST_CASE("a space with one choice has one member") {
        DesignSpace space = wmt_space();
        for (Choices* choices :
             {&space.encoder_embed_dims, &space.decoder_embed_dims, &space.decoder_layer_counts,
              &space.encoder_ffn_dims, &space.encoder_heads, &space.decoder_ffn_dims,
              &space.decoder_heads, &space.decoder_cross_heads, &space.decoder_attended_layers})
            choices->resize(1);
        CHECK(cardinality(space) == BigCount(1));
        CHECK(published_cardinality(space) == BigCount(1));
    }
}
