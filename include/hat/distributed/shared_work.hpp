// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>

#include <cstddef>
#include <iterator>
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
    const auto n = static_cast<int>(results.size());
    const int step = ranks.size();
    const int rank = ranks.rank();
    pool.run((n - rank + step - 1) / step, [&](int i, int thread) {
        const int index = i * step + rank;
        results[static_cast<std::size_t>(index)] = job(index, thread);
    });
    if (step == 1) return;
    std::vector<T> by_rank(results.size());
    std::vector<std::ptrdiff_t> offsets{0};
    // The same walk puts results in the order of ranks and back.
    const auto for_each = [&](const auto& f) {
        std::size_t place = 0;
        for (int r = 0; r < step; ++r) {
            for (int i = r; i < n; i += step)
                f(by_rank[place++], results[static_cast<std::size_t>(i)]);
            if (std::ssize(offsets) <= step) offsets.push_back(static_cast<std::ptrdiff_t>(place));
        }
    };
    for_each([](T& ordered, const T& result) { ordered = result; });
    all_gather(ranks, by_rank.data(), offsets);
    for_each([](const T& ordered, T& result) { result = ordered; });
}

}  // namespace hat::distributed
