// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/autograd/tape.hpp>
#include <hat/autograd/variable.hpp>
#include <hat/core/activation.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/block.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <unordered_map>
#include <vector>

namespace hat::integer {

/// How large the numbers of a network get on sentences of a corpus. Weights are known by their
/// addresses: those of a network that is equal, but elsewhere, are others.
class Ranges {
public:
    /// Whether something went into the product of a weight.
    [[nodiscard]] bool know(ConstMatrix weight) const { return inputs_.contains(weight.data()); }

    /// Of what goes into a product, and of each of its outputs, before an activation.
    void note_product(ConstMatrix weight, ConstMatrix x, ConstMatrix y) {
        note(x, inputs_[weight.data()]);
        for (int j = 0; j < weight.rows(); ++j) {
            float& largest = outputs_[weight.row_data(j)];
            for (int i = 0; i < y.rows(); ++i) largest = std::max(largest, std::abs(y(i, j)));
        }
    }
    void note_source(ConstMatrix x) noexcept { note(x, source_); }
    void note_target(ConstMatrix x) noexcept { note(x, target_); }

    /// The largest magnitude of what went into the product of a weight; 0 if nothing did.
    [[nodiscard]] float of_input(ConstMatrix weight) const { return found(inputs_, weight.data()); }
    /// Of its outputs `first` … `first + count − 1`.
    [[nodiscard]] float of_outputs(ConstMatrix weight, int first, int count) const {
        float largest = 0;
        for (int j = first; j < first + count; ++j)
            largest = std::max(largest, found(outputs_, weight.row_data(j)));
        return largest;
    }
    [[nodiscard]] float of_outputs(ConstMatrix weight) const {
        return of_outputs(weight, 0, weight.rows());
    }
    /// Of what the layers of a side make and its final norm, and of the target's embeddings.
    [[nodiscard]] float of_source() const noexcept { return source_; }
    [[nodiscard]] float of_target() const noexcept { return target_; }

private:
    using Largest = std::unordered_map<const float*, float>;

    static void note(ConstMatrix x, float& largest) noexcept {
        for (int i = 0; i < x.rows(); ++i)
            for (int j = 0; j < x.cols(); ++j) largest = std::max(largest, std::abs(x(i, j)));
    }
    static float found(const Largest& all, const float* weight) {
        const auto at = all.find(weight);
        return at == all.end() ? 0.0F : at->second;
    }

    Largest inputs_;   ///< by where the weight begins
    Largest outputs_;  ///< by where the weights of the output begin
    float source_ = 0;
    float target_ = 0;
};

/// A context of layers that tells how large their numbers get.
class Observer : public autograd::Eval {
public:
    /// Computes as `Eval` does, and tells `ranges`, which must outlive it.
    Observer(Arena& memory, Arena& scratch, Ranges& ranges) noexcept
        : Eval(memory, scratch), ranges_(&ranges) {}

    /// What is told so far.
    [[nodiscard]] Ranges& ranges() const noexcept { return *ranges_; }

private:
    Ranges* ranges_;
};

/// Weights whose products are observed.
struct Observed : nn::Trainable {
    /// act(x · Wᵀ + b), of which the range is told without the activation.
    static autograd::Variable multiply(Observer& context, const autograd::Variable& x,
                                       const Parameter& weight, const Parameter& bias = {},
                                       Activation activation = Activation::linear) {
        const autograd::Variable y = Trainable::multiply(context, x, weight, bias);
        context.ranges().note_product(weight.value, x.value, y.value);
        return autograd::activation(context, activation, y);
    }
};

namespace detail {

struct CopyViews {
    void operator()(const Leaf& /*leaf*/, auto& to, const auto& from) const { to = from; }
};

}  // namespace detail

/// A sentence and its translation, both ending in eos.
struct Pair {
    std::span<const int> source;
    std::span<const int> target;
};

/// Notes how large the numbers of a network get when it reads the sources and says the targets.
///
/// Precondition: no sentence is empty or longer than the network reads, and all tokens are of its
///               vocabularies.
inline void observe(const model::Transformer<nn::Trainable>& model, std::span<const Pair> pairs,
                    Ranges& ranges) {
    model::Transformer<Observed> observed;
    walk(detail::CopyViews{}, observed, model);
    Arena memory;
    Arena scratch;
    std::vector<int> input;
    for (const Pair& pair : pairs) {
        memory.reset();
        scratch.reset();
        Observer context(memory, scratch, ranges);
        const auto whole = [](std::span<const int> tokens) {
            return std::array{0, static_cast<int>(tokens.size())};
        };
        const auto source = whole(pair.source);
        const model::Encoded encoded =
            model::encode(context, observed, {}, pair.source, Ragged(source.data(), 1));
        ranges.note_source(encoded.output.value);
        for (const auto& layer : encoded.layers)
            if (!layer.value.empty()) ranges.note_source(layer.value);
        input.assign(pair.target.begin(), pair.target.end());
        std::rotate(input.begin(), input.end() - 1, input.end());  // eos goes first
        const auto target = whole(pair.target);
        const model::Decoded decoded =
            model::decode(context, observed, {}, encoded, input, Ragged(target.data(), 1));
        ranges.note_target(decoded.output.value);
        for (const auto& state : decoded.states)
            if (!state.value.empty()) ranges.note_target(state.value);
    }
}

}  // namespace hat::integer
