// SPDX-License-Identifier: Apache-2.0
#include <hat/io/text_file.hpp>
#include <hat/train/training.hpp>

#include "support/small_training.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

using hat::train::Training;
using hat::train::TrainingEnd;
using hat::train::TrainingOptions;

namespace {

constexpr int vocab_size = hat::support::SmallTraining::vocab_size;

/// A training in a directory, which another one can go on with.
struct Run : hat::support::SmallTraining {
    Training training;

    Run(const std::string& directory, const TrainingOptions& options, int threads,
        double rate = 3e-3)
        : SmallTraining(threads, rate),
          training(trainer, corpus, held_out, in(directory, options), pool) {}

    TrainingEnd run_until(std::int64_t update) {
        return training.run(whole_network(), [&] { return training.position().update >= update; });
    }
};

/// The message of the error that the training ends with; empty if it ends otherwise.
std::string error_of(Run& run) {
    try {
        run.run_until(100000);
    } catch (const hat::Error& error) {
        return error.what();
    }
    return {};
}

/// The values of a checkpoint.
hat::Slab values_at(const std::string& path) {
    const auto file = hat::train::CheckpointFile::open(path);
    hat::model::Network network(hat::support::small_architecture(vocab_size));
    hat::train::Adam adam(network.table(), {});
    hat::train::TrainingPosition position;
    file.load({network.table(), network.values(), adam, nullptr, position});
    return network.values();
}

bool all_finite(const hat::Slab& values) {
    return std::all_of(values.data(), values.data() + values.size(),
                       [](float x) { return std::isfinite(x); });
}

bool same_bits(const hat::Slab& a, const hat::Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

}  // namespace

TEST_SUITE("train/training") {
    TEST_CASE("a resumed training goes on bit for bit, on another number of threads too") {
        const hat::support::TemporaryDirectory directory;
        const TrainingOptions options{.updates = 30, .checkpoint_every = 4, .average_last = 3};
        Run whole(directory.path() + "/whole", options, 1);
        CHECK_FALSE(whole.training.best_update());
        CHECK(whole.run_until(1000) == TrainingEnd::finished);

        const std::string cut = directory.path() + "/cut";
        Run first(cut, options, 2);
        CHECK(first.run_until(13) == TrainingEnd::stopped);
        Run second(cut, options, 1);
        REQUIRE(second.training.resume());
        CHECK(second.training.position().update == 13);
        CHECK(second.run_until(1000) == TrainingEnd::finished);
        CHECK(same_bits(whole.network.values(), second.network.values()));
        REQUIRE(whole.training.best_update());
        CHECK(*whole.training.best_update() <= 30);
        CHECK(second.training.best_update() == whole.training.best_update());
        CHECK(
            same_bits(whole.training.averaged_parameters(), second.training.averaged_parameters()));
    }

    TEST_CASE("a checkpoint knows the parameters of which the mean is made, and needs them") {
        const hat::support::TemporaryDirectory directory;
        const std::string run = directory.path();
        const auto file = [&](int update) {
            return run + "/parameters/parameters-000000" + std::to_string(update) + ".safetensors";
        };
        const TrainingOptions options{
            .updates = 40, .validate_every = 5, .checkpoint_every = 7, .average_last = 2};
        {
            Run first(run, options, 1);
            CHECK(first.run_until(22) == TrainingEnd::stopped);
        }
        // The checkpoints are of updates 21 and 22, and need 15 and 20; that before needed 10.
        CHECK(std::filesystem::exists(file(15)));
        const std::string kept = hat::io::read_file(file(20));
        std::filesystem::remove(file(20));
        {
            Run second(run, options, 1);
            CHECK_THROWS_WITH_AS(static_cast<void>(second.training.resume()),
                                 (file(20) + ": is missing; the mean of the last parameters needs "
                                             "it")
                                     .c_str(),
                                 hat::Error);
        }
        std::ofstream(file(20), std::ios::binary) << kept;
        Run second(run, options, 1);
        REQUIRE(second.training.resume());
        CHECK(second.run_until(1000) == TrainingEnd::finished);
        CHECK(second.training.position().parameters->size() == 2);
        CHECK(second.training.position().parameters->front().update == 35);
        CHECK_FALSE(std::filesystem::exists(file(20)));
    }

    TEST_CASE("what was not saved is done again: a killed training loses a checkpoint interval") {
        const hat::support::TemporaryDirectory directory;
        const TrainingOptions options{.updates = 25, .checkpoint_every = 5};
        Run whole(directory.path() + "/whole", options, 1);
        CHECK(whole.run_until(1000) == TrainingEnd::finished);

        const std::string cut = directory.path() + "/cut";
        {
            Run killed(cut, options, 1);
            CHECK(killed.run_until(12) == TrainingEnd::stopped);
        }
        // What a kill at update 12 would have left: the checkpoint before is the newest.
        REQUIRE(std::filesystem::remove(cut + "/checkpoints/checkpoint-00000012.safetensors"));
        std::ofstream(cut + "/log.jsonl", std::ios::app)
            << R"({"event": "update", "update": 11})" << '\n'
            << R"({"event": "upd)";
        Run resumed(cut, options, 2);
        REQUIRE(resumed.training.resume());
        CHECK(resumed.training.position().update < 12);
        CHECK(resumed.training.position().update >= 12 - 5);
        CHECK(resumed.run_until(1000) == TrainingEnd::finished);
        CHECK(same_bits(whole.network.values(), resumed.network.values()));
        const auto log = [&](const char* run) {
            return hat::io::read_file(directory.path() + run + "/log.jsonl");
        };
        CHECK(log("/cut") == log("/whole"));  // and no line is there twice
    }

