// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/python_random.hpp>
#include <hat/elastic/reference_sampler.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>

#include "support/golden.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

using namespace hat::elastic;
using hat::io::Json;

namespace {

Json read_samples(const std::filesystem::path& path) {
    return hat::io::parse_json(hat::io::read_file(path.string()), path.string());
}

/// The space whose choices a file lists, with one word a vocabulary.
DesignSpace listed_space(const Json& entry) {
    const Json& encoder = entry.at("choices").at("encoder");
    const Json& decoder = entry.at("choices").at("decoder");
    const auto list = [](const Json& side, const char* key) { return side.at(key).get<Choices>(); };
    DesignSpace space{.super = {},
                      .encoder_embed_dims = list(encoder, "encoder_embed_dim"),
                      .decoder_embed_dims = list(decoder, "decoder_embed_dim"),
                      .encoder_layer_counts = list(encoder, "encoder_layer_num"),
                      .decoder_layer_counts = list(decoder, "decoder_layer_num"),
                      .encoder_ffn_dims = list(encoder, "encoder_ffn_embed_dim"),
                      .encoder_heads = list(encoder, "encoder_self_attention_heads"),
                      .decoder_ffn_dims = list(decoder, "decoder_ffn_embed_dim"),
                      .decoder_heads = list(decoder, "decoder_self_attention_heads"),
                      .decoder_cross_heads = list(decoder, "decoder_ende_attention_heads"),
                      .decoder_attended_layers = list(decoder, "decoder_arbitrary_ende_attn")};
    for (int& layers : space.decoder_attended_layers) layers = layers == -1 ? 1 : layers + 1;
    const auto most = [](const Choices& choices) { return std::ranges::max(choices); };
    space.super = hat::model::uniform({.encoder_layers = most(space.encoder_layer_counts),
                                       .decoder_layers = entry.at("decoder_layers").get<int>(),
                                       .embed_dim = most(space.encoder_embed_dims),
                                       .ffn_dim = most(space.encoder_ffn_dims),
                                       .heads = most(space.encoder_heads),
                                       .qkv_dim = 512,
                                       .attended_layers = 3},
                                      1, 1);
    return space;
}

/// Calls `visit(name, entry, space)` for every space of a file.
template <class Visit>
void for_each_space(const Json& file, Visit visit) {
    for (const auto& item : file.items())
        if (item.value().contains("choices")) {
            INFO(item.key());
            visit(item.key(), item.value(), listed_space(item.value()));
        }
}

}  // namespace

TEST_SUITE("golden/sampler") {
    TEST_CASE("the generator gives the numbers of Python's") {
        hat::support::Golden golden("hat/sampler.json");
        for (const auto& path : golden.files()) {
            const Json check = read_samples(path).at("python_random_check");
            const auto seed = check.at("seed").get<std::uint64_t>();
            PythonRandom bits(seed);
            for (const Json& expected : check.at("getrandbits32"))
                CHECK(bits.bits32() == expected.get<std::uint32_t>());
            // These follow upon the bits, from the same generator.
            for (const Json& expected : check.at("random"))
                CHECK(bits.uniform() == expected.get<double>());
            golden.add(path, check.at("getrandbits32").size() + check.at("random").size());
        }
    }

    TEST_CASE("the published spaces are the built-in ones") {
        hat::support::Golden golden("hat/sampler.json");
        for (const auto& path : golden.files()) {
            std::size_t values = 0;
            for_each_space(
                read_samples(path), [&](const std::string& name, const Json&, DesignSpace listed) {
                    const std::string built_in = name.starts_with("wmt")     ? "wmt-space0"
                                                 : name.starts_with("iwslt") ? "iwslt-space1"
                                                                             : "";
                    REQUIRE(!built_in.empty());
                    DesignSpace ours = with_vocabulary(built_in_space(built_in), 1, 1);
                    listed.super.sharing = ours.super.sharing;
                    CHECK(ours == listed);
                    ++values;
                });
            golden.add(path, values);
        }
    }

    TEST_CASE("the SubTransformer of every update is the reference's") {
        hat::support::Golden golden("hat/sampler.json");
        for (const auto& path : golden.files()) {
            std::size_t values = 0;
            for_each_space(read_samples(path), [&](const std::string&, const Json& entry,
                                                   const DesignSpace& space) {
                for (const auto& sample : entry.at("samples").items()) {
                    INFO("update " << sample.key());
                    const auto expected = hat::support::reference_sub(sample.value(), space.super);
                    CHECK(reference_sample(space, std::stoll(sample.key())) == expected);
                    ++values;
                }
            });
            golden.add(path, values);
        }
    }

    TEST_CASE("a generator that is not seeded again goes on as the reference's") {
        hat::support::Golden golden("hat/sampler.json");
        for (const auto& path : golden.files()) {
            std::size_t values = 0;
            for_each_space(read_samples(path), [&](const std::string&, const Json& entry,
                                                   const DesignSpace& space) {
                PythonRandom random(7);
                for (const Json& sample : entry.at("unreset_sequence_after_seed_7")) {
                    const auto expected = hat::support::reference_sub(sample, space.super);
                    CHECK(reference_sample(space, random) == expected);
                    ++values;
                }
            });
            golden.add(path, values);
        }
    }

    TEST_CASE("the largest and the smallest member are those that the reference validates") {
        hat::support::Golden golden("hat/sampler.json");
        for (const auto& path : golden.files()) {
            std::size_t values = 0;
            for_each_space(read_samples(path), [&](const std::string&, const Json& entry,
                                                   const DesignSpace& space) {
                const Json& configs = entry.at("represent_configs");
                const auto expected = [&](const char* name) {
                    return hat::support::reference_sub(configs.at(name), space.super);
                };
                CHECK(largest(space, 2) == expected("largest_arbitrary1"));
                CHECK(smallest(space, 2) == expected("smallest_arbitrary1"));
                values += 2;
            });
            golden.add(path, values);
        }
    }
}
