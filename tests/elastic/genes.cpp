// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/model/genes.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

using namespace hat::elastic;
using hat::Random;
using hat::model::Architecture;

namespace {

/// A space of one choice per gene.
DesignSpace one_choice() {
    DesignSpace space = wmt_space();
    for (Choices* choices :
         {&space.encoder_embed_dims, &space.decoder_embed_dims, &space.decoder_layer_counts,
          &space.encoder_ffn_dims, &space.encoder_heads, &space.decoder_ffn_dims,
          &space.decoder_heads, &space.decoder_cross_heads, &space.decoder_attended_layers})
        choices->resize(1);
    return space;
}

/// A language model of one or two layers.
DesignSpace language_model() {
    DesignSpace space;
    space.super.target_vocab_size = 1;
    space.super.decoder.embed_dim = 32;
    space.super.qkv_dim = 32;
    space.super.decoder.layer_count = 2;
    space.super.decoder.layer_shapes = {{{.ffn_dim = 64, .heads = 4}, {.ffn_dim = 64, .heads = 4}}};
    space.decoder_embed_dims = {32, 16};
    space.decoder_layer_counts = {2, 1};
    space.decoder_ffn_dims = {64, 32};
    space.decoder_heads = {4, 2};
    return space;
}

/// How often `happens()` in `trials`, as standard deviations from what `probability` predicts.
template <class Happens>
double deviation(double probability, int trials, Happens happens) {
    int count = 0;
    for (int i = 0; i < trials; ++i) count += happens() ? 1 : 0;
    const double expected = probability * trials;
    return (count - expected) / std::sqrt(expected * (1 - probability));
}

}  // namespace

