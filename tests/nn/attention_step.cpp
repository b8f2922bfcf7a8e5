// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/attention_step.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

using hat::Arena;
using hat::ConstMatrix;
using hat::Ragged;
using hat::nn::BlockDropout;
using hat::nn::CachedMemory;
using hat::nn::CachedPrefixes;
using hat::nn::DecoderLayer;
using hat::nn::KeyValueCaches;
using hat::nn::MemoryKeysValues;
using hat::nn::Packed;
using hat::nn::PrefixTable;
using hat::nn::Variable;
using hat::nn::WholeMemory;
using hat::nn::WholeSequences;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

namespace {

constexpr int dim = 19;
constexpr int memory_dim = 21;

struct StepRow {
    int sentence;
    int parent;
};

/// One decoder layer taken position by position, with caches and memories of its own.
class Stepper {
public:
    Stepper(const DecoderLayer<Packed>& layer, bool pre_norm, int rows_per_sentence,
            const std::vector<int>& max_lengths)
        : layer_(layer), pre_norm_(pre_norm), memory_(max_lengths.size()) {
        table_.start(rows_per_sentence, max_lengths, lasting_);
        caches_.start(1, layer.self_attn.query.weight.outputs(), table_.page_capacity(), lasting_);
    }
    void attend_to(const Variable& states, const Ragged& sentences) {
        for (int s = 0; s < sentences.sentences(); ++s)
            memory_[static_cast<std::size_t>(s)] =
                hat::nn::place_for_memory(layer_.encoder_attn, sentences.length(s), lasting_);
        hat::nn::cache_memory(
            own_.eval, layer_.encoder_attn, states, sentences,
            [&](int s) -> MemoryKeysValues& { return memory_[static_cast<std::size_t>(s)]; });
    }
    /// The output of every row; `inputs[i]` is a row of `x`.
    ConstMatrix step(const std::vector<StepRow>& rows, const std::vector<int>& inputs,
                     ConstMatrix x) {
        const int count = static_cast<int>(rows.size());
        const Variable in = own_.eval.variable(count, x.cols());
        for (int i = 0; i < count; ++i)
            std::ranges::copy(x.row(inputs[static_cast<std::size_t>(i)]), in.value.row(i).begin());
        table_.advance(rows);
        return forward(own_.eval, layer_, pre_norm_, BlockDropout{}, in,
                       CachedPrefixes{table_,
                                      caches_.layer(0, layer_.self_attn.query.weight.outputs())},
                       CachedMemory{table_, memory_})
            .value;
    }

private:
    DecoderLayer<Packed> layer_;
    bool pre_norm_;
    PrefixTable table_;
    KeyValueCaches caches_;
    std::vector<MemoryKeysValues> memory_;
    Arena lasting_;
    OwnEval own_;
};

constexpr std::array target_offsets{0, 3, 4, 24};
constexpr Ragged targets(target_offsets.data(), 3);
constexpr std::array memory_offsets{0, 5, 7, 25};
constexpr Ragged memories(memory_offsets.data(), 3);

/// Checks that all targets, taken position by position, give the bits of the whole layer.
void check_steps(Layers& layers, const DecoderLayer<Packed>& layer, bool pre_norm) {
    const Variable x = layers.variable(targets.tokens(), dim);
    const Variable states = layers.variable(memories.tokens(), memory_dim);
    OwnEval own;
    const Variable whole =
        forward(own.eval, layer, pre_norm, BlockDropout{}, x, WholeSequences{targets, true},
                WholeMemory{targets, states, memories});

    Stepper stepper(layer, pre_norm, 1, {3, 1, 20});
    if (layer.attended_layers > 0) stepper.attend_to(states, memories);
    std::vector<StepRow> before;
    for (int t = 0; t < 20; ++t) {
        std::vector<StepRow> rows;
        std::vector<int> inputs;
        for (int s = 0; s < targets.sentences(); ++s) {
            if (t >= targets.length(s)) continue;
            const auto parent = std::ranges::find(before, s, &StepRow::sentence);
            rows.push_back({s, static_cast<int>(parent - before.begin())});
            inputs.push_back(targets.begin(s) + t);
        }
        const ConstMatrix y = stepper.step(rows, inputs, x.value);
        for (int i = 0; i < y.rows(); ++i) {
            const int token = inputs[static_cast<std::size_t>(i)];
            CHECK(same_bits(y.middle_rows(i, 1), whole.value.middle_rows(token, 1)));
        }
        before = rows;
    }
}

}  // namespace

TEST_SUITE("nn/attention_step") {
    TEST_CASE("a layer taken position by position is the whole layer, bit by bit") {
        for (const bool pre_norm : {false, true}) {
            Layers layers(1);
            check_steps(layers,
                        layers.packed<DecoderLayer<Packed>>(layers.decoder_layer(dim, memory_dim)),
                        pre_norm);
        }
    }

    TEST_CASE("a layer of a language model needs no memory") {
        Layers layers(2);
        auto layer = layers.packed<DecoderLayer<Packed>>(layers.decoder_layer(dim, memory_dim));
        layer.attended_layers = 0;
        check_steps(layers, layer, true);
    }

    TEST_CASE("hypotheses of a sentence share its memory and the prefix of their parent") {
        Layers layers(3);
        const auto layer =
            layers.packed<DecoderLayer<Packed>>(layers.decoder_layer(dim, memory_dim));
        const Variable x = layers.variable(5, dim);
        const Variable states = layers.variable(6, memory_dim);
        const std::array whole_memory{0, 6};
        const Ragged memory(whole_memory.data(), 1);

        // Token 0, then 1 or 2, then 3 behind 2 and 4 behind 1.
        Stepper stepper(layer, false, 2, {3});
        stepper.attend_to(states, memory);
        static_cast<void>(stepper.step({{0, 0}}, {0}, x.value));
        static_cast<void>(stepper.step({{0, 0}, {0, 0}}, {1, 2}, x.value));
        const ConstMatrix last = stepper.step({{0, 1}, {0, 0}}, {3, 4}, x.value);

        const auto whole = [&](std::array<int, 3> tokens) {
            OwnEval own;
            const Variable prefix = own.eval.variable(3, dim);
            for (int t = 0; t < 3; ++t)
                std::ranges::copy(x.value.row(tokens[static_cast<std::size_t>(t)]),
                                  prefix.value.row(t).begin());
            const std::array offsets{0, 3};
            const Ragged one(offsets.data(), 1);
            const Variable y = forward(own.eval, layer, false, BlockDropout{}, prefix,
                                       WholeSequences{one, true}, WholeMemory{one, states, memory});
            return std::vector<float>(y.value.row(2).begin(), y.value.row(2).end());
        };
        CHECK(std::ranges::equal(last.row(0), whole({0, 2, 3})));
        CHECK(std::ranges::equal(last.row(1), whole({0, 1, 4})));
    }
}
