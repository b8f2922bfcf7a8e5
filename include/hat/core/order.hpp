// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

/// Orders of things that lie elsewhere, as their indices.
namespace hat {

namespace detail {

/// Whether `a` comes before `b`, told by the `context` of whoever asks. One type for all sorts, so
/// that a program compiles one of them, for an indirect call a comparison.
struct ComesBefore {
    const void* context;
    bool (*ask)(const void* context, int a, int b);

    bool operator()(int a, int b) const { return ask(context, a, b); }
};

}  // namespace detail

/// Sorts indices by `comes_before(a, b)`; equals keep their order.
template <class F>
void sort_indices(std::vector<int>& indices, const F& comes_before) {
    const detail::ComesBefore less{&comes_before, [](const void* context, int a, int b) -> bool {
                                       return (*static_cast<const F*>(context))(a, b);
                                   }};
    std::stable_sort(indices.begin(), indices.end(), less);
}

/// 0 … count − 1.
[[nodiscard]] inline std::vector<int> indices_of(int count) {
    std::vector<int> indices(static_cast<std::size_t>(count));
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
}

}  // namespace hat
