// SPDX-License-Identifier: Apache-2.0
//
// A translator of integers, of which text_code.cmake tells what it asks for.

#define HAT_WITHOUT_HEAP

#include <hat/core/arena.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/search.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

extern const hat::integer::Transformer<hat::integer::Constants> model;

namespace {
constexpr hat::integer::Limits limits{.source_tokens = 32, .target_tokens = 32, .beam = 2};
alignas(hat::alignment) std::byte memory[65536];
}  // namespace

extern "C" int translate(const int* source, int count, int* target, int room) {
    hat::Arena arena{std::span<std::byte>(memory)};
    hat::integer::Network network(model, limits, arena);
    hat::integer::Search search(limits, arena);
    network.start({source, static_cast<std::size_t>(count)});
    const auto best = search.run(network, hat::SpecialTokens{}, {.beam = 2})[0].tokens;
    if (static_cast<int>(best.size()) > room) return -1;
    std::copy(best.begin(), best.end(), target);
    return static_cast<int>(best.size());
}
