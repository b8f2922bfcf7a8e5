// SPDX-License-Identifier: Apache-2.0
#include <hat/io/text_file.hpp>
#include <hat/train/checkpoint_directory.hpp>

#include "support/temporary_directory.hpp"
#include "support/training_case.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using hat::io::read_file;
using hat::support::FileSizeLimit;
using hat::support::TemporaryDirectory;
using hat::support::TrainingCase;
using hat::train::CheckpointDirectory;
using hat::train::CheckpointFile;

namespace {

/// Cuts the file to half its size.
void tear(const std::string& path) {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
}

}  // namespace

TEST_SUITE("train/checkpoint_directory") {
    TEST_CASE("the last checkpoints and the best are kept, and the newest is resumed") {
        const TemporaryDirectory directory;
        const CheckpointDirectory checkpoints(directory / "run", 2);
        TrainingCase going;
        CHECK(checkpoints.empty());
        CHECK_FALSE(checkpoints.resume(going.state()));
        for (int i = 1; i <= 5; ++i) {
            going.train(10);
            checkpoints.save(going.state(), i == 2);
        }
        CHECK_FALSE(checkpoints.empty());
        CHECK(std::filesystem::exists(directory / "run/checkpoint-00000040.safetensors"));
        CHECK(std::filesystem::exists(directory / "run/checkpoint-00000050.safetensors"));
        CHECK_FALSE(std::filesystem::exists(directory / "run/checkpoint-00000030.safetensors"));
        CHECK(CheckpointFile::open(checkpoints.best_path()).position().update == 20);

        TrainingCase resumed;
        CHECK(checkpoints.resume(resumed.state()));
        CHECK(resumed == going);
    }

    TEST_CASE("a torn checkpoint is skipped, and replaced when the training comes there again") {
        const TemporaryDirectory directory;
        const CheckpointDirectory checkpoints(directory.path(), 2);
        TrainingCase going;
        going.train(1);
        checkpoints.save(going.state(), false);
        going.train(1);
        checkpoints.save(going.state(), false);
        tear(directory / "checkpoint-00000002.safetensors");

        TrainingCase resumed;
        CHECK(checkpoints.resume(resumed.state()));
        CHECK(resumed.position.update == 1);
        resumed.train(1);
        checkpoints.save(resumed.state(), false);
        CHECK(resumed == going);
        TrainingCase again;
        CHECK(checkpoints.resume(again.state()));
        CHECK(again == going);
    }

    TEST_CASE("torn checkpoints alone are an error, not a new start") {
        const TemporaryDirectory directory;
        const CheckpointDirectory checkpoints(directory.path());
        TrainingCase going;
        checkpoints.save(going.state(), false);
        tear(directory / "checkpoint-00000000.safetensors");
        CHECK_THROWS_WITH_AS(static_cast<void>(checkpoints.resume(going.state())),
                             (directory.path() + ": none of the 1 checkpoints can be read").c_str(),
                             hat::Error);
    }

    TEST_CASE("a checkpoint of another network is an error, not skipped") {
        const TemporaryDirectory directory;
        const CheckpointDirectory checkpoints(directory.path());
        TrainingCase going;
        checkpoints.save(going.state(), false);
        hat::TensorTable table;
        table.add_vector("other", 3);
        TrainingCase other(table);
        CHECK_THROWS_AS(static_cast<void>(checkpoints.resume(other.state())), hat::Error);
    }

    TEST_CASE("on a full disk the checkpoints that were there stay") {
        const TemporaryDirectory directory;
        const CheckpointDirectory checkpoints(directory.path(), 1);
        TrainingCase going;
        checkpoints.save(going.state(), true);
        going.train(1);
        {
            const FileSizeLimit limit(2000);
            CHECK_THROWS_AS(checkpoints.save(going.state(), true), hat::Error);
        }
        TrainingCase resumed;
        CHECK(checkpoints.resume(resumed.state()));
        CHECK(resumed.position.update == 0);
        CHECK(CheckpointFile::open(checkpoints.best_path()).position().update == 0);
    }

    TEST_CASE("a training killed at any time resumes where it saved last, or one save before") {
        const TemporaryDirectory directory;
        const CheckpointDirectory checkpoints(directory.path(), 1);
        const std::string progress = directory / "progress";
        constexpr int rounds = 8;
        for (int round = 0; round < rounds; ++round) {
            const pid_t child = ::fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                TrainingCase going;
                static_cast<void>(checkpoints.resume(going.state()));
                for (;;) {
                    going.train(1);
                    checkpoints.save(going.state(), true);
                    std::ofstream(progress) << going.position.update << std::flush;
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(15 + 7 * round));
            // On a slow machine none may have saved by now: the last one is given the time to.
            for (int wait = 0; round == rounds - 1 && wait < 10'000; ++wait) {
                if (std::filesystem::exists(progress)) break;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            ::kill(child, SIGKILL);
            int status = 0;
            ::waitpid(child, &status, 0);
            REQUIRE(WIFSIGNALED(status));

            TrainingCase resumed;
            if (checkpoints.resume(resumed.state())) {
                TrainingCase straight;
                straight.train(static_cast<int>(resumed.position.update));
                CHECK(resumed == straight);
            }
        }
        TrainingCase resumed;
        CHECK(checkpoints.resume(resumed.state()));
        const std::string reached = read_file(progress);
        if (!reached.empty()) CHECK(resumed.position.update >= std::stoll(reached));
        // The next save also clears what killed writers left.
        resumed.train(1);
        checkpoints.save(resumed.state(), true);
        CHECK(directory.entries() == 3);  // checkpoint, best, progress
    }

    TEST_CASE("keeping none is an error") {
        CHECK_THROWS_WITH_AS(CheckpointDirectory("run", 0),
                             "checkpoints: keep = 0, expected 1 or more", hat::Error);
    }
}
