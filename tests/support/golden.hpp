// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/golden_files.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hat::support {

/// The golden files of one kind, and the count of what a test has compared of them.
///
///     TEST_CASE("every layer equals the reference") {
///         hat::support::Golden golden("hat/model_*.safetensors");
///         for (const auto& path : golden.files()) {
///             // … read it, CHECK it …
///             golden.add(path, values_compared);
///         }
///     }
///
/// At its end, it prints how many files and values were compared, and by which test; files that
/// gave no value to compare, or were never compared, fail the test.
class Golden {
public:
    /// Throws  as `golden_files`.
    explicit Golden(std::string kind) : kind_(std::move(kind)), files_(golden_files(kind_)) {}

    Golden(const Golden&) = delete;
    Golden& operator=(const Golden&) = delete;

    ~Golden() {
        if (files_.empty() || std::uncaught_exceptions() > 0) return;
        // One kind serves several tests, of which a round trip proves less than equal gradients:
        // the line says which test it was.
        const auto* test = doctest::getContextOptions()->currentTest;
        std::printf("golden %s: compared %zu files, %zu values: %s: %s\n", kind_.c_str(), compared_,
                    values_, test->m_test_suite, test->m_name);
        CHECK_MESSAGE(compared_ == files_.size(), kind_ << ": not every file was compared");
    }

    [[nodiscard]] const std::vector<std::filesystem::path>& files() const { return files_; }

    /// Counts `path` as compared, with the number of values in it that were.
    void add(const std::filesystem::path& path, std::size_t values) {
        CHECK_MESSAGE(values > 0, path.string() << ": no value was compared");
        ++compared_;
        values_ += values;
    }

private:
    std::string kind_;
    std::vector<std::filesystem::path> files_;
    std::size_t compared_ = 0;
    std::size_t values_ = 0;
};

}  // namespace hat::support
