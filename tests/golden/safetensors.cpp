// SPDX-License-Identifier: Apache-2.0
#include <hat/io/safetensors.hpp>

#include "support/golden.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace hat::io;

TEST_SUITE("golden/safetensors") {
    TEST_CASE(
        "every safetensors file of the references opens, and is the same when written again") {
        const hat::support::TemporaryDirectory directory;
        for (const char* kind :
             {"hat/model_*.safetensors", "hat/modules.safetensors", "hat/beam.safetensors",
              "hat/traj_*.safetensors", "hat/lr_tables.safetensors"}) {
            hat::support::Golden golden(kind);
            for (const auto& path : golden.files()) {
                const auto file = SafetensorsFile::open(path.string());
                write_safetensors(directory / "copy", file.tensors(), file.metadata());
                const auto copy = SafetensorsFile::open(directory / "copy");
                CHECK(copy.metadata() == file.metadata());
                REQUIRE(copy.tensors().size() == file.tensors().size());
                std::size_t values = file.metadata().size();
                for (const TensorView& tensor : file.tensors()) {
                    const TensorView& written = copy.tensor(tensor.name);
                    CHECK(written.dtype == tensor.dtype);
                    CHECK(written.shape == tensor.shape);
                    CHECK(std::ranges::equal(written.bytes, tensor.bytes));
                    values += tensor.size();
                }
                golden.add(path, values);
            }
        }
    }
}
