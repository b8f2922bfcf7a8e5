// SPDX-License-Identifier: Apache-2.0
//
// The tiles that a product of one row to five uses, for bench/inner_loops.sh, which cuts their
// inner loops out of the assembly.

#include <hat/kernels/int8.hpp>
#include <hat/kernels/tile.hpp>

#include <array>
#include <cstddef>
#include <utility>

using namespace hat::kernels;

template <class Left, class Right>
using Tile = void(const Left&, const Right&, int, const detail::TileValues<const float>&,
                  const detail::TileValues<float>&, int, bool) noexcept;

/// Each number of rows with as many panels abreast as a product takes.
template <class Left, class Right, int... Less>
constexpr auto all_tiles(std::integer_sequence<int, Less...> /*rows*/) {
    return std::array<Tile<Left, Right>*, sizeof...(Less)>{
        detail::sum_tiles<Less + 1, Right::Shapes::panels(Less + 1)>...};
}

extern constexpr auto float_tiles = all_tiles<LeftOperand, RightOperand>(
    std::make_integer_sequence<int, detail::FloatTiles::max_rows>());
extern constexpr auto int8_tiles = all_tiles<QuantisedRows, detail::Int8Operand>(
    std::make_integer_sequence<int, detail::Int8Tiles::max_rows>());
