// SPDX-License-Identifier: Apache-2.0
#include <hat/io/text_file.hpp>
#include <hat/train/averaging.hpp>
#include <hat/train/checkpoint.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"
#include "support/training_case.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

using hat::Slab;
using hat::TensorTable;
using hat::io::read_file;
using hat::support::FileSizeLimit;
using hat::support::overwrite;
using hat::support::same_bits;
using hat::support::TemporaryDirectory;
using hat::support::TrainingCase;
using hat::train::CheckpointFile;
using hat::train::save_checkpoint;
using hat::train::TrainingState;

namespace {

/// The message of the error that opening the file and loading it into `into` ends with.
std::string failure(const std::string& path, const TrainingState& into) {
    try {
        CheckpointFile::open(path).load(into);
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("train/checkpoint") {
    TEST_CASE("a training goes on from a checkpoint bit for bit") {
        const TemporaryDirectory directory;
        TrainingCase going;
        going.train(3);
        going.position.best_score = 1.0 / 3;
        going.position.validations_since_best = 2;
        going.position.epoch = 5;
        going.position.batch = 7;
        going.position.seed = std::numeric_limits<std::uint64_t>::max();
        going.position.configuration = "lr: 0.1\nname: \"Größe\"\n";
        save_checkpoint(directory / "checkpoint", going.state());

        TrainingCase resumed;
        CheckpointFile::open(directory / "checkpoint").load(resumed.state());
        CHECK(resumed == going);
        going.train(4);
        CHECK_FALSE(resumed == going);
        resumed.train(4);
        CHECK(resumed == going);
    }

    TEST_CASE("its parameters can be read as those of a model") {
        const TemporaryDirectory directory;
        TrainingCase going;
        going.train(2);
        save_checkpoint(directory / "checkpoint", going.state());
        const Slab parameters =
            hat::train::mean_of_files(going.table, std::vector{directory / "checkpoint"});
        CHECK(same_bits(parameters, going.parameters));
    }

    TEST_CASE("a file that is cut off anywhere is an error and changes nothing") {
        const TemporaryDirectory directory;
        const std::string path = directory / "checkpoint";
        TrainingCase going;
        going.train(2);
        save_checkpoint(path, going.state());
        const std::string whole = read_file(path);
        TrainingCase resumed;
        const TrainingCase untouched;
        for (std::size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 97) {
            overwrite(path, whole.substr(0, size));
            CHECK(failure(path, resumed.state()).starts_with(path + ": "));
        }
        overwrite(path, whole + '\0');
        CHECK(failure(path, resumed.state()) != "no error");
        CHECK(resumed == untouched);
        overwrite(path, whole);
        CHECK(failure(path, resumed.state()) == "no error");
        CHECK(resumed == going);
    }

    TEST_CASE("a file with any bit turned is an error") {
        const TemporaryDirectory directory;
        const std::string path = directory / "checkpoint";
        TrainingCase going;
        going.train(2);
        save_checkpoint(path, going.state());
        const std::string whole = read_file(path);
        TrainingCase resumed;
        const TrainingCase untouched;
        for (std::size_t i = 0; i < whole.size(); i += 13) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
            overwrite(path, damaged);
            INFO("byte " << i);
            CHECK(failure(path, resumed.state()).starts_with(path + ": "));
        }
        CHECK(resumed == untouched);
    }

    TEST_CASE("a number that is not finite is an error that names it, and changes nothing") {
        const TemporaryDirectory directory;
        const std::string path = directory / "checkpoint";
        const auto check = [&](auto spoil, const std::string& tensor) {
            TrainingCase going;
            going.train(2);
            spoil(going);
            save_checkpoint(path, going.state());
            TrainingCase resumed;
            CHECK(failure(path, resumed.state()) ==
                  path + ": tensor \"" + tensor + "weight\": element 5 is not a finite number");
            CHECK(resumed == TrainingCase());
        };
        check([](TrainingCase& c) { c.parameters.data()[c.table[0].offset + 5] = NAN; }, "");
        check(
            [](TrainingCase& c) {
                c.adam.second_moment().data()[c.table[0].offset + 5] = INFINITY;
            },
            "adam.second_moment/");
    }

    TEST_CASE("a checkpoint of another training is an error that says what differs") {
        const TemporaryDirectory directory;
        const std::string path = directory / "checkpoint";
        TrainingCase going;
        save_checkpoint(path, going.state());

        TensorTable wider;
        wider.add_matrix("weight", 7, 10);
        wider.add_vector("bias", 33);
        TrainingCase other(wider);
        CHECK(failure(path, other.state()) ==
              path + ": tensor \"weight\" has shape [7, 9], expected [7, 10]");

        TensorTable more = going.table;
        more.add_vector("gain", 3);
        TrainingCase larger(more);
        CHECK(failure(path, larger.state()) == path + ": tensor \"gain\" is missing");
        save_checkpoint(path, larger.state());
        CHECK(failure(path, going.state()) == path + ": has the steps of 3 tensors, expected 2");
    }

    TEST_CASE("an average that only one of file and training has is an error") {
        const TemporaryDirectory directory;
        const std::string path = directory / "checkpoint";
        TrainingCase going;
        TrainingState plain = going.state();
        plain.average = nullptr;
        save_checkpoint(path, plain);
        CHECK(failure(path, plain) == "no error");
        CHECK(failure(path, going.state()) == path + ": tensor \"average/weight\" is missing");
        save_checkpoint(path, going.state());
        CHECK(failure(path, plain) ==
              path + ": tensor \"average/weight\" is not part of this training");
    }

    TEST_CASE("a safetensors file that is no checkpoint is an error") {
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        TrainingCase going;
        std::vector<hat::io::TensorView> tensors;
        hat::io::append_tensors(tensors, going.table, going.parameters);
        hat::io::write_safetensors(path, tensors);
        CHECK(failure(path, going.state()) ==
              path + ": not a checkpoint of this version (hat-checkpoint-1)");
    }

    TEST_CASE("on a full disk the checkpoint that was there stays") {
        const TemporaryDirectory directory;
        const std::string path = directory / "checkpoint";
        TrainingCase going;
        going.train(1);
        save_checkpoint(path, going.state());
        const std::string before = read_file(path);
        going.train(1);
        {
            const FileSizeLimit limit(2000);
            CHECK_THROWS_AS(save_checkpoint(path, going.state()), hat::Error);
        }
        CHECK(read_file(path) == before);
        CHECK(directory.entries() == 1);
    }
}
