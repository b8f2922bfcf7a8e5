// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace hat {

/// Every buffer starts at a cache line, which is also the width of the widest vector register.
inline constexpr std::size_t alignment = 64;

/// An owned, zero-filled, cache-line aligned array that never grows.
template <class T>
class AlignedArray {
public:
    AlignedArray() = default;
    /// `size` elements, zero; none of 0.
    explicit AlignedArray(std::ptrdiff_t size)
        : data_(size == 0
                    ? nullptr
                    : static_cast<T*>(::operator new (static_cast<std::size_t>(size) * sizeof(T),
                                                      std::align_val_t{alignment}))),
          size_(size) {
        if (data_ != nullptr) std::memset(static_cast<void*>(data_), 0, size_bytes());
    }
    AlignedArray(const AlignedArray& other) : AlignedArray(other.size_) {
        if (data_ != nullptr) std::memcpy(data_, other.data_, size_bytes());
    }
    AlignedArray(AlignedArray&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    AlignedArray& operator=(AlignedArray other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~AlignedArray() { ::operator delete (data_, std::align_val_t{alignment}); }

    [[nodiscard]] T* data() noexcept { return data_; }
    [[nodiscard]] const T* data() const noexcept { return data_; }
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept {
        return static_cast<std::size_t>(size_) * sizeof(T);
    }
    [[nodiscard]] T* begin() noexcept { return data_; }
    [[nodiscard]] T* end() noexcept { return data_ + size_; }
    [[nodiscard]] const T* begin() const noexcept { return data_; }
    [[nodiscard]] const T* end() const noexcept { return data_ + size_; }
    T& operator[](std::ptrdiff_t i) noexcept { return data_[i]; }
    const T& operator[](std::ptrdiff_t i) const noexcept { return data_[i]; }

private:
    T* data_ = nullptr;
    std::ptrdiff_t size_ = 0;
};

}  // namespace hat
