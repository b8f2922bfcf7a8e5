// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/path.hpp>
#include <hat/core/random.hpp>
#include <hat/core/tree.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/quantise.hpp>
#include <hat/integer/ranges.hpp>
#include <hat/integer/search.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::support {

/// Sentences of random tokens, each ending in eos.
inline std::vector<std::vector<int>> random_sentences(int count, int vocab_size,
                                                      std::uint64_t seed) {
    Random random{RandomKey(seed)};
    std::vector<std::vector<int>> all(static_cast<std::size_t>(count));
    for (auto& sentence : all) {
        const auto length = 1 + random.below(9);
        for (std::uint64_t i = 0; i < length; ++i)
            sentence.push_back(
                4 + static_cast<int>(random.below(static_cast<std::uint64_t>(vocab_size - 4))));
        sentence.push_back(2);
    }
    return all;
}

/// A network of random floats, and the one of integers that was made of it.
struct IntegerNetwork {
    explicit IntegerNetwork(const model::Architecture& architecture, std::uint64_t seed = 1)
        : IntegerNetwork(randomised(architecture, seed), seed) {}
    explicit IntegerNetwork(model::Network network, std::uint64_t seed = 1)
        : floats(std::move(network)),
          sources(random_sentences(20, floats.architecture().source_vocab_size, seed)),
          targets(random_sentences(20, floats.architecture().target_vocab_size, seed + 1)),
          integers(quantised()) {}

    model::Network floats;
    std::vector<std::vector<int>> sources;
    std::vector<std::vector<int>> targets;
    integer::Model integers;

    /// Gains and biases are random, too.
    static model::Network randomised(const model::Architecture& architecture, std::uint64_t seed) {
        model::Network network(architecture);
        network.initialize(seed);
        Random random{RandomKey(seed + 7)};
        for (const auto& entry : network.table())
            if (entry.is_vector)
                for (std::ptrdiff_t i = 0; i < entry.size(); ++i)
                    network.values().data()[entry.offset + i] +=
                        static_cast<float>(0.3 * random.uniform() - 0.15);
        return network;
    }

private:
    integer::Model quantised() const {
        integer::Ranges ranges;
        std::vector<integer::Pair> pairs;
        for (std::size_t i = 0; i < sources.size(); ++i) pairs.push_back({sources[i], targets[i]});
        integer::observe(floats.view(), pairs, ranges);
        return integer::quantise(floats.view(), ranges);
    }
};

/// Random weights of integers that let signals through. They come from no float but for scales,
/// which are the same everywhere.
class FillIntegers {
public:
    void operator()(const Leaf& /*leaf*/, MatrixView<std::int8_t>& weights) const {
        fill(weights, 127);
    }
    void operator()(const Leaf& /*leaf*/, MatrixView<std::int16_t>& positions) const {
        fill(positions, 4000);
    }
    /// Of an activation.
    void operator()(const Leaf& /*leaf*/, VectorView<std::int16_t>& points) const {
        for (int i = 0; i < points.size(); ++i) points[i] = static_cast<std::int16_t>(i * 60);
    }
    void operator()(const Leaf& leaf, VectorView<std::int32_t>& numbers) const {
        for (std::int32_t& x : numbers) x = number(leaf.path);
    }

private:
    template <class T>
    void fill(MatrixView<T>& all, int most) const {
        for (int i = 0; i < all.rows(); ++i)
            for (T& x : all.row(i)) x = static_cast<T>(within(most));
    }
    [[nodiscard]] int within(int most) const {
        return static_cast<int>(random_.below(2 * static_cast<std::uint64_t>(most) + 1)) - most;
    }
    [[nodiscard]] std::int32_t number(const Path& path) const {
        if (path.name == "bias") return within(500);
        if (path.name == "epsilon") return 100;
        const std::string_view layer = path.holder->name;
        const double scale = path.name == "score.scale"               ? 0.15
                             : path.name == "position_scale"          ? 0.5
                             : layer == "output"                      ? 1e-3
                             : layer == "source" || layer == "target" ? 60
                             : layer.ends_with("norm")                ? 4000
                                                                      : 3e-5;
        return integer::to_scale(scale * (128 + within(30)) / 128).word();
    }

    mutable Random random_{RandomKey(5)};
};

/// A model whose weights are the same on every machine.
inline integer::Model fixed_integers(const model::Architecture& architecture) {
    integer::Model model(architecture);
    auto weights = model.variables();
    walk(FillIntegers{}, weights);
    return model;
}

/// Architectures that together have all that a network of integers can have.
inline std::vector<model::Architecture> integer_architectures() {
    using namespace model;
    Architecture varied = uniform({.encoder_layers = 3,
                                   .decoder_layers = 3,
                                   .embed_dim = 24,
                                   .ffn_dim = 40,
                                   .heads = 2,
                                   .qkv_dim = 16,
                                   .attended_layers = 1,
                                   .sharing = Sharing::all},
                                  50, 50);
    varied.encoder.layer_shapes[1] = {.ffn_dim = 17, .heads = 4};
    varied.decoder.layer_shapes[0].attended_layers = 3;
    varied.decoder.layer_shapes[1] = {
        .ffn_dim = 56, .heads = 1, .cross_heads = 4, .attended_layers = 2, .qkv_dim = 8};
    Architecture pre = varied;
    pre.norm = Norm::pre;
    pre.encoder.final_norm = pre.decoder.final_norm = true;
    pre.sharing = Sharing::decoder_input_output;
    pre.encoder.positions = Positions::learned;
    pre.encoder.max_positions = 20;
    pre.decoder.positions = Positions::none;
    Architecture repeated = varied;
    repeated.sharing = Sharing::none;
    repeated.origin.identity_layers = 1;
    Architecture gelu = varied;
    gelu.activation = Activation::gelu;
    return {varied,
            pre,
            repeated,
            gelu,
            uneven_translator(Sharing::all),
            uneven_translator(Sharing::none)};
}

/// What searches with fixed models find: how many tokens, and a hash of all tokens and scores.
struct IntegerFindings {
    int tokens = 0;
    std::uint64_t hash = 0;
};
inline IntegerFindings find_with_integers() {
    constexpr integer::Limits limits{.beam = 4};
    IntegerFindings all;
    const auto add = [&](std::int64_t x) {
        all.hash = mix64(all.hash ^ static_cast<std::uint64_t>(x));
    };
    for (const auto& architecture : integer_architectures()) {
        const integer::Model model = fixed_integers(architecture);
        Arena memory;
        integer::Network network(model.view(), limits, memory);
        integer::Search search(limits, memory);
        for (const auto& source : random_sentences(20, architecture.source_vocab_size, 3)) {
            network.start(source);
            for (const auto& hypothesis : search.run(network, {}, {.beam = 4})) {
                for (const int token : hypothesis.tokens) add(token);
                add(hypothesis.score);
                all.tokens += static_cast<int>(hypothesis.tokens.size());
            }
        }
    }
    return all;
}
inline constexpr IntegerFindings known_findings{12662, 2887309642635354875U};

}  // namespace hat::support