TEST_SUITE("elastic/genes") {
    TEST_CASE("what is sampled, mutated and crossed is a member of any space") {
        for (const NamedSpace& named : named_spaces) {
            const DesignSpace space = named.make();
            Random random(3);
            for (int i = 0; i < 100; ++i) {
                const Architecture a = sample(space, random);
                const Architecture b = sample(space, random);
                CHECK_NOTHROW(validate_member(space, a));
                CHECK_NOTHROW(validate_member(space, mutate(space, a, 0.3, random)));
                CHECK_NOTHROW(validate_member(space, crossover(space, a, b, random)));
            }
        }
    }

    TEST_CASE("every choice of every gene is equally likely in a sample") {
        const DesignSpace space = wmt_space();
        Random random(5);
        CHECK(std::abs(deviation(1.0 / 2, 4000, [&] {
                  return sample(space, random).encoder.embed_dim == 512;
              })) < 4);
        CHECK(std::abs(deviation(1.0 / 6, 4000, [&] {
                  return sample(space, random).decoder.layer_count == 3;
              })) < 4);
        CHECK(std::abs(deviation(1.0 / 3, 4000, [&] {
                  return sample(space, random).decoder.layer_shapes[0].attended_layers == 2;
              })) < 4);
        // The sixth layer is there in one member of six, and has a third of its widths then.
        CHECK(std::abs(deviation(1.0 / 18, 4000, [&] {
                  return sample(space, random).decoder.layer_shapes[5].ffn_dim == 1024;
              })) < 4);
    }

    TEST_CASE("a gene of m choices mutates with the given chance, less 1/m for drawing its own") {
        const DesignSpace space = wmt_space();
        const Architecture parent = smallest(space);
        Random random(7);
        CHECK(std::abs(deviation(0.3 * 1 / 2, 4000, [&] {
                  const auto mutant = mutate(space, parent, 0.3, random);
                  return mutant.encoder.embed_dim != parent.encoder.embed_dim;
              })) < 4);
        CHECK(std::abs(deviation(0.3 * 2 / 3, 4000, [&] {
                  const auto mutant = mutate(space, parent, 0.3, random);
                  return mutant.decoder.layer_shapes[0].ffn_dim !=
                         parent.decoder.layer_shapes[0].ffn_dim;
              })) < 4);
        CHECK(std::abs(deviation(0.3 * 5 / 6, 4000, [&] {
                  const auto mutant = mutate(space, parent, 0.3, random);
                  return mutant.decoder.layer_count != parent.decoder.layer_count;
              })) < 4);
    }

    TEST_CASE("without chance nothing mutates, with certainty all genes are drawn") {
        const DesignSpace space = wmt_space();
        Random random(9);
        const Architecture parent = sample(space, random);
        CHECK(mutate(space, parent, 0, random) == parent);
        Random one(11);
        Random other(11);
        const Architecture a = mutate(space, largest(space), 1, one);
        const Architecture b = mutate(space, smallest(space), 1, other);
        CHECK(a.encoder.layer_shapes == b.encoder.layer_shapes);
    }

    TEST_CASE("every gene of a child is one of its parents'") {
        const DesignSpace space = multi30k_space();
        Random random(13);
        for (int i = 0; i < 200; ++i) {
            const Architecture a = sample(space, random);
            const Architecture b = sample(space, random);
            const Architecture child = crossover(space, a, b, random);
            for_each_gene(space, child, [&](Gene gene, const int& value, const Choices&) {
                const int* first = detail::find_gene(a, gene);
                const int* second = detail::find_gene(b, gene);
                CAPTURE(gene.text());
                CHECK(((first != nullptr && *first == value) ||
                       (second != nullptr && *second == value)));
            });
            CHECK(crossover(space, a, a, random) == a);
        }
    }

    TEST_CASE("layers that only one parent has come from it") {
        const DesignSpace space = wmt_space();
        const Architecture shallow = smallest(space);
        const Architecture deep = largest(space);
        Random random(15);
        int deep_children = 0;
        for (int i = 0; i < 50; ++i) {
            const Architecture child = crossover(space, shallow, deep, random);
            if (child.decoder.layer_count == 1) continue;
            ++deep_children;
            for (std::size_t layer = 1; layer < 6; ++layer)
                CHECK(child.decoder.layer_shapes[layer] == deep.decoder.layer_shapes[layer]);
        }
        CHECK(deep_children > 0);
    }

    TEST_CASE("parents give every gene with the same chance") {
        const DesignSpace space = wmt_space();
        const Architecture a = smallest(space);
        const Architecture b = largest(space);
        Random random(17);
        CHECK(std::abs(deviation(0.5, 4000, [&] {
                  return crossover(space, a, b, random).decoder.layer_shapes[0].ffn_dim == 1024;
              })) < 4);
    }

    TEST_CASE("neighbours differ in one gene, and all of them are there") {
        const DesignSpace space = wmt_space();
        const Architecture genes = largest(space);
        const std::vector<Architecture> all = neighbours(space, genes);
        // Embed dims 1 + 1, decoder layers 5, six layers of each side.
        CHECK(all.size() == 1 + 1 + 5 + 6 * (2 + 1) + 6 * (2 + 1 + 1 + 2));
        std::unordered_set<Architecture, GenesHash> distinct(all.begin(), all.end());
        CHECK(distinct.size() == all.size());
        CHECK(distinct.count(genes) == 0);
        for (const Architecture& neighbour : all) CHECK_NOTHROW(validate_member(space, neighbour));
    }

    TEST_CASE("a neighbour with more layers repeats the last one") {
        const DesignSpace space = wmt_space();
        Architecture genes = smallest(space);
        bool found = false;
        for (const Architecture& neighbour : neighbours(space, genes)) {
            if (neighbour.decoder.layer_count != 3) continue;
            found = true;
            CHECK(neighbour.decoder.layer_shapes[2] == genes.decoder.layer_shapes[0]);
        }
        CHECK(found);
    }

    TEST_CASE("a space with one choice has one member and no neighbours") {
        const DesignSpace space = one_choice();
        CHECK_NOTHROW(validate(space));
        Random random(19);
        const Architecture only = sample(space, random);
        CHECK(only == largest(space));
        CHECK(only == smallest(space));
        CHECK(mutate(space, only, 1, random) == only);
        CHECK(crossover(space, only, only, random) == only);
        CHECK(neighbours(space, only).empty());
    }

    TEST_CASE("a language model has no genes of an encoder") {
        const DesignSpace space = language_model();
        CHECK_NOTHROW(validate(space));
        Random random(21);
        for (int i = 0; i < 20; ++i) {
            const Architecture genes = sample(space, random);
            CHECK_NOTHROW(validate_member(space, genes));
            CHECK(genes.decoder.layer_shapes[0].cross_heads == 0);
            CHECK_NOTHROW(validate_member(space, mutate(space, genes, 0.5, random)));
            for (const Architecture& neighbour : neighbours(space, genes))
                CHECK_NOTHROW(validate_member(space, neighbour));
        }
    }

    TEST_CASE("equal networks are equal and have one hash; others have others") {
        const DesignSpace space = wmt_space();
        Random random(23);
        std::unordered_set<Architecture, GenesHash> members;
        std::unordered_set<std::uint64_t> hashes;
        for (int i = 0; i < 2000; ++i) {
            const Architecture genes = sample(space, random);
            // As it would come from elsewhere, with leavings in slots that it does not use.
            Architecture untidy = genes;
            for (std::size_t slot = 0; slot < untidy.decoder.layer_shapes.size(); ++slot)
                if (slot >= static_cast<std::size_t>(genes.decoder.layer_count))
                    untidy.decoder.layer_shapes[slot].ffn_dim = 1024;
            CHECK(sub_architecture(untidy, space.super) == genes);
            CHECK(hash_genes(untidy) == hash_genes(genes));
            members.insert(genes);
            hashes.insert(hash_genes(genes));
        }
        CHECK(members.size() == hashes.size());
    }

    TEST_CASE("a hash is the same on every machine") {
        CHECK(hash_genes(smallest(wmt_space())) == 14169606453474498127U);
    }

    TEST_CASE("the same seed gives the same genes") {
        const DesignSpace space = quickstart_space();
        Random a(25);
        Random b(25);
        for (int i = 0; i < 20; ++i) CHECK(sample(space, a) == sample(space, b));
    }

    TEST_CASE("how a network is served is drawn, inherited and changed as any gene") {
        DesignSpace space = one_choice();
        space.weight_bits = {32, 8};
        space.listed_tokens = {0, 512};
        Random random(1);
        std::unordered_set<Architecture, GenesHash> seen;
        for (int i = 0; i < 64; ++i) {
            const Architecture drawn = sample(space, random);
            CHECK(contains(space, drawn));
            CHECK(mutate(space, drawn, 0, random) == drawn);
            seen.insert(drawn);
        }
        CHECK(seen.size() == 4 * space.encoder_layer_counts.size());
        Architecture parent = largest(space);
        CHECK(neighbours(space, parent).size() == 2 + space.encoder_layer_counts.size() - 1);
        CHECK(hash_genes(parent) == hash_genes(largest(one_choice())));
        parent.serving.listed_tokens = 512;
        CHECK(crossover(space, parent, parent, random) == parent);
    }

    TEST_CASE("what a space does not let members choose draws no number") {
        DesignSpace served = wmt_space();
        served.listed_tokens = {512};
        Random one(5);
        Random other(5);
        Architecture plain = sample(wmt_space(), one);
        plain.serving.listed_tokens = 512;
        CHECK(sample(served, other) == plain);  // drawn last
    }
}
