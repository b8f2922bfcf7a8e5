// SPDX-License-Identifier: Apache-2.0
#include <hat/distributed/distributed.hpp>

#include <doctest/doctest.h>

#include <span>
#include <vector>

namespace distributed = hat::distributed;

TEST_SUITE("distributed/distributed") {
    TEST_CASE("what its description shows holds: a job of one process computes all results") {
        distributed::Communicator& ranks = distributed::serial();
        hat::ThreadPool pool(2);
        std::vector<double> losses(5);
        distributed::share_work(ranks, pool, std::span(losses),
                                [&](int i, int /*thread*/) { return 0.5 * i; });
        CHECK(losses == std::vector{0.0, 0.5, 1.0, 1.5, 2.0});
    }
}
