// SPDX-License-Identifier: Apache-2.0
//
// Every tile that a product may use, for tests/structure/spills.sh.

#include <hat/kernels/tile.hpp>

#include <array>
#include <utility>

using namespace hat::kernels;

using Tile = void(const LeftOperand&, const RightOperand&, int,
                  const detail::TileValues<const float>&, const detail::TileValues<float>&, int,
                  bool) noexcept;

template <int... Less>
constexpr auto all_tiles(std::integer_sequence<int, Less...> /*rows*/) {
    return std::array<Tile*, 2 * sizeof...(Less)>{
        detail::sum_tiles<Less + 1, 1>...,
        detail::sum_tiles<Less + 1, detail::tile_panels(Less + 1)>...};
}

extern constexpr auto tiles = all_tiles(std::make_integer_sequence<int, detail::max_tile_rows>());
