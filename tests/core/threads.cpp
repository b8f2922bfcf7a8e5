// SPDX-License-Identifier: Apache-2.0
#include <hat/core/threads.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using hat::ThreadPool;

TEST_SUITE("core/threads") {
    TEST_CASE("every index runs once, whatever the number of threads") {
        for (const int threads : {1, 2, 3, 5}) {
            ThreadPool pool(threads);
            CHECK(pool.size() == threads);
            for (const int n : {0, 1, 2, 3, 100, 1000}) {
                std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
                pool.run(n, [&](int i, int) { ++calls[static_cast<std::size_t>(i)]; });
                bool once = true;
                for (const auto& c : calls) once = once && c == 1;
                CHECK(once);
            }
        }
    }

    TEST_CASE("a thread number is never used by two calls at once") {
        ThreadPool pool(3);
        std::vector<std::atomic<int>> users(3);
        std::atomic<bool> alone{true};
        pool.run(300, [&](int, int thread) {
            auto& user = users[static_cast<std::size_t>(thread)];
            if (++user != 1) alone = false;
            std::this_thread::yield();
            --user;
        });
        CHECK(alone);
    }

    TEST_CASE("what the jobs wrote is seen after run") {
        ThreadPool pool(2);
        std::vector<int> y(100);
        for (int repeat = 1; repeat <= 200; ++repeat) {
            pool.run(100, [&](int i, int) { y[static_cast<std::size_t>(i)] += i; });
        }
        for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == 200 * static_cast<int>(i));
    }

    TEST_CASE("one thread runs the indices in order, in the caller") {
        ThreadPool pool(1);
        std::vector<int> order;
        const auto caller = std::this_thread::get_id();
        bool here = true;
        pool.run(5, [&](int i, int thread) {
            order.push_back(i);
            here = here && thread == 0 && std::this_thread::get_id() == caller;
        });
        CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
        CHECK(here);
    }

    TEST_CASE("an exception reaches the caller and the pool goes on working") {
        for (const int threads : {1, 2, 4}) {
            ThreadPool pool(threads);
            for (int repeat = 0; repeat < 20; ++repeat) {
                CHECK_THROWS_WITH_AS(pool.run(50,
                                              [](int i, int) {
                                                  if (i == 17)
                                                      throw std::runtime_error("seventeen");
                                              }),
                                     "seventeen", std::runtime_error);
                std::atomic<int> calls{0};
                pool.run(50, [&](int, int) { ++calls; });
                CHECK(calls == 50);
            }
        }
    }

    TEST_CASE("of several exceptions one is thrown") {
        ThreadPool pool(4);
        for (int repeat = 0; repeat < 20; ++repeat) {
            CHECK_THROWS_AS(
                pool.run(50, [](int i, int) { throw std::runtime_error(std::to_string(i)); }),
                std::runtime_error);
        }
    }

    TEST_CASE("0 threads mean one per core") {
        const ThreadPool pool;
        CHECK(pool.size() >= 1);
    }

    TEST_CASE("run allocates nothing") {
        ThreadPool pool(2);
        std::vector<int> y(64);
        const auto job = [&](int i, int) { y[static_cast<std::size_t>(i)] = i; };
        pool.run(64, job);
        CHECK(hat::support::allocations_in([&] {
                  for (int repeat = 0; repeat < 10; ++repeat) pool.run(64, job);
              }) == 0);
    }

    TEST_CASE("where memory for a thread is lacking, those that were started are ended") {
        for (std::size_t after = 0; after < 4; ++after) {  // memory for the list, then threads
            bool is_told = false;
            {
                const hat::support::OutOfMemory rest(after);
                try {
                    const ThreadPool pool(4);
                } catch (const std::bad_alloc&) {
                    is_told = true;
                }
            }
            CHECK(is_told);
        }
    }

    TEST_CASE("a number of threads that no machine has is an error") {
        CHECK_THROWS_WITH_AS(ThreadPool(1025),
                             "threads: found 1025, expected 0 (one per core) to 1024", hat::Error);
        CHECK_THROWS_WITH_AS(ThreadPool(-1), "threads: found -1, expected 0 (one per core) to 1024",
                             hat::Error);
    }
}
