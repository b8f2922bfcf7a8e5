// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/static_transformer.hpp>

#include "support/allocations.hpp"
#include "support/architectures.hpp"
#include "support/own_layers.hpp"
#include "support/reference.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::Arena;
using hat::Random;
using hat::RandomKey;
using hat::model::Architecture;
using hat::model::Network;
using hat::model::PackedModel;
using hat::model::PackedModelOf;
using hat::support::OwnedSources;
using hat::support::random_sources;

namespace {

template <class Weights = hat::nn::Packed>
PackedModelOf<Weights> random_model(const Architecture& a) {
    Network network(a);
    network.initialize(9);
    return PackedModelOf<Weights>(network.view());
}

/// All logits of every row: no token is special, and as many candidates are taken as there are.
Selection all_logits(int vocab_size) {
    return {.count = vocab_size,
            .normalize = false,
            .special = {.unk = -1, .bos = -1, .eos = -1, .pad = -1}};
}

std::vector<float> by_token(std::span<const hat::kernels::Candidate> candidates) {
    std::vector<float> logits(candidates.size(), std::numeric_limits<float>::quiet_NaN());
    for (const auto& c : candidates) logits.at(static_cast<std::size_t>(c.index)) = c.value;
    return logits;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() &&
           hat::support::same_bits({a.data(), 1, static_cast<int>(a.size())},
                                   {b.data(), 1, static_cast<int>(b.size())});
}

/// The logits behind a prefix from the whole decoder, without caches.
template <class Model>
std::vector<float> whole_logits(const Model& packed, const OwnedSources& source,
                                const std::vector<int>& prefix) {
    Arena memory;
    Arena scratch;
    hat::autograd::Eval context(memory, scratch);
    const auto& model = packed.view();
    hat::model::Encoded encoded;
    if (model.architecture.has_encoder()) {
        encoded = encode(context, model, {}, source.view().tokens, source.view().sentences);
    }
    const int offsets[] = {0, static_cast<int>(prefix.size())};
    const auto decoded = decode(context, model, {}, encoded, prefix, hat::Ragged(offsets, 1));
    const hat::autograd::Variable last{decoded.output.value.middle_rows(offsets[1] - 1, 1)};
    const hat::Matrix logits = hat::model::logits(context, model, last).value;
    return {logits.data(), logits.data() + logits.cols()};
}

/// Hypotheses that go anywhere, as a beam search with bad luck might: random tokens behind random
/// parents, sentences that leave at random.
struct RandomWalk {
    int rows_per_sentence;
    int vocab_size;
    Random random;
    std::vector<Row> rows{};
    std::vector<std::vector<int>> prefixes{};

    int below(int n) { return static_cast<int>(random.uniform() * n); }

