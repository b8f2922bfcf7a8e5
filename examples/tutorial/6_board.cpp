// SPDX-License-Identifier: Apache-2.0

/// Sorts letters with the weights of a header: no heap, no threads, no files, no exceptions.

#include <hat/core/special_tokens.hpp>
#include <hat/decode/static_translator.hpp>

#include "sorter.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>

using Sorter = hat::decode::StaticTranslator<sorter::architecture, hat::nn::PackedInt8>;

int main() {
    constexpr hat::decode::TranslationLimits limits{.source_tokens = 12, .target_tokens = 12};
    constexpr hat::decode::WorkingMemory needed = Sorter::working_memory(limits);
    alignas(hat::alignment) static std::array<std::byte, needed.sum()> memory;
    constexpr hat::SpecialTokens special{};
    static Sorter translator(std::as_bytes(std::span(sorter::weights)), memory, special, limits);
    std::printf("%d bytes of weights\n", static_cast<int>(sizeof sorter::weights));
    std::printf("less than 40 kB of memory: %s\n", sizeof memory < 40'000 ? "yes" : "no");

    constexpr std::string_view word = "board";
    std::array<int, word.size() + 1> source{};
    for (std::size_t i = 0; i < word.size(); ++i) source[i] = word[i] - 'a' + 4;
    source.back() = special.eos;
    const auto hypotheses = translator.translate(source, {.beam = 1});
    for (const int id : hypotheses[0].tokens) std::putchar(id == special.eos ? '\n' : 'a' + id - 4);
}

// Output:
// 28608 bytes of weights
// less than 40 kB of memory: yes
// abdor
