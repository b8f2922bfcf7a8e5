// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace hat::distributed {

/// results[i] = job(i, thread) for all i, on all threads of all ranks; every rank then has all
/// results. Index i is rank i mod ranks' own: neighbours, which often cost alike, go to different
/// ones. `thread` is as in `ThreadPool::run`.
///
/// Throws  what a job of this rank throws; other ranks then wait in vain
template <class T, class Job>
requires std::is_trivially_copyable_v<T>
void share_work(Communicator& ranks, ThreadPool& pool, std::span<T> results, const Job& job) {
    const auto n = static_cast<std::ptrdiff_t>(results.size());
    const std::ptrdiff_t step = ranks.size();
    const auto count_of = [&](std::ptrdiff_t rank) { return (n - rank + step - 1) / step; };
    const auto run = [&](auto at) {
        pool.run(static_cast<int>(count_of(ranks.rank())), [&](int i, int thread) {
            const std::ptrdiff_t index = i * step + ranks.rank();
            at(i, index) = job(static_cast<int>(index), thread);
        });
    };
    if (step == 1) {
        run([&](std::ptrdiff_t, std::ptrdiff_t index) -> T& {
            return results[static_cast<std::size_t>(index)];
        });
        return;
    }
    std::vector<T> by_rank(results.size());
    std::vector<std::ptrdiff_t> offsets{0};
    for (std::ptrdiff_t r = 0; r < step; ++r) offsets.push_back(offsets.back() + count_of(r));
    const auto place = [&](std::ptrdiff_t rank, std::ptrdiff_t i) -> T& {
        return by_rank[static_cast<std::size_t>(offsets[static_cast<std::size_t>(rank)] + i)];
    };
    run([&](std::ptrdiff_t i, std::ptrdiff_t) -> T& { return place(ranks.rank(), i); });
    all_gather(ranks, by_rank.data(), offsets);
    for (std::ptrdiff_t i = 0; i < n; ++i)
        results[static_cast<std::size_t>(i)] = place(i % step, i / step);
}

}  // namespace hat::distributed
