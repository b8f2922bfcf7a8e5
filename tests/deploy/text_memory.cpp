// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/text_memory.hpp>

#include <doctest/doctest.h>

using hat::deploy::StaticTextMemory;
using hat::deploy::TextCell;
using hat::deploy::TextMemory;

TEST_SUITE("deploy/text_memory") {
    // Fourteen bytes for each of a line, known to the compiler.
    static_assert(sizeof(TextCell) == 12);
    static_assert(sizeof(StaticTextMemory<512>) == 512 * 14 + 12);

    template <int... Bytes>
    constexpr bool is_told =
        ((hat::deploy::text_memory_bytes(Bytes) == sizeof(StaticTextMemory<Bytes>)) && ...);
    static_assert(is_told<1, 2, 3, 511, 512, 513, 16384>);

    TEST_CASE("memory is seen by its parts") {
        static StaticTextMemory<16> memory;
        const TextMemory view = memory;
        CHECK(view.line == memory.line);
        CHECK(view.text == memory.text);
        CHECK(view.cells == memory.cells);
        CHECK(view.bytes == 16);
    }

    TEST_CASE("a part of a text is cut out") {
        CHECK(hat::deploy::detail::slice("abcdef", 2, 4) == "cd");
        CHECK(hat::deploy::detail::slice("abc", 3, 3).empty());
        // No zero is looked for, which need not be there.
        constexpr char text[] = {'a', 'b', 'c'};
        static_assert(hat::deploy::detail::slice(text, 1, 3) == "bc");
    }
}
