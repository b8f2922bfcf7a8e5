// SPDX-License-Identifier: Apache-2.0
//
// An exported header translates its sentences on a device to what they are on the host, and tells
// what that takes. tests/program/export.sh makes the header.

#include "model.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace {

using translator::Translator;

Translator::Memory memory;
#ifdef TOLD_MEMORY
static_assert(sizeof memory <= TOLD_MEMORY, "hat export told less");
#endif
alignas(Translator) std::byte place[sizeof(Translator)];
char text[2048];

/// How many bytes of the stack `run` uses, of at most `most`: those below here that it changed.
template <class Run>
[[gnu::noinline]] std::size_t stack_of(std::uintptr_t most, const Run& run) {
    constexpr unsigned char paint = 0xA5;
    constexpr std::uintptr_t own = 128;  // of the loops here
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const auto at = [&](std::uintptr_t depth) {
        return reinterpret_cast<volatile unsigned char*>(here - depth);
    };
    for (std::uintptr_t depth = own; depth < most; ++depth) *at(depth) = paint;
    run();
    std::uintptr_t used = most;
    while (used > own && *at(used - 1) == paint) --used;
    return used;
}

}  // namespace

int main() {
    const char* status = nullptr;
    const std::size_t stack = stack_of(65536, [&] {
        auto* const translator = std::construct_at(reinterpret_cast<Translator*>(place), memory);
        status = name(translator->self_test(text));
    });
    std::printf("self-test: %s\nmemory: %lu\nstack: %lu\n", status,
                static_cast<unsigned long>(sizeof memory + sizeof place),
                static_cast<unsigned long>(stack));
}
