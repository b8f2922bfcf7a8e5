// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstddef>
#include <new>
#include <type_traits>

namespace hat {

/// Up to `Capacity` values inside the object. Only those that were added exist: the room for the
/// rest is neither initialised nor copied. Never allocates; what C++26 calls `std::inplace_vector`.
template <class T, std::size_t Capacity>
class InplaceVector {
    static_assert(std::is_trivially_destructible_v<T>, "InplaceVector destroys nothing");

public:
    // Not defaulted: `{}` would fill the room with zeros.
    InplaceVector() noexcept {}  // NOLINT(modernize-use-equals-default)
    InplaceVector(const InplaceVector& other) noexcept { append(other); }
    InplaceVector& operator=(const InplaceVector& other) noexcept {
        if (this == &other) return *this;
        size_ = 0;
        append(other);
        return *this;
    }
    ~InplaceVector() = default;

    /// Adds a value behind the others. Precondition: size() < Capacity.
    T& push_back(const T& value) noexcept {
        HAT_ASSERT(size_ < Capacity);
        return *::new (storage_ + size_++ * sizeof(T)) T(value);
    }
    /// Adds T{}. Precondition: size() < Capacity.
    T& emplace_back() noexcept {
        HAT_ASSERT(size_ < Capacity);
        return *::new (storage_ + size_++ * sizeof(T)) T{};
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] T* data() noexcept { return std::launder(reinterpret_cast<T*>(storage_)); }
    [[nodiscard]] const T* data() const noexcept {
        return std::launder(reinterpret_cast<const T*>(storage_));
    }
    [[nodiscard]] T& operator[](std::size_t i) noexcept {
        HAT_ASSERT(i < size_);
        return data()[i];
    }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        HAT_ASSERT(i < size_);
        return data()[i];
    }
    [[nodiscard]] T* begin() noexcept { return data(); }
    [[nodiscard]] T* end() noexcept { return data() + size_; }
    [[nodiscard]] const T* begin() const noexcept { return data(); }
    [[nodiscard]] const T* end() const noexcept { return data() + size_; }

private:
    void append(const InplaceVector& other) noexcept {
        for (const T& value : other) push_back(value);
    }

    std::size_t size_ = 0;
    alignas(T) std::byte storage_[Capacity * sizeof(T)];
};

}  // namespace hat
