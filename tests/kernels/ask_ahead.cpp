// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/ask_ahead.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <type_traits>

namespace detail = hat::kernels::detail;

TEST_SUITE("kernels/ask_ahead") {
    // The lines of the next group, counted from its first panel on, that `tiles` tiles ask for
    // while each reads `steps` lines of `Panels` panels, `stride` bytes apart.
    template <int Panels, int Lines>
    std::set<std::ptrdiff_t> lines_asked_for(int tiles, int steps, std::ptrdiff_t stride,
                                             bool is_first_group) {
        constexpr int next = 3 * Panels;
        std::set<std::ptrdiff_t> lines;
        alignas(64) static const char weights[64]{};
        const auto begin =
            reinterpret_cast<std::uintptr_t>(weights) + std::uintptr_t(next * stride);
        for (int tile = is_first_group ? 1 : 0; tile < tiles; ++tile) {
            const auto ahead = detail::ask_ahead(tile, tiles, next, is_first_group);
            if (ahead.panels == 0) continue;
            detail::Asking<Panels, Lines> asking(weights, stride, ahead, steps);
            for (int k = 0; k < steps; ++k) {
                for (int i = 0; i < Lines; ++i)
                    lines.insert(static_cast<std::ptrdiff_t>(asking.address(i) - begin) / 64);
                asking.step();
            }
        }
        return lines;
    }

    TEST_CASE("tiles ask together for the next group, but for a line of a panel and a part, and "
              "for few besides") {
        const auto check = [](auto panels, int tiles, int steps, std::ptrdiff_t gap,
                              bool is_first) {
            constexpr int count = decltype(panels)::value;
            constexpr int of_part = detail::lines_of_part(count);
            const bool in_parts = (is_first ? tiles - 1 : tiles) > 1;
            const std::ptrdiff_t stride = 64 * (steps + gap);
            const auto lines = in_parts
                                   ? lines_asked_for<count, of_part>(tiles, steps, stride, is_first)
                                   : lines_asked_for<count, count>(tiles, steps, stride, is_first);
            CAPTURE(count);
            CAPTURE(tiles);
            CAPTURE(steps);
            for (int p = 0; p < count; ++p) {
                int missing = 0;  // where steps are odd, those of the second half are one fewer
                for (int k = 0; k < steps; ++k)
                    missing += lines.contains(p * (steps + gap) + k) ? 0 : 1;
                CHECK(missing <= (steps % 2 == 0 ? 0 : 8));
            }
            CHECK(std::ssize(lines) <= count * (steps + 8));
        };
        for (const int tiles : {2, 3, 4, 5, 9, 20, 130}) {
            for (const int steps : {160, 512, 517}) {
                for (const std::ptrdiff_t gap : {0, 100}) {
                    for (const bool is_first : {false, true}) {
                        check(std::integral_constant<int, 1>{}, tiles, steps, gap, is_first);
                        check(std::integral_constant<int, 2>{}, tiles, steps, gap, is_first);
                        check(std::integral_constant<int, 4>{}, tiles, steps, gap, is_first);
                    }
                }
            }
        }
    }

    TEST_CASE("the first rows ask for the next tile, the last group for nothing behind it") {
        using hat::kernels::Ahead;
        CHECK(detail::ask_ahead(0, 1, Ahead::next_tile, true).panels == Ahead::next_tile);
        CHECK(detail::ask_ahead(0, 4, 6, true).panels == Ahead::next_tile);
        CHECK(detail::ask_ahead(0, 4, 6, false).panels == 6);
        for (const int tile : {0, 1, 3})
            CHECK(detail::ask_ahead(tile, 4, Ahead::next_tile, false).panels == 0);
    }
}
