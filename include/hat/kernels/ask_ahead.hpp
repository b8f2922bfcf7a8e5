// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/simd.hpp>

#include <cstddef>
#include <cstdint>

/// Weights of a product that are asked for before their turn comes, so that memory works while
/// those at hand are summed.
namespace hat::kernels {

/// The weights that a tile asks for while it sums its own, so that they are in the cache when their
/// turn comes: part `part` of `parts` of those that lie `panels` panels further on.
struct Ahead {
    static constexpr int next_tile = -1;  ///< for `panels`: as many as the tile has

    int panels = 0;  ///< 0: it asks for nothing
    int part = 0;
    int parts = 1;
};

namespace detail {

/// Whether weights should be asked for ahead: from 512 inputs on it was measured to pay; below,
/// asking costs more than it saves.
constexpr bool pays_to_ask_ahead(int inputs) noexcept {
    return inputs >= 512;
}

/// What the rows of tile `tile` of `tiles` ask for in a group of panels that all of them use. The
/// next group lies `next` panels further on, or is none (`Ahead::next_tile`): the tiles ask for it
/// together, each for a part, so that memory has the time of this one. The first rows of the first
/// group have to wait for their own weights, and ask for those of each next tile.
constexpr Ahead ask_ahead(int tile, int tiles, int next, bool is_first_group) noexcept {
    if (tile == 0 && (is_first_group || tiles == 1)) return {Ahead::next_tile};
    const int part = is_first_group ? tile - 1 : tile;
    const int most = is_first_group ? tiles - 1 : tiles;
    // More parts would ask for every line again and again.
    int parts = 8;
    while (parts > most) parts /= 2;
    if (next == Ahead::next_tile || part >= parts) return {};
    return {next, part, parts};
}

/// Asks for weights with each step of a tile's sum, which reads a cache line of every panel: for
/// `Lines` lines of as many panels, all of them or the two halves of them by turns.
template <int Panels, int Lines>
class Asking {
public:
    static_assert(Lines == 0 || Lines == Panels || 2 * Lines == Panels);

    /// The tile reads `steps` lines of each panel, the first panel's from `weights` on.
    template <class T>
    HAT_INLINE Asking(const T* weights, std::ptrdiff_t panel_stride, const Ahead& ahead,
                      int steps) noexcept {
        if constexpr (Lines > 0) {
            const auto parts = static_cast<std::uintptr_t>(ahead.parts);
            const auto of_part = (static_cast<std::uintptr_t>(steps) + parts - 1) / parts;
            stride_ = static_cast<std::uintptr_t>(panel_stride) * sizeof(T);
            at_ = reinterpret_cast<std::uintptr_t>(weights) +
                  static_cast<std::uintptr_t>(ahead.panels) * stride_ +
                  of_part * static_cast<std::uintptr_t>(ahead.part) * line;
            step_ = line / parts;
        }
    }
    /// What is asked for in this step.
    [[nodiscard]] HAT_INLINE std::uintptr_t address(int i) const noexcept {
        return at_ + half_ + static_cast<std::uintptr_t>(i) * stride_;
    }
    HAT_INLINE void step() noexcept {
        if constexpr (Lines > 0) {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) simd::prefetch(address(i));
            at_ += step_;
            if constexpr (Lines < Panels) half_ ^= Lines * stride_;
        }
    }

private:
    static constexpr std::uintptr_t line = 64;  ///< bytes

    std::uintptr_t at_ = 0;
    std::uintptr_t half_ = 0;  ///< how far behind the first half of the panels
    std::uintptr_t stride_ = 0;
    std::uintptr_t step_ = 0;
};

/// Lines that a tile asks for with each step when it asks for a part of a group.
constexpr int lines_of_part(int panels) noexcept {
    return panels % 2 == 0 ? panels / 2 : panels;
}

}  // namespace detail

}  // namespace hat::kernels
