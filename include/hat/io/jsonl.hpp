// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/text_file.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

/// One flat JSON object, built field by field.
///
///     JsonRecord{}.add("update", 100).add("loss", 4.25).add("event", "valid")
///
/// Floating numbers are written with the fewest digits that read back as the same value; NaN and
/// infinities, which JSON does not have, as null. Text must be UTF-8.
class JsonRecord {
public:
    JsonRecord& add(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    JsonRecord& add(std::string_view key, std::string_view value) {
        return raw(key, string(value));
    }
    JsonRecord& add(std::string_view key, const char* value) {
        return add(key, std::string_view(value));
    }
    template <class Number>
    requires(std::integral<Number> ||
             std::floating_point<Number>) JsonRecord& add(std::string_view key, Number value) {
        if constexpr (std::floating_point<Number>)
            if (!std::isfinite(value)) return raw(key, "null");
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        return raw(key,
                   std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
    }

    /// The object on one line.
    [[nodiscard]] std::string text() const { return "{" + fields_ + "}"; }

private:
    JsonRecord& raw(std::string_view key, std::string_view value) {
        if (!fields_.empty()) fields_ += ", ";
        fields_ += string(key);
        fields_ += ": ";
        fields_ += value;
        return *this;
    }

    [[nodiscard]] static std::string string(std::string_view text) {
        constexpr std::string_view hex = "0123456789abcdef";
        std::string json = "\"";
        for (const char c : text) {
            const auto code = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\')
                (json += '\\') += c;
            else if (c == '\n')
                json += "\\n";
            else if (code < 0x20)
                ((json += "\\u00") += hex[code >> 4]) += hex[code & 15U];
            else
                json += c;
        }
        return json + '"';
    }

    std::string fields_;
};

/// A log of JSON objects, one a line. Every record reaches the system in one write, so that a
/// killed program loses at most the record it was writing.
class JsonLines {
public:
    /// Begins an empty log at `path`.
    /// Throws  `Error` if it cannot be written.
    [[nodiscard]] static JsonLines create(const std::string& path) {
        return {path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC};
    }

    /// Goes on with the log at `path`, which may be missing, after its first lines, as long as
    /// `keep(line)` holds, and without a last line that was cut short.
    /// Throws  `Error` if it cannot be read or written.
    template <class Keep>
    [[nodiscard]] static JsonLines resume_while(const std::string& path, Keep keep) {
        JsonLines log(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC);
        const std::string text = read_file(path);
        std::size_t kept = 0;
        for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', kept)) {
            if (!keep(std::string_view(text).substr(kept, end - kept))) break;
            kept = end + 1;
        }
        log.cut(kept);
        return log;
    }

    JsonLines(JsonLines&& other) noexcept
        : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)),
          size_bytes_(other.size_bytes_) {}
    JsonLines& operator=(JsonLines&&) = delete;
    ~JsonLines() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    /// Appends one line.
    /// Throws  `Error` if the disk is full; nothing of the line is left then.
    void write(const JsonRecord& record) {
        const std::string line = record.text() + '\n';
        const ssize_t written = ::write(descriptor_, line.data(), line.size());
        if (written != static_cast<ssize_t>(line.size())) {
            const int error = written < 0 ? errno : ENOSPC;
            static_cast<void>(::ftruncate(descriptor_, size_bytes_) == 0);
            fail(path_, ": cannot write: ", std::strerror(error));
        }
        size_bytes_ += static_cast<std::int64_t>(line.size());
    }

    /// Length of the log.
    [[nodiscard]] std::int64_t size_bytes() const noexcept { return size_bytes_; }

private:
    JsonLines(const std::string& path, int flags)
        : path_(path), descriptor_(::open(path.c_str(), flags | O_NONBLOCK, 0666)) {
        if (descriptor_ < 0) fail(path, ": cannot open: ", std::strerror(errno));
        struct stat status {};
        if (::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) return;
        ::close(descriptor_);
        fail(path, ": not a regular file");
    }

    void cut(std::size_t bytes) {
        size_bytes_ = static_cast<std::int64_t>(bytes);
        if (::ftruncate(descriptor_, size_bytes_) != 0)
            fail(path_, ": cannot write: ", std::strerror(errno));
    }

    std::string path_;
    int descriptor_;
    std::int64_t size_bytes_ = 0;
};

}  // namespace hat::io
