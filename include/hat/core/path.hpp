// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// Where a weight stands in a network, how it is stored, and whether that fits where it goes: what
/// a walk (<hat/core/tree.hpp>) tells of each.
namespace hat {

/// Where in a tree something stands: its name, and what holds it.
struct Path {
    const Path* holder = nullptr;
    std::string_view name{};  ///< empty: its members stand in the holder's place
    int index = -1;           ///< in a list

    /// As checkpoints spell it: "encoder.layers.0.fc1.weight".
    [[nodiscard]] MessageText text() const {
#if HAT_HEAP
        std::string all = holder == nullptr ? std::string() : holder->text();
        const auto add = [&all](std::string_view part) {
            if (part.empty()) return;
            if (!all.empty()) all += '.';
            all += part;
        };
        add(name);
        if (index >= 0) add(std::to_string(index));
        return all;
#else
        return {};
#endif
    }
};

/// Whether a weight is the next rows (`below`) or columns (`beside`) of the tensor of the weight
/// before it, which bears the same name.
enum class Joint : std::uint8_t { no, below, beside };

/// How a weight is stored.
struct Storage {
    Joint joint = Joint::no;
    bool transposed = false;  ///< [inputs, outputs]
    int groups = 1;           ///< blocks of rows that map inputs of their own
};

/// A weight on the way.
struct Leaf {
    const Path& path;
    Storage storage{};
};

/// Throws  `Error` naming the weight if it is not [rows, cols], as far as those are fixed.
template <Extent Rows, Extent Cols>
constexpr void check_fixed(const Path& path, int rows, int cols) {
    const bool fits = can_be<Rows>(rows) && can_be<Cols>(cols);
    if (!fits)
        fail(path.text(), ": is [", rows, ", ", cols, "], but here it is fixed at [",
             int{size_or<Rows>(rows)}, ", ", int{size_or<Cols>(cols)}, "]");
}

}  // namespace hat
