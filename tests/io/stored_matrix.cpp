// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/stored_matrix.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace hat::io;
using hat::Slab;
using hat::TensorTable;

namespace {

TensorTable table() {
    TensorTable names;
    names.add_matrix("layer.weight", 5, 67);
    names.add_vector("layer.bias", 5);
    return names;
}

Slab random_slab(const TensorTable& names) {
    Slab slab(names);
    hat::Random random(3);
    for (std::ptrdiff_t i = 0; i < slab.size(); ++i)
        slab.data()[i] = static_cast<float>(random.normal());
    return slab;
}

/// Stores the matrix as `storage` says, and reads it back.
Slab through_file(const std::string& path, const TensorTable& names, const Slab& slab,
                  Storage storage) {
    StoredTensors tensors;
    tensors.add_matrix("layer.weight", slab.matrix(names[0]), storage);
    std::vector<TensorView> all;
    append_tensors(all, names, slab);
    tensors.add(all[1]);
    write_safetensors(path, tensors.views());
    Slab read(names);
    const auto file = SafetensorsFile::open(path);
    copy_stored_tensors(file, names, read);
    CHECK(storage_of(file, names) == storage);
    return read;
}

}  // namespace

TEST_SUITE("io/stored_matrix") {
    TEST_CASE("a matrix comes back within half a step, a vector as it was") {
        const hat::support::TemporaryDirectory directory;
        const TensorTable names = table();
        const Slab slab = random_slab(names);
        // Half a step of the largest of some 3.5, and what k-means leaves of a normal distribution.
        for (const auto& [storage, bound] :
             {std::pair(Storage::fp32, 0.0), std::pair(Storage::bf16, 0.008),
              std::pair(Storage::int8, 0.015), std::pair(Storage::kmeans8, 0.05),
              std::pair(Storage::kmeans4, 0.5), std::pair(Storage::int4, 0.3)}) {
            const Slab read = through_file(directory / "w.safetensors", names, slab, storage);
            CAPTURE(storage_words[static_cast<std::size_t>(storage)]);
            double worst = 0;
            for (int i = 0; i < 5; ++i) {
                for (int j = 0; j < 67; ++j)
                    worst =
                        std::max(worst, std::abs(static_cast<double>(slab.matrix(names[0])(i, j) -
                                                                     read.matrix(names[0])(i, j))));
                CHECK(read.matrix(names[1])(0, i) == slab.matrix(names[1])(0, i));
            }
            CHECK(worst <= bound);
            CHECK((worst > bound / 20 || storage == Storage::fp32));
            // What was stored once is stored again without a change.
            const Slab again = through_file(directory / "a.safetensors", names, read, storage);
            if (storage == Storage::kmeans8) continue;  // its first centres lie elsewhere then
            const double tolerance = storage == Storage::int8 ? 0.0 : 1e-6;
            for (int i = 0; i < 5; ++i) {
                for (int j = 0; j < 67; ++j)
                    CHECK(std::abs(static_cast<double>(again.matrix(names[0])(i, j) -
                                                       read.matrix(names[0])(i, j))) <= tolerance);
            }
        }
    }

    TEST_CASE("matrices of unlike storage are not taken for any of fewer bits") {
        const hat::support::TemporaryDirectory directory;
        TensorTable names;
        names.add_matrix("a", 2, 3);
        names.add_matrix("b", 2, 3);
        names.add_matrix("decoder.embed_positions.weight", 2, 3);
        const Slab slab = random_slab(names);
        const auto storage = [&](Storage a, Storage b) {
            StoredTensors tensors;
            tensors.add_matrix("a", slab.matrix(names[0]), a);
            tensors.add_matrix("b", slab.matrix(names[1]), b);
            tensors.add_matrix(names[2].name, slab.matrix(names[2]), Storage::fp32);
            write_safetensors(directory / "w.safetensors", tensors.views());
            return storage_of(SafetensorsFile::open(directory / "w.safetensors"), names);
        };
        CHECK(storage(Storage::bf16, Storage::bf16) == Storage::bf16);
        CHECK(storage(Storage::bf16, Storage::fp32) == Storage::fp32);
        CHECK(storage(Storage::fp32, Storage::int8) == Storage::fp32);
        CHECK(storage(Storage::int4, Storage::kmeans8) == Storage::fp32);
    }

    TEST_CASE("tensors that do not belong together are errors that name them") {
        const hat::support::TemporaryDirectory directory;
        const std::string path = directory / "w.safetensors";
        TensorTable names;
        names.add_matrix("w", 2, 3);
        const std::vector<std::uint8_t> codes{0, 1, 2, 3, 4, 5};
        const std::vector<std::uint8_t> halves{0x10, 0x02, 0x43, 0x05};
        const std::vector<float> few{1, 2, 3};
        const std::vector<float> two{1, 2};
        const std::vector<float> not_finite{1, std::nanf("")};
        const auto message = [&](const std::vector<TensorView>& tensors) -> std::string {
            write_safetensors(path, tensors);
            Slab slab(names);
            try {
                copy_stored_tensors(SafetensorsFile::open(path), names, slab);
            } catch (const hat::Error& error) {
                const std::string text = error.what();
                return text.substr(path.size() + 2);
            }
            return "";
        };
        const auto bytes = tensor_view<std::uint8_t>("w", {2, 3}, codes);
        CHECK(message({bytes}) == "tensor \"w.codebook\" is missing");
        CHECK(message({bytes, tensor_view<float>("w.codebook", {3}, few)}) ==
              "tensor \"w\": byte 3 is code 3, but the codebook has 3 numbers");
        CHECK(message({tensor_view<std::uint8_t>("w", {2, 2}, halves),
                       tensor_view<float>("w.codebook", {3}, few)}) ==
              "tensor \"w\": byte 2 is code 4, but the codebook has 3 numbers");
        CHECK(message({tensor_view<std::uint8_t>("w", {3, 2}, codes),
                       tensor_view<float>("w.codebook", {3}, few)}) ==
              "tensor \"w\" has shape [3, 2], expected [2, 2]");
        CHECK(message({bytes, tensor_view<float>("w.codebook", {2}, not_finite)}) ==
              "tensor \"w.codebook\": element 1 is not a finite number");
        const std::vector<std::int8_t> numbers{0, 1, 2, 3, 4, 5};
        const auto int8 = tensor_view<std::int8_t>("w", {2, 3}, numbers);
        CHECK(message({int8}) == "tensor \"w.scale\" is missing");
        CHECK(message({int8, tensor_view<float>("w.scale", {3}, few)}) ==
              "tensor \"w.scale\" has shape [3], expected [2]");
        const std::vector<float> too_large{1, 3e38F};
        CHECK(message({int8, tensor_view<float>("w.scale", {2}, too_large)}) ==
              "tensor \"w.scale\": scale 1 is so large that weights are not finite");
        CHECK(message({int8, tensor_view<float>("w.scale", {2}, two),
                       tensor_view<float>("w.codebook", {3}, few)}) ==
              "tensor \"w.codebook\" is not one of the network's parameters");
        CHECK(message({tensor_view<std::uint8_t>("w", {2, 2}, halves),
                       tensor_view<float>("w.scale", {2, 1}, two),
                       tensor_view<float>("w.codebook", {3}, few)}) ==
              "tensor \"w.codebook\" is not one of the network's parameters");
        const std::vector<float> floats(6);
        CHECK(message({tensor_view<float>("w", {2, 3}, floats),
                       tensor_view<float>("w.scale", {3}, few)}) ==
              "tensor \"w.scale\" is not one of the network's parameters");
        CHECK(message({tensor_view<float>("w", {2, 3}, floats)}).empty());
    }
}
