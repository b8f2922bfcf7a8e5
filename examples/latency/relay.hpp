// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/latency/table.hpp>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unistd.h>

/// How `hat-latency --attached` on a device tells `hat latency --devices` what it measures, on
/// standard output:
///
///     device: Raspberry Pi 4 Model B Rev 1.4 (aarch64)
///     table: 5120
///     encoder_embed_dim,…                     so many bytes, the table as it is now
namespace hat::program {

inline constexpr std::string_view relayed_device = "device: ";
inline constexpr std::string_view relayed_table = "table: ";

inline void relay_device(const std::string& device) {
    std::printf("%s%s\n", relayed_device.data(), device.c_str());
    std::fflush(stdout);
}

inline void relay_table(std::span<const latency::LatencyRow> table) {
    const std::string text = latency::latency_table_to_csv(table);
    std::printf("%s%zu\n%s", relayed_table.data(), text.size(), text.c_str());
    std::fflush(stdout);
}

/// Ends the process when standard input ends: whoever started it from another machine is gone, or
/// wants it to end. The table is whole on the disk at all times.
inline void end_with_input() {
    std::thread([] {
        char piece[256];
        ssize_t size = 0;
        do size = ::read(STDIN_FILENO, piece, sizeof piece);
        while (size > 0 || (size < 0 && errno == EINTR));
        std::_Exit(1);
    }).detach();
}

/// Takes in pieces what is relayed.
class RelayReader {
public:
    /// Hands each device's name to `device(name)` and each table to `table(text)`, once it is
    /// whole.
    ///
    /// Throws  `Error` if something else is said
    template <class Device, class Table>
    void add(std::string_view piece, const Device& device, const Table& table) {
        text_ += piece;
        for (;;) {
            if (bytes_ > 0) {
                if (text_.size() < bytes_) return;
                const std::string whole = text_.substr(0, bytes_);
                text_.erase(0, bytes_);
                bytes_ = 0;
                table(whole);
            }
            const std::size_t end = text_.find('\n');
            if (end == std::string::npos && text_.size() < longest_line) return;
            const std::string line = text_.substr(0, end);
            text_.erase(0, end == std::string::npos ? end : end + 1);
            if (line.starts_with(relayed_device))
                device(line.substr(relayed_device.size()));
            else
                bytes_ = bytes_of(line);
        }
    }

private:
    static constexpr std::size_t longest_line = 1000;

    [[nodiscard]] static std::size_t bytes_of(const std::string& line) {
        std::size_t bytes = 0;
        if (line.starts_with(relayed_table)) {
            const char* const last = line.data() + line.size();
            const auto [after, error] =
                std::from_chars(line.data() + relayed_table.size(), last, bytes);
            if (error != std::errc{} || after != last || bytes > latency::latency_table_bytes)
                bytes = 0;
        }
        if (bytes == 0)
            fail("says ", in_quotes(line),
                 " on standard output, where hat-latency alone may speak");
        return bytes;
    }

    std::string text_{};
    std::size_t bytes_ = 0;  ///< of the table that comes next
};

}  // namespace hat::program
