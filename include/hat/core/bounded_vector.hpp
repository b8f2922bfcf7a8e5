// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace hat {

/// A vector in an arena, with room for a number of values that is given once. It owns nothing: a
/// copy is the same numbers, and the arena takes them back.
///
///     hat::BoundedVector<int> tokens(100, arena);
///     tokens.push_back(7);
template <class T>
class BoundedVector {
    static_assert(std::is_trivially_copyable_v<T>, "BoundedVector destroys nothing");

public:
    BoundedVector() = default;
    /// An empty one with room for `capacity` values, of the bytes `Arena::bytes_of<T>(capacity)`.
    BoundedVector(std::size_t capacity, Arena& memory)
        : data_(memory.allocate<T>(static_cast<std::ptrdiff_t>(capacity))), capacity_(capacity) {}

    /// Precondition: size() < capacity().
    void push_back(const T& value) noexcept {
        HAT_ASSERT(size_ < capacity_);
        data_[size_++] = value;
    }
    void pop_back() noexcept {
        HAT_ASSERT(size_ > 0);
        --size_;
    }
    void clear() noexcept { size_ = 0; }
    /// New values are T{}. Precondition: n ≤ capacity().
    void resize(std::size_t n) noexcept {
        HAT_ASSERT(n <= capacity_);
        if (n > size_) std::fill(data_ + size_, data_ + n, T{});
        size_ = n;
    }
    void assign(std::size_t n, const T& value) noexcept {
        HAT_ASSERT(n <= capacity_);
        std::fill_n(data_, n, value);
        size_ = n;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Values that there is room for.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] T* data() noexcept { return data_; }
    [[nodiscard]] const T* data() const noexcept { return data_; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept {
        HAT_ASSERT(i < size_);
        return data_[i];
    }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        HAT_ASSERT(i < size_);
        return data_[i];
    }
    [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
    [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }
    [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }
    [[nodiscard]] T* begin() noexcept { return data_; }
    [[nodiscard]] T* end() noexcept { return data_ + size_; }
    [[nodiscard]] const T* begin() const noexcept { return data_; }
    [[nodiscard]] const T* end() const noexcept { return data_ + size_; }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace hat