    TEST_CASE("a line of the log tells its update") {
        using hat::train::detail::update_of;
        CHECK(update_of(R"({"event": "update", "update": 50})") == 50);
        CHECK(update_of(R"({"event": "note"})") == 0);
        CHECK(update_of(R"({"update": 5)") == 0);
        CHECK(update_of("50") == 0);
    }

    TEST_CASE("other settings than those of the checkpoint are an error") {
        const hat::support::TemporaryDirectory directory;
        Run first(directory.path(), {.updates = 4, .configuration = "a"}, 1);
        CHECK(first.run_until(2) == TrainingEnd::stopped);
        Run other(directory.path(), {.updates = 4, .configuration = "b"}, 1);
        CHECK_THROWS_AS(other.training.resume(), hat::Error);
    }

    TEST_CASE("what an older version began is gone on with, and from then on its content decides") {
        const hat::support::TemporaryDirectory directory;
        const auto settings = [](const char* text) {
            return TrainingOptions{.updates = 9, .configuration = text};
        };
        // As 0.1.0 wrote it: a path, no content.
        Run first(directory.path(), settings(R"({"data":"data","seed":1,"hat_version":"0.1.0"})"),
                  1);
        CHECK(first.run_until(2) == TrainingEnd::stopped);
        Run other(directory.path(),
                  settings(R"({"data":"other","seed":1,"content":{"data":"xxh3:2"}})"), 1);
        CHECK_THROWS_WITH_AS(
            other.training.resume(),
            (directory.path() + R"(: was trained with other settings: data was "data", is "other")")
                .c_str(),
            hat::Error);
        Run second(directory.path(), settings(R"({"data":"./data/","seed":1,"hat_version":"9.0.0",
            "content":{"data":"xxh3:1"}})"),
                   1);
        REQUIRE(second.training.resume());
        CHECK(second.training.position().update == 2);
        CHECK(second.run_until(4) == TrainingEnd::stopped);
        Run moved(directory.path(),
                  settings(R"({"data":"moved","seed":1,"content":{"data":"xxh3:1"}})"), 1);
        CHECK(moved.training.resume());
        Run changed(directory.path(),
                    settings(R"({"data":"data","seed":1,"content":{"data":"xxh3:2"}})"), 1);
        CHECK_THROWS_WITH_AS(changed.training.resume(),
                             (directory.path() + ": was trained with other settings: the content "
                                                 "of data was \"xxh3:1\", is \"xxh3:2\"")
                                 .c_str(),
                             hat::Error);
    }

    TEST_CASE("a checkpoint that has come further in an epoch than there is one is an error") {
        const hat::support::TemporaryDirectory directory;
        Run first(directory.path(), {.updates = 40}, 1);
        CHECK(first.run_until(4) == TrainingEnd::stopped);
        Run other(directory.path(), {.updates = 40}, 1);
        REQUIRE(other.training.resume());
        other.corpus = hat::support::reversed_pairs(10, vocab_size, 1);
        const std::string message =
            directory.path() + ": has done 4 batches of epoch 1, which has ";
        try {
            other.run_until(1000);
            FAIL_CHECK("went on, though the corpus is another one");
        } catch (const hat::Error& error) {
            CHECK_MESSAGE(std::string(error.what()).starts_with(message), error.what());
        }
    }

    TEST_CASE("an empty corpus is an error, not a training without end") {
        const hat::support::TemporaryDirectory directory;
        Run run(directory.path(), {.updates = 4}, 1);
        const hat::data::Corpus nothing = hat::support::reversed_pairs(0, vocab_size, 1);
        CHECK_THROWS_WITH_AS(Training(run.trainer, nothing, run.held_out,
                                      Run::in(directory.path(), {.updates = 4}), run.pool),
                             "training: the corpus is empty", hat::Error);
    }

    TEST_CASE("without a checkpoint there is nothing to resume") {
        const hat::support::TemporaryDirectory directory;
        Run run(directory.path(), {.updates = 4}, 1);
        CHECK_FALSE(run.training.resume());
    }

    TEST_CASE("a training that diverges ends with an error, and its checkpoints are good") {
        const hat::support::TemporaryDirectory directory;
        const TrainingOptions options{
            .updates = 4000, .validate_every = 5, .checkpoint_every = 1, .average_last = 2};
        Run run(directory.path(), options, 1, 1e30);
        const std::string message = error_of(run);
        CHECK_MESSAGE(message.starts_with(directory.path() + ": diverged at update "), message);
        CHECK_MESSAGE(message.find("the gradient was not finite in 20 updates in a row, from "
                                   "update ") != std::string::npos,
                      message);
        CHECK_MESSAGE(message.find(hat::train::divergence_advice) != std::string::npos, message);
        CHECK(run.training.position().update < 100);
        if (run.training.position().best_score)
            CHECK(std::isfinite(*run.training.position().best_score));
        for (const auto& file :
             std::filesystem::directory_iterator(directory.path() + "/checkpoints"))
            CHECK_MESSAGE(all_finite(values_at(file.path().string())), file.path().string());

        // A resume says the same, unless it is to be more patient.
        Run again(directory.path(), options, 1, 1e30);
        CHECK_THROWS_WITH_AS(again.training.resume(), message.c_str(), hat::Error);
        TrainingOptions patient = options;
        patient.divergence.skipped = 30;
        Run longer(directory.path(), patient, 1, 1e30);
        CHECK(longer.training.resume());
        CHECK_MESSAGE(error_of(longer).find("30 updates in a row") != std::string::npos, message);
    }

    TEST_CASE("a training that ends before it could be given up, but is lost, is an error") {
        const hat::support::TemporaryDirectory directory;
        Run run(directory.path(), {.updates = 15}, 1, 1e30);
        const std::string message = error_of(run);
        CHECK_MESSAGE(message.find("diverged at update 15: the last validation loss is ") !=
                          std::string::npos,
                      message);
        CHECK_FALSE(run.training.position().best_score);
    }

    TEST_CASE("a healthy training goes on bit for bit, whatever it would be given up for") {
        const hat::support::TemporaryDirectory directory;
        const TrainingOptions plain{.updates = 20};
        TrainingOptions strict = plain;
        strict.divergence = {.skipped = 1, .worse_than_guessing = 20};
        Run a(directory.path() + "/plain", plain, 1);
        Run b(directory.path() + "/strict", strict, 1);
        CHECK(a.run_until(1000) == TrainingEnd::finished);
        CHECK(b.run_until(1000) == TrainingEnd::finished);
        CHECK(same_bits(a.network.values(), b.network.values()));
    }

    TEST_CASE("training ends when patience runs out") {
        const hat::support::TemporaryDirectory directory;
        Run run(directory.path(), {.updates = 4000, .validate_every = 1, .patience = 1}, 2);
        CHECK(run.run_until(4000) == TrainingEnd::patience);
        CHECK(run.training.position().update < 4000);
    }

    TEST_CASE("a moving average is validated and saved, and the training goes on as without it") {
        const hat::support::TemporaryDirectory directory;
        const TrainingOptions plain{.updates = 12};
        TrainingOptions averaging = plain;
        averaging.moving_average = 0.9;
        Run a(directory.path() + "/plain", plain, 1);
        Run b(directory.path() + "/average", averaging, 1);
        CHECK(a.run_until(1000) == TrainingEnd::finished);
        CHECK(b.run_until(1000) == TrainingEnd::finished);
        CHECK(same_bits(a.network.values(), b.network.values()));
        CHECK_FALSE(same_bits(a.training.averaged_parameters(), b.training.averaged_parameters()));
    }
}
