// SPDX-License-Identifier: Apache-2.0
/// Replaces the global `operator new` and `operator delete` by ones that count, and that may fail.

#include "support/allocations.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> calls{0};
std::atomic<std::size_t> last_call{static_cast<std::size_t>(-1)};  ///< that gets memory

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    if (calls.fetch_add(1, std::memory_order_relaxed) >= last_call) return nullptr;
    if (alignment <= alignof(std::max_align_t)) return std::malloc(std::max<std::size_t>(size, 1));
    const std::size_t rounded = (std::max<std::size_t>(size, 1) + alignment - 1) & ~(alignment - 1);
    return std::aligned_alloc(alignment, rounded);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    if (void* memory = allocate(size, alignment)) return memory;
    throw std::bad_alloc();
}

constexpr std::size_t usual = alignof(std::max_align_t);

}  // namespace

std::size_t hat::support::allocations() noexcept {
    return calls.load(std::memory_order_relaxed);
}

hat::support::OutOfMemory::OutOfMemory(std::size_t after) noexcept {
    last_call = calls + after;
}
hat::support::OutOfMemory::~OutOfMemory() {
    last_call = static_cast<std::size_t>(-1);
}

using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t n) {
    return allocate_or_throw(n, usual);
}
void* operator new[](size_t n) {
    return allocate_or_throw(n, usual);
}
void* operator new(size_t n, align_val_t a) {
    return allocate_or_throw(n, size_t(a));
}
void* operator new[](size_t n, align_val_t a) {
    return allocate_or_throw(n, size_t(a));
}
void* operator new(size_t n, const nothrow_t&) noexcept {
    return allocate(n, usual);
}
void* operator new[](size_t n, const nothrow_t&) noexcept {
    return allocate(n, usual);
}
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept {
    return allocate(n, size_t(a));
}
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept {
    return allocate(n, size_t(a));
}

void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete[](void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, size_t) noexcept {
    std::free(p);
}
void operator delete[](void* p, size_t) noexcept {
    std::free(p);
}
void operator delete(void* p, align_val_t) noexcept {
    std::free(p);
}
void operator delete[](void* p, align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, size_t, align_val_t) noexcept {
    std::free(p);
}
void operator delete[](void* p, size_t, align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, const nothrow_t&) noexcept {
    std::free(p);
}
void operator delete[](void* p, const nothrow_t&) noexcept {
    std::free(p);
}
void operator delete(void* p, align_val_t, const nothrow_t&) noexcept {
    std::free(p);
}
void operator delete[](void* p, align_val_t, const nothrow_t&) noexcept {
    std::free(p);
}
