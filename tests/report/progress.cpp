// SPDX-License-Identifier: Apache-2.0
#include <hat/report/progress.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

using hat::report::duration_text;
using hat::report::Progress;
using hat::report::ProgressReport;

namespace {

/// A file in memory that stands in for stderr.
class Sink {
public:
    Sink() : file_(std::tmpfile()) { REQUIRE(file_ != nullptr); }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    ~Sink() { std::fclose(file_); }

    [[nodiscard]] std::FILE* file() const { return file_; }
    [[nodiscard]] std::string text() const {
        std::rewind(file_);
        std::string text;
        for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) {
            text += static_cast<char>(c);
        }
        return text;
    }

private:
    std::FILE* file_;
};

ProgressReport sample(std::int64_t update) {
    return {.update = update, .epoch = 1, .loss = 2.5, .tokens = 1000, .learning_rate = 1e-3};
}

}  // namespace

TEST_SUITE("report/progress") {
    TEST_CASE("of several ranks it tells how many, and their share of communication") {
        Sink sink;
        Progress progress({.updates = 10, .ranks = 4, .out = sink.file(), .terminal = false});
        auto report = sample(1);
        report.communication_seconds = 0.5;
        progress.report(report, 10);
        CHECK(sink.text().find(" tokens/s  4 ranks, 5.0 % communication  lr ") !=
              std::string::npos);
    }

    TEST_CASE("a duration is written with the units it needs") {
        CHECK(duration_text(0) == "0:00");
        CHECK(duration_text(59.4) == "0:59");
        CHECK(duration_text(59.6) == "1:00");
        CHECK(duration_text(3599) == "59:59");
        CHECK(duration_text(5025) == "1:23:45");
        CHECK(duration_text(86400 + 3661) == "1d 01:01:01");
        CHECK(duration_text(-1) == "?");
        CHECK(duration_text(std::numeric_limits<double>::infinity()) == "?");
        CHECK(duration_text(std::nan("")) == "?");
    }

    TEST_CASE("without a terminal there is a plain line every interval, and one at the end") {
        const Sink sink;
        {
            Progress progress(
                {.updates = 100, .interval_seconds = 10, .out = sink.file(), .terminal = false});
            for (std::int64_t update = 1; update <= 100; ++update) {
                progress.report(sample(update), 0.25 * static_cast<double>(update));
            }
        }
        CHECK(sink.text() ==
              "update 1/100  epoch 1  loss 2.500  4000 tokens/s  lr 1.00e-03  eta 0:25\n"
              "update 41/100  epoch 1  loss 2.500  4000 tokens/s  lr 1.00e-03  eta 0:15\n"
              "update 81/100  epoch 1  loss 2.500  4000 tokens/s  lr 1.00e-03  eta 0:05\n"
              "update 100/100  epoch 1  loss 2.500  4000 tokens/s  lr 1.00e-03  eta 0:00\n");
    }

    TEST_CASE("on a terminal one line renews itself, and notes stand above it") {
        const Sink sink;
        {
            Progress progress({.updates = 10, .out = sink.file(), .terminal = true});
            progress.report(sample(1), 1.0);
            ProgressReport small = sample(2);
            small.tokens = 100;
            progress.report(small, 1.1);  // too soon to be shown
            progress.note("valid loss 2.1");
            progress.report(sample(3), 2.1);
        }
        CHECK(sink.text() ==
              "\rupdate 1/10  epoch 1  loss 2.500  1000 tokens/s  lr 1.00e-03  eta 0:09\033[K"
              "\r\033[Kvalid loss 2.1\n"
              "\rupdate 3/10  epoch 1  loss 2.500  1000 tokens/s  lr 1.00e-03  eta 0:05\033[K\n");
    }

    TEST_CASE("a resumed training's time left counts the updates of this run only") {
        const Sink sink;
        Progress progress({.updates = 1000, .done = 900, .out = sink.file(), .terminal = false});
        progress.report(sample(910), 20);
        CHECK(sink.text().find("eta 3:00\n") != std::string::npos);
    }

    TEST_CASE("loss and speed forget what is long past") {
        const Sink sink;
        Progress progress({.updates = 1000, .out = sink.file(), .terminal = false});
        ProgressReport report = sample(1);
        report.loss = 9;
        progress.report(report, 1);
        report = sample(2);
        report.loss = 3;
        report.tokens = 50'000;
        progress.report(report, 101);
        CHECK(sink.text().find("loss 3.000  500 tokens/s") != std::string::npos);
    }

    TEST_CASE("a report allocates nothing") {
        const Sink sink;
        Progress progress(
            {.updates = 1000, .interval_seconds = 0, .out = sink.file(), .terminal = false});
        progress.report(sample(1), 1);
        CHECK(hat::support::allocations_in([&] { progress.report(sample(2), 2); }) == 0);
    }
}
