// SPDX-License-Identifier: Apache-2.0
#include <hat/distributed/mpi.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace distributed = hat::distributed;

// Of one rank, as a program is that `mpirun` has not started; tests/program/ranks.sh has several.
TEST_SUITE("distributed/mpi") {
    TEST_CASE("a process alone is a job of one rank, which has all and sends to itself") {
        const distributed::MpiSession session;
        distributed::Communicator& ranks = session.ranks();
        CHECK(ranks.rank() == 0);
        CHECK(ranks.size() == 1);
        CHECK(session.here().size() == 1);
        CHECK(session.here().is_first());
        CHECK_FALSE(session.host().empty());
        ranks.barrier();

        std::vector<std::byte> bytes(3, std::byte{7});
        ranks.broadcast(bytes);
        const std::array<std::ptrdiff_t, 2> offsets{0, 3};
        distributed::all_gather(ranks, bytes.data(), offsets);
        CHECK(bytes == std::vector<std::byte>(3, std::byte{7}));
        CHECK(ranks.any(true));
        CHECK_FALSE(ranks.any(false));

        std::vector<float> received(1000);
        const std::vector<float> sent(1000, 2.5F);
        ranks.receive(std::as_writable_bytes(std::span(received)), 0, 5);
        ranks.send(std::as_bytes(std::span(sent)), 0, 5);
        ranks.progress();
        ranks.wait();
        CHECK(received == sent);
        CHECK(ranks.seconds() > 0);
        CHECK_THROWS_WITH_AS(ranks.send(std::as_bytes(std::span(sent)), 3, 5),
                             doctest::Contains("MPI_Isend: "), hat::Error);
    }
}
