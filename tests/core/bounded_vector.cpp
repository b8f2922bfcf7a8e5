// SPDX-License-Identifier: Apache-2.0
#include <hat/core/bounded_vector.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

using hat::Arena;
using hat::BoundedVector;

TEST_SUITE("core/bounded_vector") {
    TEST_CASE("values are added, taken away and made anew as in a vector") {
        Arena memory;
        BoundedVector<int> v(5, memory);
        CHECK(v.empty());
        v.push_back(4);
        v.push_back(7);
        CHECK(v.front() == 4);
        CHECK(v.back() == 7);
        v.pop_back();
        v.resize(3);
        CHECK(std::ranges::equal(v, std::array{4, 0, 0}));
        v.assign(2, 9);
        CHECK(std::ranges::equal(v, std::array{9, 9}));
        v.clear();
        CHECK(v.size() == 0);
        CHECK(v.capacity() == 5);
    }

    TEST_CASE("it lives in the arena, of which it takes the bytes that are told") {
        alignas(hat::alignment) std::array<std::byte, 1024> bytes{};
        Arena memory{std::span<std::byte>(bytes)};
        BoundedVector<int> v(33, memory);
        CHECK(static_cast<void*>(v.data()) == bytes.data());
        CHECK(memory.most_used_bytes() == Arena::bytes_of<int>(33));
        CHECK(Arena::bytes_of<int>(33) == 192);
    }
}
