// SPDX-License-Identifier: Apache-2.0
#include <hat/distributed/communicator.hpp>

#include "support/thread_ranks.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace distributed = hat::distributed;

TEST_SUITE("distributed/communicator") {
    TEST_CASE("a job of one process has all it asks for") {
        distributed::Communicator& one = distributed::serial();
        CHECK(one.rank() == 0);
        CHECK(one.size() == 1);
        CHECK(one.is_first());
        int value = 7;
        distributed::broadcast(one, value);
        CHECK(value == 7);
        CHECK(one.any(true));
        CHECK_FALSE(one.any(false));
        CHECK(one.seconds() == 0);
        one.barrier();
        one.progress();
        one.wait();
    }

    TEST_CASE("shares are in order and differ by one at most") {
        for (const int ranks : {1, 2, 3, 7})
            for (const int n : {0, 1, 6, 7, 100}) {
                CHECK(distributed::share_begin(n, 0, ranks) == 0);
                CHECK(distributed::share_begin(n, ranks, ranks) == n);
                for (int r = 0; r < ranks; ++r) {
                    const auto size = distributed::share_begin(n, r + 1, ranks) -
                                      distributed::share_begin(n, r, ranks);
                    CHECK(size >= n / ranks);
                    CHECK(size <= (n + ranks - 1) / ranks);
                }
            }
    }

    TEST_CASE("ranks get what the first says, what each has, and whether any agrees") {
        hat::support::ThreadRanks(3).run([](distributed::Communicator& ranks) {
            int value = ranks.is_first() ? 5 : -1;
            distributed::broadcast(ranks, value);
            CHECK(value == 5);
            CHECK(ranks.any(ranks.rank() == 2));
            CHECK_FALSE(ranks.any(false));
            std::vector<std::uint8_t> flags(3);
            flags[static_cast<std::size_t>(ranks.rank())] = ranks.rank() == 1 ? 0 : 1;
            ranks.any(flags.data(), 3);
            CHECK(flags == std::vector<std::uint8_t>{1, 0, 1});

            std::vector<double> all(6, -1);
            const std::vector<std::ptrdiff_t> offsets{0, 1, 1, 6};
            for (auto i = offsets[static_cast<std::size_t>(ranks.rank())];
                 i < offsets[static_cast<std::size_t>(ranks.rank()) + 1]; ++i)
                all[static_cast<std::size_t>(i)] = static_cast<double>(i);
            distributed::all_gather(ranks, all.data(), offsets);
            CHECK(all == std::vector<double>{0, 1, 2, 3, 4, 5});
        });
    }
}
