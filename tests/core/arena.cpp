// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

using hat::Arena;
using hat::ArenaScope;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

}  // namespace

TEST_SUITE("core/arena") {
    TEST_CASE("everything starts at a cache line and nothing overlaps") {
        Arena arena;
        std::vector<std::uint8_t*> starts;
        for (int size = 1; size < 300; size += 7) {
            auto* const p = arena.allocate<std::uint8_t>(size);
            CHECK(reinterpret_cast<std::uintptr_t>(p) % hat::alignment == 0);
            std::fill(p, p + size, static_cast<std::uint8_t>(size));
            starts.push_back(p);
        }
        int size = 1;
        for (const auto* p : starts) {
            CHECK(std::all_of(p, p + size, [&](int x) { return x == size % 256; }));
            size += 7;
        }
    }

    TEST_CASE("matrices and vectors have the shape asked for") {
        Arena arena;
        const hat::Matrix x = arena.matrix(3, 5);
        CHECK(x.rows() == 3);
        CHECK(x.cols() == 5);
        CHECK(x.stride() == 5);
        CHECK(arena.vector(7).size() == 7);
        CHECK(arena.matrix(0, 5).rows() == 0);
    }

    TEST_CASE("create builds an object in place") {
        struct Point {
            int x;
            int y = 8;
        };
        Arena arena;
        const Point* const p = arena.create<Point>(4);
        CHECK(p->x == 4);
        CHECK(p->y == 8);
    }

    TEST_CASE("what was allocated since a mark is free after its release") {
        Arena arena(mebibyte);
        (void)arena.allocate<float>(100);
        const auto mark = arena.mark();
        float* const first = arena.allocate<float>(1000);
        arena.release(mark);
        CHECK(arena.allocate<float>(10) == first);
        {
            const ArenaScope scope(arena);
            (void)arena.allocate<float>(5000);
        }
        CHECK(arena.allocate<float>(1) == first + 16);
    }

    TEST_CASE("a release also takes back what lies in later blocks") {
        Arena arena(mebibyte);
        const auto mark = arena.mark();
        std::uint8_t* const first = arena.allocate<std::uint8_t>(1);
        (void)arena.allocate<std::uint8_t>(3 * mebibyte);
        arena.release(mark);
        const std::size_t capacity = arena.capacity_bytes();
        CHECK(arena.allocate<std::uint8_t>(1) == first);
        (void)arena.allocate<std::uint8_t>(3 * mebibyte);
        CHECK(arena.capacity_bytes() == capacity);
    }

    TEST_CASE("a full arena adds a block and leaves in place what it gave out") {
        Arena arena(mebibyte);
        auto* const first = arena.allocate<std::uint8_t>(mebibyte);
        std::fill(first, first + mebibyte, std::uint8_t{7});
        auto* const second = arena.allocate<std::uint8_t>(5 * mebibyte);
        std::fill(second, second + 5 * mebibyte, std::uint8_t{9});
        CHECK(arena.capacity_bytes() == 6 * mebibyte);
        CHECK(std::all_of(first, first + mebibyte, [](int x) { return x == 7; }));
    }

    TEST_CASE("after a reset one block holds what several held, and nothing is allocated") {
        Arena arena;
        const auto step = [&] {
            (void)arena.allocate<float>(300'000);
            {
                const ArenaScope scope(arena);
                (void)arena.allocate<float>(900'000);
            }
            for (int i = 0; i < 50; ++i) (void)arena.matrix(i, 1000);
            arena.reset();
        };
        step();
        const std::size_t capacity = arena.capacity_bytes();
        CHECK(hat::support::allocations_in([&] {
                  step();
                  step();
              }) == 0);
        CHECK(arena.capacity_bytes() == capacity);
    }

    TEST_CASE("an arena that was never used owns nothing") {
        CHECK(hat::support::allocations_in([] {
                  Arena arena;
                  arena.reset();
                  CHECK(arena.capacity_bytes() == 0);
              }) == 0);
    }

    TEST_CASE("on memory of its user an arena allocates nothing, and says when that is full") {
        alignas(hat::alignment) std::array<std::byte, 1024> memory{};
        std::size_t allocations = 0;
        allocations = hat::support::allocations_in([&] {
            hat::Arena arena{std::span<std::byte>(memory)};
            for (int step = 0; step < 3; ++step) {
                arena.reset();
                const hat::Matrix m = arena.matrix(4, 16);
                CHECK(static_cast<void*>(m.data()) == memory.data());
                static_cast<void>(arena.vector(100));
            }
        });
        CHECK(allocations == 0);
        hat::Arena arena{std::span<std::byte>(memory)};
        static_cast<void>(arena.vector(200));
        CHECK_THROWS_WITH_AS(
            static_cast<void>(arena.vector(80)),
            "Arena: the memory that it was given is full: 832 of 1024 bytes are in "
            "use, and 320 more are needed",
            hat::Error);
        hat::Arena odd{std::span<std::byte>(memory).subspan(4)};
        CHECK(odd.capacity_bytes() == 1024 - hat::alignment);
    }

    TEST_CASE("a reset may ask for room, once") {
        hat::Arena arena(0, 4096);
        arena.reset(10'000);
        CHECK(arena.capacity_bytes() == 10'000);
        CHECK(hat::support::allocations_in([&] {
                  static_cast<void>(arena.allocate<std::byte>(9'900));
                  arena.reset(8'000);
                  static_cast<void>(arena.allocate<std::byte>(9'900));
              }) == 0);
        alignas(hat::alignment) std::array<std::byte, 256> memory{};
        hat::Arena given{std::span<std::byte>(memory)};
        given.reset(256);
        CHECK_THROWS_AS(given.reset(257), hat::Error);
    }

    TEST_CASE("an arena on memory of its user knows how much of it was needed") {
        alignas(hat::alignment) std::array<std::byte, 1024> memory{};
        hat::Arena arena{std::span<std::byte>(memory)};
        {
            const hat::ArenaScope scope(arena);
            static_cast<void>(arena.vector(100));
        }
        static_cast<void>(arena.vector(20));
        arena.reset();
        CHECK(arena.most_used_bytes() == hat::Arena::bytes_of<float>(100));
    }

    TEST_CASE("an arena grows in blocks of a chosen size") {
        hat::Arena arena(0, 4096);
        static_cast<void>(arena.vector(10));
        CHECK(arena.capacity_bytes() == 4096);
        static_cast<void>(arena.vector(2000));
        CHECK(arena.capacity_bytes() == 4096 + 8000);
    }

    TEST_CASE("an arena that was moved from hands out nothing of what it had") {
        static_assert(!std::is_copy_constructible_v<Arena>);
        Arena owner(256);
        float* const first = owner.allocate<float>(4);
        Arena heir(std::move(owner));
        CHECK(heir.allocate<float>(4) == first + 16);
        float* const own = owner.allocate<float>(4);  // NOLINT: this is what is tested
        std::fill_n(own, 4, 1.0F);
        CHECK(own != first);
        owner = std::move(heir);
        CHECK(owner.allocate<float>(4) == first + 32);

        alignas(hat::alignment) std::array<std::byte, 256> memory{};
        Arena given{std::span(memory)};
        static_cast<void>(given.allocate<float>(4));
        Arena taker(std::move(given));
        CHECK(taker.capacity_bytes() == 256);
        CHECK_THROWS_AS(static_cast<void>(given.allocate<float>(4)), hat::Error);  // NOLINT
    }

    TEST_CASE("a negative size, or one that no memory has, is an error") {
        // So many doubles that the number of their bytes wraps around to 0.
        constexpr auto many = std::ptrdiff_t{1}
                              << (std::numeric_limits<std::ptrdiff_t>::digits - 2);
        alignas(hat::alignment) std::array<std::byte, 256> memory{};
        Arena own;
        Arena given{std::span(memory)};
        for (Arena* arena : {&own, &given}) {
            CHECK_THROWS_WITH_AS(static_cast<void>(arena->allocate<float>(-32)),
                                 doctest::Contains("asked for -32 objects of 4 bytes, expected 0"),
                                 hat::Error);
            CHECK_THROWS_AS(static_cast<void>(arena->allocate<double>(many)), hat::Error);
            CHECK_THROWS_AS(static_cast<void>(arena->vector(-5)), hat::Error);
            CHECK_THROWS_WITH_AS(static_cast<void>(arena->matrix(-1, -1)),
                                 "Arena: asked for a matrix of [-1, -1], expected 0 or more",
                                 hat::Error);
            CHECK(arena->matrix(0, 7).rows() == 0);
        }
    }
}
