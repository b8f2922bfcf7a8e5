// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

using hat::AlignedArray;

TEST_SUITE("core/aligned") {
    TEST_CASE("an array starts at a cache line and is zero") {
        for (const int size : {1, 15, 16, 17, 1000}) {
            const AlignedArray<float> a(size);
            CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % hat::alignment == 0);
            CHECK(a.size() == size);
            CHECK(a.size_bytes() == sizeof(float) * static_cast<std::size_t>(size));
            CHECK(std::all_of(a.begin(), a.end(), [](float x) { return x == 0; }));
        }
    }

    TEST_CASE("a copy has numbers of its own") {
        AlignedArray<int> a(3);
        a[0] = 1;
        a[2] = 3;
        AlignedArray<int> b = a;
        b[0] = 7;
        CHECK(a[0] == 1);
        CHECK(b[0] == 7);
        CHECK(b[2] == 3);
        a = b;
        CHECK(a[0] == 7);
        CHECK(a.data() != b.data());
    }

    TEST_CASE("a move takes the memory along and leaves an empty array") {
        AlignedArray<int> a(3);
        a[1] = 5;
        const int* const memory = a.data();
        AlignedArray<int> b = std::move(a);
        CHECK(b.data() == memory);
        CHECK(b[1] == 5);
        CHECK(a.size() == 0);  // NOLINT(bugprone-use-after-move): that is what is tested
        CHECK(a.data() == nullptr);
        AlignedArray<int> c(9);
        c = std::move(b);
        CHECK(c.data() == memory);
        CHECK(c.size() == 3);
    }

    TEST_CASE("an empty array allocates nothing") {
        CHECK(hat::support::allocations_in([] {
                  const AlignedArray<float> none;
                  const AlignedArray<float> empty(0);
                  const AlignedArray<float> copy = empty;  // NOLINT(performance-*)
                  CHECK(copy.begin() == copy.end());
              }) == 0);
    }
}