    void start(int sentences) {
        for (int s = 0; s < sentences; ++s) enter(s);
    }
    void enter(int place) {
        rows.push_back({.sentence = place, .parent = 0, .token = 2});
        prefixes.push_back({2});
    }
    void leave(int place) {
        for (std::size_t i = rows.size(); i-- > 0;) {
            if (rows[i].sentence != place) continue;
            rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
            prefixes.erase(prefixes.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    [[nodiscard]] bool has(int place) const {
        return std::ranges::count(rows, place, &Row::sentence) > 0;
    }
    void advance() {
        std::vector<Row> next;
        std::vector<std::vector<int>> next_prefixes;
        for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
            const int sentence = rows[first].sentence;
            while (last < rows.size() && rows[last].sentence == sentence) ++last;
            if (below(12) == 0) continue;
            const int count = 1 + below(rows_per_sentence);
            for (int i = 0; i < count; ++i) {
                const int parent = static_cast<int>(first) + below(static_cast<int>(last - first));
                next.push_back(
                    {.sentence = sentence, .parent = parent, .token = below(vocab_size)});
                next_prefixes.push_back(prefixes[static_cast<std::size_t>(parent)]);
                next_prefixes.back().push_back(next.back().token);
            }
        }
        rows = std::move(next);
        prefixes = std::move(next_prefixes);
    }
};

}  // namespace

TEST_SUITE("decode/cached_transformer") {
    TEST_CASE_TEMPLATE("a step gives the bits of the whole decoder, in any batch and beam", Weights,
                       hat::nn::Packed, hat::nn::PackedBf16, hat::nn::PackedInt8) {
        for (const Architecture& a : hat::support::varied_architectures()) {
            const auto packed = random_model<Weights>(a);
            BasicCachedTransformer<PackedModelOf<Weights>> model(packed);
            const int source_vocab = a.has_encoder() ? a.source_vocab_size : 10;
            const OwnedSources sources = random_sources(3, 18, source_vocab, 2, 21);
            for (const int rows_per_sentence : {1, 4}) {
                RandomWalk walk{rows_per_sentence, a.target_vocab_size, Random(RandomKey(5))};
                walk.start(sources.size());
                model.start(sources.view(), rows_per_sentence, std::vector<int>(3, 20));
                for (int step = 0; step < 20 && !walk.rows.empty(); ++step) {
                    const auto found = model.step(walk.rows, all_logits(a.target_vocab_size));
                    if (step == 0 || step == 6 || step == 17) {
                        for (std::size_t i = 0; i < walk.rows.size(); ++i) {
                            CHECK(same_bits(
                                by_token(found.row(static_cast<int>(i))),
                                whole_logits(packed,
                                             hat::support::alone(sources, walk.rows[i].sentence),
                                             walk.prefixes[i])));
                        }
                    }
                    walk.advance();
                }
            }
        }
    }

    TEST_CASE_TEMPLATE("a sentence in the place of another gives the same bits", Weights,
                       hat::nn::Packed, hat::nn::PackedInt8) {
        constexpr int places = 3;
        constexpr int count = 9;
        for (const Architecture& a : hat::support::varied_architectures()) {
            const auto packed = random_model<Weights>(a);
            BasicCachedTransformer<PackedModelOf<Weights>> model(packed);
            OwnedSources sources;  // longest first
            for (int s = 0; s < count; ++s) {
                std::vector<int> source(static_cast<std::size_t>(a.has_encoder() ? 18 - 2 * s : 0),
                                        4 + s);
                sources.push_back(source);
            }
            const auto some = [&](int first, int n) {
                OwnedSources part;
                for (int s = first; s < first + n; ++s) part.push_back(sources[s]);
                return part;
            };
            for (const int rows_per_sentence : {1, 4}) {
                RandomWalk walk{rows_per_sentence, a.target_vocab_size, Random(RandomKey(6))};
                std::vector<int> steps(places, 0);
                std::vector<int> sentence_of(places);
                const auto limit = [](int s) { return 20 - s; };
                model.start(some(0, places).view(), rows_per_sentence,
                            std::vector<int>{limit(0), limit(1), limit(2)});
                walk.start(places);
                for (int p = 0; p < places; ++p) sentence_of[static_cast<std::size_t>(p)] = p;
                int next = places;
                for (int step = 0; !walk.rows.empty(); ++step) {
                    const auto found = model.step(walk.rows, all_logits(a.target_vocab_size));
                    for (std::size_t i = 0; step % 7 == 0 && i < walk.rows.size(); ++i) {
                        const auto place = static_cast<std::size_t>(walk.rows[i].sentence);
                        CHECK(same_bits(
                            by_token(found.row(static_cast<int>(i))),
                            whole_logits(packed, hat::support::alone(sources, sentence_of[place]),
                                         walk.prefixes[i])));
                    }
                    walk.advance();
                    std::vector<int> entered;
                    std::vector<int> limits;
                    for (int p = 0; p < places; ++p) {
                        const auto place = static_cast<std::size_t>(p);
                        if (++steps[place] == limit(sentence_of[place])) walk.leave(p);
                        if (walk.has(p) || next == count || step < 4) continue;
                        steps[place] = 0;
                        sentence_of[place] = next;
                        entered.push_back(p);
                        limits.push_back(limit(next++));
                    }
                    if (entered.empty()) continue;
                    const int n = static_cast<int>(entered.size());
                    model.admit(some(next - n, n).view(), entered, limits);
                    for (const int p : entered) walk.enter(p);
                }
                CHECK(next == count);
            }
        }
    }

    TEST_CASE("a step through layers of one's own gives the bits of the whole decoder, too") {
        using Packed = hat::model::PackedTransformer<hat::support::OwnLayers>;
        const Architecture a = hat::model::uniform(
            {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 24, .ffn_dim = 40, .heads = 4},
            20, 20);
        hat::model::BasicNetwork<hat::support::OwnLayers> network(a);
        network.initialize(9);
        const Packed packed(network.view());
        BasicCachedTransformer<Packed> model(packed);
        const OwnedSources source = random_sources(1, 18, 20, 2, 7);
        const int most = 8;
        model.start(source.view(), 1, {&most, 1});
        std::vector<int> prefix;
        for (int position = 0; position < most; ++position) {
            const Row row{.sentence = 0, .parent = 0, .token = 2 + position};
            prefix.push_back(row.token);
            CHECK(same_bits(by_token(model.step({&row, 1}, all_logits(20)).row(0)),
                            whole_logits(packed, source, prefix)));
        }
    }

    TEST_CASE("positions that a model has bound its sources and targets") {
        const auto architectures = hat::support::varied_architectures();
        const PackedModel sinusoidal = random_model(architectures[0]);
        CHECK(CachedTransformer(sinusoidal).max_length() == 1024);
        CHECK(CachedTransformer(sinusoidal).max_source_length() == 1024);
        const PackedModel learned = random_model(architectures[2]);
        CHECK(CachedTransformer(learned).max_source_length() == 20);
        CHECK(CachedTransformer(learned).max_length() == 1024);  // it has no positions
        CHECK(CachedTransformer(random_model(architectures[3])).max_length() == 128);
    }

    TEST_CASE("steps ask for no memory once a batch has been run") {
        const PackedModel packed = random_model(hat::model::transformer_tiny(500));
        CachedTransformer model(packed);
        const OwnedSources sources = random_sources(6, 30, 500, 2, 22);
        const std::vector<int> limits(6, 30);
        std::vector<Row> rows;
        std::size_t allocations = 0;
        for (int round = 0; round < 3; ++round) {
            allocations = 0;
            rows.clear();
            for (int s = 0; s < 6; ++s) rows.push_back({.sentence = s, .parent = s, .token = 2});
            allocations +=
                hat::support::allocations_in([&] { model.start(sources.view(), 3, limits); });
            for (int step = 0; step < 30; ++step) {
                allocations += hat::support::allocations_in(
                    [&] { static_cast<void>(model.step(rows, {.count = 6})); });
                if (step > 0) continue;
                rows.clear();
                for (int i = 0; i < 18; ++i) {
                    rows.push_back({.sentence = i / 3, .parent = i / 3, .token = 7 + i});
                }
                static_cast<void>(model.step(rows, {.count = 6}));
                for (int i = 0; i < 18; ++i) rows[static_cast<std::size_t>(i)].parent = i;
                ++step;
            }
        }
        CHECK(allocations == 0);
    }

    TEST_CASE("a network of fixed sizes finds the same hypotheses, bit by bit") {
        using namespace hat::model;
        static constexpr Architecture a = [] {
            Architecture mixed = uniform({.encoder_layers = 2,
                                          .decoder_layers = 2,
                                          .embed_dim = 32,
                                          .ffn_dim = 48,
                                          .heads = 4,
                                          .qkv_dim = 24},
                                         40, 40);
            mixed.decoder.layer_shapes[1] = {
                .ffn_dim = 20, .heads = 2, .cross_heads = 8, .attended_layers = 2};
            return mixed;
        }();
        Network network(a);
        network.initialize(4);
        const PackedModel dynamic(network.view());
        const PackedTransformer<FixedArchitecture<a>> fixed(network.view());
        CachedTransformer of_run_time(dynamic);
        BasicCachedTransformer<PackedTransformer<FixedArchitecture<a>>> of_compile_time(fixed);
        const auto sources = random_sources(5, 9, 40, 2, 3);
        std::vector<Hypotheses> expected(5);
        std::vector<Hypotheses> found(5);
        for (const int beam : {1, 4}) {
            const SearchOptions options{.beam = beam, .max_length_b = 12};
            BeamSearch search;
            search.run(of_run_time, sources.view(), {}, options, expected);
            search.run(of_compile_time, sources.view(), {}, options, found);
            for (std::size_t i = 0; i < 5; ++i) {
                REQUIRE(found[i].size() == expected[i].size());
                for (std::size_t k = 0; k < found[i].size(); ++k) {
                    CHECK(found[i][k].tokens == expected[i][k].tokens);
                    CHECK(std::bit_cast<std::uint32_t>(found[i][k].score) ==
                          std::bit_cast<std::uint32_t>(expected[i][k].score));
                }
            }
        }
    }

    TEST_CASE("views that train are decoded as they are, to what their packed copy says") {
        struct Viewed {
            hat::model::Transformer<hat::nn::Trainable> transformer;
            [[nodiscard]] const auto& view() const noexcept { return transformer; }
        };
        Network network(hat::model::transformer_tiny(40));
        network.initialize(9);
        const Viewed viewed{network.view()};
        const PackedModel packed(network.view());
        BasicCachedTransformer<Viewed> direct(viewed);
        CachedTransformer copied(packed);
        const OwnedSources source = random_sources(1, 5, 40, 2, 3);
        const int most = 8;
        direct.start(source.view(), 1, {&most, 1});
        copied.start(source.view(), 1, {&most, 1});
        for (int position = 0; position < most; ++position) {
            const Row row{.sentence = 0, .parent = 0, .token = 5 + position};
            const auto a = by_token(direct.step({&row, 1}, all_logits(40)).row(0));
            const auto b = by_token(copied.step({&row, 1}, all_logits(40)).row(0));
            for (std::size_t i = 0; i < a.size(); ++i)
                CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-4));
        }
        CHECK(direct.vocab_size() == 40);
        CHECK(direct.max_length() == copied.max_length());
    }
}
