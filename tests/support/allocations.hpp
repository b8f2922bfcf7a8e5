// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace hat::support {

/// How often `operator new` (every form of it) was called in this program so far, by all threads.
///
/// Counted by `support/allocations.cpp`, which every test binary links. What asks the C library
/// itself for memory (`malloc`, `aligned_alloc`) is not seen.
[[nodiscard]] std::size_t allocations() noexcept;

/// The calls of `operator new` while `work()` ran.
///
///     CHECK(allocations_in([&] { step(); }) == 0);
template <class Work>
[[nodiscard]] std::size_t allocations_in(Work&& work) {
    const std::size_t before = allocations();
    work();
    return allocations() - before;
}

/// While it lives, calls of `operator new` fail, but for the first `after` of them.
class OutOfMemory {
public:
    explicit OutOfMemory(std::size_t after) noexcept;
    OutOfMemory(const OutOfMemory&) = delete;
    OutOfMemory& operator=(const OutOfMemory&) = delete;
    ~OutOfMemory();
};

}  // namespace hat::support
