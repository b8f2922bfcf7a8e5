// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/core/ragged.hpp>
#include <hat/model/architecture.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace hat::model {

using autograd::Variable;

/// What the encoder leaves for the decoder.
struct Encoded {
    Ragged sentences;
    Variable output;                            ///< after the final norm, if there is one
    std::array<Variable, max_layers> layers{};  ///< before it; real layers only
};

/// The memory of a decoder layer: the last `count` encoder outputs, the last one first, joined
/// along time, with the offsets that go with it: arbitrary encoder–decoder attention
/// (HAT, arXiv:2005.14187, section 3.1).
struct Memory {
    Variable states;   ///< [count · source tokens, E]
    Ragged sentences;  ///< of states
};

/// The memory of layers that attend to `count` encoder layers: 1 is the output alone, which is not
/// copied.
template <class Context>
Memory make_memory(Context& context, const Architecture& a, const Encoded& encoded, int count) {
    if (count == 1) return {encoded.output, encoded.sentences};
    // Identity layers of a super network are listed too: they repeat the last real one.
    const int super_layers = a.encoder.layer_count + a.origin.identity_layers;
    std::array<Variable, max_attended_layers> parts{encoded.output};
    for (int k = 1; k < count; ++k) {
        const int listed = super_layers - 1 - k;
        const int real = listed < a.encoder.layer_count ? listed : a.encoder.layer_count - 1;
        parts[static_cast<std::size_t>(k)] = encoded.layers[static_cast<std::size_t>(real)];
    }
    const Ragged& sentences = encoded.sentences;
    int* const offsets = context.memory().template allocate<int>(sentences.sentences() + 1);
    for (int s = 0; s <= sentences.sentences(); ++s) offsets[s] = count * sentences.offsets()[s];
    return {autograd::concatenate(context, std::span(parts.data(), static_cast<std::size_t>(count)),
                                  sentences),
            Ragged(offsets, sentences.sentences())};
}

/// The memories of the decoder layers, each made when the first layer asks for it.
class Memories {
public:
    /// Views on both, which must outlive it.
    Memories(const Architecture& architecture, const Encoded& encoded) noexcept
        : architecture_(architecture), encoded_(encoded) {}

    /// That of `attended_layers` encoder layers; nothing for 0.
    template <class Context>
    const Memory& of(Context& context, int attended_layers) {
        Memory& memory = memories_[static_cast<std::size_t>(attended_layers)];
        if (attended_layers > 0 && memory.states.value.empty())
            memory = make_memory(context, architecture_, encoded_, attended_layers);
        return memory;
    }

private:
    const Architecture& architecture_;
    const Encoded& encoded_;
    std::array<Memory, max_attended_layers + 1> memories_{};
};

}  // namespace hat::model
