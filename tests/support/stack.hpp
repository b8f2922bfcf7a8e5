// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <pthread.h>
#include <stdexcept>
#include <vector>

namespace hat::support {

namespace detail {

/// The same for the whole thread.
inline std::size_t stack_of_thread(std::function<void()> work) {
    constexpr std::size_t size = std::size_t{1} << 20U;
    constexpr std::size_t page = 4096;
    constexpr unsigned char paint = 0xA5;
    std::vector<unsigned char> memory(size + page, paint);
    unsigned char* const first =
        memory.data() + page - reinterpret_cast<std::uintptr_t>(memory.data()) % page;
    const auto start = [](void* argument) -> void* {
        (*static_cast<std::function<void()>*>(argument))();
        return nullptr;
    };
    pthread_attr_t attributes{};
    pthread_t thread{};
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstack(&attributes, first, size) != 0 ||
        pthread_create(&thread, &attributes, start, &work) != 0)
        throw std::runtime_error("no thread with a stack of its own");
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    const auto* const deepest =
        std::find_if(first, first + size, [](unsigned char byte) { return byte != paint; });
    return static_cast<std::size_t>(first + size - deepest);
}

}  // namespace detail

/// Bytes of stack that `work()` touched: it runs in a thread whose stack was painted before, less
/// what such a thread needs to do nothing. 0 with the address sanitizer, which keeps stacks of its
/// own.
[[nodiscard]] inline std::size_t stack_used_by(const std::function<void()>& work) {
#if defined(__SANITIZE_ADDRESS__)
    work();
    return 0;
#else
    const std::size_t base = detail::stack_of_thread([] {});
    return std::max(detail::stack_of_thread(work), base) - base;
#endif
}

}  // namespace hat::support
