// SPDX-License-Identifier: Apache-2.0
#include <hat/distributed/shared_work.hpp>

#include "support/thread_ranks.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <span>
#include <vector>

TEST_SUITE("distributed/shared_work") {
    TEST_CASE("every rank has all results, and each was worked out once") {
        for (const int size : {1, 2, 3, 8}) {
            for (const int n : {0, 1, 5, 16}) {
                CAPTURE(size);
                CAPTURE(n);
                std::atomic<int> calls{0};
                hat::support::ThreadRanks(size).run([&](hat::distributed::Communicator& ranks) {
                    hat::ThreadPool pool(2);
                    std::vector<double> results(static_cast<std::size_t>(n), -1);
                    hat::distributed::share_work(ranks, pool, std::span(results),
                                                 [&](int index, int thread) {
                                                     ++calls;
                                                     return 100.0 * index + 0.0 * thread;
                                                 });
                    for (int i = 0; i < n; ++i)
                        CHECK(results[static_cast<std::size_t>(i)] == 100.0 * i);
                });
                CHECK(calls == n);
            }
        }
    }
}
