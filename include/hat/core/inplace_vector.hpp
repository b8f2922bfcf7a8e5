// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>

namespace hat {

/// Up to `Capacity` values inside the object. Only those that were added exist: the room for the
/// rest is neither initialised nor copied, but where the compiler computes with it. Never
/// allocates; what C++26 calls `std::inplace_vector`.
template <class T, std::size_t Capacity>
class InplaceVector {
    static_assert(std::is_trivially_destructible_v<T>, "InplaceVector destroys nothing");

public:
    // Not defaulted: `{}` would fill the room with zeros.
    constexpr InplaceVector() noexcept : room_(make_room()) {}
    constexpr InplaceVector(const InplaceVector& other) noexcept : room_(make_room()) {
        append(other);
    }
    constexpr InplaceVector& operator=(const InplaceVector& other) noexcept {
        if (this == &other) return *this;
        size_ = 0;
        append(other);
        return *this;
    }
    ~InplaceVector() = default;

    /// Adds a value behind the others. Precondition: size() < Capacity.
    constexpr T& push_back(const T& value) noexcept {
        HAT_ASSERT(size_ < Capacity);
        return *std::construct_at(room_.values + size_++, value);
    }
    /// Adds T{}. Precondition: size() < Capacity.
    constexpr T& emplace_back() noexcept {
        HAT_ASSERT(size_ < Capacity);
        return *std::construct_at(room_.values + size_++);
    }

    constexpr void clear() noexcept { size_ = 0; }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr T* data() noexcept { return room_.values; }
    [[nodiscard]] constexpr const T* data() const noexcept { return room_.values; }
    [[nodiscard]] constexpr T& operator[](std::size_t i) noexcept {
        HAT_ASSERT(i < size_);
        return room_.values[i];
    }
    [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept {
        HAT_ASSERT(i < size_);
        return room_.values[i];
    }
    [[nodiscard]] constexpr T* begin() noexcept { return data(); }
    [[nodiscard]] constexpr T* end() noexcept { return data() + size_; }
    [[nodiscard]] constexpr const T* begin() const noexcept { return data(); }
    [[nodiscard]] constexpr const T* end() const noexcept { return data() + size_; }

private:
    union Room {
        constexpr Room() noexcept : nothing{} {}
        constexpr explicit Room(int /*filled*/) noexcept : values{} {}
        std::byte nothing;
        T values[Capacity];
    };

    /// In a constant all values must exist before one can be replaced.
    static constexpr Room make_room() noexcept {
        return std::is_constant_evaluated() ? Room(0) : Room();
    }
    constexpr void append(const InplaceVector& other) noexcept {
        for (const T& value : other) push_back(value);
    }

    std::size_t size_ = 0;
    Room room_;
};

}  // namespace hat
