// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/any_translator.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/shortlists.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::data::Shortlist;
using hat::model::Network;
using hat::support::OwnedSources;
using hat::support::random_shortlist;
using hat::support::random_sources;

namespace {

constexpr int vocab_size = 200;

/// What the translator of one kind of weights finds, and what `any` does.
template <class Weights>
void check_same(AnyTranslator& any, const Network& network) {
    const hat::model::PackedModelOf<Weights> packed(network.view());
    BasicTranslator<hat::model::PackedModelOf<Weights>> own(packed, {});
    const OwnedSources sources = random_sources(5, 12, vocab_size, 2, 1);
    const SearchOptions options{.beam = 3, .max_length_b = 9};
    hat::ThreadPool pool(2);
    std::vector<Hypotheses> found;
    any.translate(sources.view(), options, pool, found, 2);
    CHECK(found == own.translate(sources.view(), options, pool));
    CHECK(any.weight_bytes() == packed.size_bytes());
    CHECK(any.max_source_length() == own.max_source_length());
    CHECK(any.max_target_length() == own.max_target_length());
    CHECK(any.max_target_length(options, 4) == own.max_target_length(options, 4));
    for (const Hypotheses& of_source : found) {
        const auto& target = of_source.front().tokens;
        CHECK(any.is_cut(options, 12, target) == own.is_cut(options, 12, target));
    }

    OwnedSources targets;
    for (const Hypotheses& of_source : found) targets.push_back(of_source.front().tokens);
    std::vector<Hypotheses> scored;
    any.score(sources.view(), targets.view(), options, pool, scored);
    for (std::size_t i = 0; i < found.size(); ++i)
        CHECK(scored[i].front().score == found[i].front().score);
}

/// So that targets end sooner or later: of random weights, all are as long as they may be.
void say_eos_often(Network& network) {
    for (const auto& entry : network.table())
        if (entry.name.ends_with("embed_tokens.weight"))
            for (float& x : network.values().matrix(entry).row(2)) x *= 4;
}

/// Sentences of other words in each block, but as many, and as long.
OwnedSources block_of_stream(int block) {
    hat::Random random(static_cast<std::uint64_t>(block));
    OwnedSources sources;
    for (int s = 0; s < 25; ++s) {
        std::vector<int> sentence(static_cast<std::size_t>(1 + s * 7 % 20));
        for (int& token : sentence)
            token = 4 + static_cast<int>(random.uniform() * (vocab_size - 4));
        sentence.push_back(2);
        sources.push_back(sentence);
    }
    return sources;
}

}  // namespace

TEST_SUITE("decode/any_translator") {
    TEST_CASE("it finds what the translator of its kind of weights finds") {
        Network network(hat::model::transformer_tiny(vocab_size));
        network.initialize(4);
        for (const WeightKind kind : {WeightKind::fp32, WeightKind::bf16, WeightKind::int8}) {
            AnyTranslator any(network.view(), kind, {});
            CHECK(any.kind() == kind);
            switch (kind) {
            case WeightKind::fp32:
                check_same<hat::nn::Packed>(any, network);
                break;
            case WeightKind::bf16:
                check_same<hat::nn::PackedBf16>(any, network);
                break;
            case WeightKind::int8:
                check_same<hat::nn::PackedInt8>(any, network);
                break;
            }
        }
    }

    /// Weights that were packed before.
    struct Kept {
        std::vector<std::byte> room;
        std::ptrdiff_t offset = 0;
        std::size_t size = 0;

        explicit Kept(std::span<const std::byte> from) : room(from.size() + 63), size(from.size()) {
            const auto begin = reinterpret_cast<std::uintptr_t>(room.data());
            offset = static_cast<std::ptrdiff_t>((64 - begin % 64) % 64);
            std::copy(from.begin(), from.end(), room.begin() + offset);
        }
        [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
            return {room.data() + offset, size};
        }
    };

    TEST_CASE("it serves weights that lie packed, and keeps their owner") {
        Network network(hat::model::transformer_tiny(vocab_size));
        network.initialize(4);
        const auto check = [&]<class Weights>() {
            constexpr auto kind = std::is_same_v<Weights, hat::nn::PackedInt8>   ? WeightKind::int8
                                  : std::is_same_v<Weights, hat::nn::PackedBf16> ? WeightKind::bf16
                                                                                 : WeightKind::fp32;
            Kept kept(hat::model::PackedModelOf<Weights>(network.view()).bytes());
            AnyTranslator first(network.architecture(), std::move(kept), kind, {});
            AnyTranslator any(std::move(first));
            CHECK(any.kind() == kind);
            check_same<Weights>(any, network);
        };
        for (const WeightKind kind : {WeightKind::fp32, WeightKind::bf16, WeightKind::int8})
            with_weights(kind, check);
        CHECK_THROWS_AS(AnyTranslator(network.architecture(), Kept({}), WeightKind::fp32, {}),
                        hat::Error);
    }

    TEST_CASE(
        "a part of it finds what the sub-network alone finds, and has no weights of its own") {
        Network network(hat::model::transformer_tiny(vocab_size));
        network.initialize(4);
        hat::model::Architecture genes = network.architecture();
        genes.decoder.layer_count = 2;
        genes.encoder.layer_shapes[1].ffn_dim = 64;
        const auto sub = sub_architecture(genes, network.architecture());
        const AnyTranslator whole(network.view(), WeightKind::bf16, {});
        AnyTranslator part = whole.part(sub);
        CHECK(part.weight_bytes() == 0);
        AnyTranslator alone(network.view(sub), WeightKind::bf16, {});
        const OwnedSources sources = random_sources(5, 12, vocab_size, 2, 1);
        hat::ThreadPool pool(1);
        std::vector<Hypotheses> found;
        std::vector<Hypotheses> expected;
        part.translate(sources.view(), {.beam = 3, .max_length_b = 9}, pool, found);
        alone.translate(sources.view(), {.beam = 3, .max_length_b = 9}, pool, expected);
        CHECK(found == expected);
    }

    TEST_CASE("from the second block of a stream on, translating asks for no memory") {
        Network network(hat::model::transformer_tiny(vocab_size));
        network.initialize(4);
        say_eos_often(network);
        const Shortlist shortlist = random_shortlist(vocab_size, 30);
        for (const WeightKind kind : {WeightKind::fp32, WeightKind::bf16, WeightKind::int8}) {
            for (const int beam : {1, 4}) {
                for (const bool is_listed : {false, true}) {
                    CAPTURE(word_of(kind));
                    CAPTURE(beam);
                    CAPTURE(is_listed);
                    AnyTranslator translator(network.view(), kind, {});
                    translator.use_shortlist(is_listed ? &shortlist : nullptr);
                    const SearchOptions options{.beam = beam, .max_length_a = 1, .max_length_b = 5};
                    hat::ThreadPool pool(1);
                    std::vector<Hypotheses> results;
                    for (int block = 0; block < 5; ++block) {
                        const OwnedSources sources = block_of_stream(block);
                        const auto calls = hat::support::allocations_in([&] {
                            // Fewer places than sentences, so that they are filled again.
                            translator.translate(sources.view(), options, pool, results, 6);
                        });
                        if (block > 0) CHECK(calls == 0);
                    }
                }
            }
        }
    }

    TEST_CASE("special tokens that are not in the vocabulary are errors") {
        const Network network(hat::model::transformer_tiny(vocab_size));
        CHECK_THROWS_WITH_AS(AnyTranslator(network.view(), WeightKind::int8, {.eos = 200}),
                             "translator: the id of eos is 200, expected 0 to 199", hat::Error);
    }
}
