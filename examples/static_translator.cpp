// SPDX-License-Identifier: Apache-2.0
/// A translator for a device without heap: the compiler knows every size, weights are served from
/// where they lie, and the working memory is an array whose size is a constant.

#include <hat/decode/static_translator.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include <array>
#include <cstddef>
#include <cstdio>

constexpr hat::model::Architecture architecture = hat::model::uniform(
    {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 64, .ffn_dim = 96, .heads = 4}, 128,
    128);
using Translator = hat::decode::StaticTranslator<architecture>;

int main() {
    // A device has them as a constant in flash; here they are those of a network that nobody
    // trained.
    alignas(hat::alignment) static std::array<float, hat::model::static_weight_count<architecture>>
        weights;
    hat::model::Network network(architecture);
    network.initialize(1);
    hat::model::pack_weights<architecture>(network.view(), weights);

    constexpr hat::decode::TranslationLimits limits{.source_tokens = 32, .target_tokens = 32};
    constexpr hat::decode::WorkingMemory needed = Translator::working_memory(limits);
    alignas(hat::alignment) static std::array<std::byte, needed.sum()> memory;
    std::printf("%zu bytes of weights, %zu of working memory: %zu of positions, %zu of caches,\n",
                hat::model::static_weight_bytes<architecture>, needed.sum(), needed.positions,
                needed.caches);
    std::printf("%zu of activations, %zu of scratch, %zu of search, %zu of results\n",
                needed.activations, needed.scratch, needed.search, needed.results);

    Translator translator(weights, memory, hat::SpecialTokens{}, limits);
    const std::array source{17, 42, 5, 2};  // ends in eos
    const auto hypotheses = translator.translate(source, {.beam = 1, .max_length_b = 6});
    for (const int token : hypotheses[0].tokens) std::printf("%d ", token);
    std::printf("\n");
}
// Output:
// 669184 bytes of weights, 197440 of working memory: 8704 of positions, 66496 of caches,
// 119104 of activations, 2048 of scratch, 768 of search, 320 of results
// 36 36 36 36 36 36 2
