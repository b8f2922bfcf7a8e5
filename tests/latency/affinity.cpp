// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/affinity.hpp>

#include <doctest/doctest.h>

#include <sched.h>

using hat::latency::PinnedThread;

namespace {

int cores_allowed() {
    cpu_set_t set;
    CPU_ZERO(&set);
    REQUIRE(::sched_getaffinity(0, sizeof set, &set) == 0);
    return CPU_COUNT(&set);
}

}  // namespace

TEST_SUITE("latency/affinity") {
    TEST_CASE("a pinned thread has one core, and all of its cores again afterwards") {
        const int before = cores_allowed();
        {
            const PinnedThread pin;
            REQUIRE(pin.problem() == "");
            CHECK(pin.core() == ::sched_getcpu());
            CHECK(cores_allowed() == 1);
        }
        CHECK(cores_allowed() == before);
    }

    TEST_CASE("a core that is not there leaves the thread as it was, and says so") {
        const int before = cores_allowed();
        const PinnedThread pin(1023);
        CHECK(pin.core() == -1);
        CHECK(pin.problem() == "cannot stay on core 1023: it is not among those that may be used");
        CHECK(cores_allowed() == before);
    }
}
