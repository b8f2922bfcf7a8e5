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

/// Merges sorted runs of 1, 2, 4, … indices: what `std::stable_sort` does, at a fraction of its
/// cost to compile.
inline void merge_sort(std::vector<int>& indices, const ComesBefore& less) {
    std::vector<int> merged(indices.size());
    for (std::size_t run = 1; run < indices.size(); run *= 2) {
        for (std::size_t begin = 0; begin < indices.size(); begin += 2 * run) {
            const std::size_t middle = std::min(begin + run, indices.size());
            const std::size_t end = std::min(middle + run, indices.size());
            std::size_t a = begin;
            std::size_t b = middle;
            for (std::size_t i = begin; i < end; ++i) {
                const bool from_b = a == middle || (b < end && less(indices[b], indices[a]));
                merged[i] = indices[from_b ? b++ : a++];
            }
        }
        indices.swap(merged);
    }
}

}  // namespace detail

/// Sorts indices by `comes_before(a, b)`; equals keep their order.
template <class F>
void sort_indices(std::vector<int>& indices, const F& comes_before) {
    const detail::ComesBefore less{&comes_before, [](const void* context, int a, int b) -> bool {
                                       return (*static_cast<const F*>(context))(a, b);
                                   }};
    detail::merge_sort(indices, less);
}

/// 0 … count − 1.
[[nodiscard]] inline std::vector<int> indices_of(int count) {
    std::vector<int> indices(static_cast<std::size_t>(count));
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
}

}  // namespace hat
