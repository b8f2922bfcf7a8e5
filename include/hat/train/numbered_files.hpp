// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/temporary.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hat::train {

/// The files `stem-<number>.safetensors` of a directory: what a training keeps of itself.
class NumberedFiles {
public:
    /// Nothing is looked at yet.
    NumberedFiles(std::string directory, std::string stem)
        : directory_(std::move(directory)), stem_(std::move(stem)) {}

    /// Where they are.
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

    /// Where number `number` is, or would be.
    [[nodiscard]] std::string path(std::int64_t number) const {
        return (std::filesystem::path(directory_) / name(number)).string();
    }

    /// The numbers that are there, in ascending order; none where there is no directory.
    [[nodiscard]] std::vector<std::int64_t> numbers() const {
        std::vector<std::int64_t> found;
        for_each_name([&](const std::string& file) {
            const std::int64_t number = number_of(file);
            if (number >= 0) found.push_back(number);
        });
        std::sort(found.begin(), found.end());
        return found;
    }

    /// Throws  `Error` if the directory is not there and cannot be made.
    void create_directory() const {
        std::error_code error;
        std::filesystem::create_directories(directory_, error);
        if (error) fail(directory_, ": cannot create the directory: ", error.message());
    }

    /// Leaves the `keep` files that end with `last`. What is newer than `last` belongs to a course
    /// that was given up, and temporary files to a writer that was killed: both go.
    void keep_until(std::int64_t last, int keep) const {
        const std::vector<std::int64_t> found = numbers();
        const auto end = std::upper_bound(found.begin(), found.end(), last);
        for (auto number = found.begin(); number != found.end(); ++number) {
            if (number >= end || end - number > keep) remove(name(*number));
        }
        io::remove_abandoned(directory_,
                             [](std::string_view file) { return file.ends_with(extension); });
        for_each_name([&](const std::string& file) {
            if (is_older_temporary(file)) remove(file);
        });
    }

    /// Removes the files whose numbers are below `first`.
    void remove_before(std::int64_t first) const {
        for (const std::int64_t number : numbers())
            if (number < first) remove(name(number));
    }

private:
    static constexpr std::string_view extension = ".safetensors";

    [[nodiscard]] std::string name(std::int64_t number) const {
        constexpr std::size_t width = 8;
        std::string digits = std::to_string(number);
        if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
        return stem_ + "-" + digits + std::string(extension);
    }

    /// Whether a file has the name of a temporary as older versions gave them, ….tmp-12-3, which
    /// they do not lock. Nobody else puts such files here.
    [[nodiscard]] static bool is_older_temporary(std::string_view file) {
        constexpr std::string_view mark = ".safetensors.tmp-";
        const auto at = file.find(mark);
        return at != file.npos && file.find('-', at + mark.size()) != file.npos;
    }

    /// The number in the name of a file, or −1 if it is none of ours.
    [[nodiscard]] std::int64_t number_of(std::string_view file) const {
        constexpr std::size_t longest = 18;  // digits of a 64-bit integer, whatever they are
        if (!file.starts_with(stem_ + "-") || !file.ends_with(extension)) return -1;
        const auto digits =
            file.substr(stem_.size() + 1, file.size() - stem_.size() - 1 - extension.size());
        if (digits.empty() || digits.size() > longest) return -1;
        std::int64_t number = 0;
        for (const char digit : digits) {
            if (digit < '0' || digit > '9') return -1;
            number = 10 * number + (digit - '0');
        }
        return name(number) == file ? number : -1;
    }

    /// Calls `visit(name)` for all that lies in the directory.
    template <class Visit>
    void for_each_name(const Visit& visit) const {
        std::error_code error;
        if (!std::filesystem::exists(directory_, error) && !error) return;
        std::vector<std::string> names;
        for (std::filesystem::directory_iterator file(directory_, error), end;
             !error && file != end; file.increment(error)) {
            names.push_back(file->path().filename().string());
        }
        if (error) fail(directory_, ": cannot read the directory: ", error.message());
        for (const std::string& file : names) visit(file);
    }

    void remove(const std::string& file) const {
        const auto path = std::filesystem::path(directory_) / file;
        std::error_code error;
        std::filesystem::remove(path, error);
        if (error) fail(path.string(), ": cannot remove: ", error.message());
    }

    std::string directory_;
    std::string stem_;
};

}  // namespace hat::train
