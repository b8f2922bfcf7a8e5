// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/interop.hpp>
#include <hat/model/network.hpp>

#include "support/reference_checkpoint.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>

TEST_SUITE("interop/interop") {
    TEST_CASE("what its description shows holds: a checkpoint becomes a network") {
        hat::model::Network trained(hat::support::some_architecture());
        trained.initialize(1);
        const hat::support::TemporaryDirectory directory;
        hat::support::reference_checkpoint(hat::support::TorchContainer::zip,
                                           hat::support::some_arguments(), trained)
            .write(directory / "checkpoint_best.pt");

        const auto checkpoint =
            hat::interop::FairseqCheckpoint::open(directory / "checkpoint_best.pt");
        hat::model::Network network(checkpoint.architecture());
        checkpoint.load_weights(network.table(), network.values());
        CHECK(network.architecture() == hat::support::some_architecture());
        CHECK(std::equal(network.values().data(), network.values().data() + network.values().size(),
                         trained.values().data()));
    }
}
