// SPDX-License-Identifier: Apache-2.0
// Needs: zlib
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/text_file.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <zlib.h>

namespace hat::io {

/// What a gzip archive (RFC 1952) holds, read once from its first byte to its last, as `InputFile`
/// reads what is not packed. Archives that were put one behind the other are one.
class GzipFile {
public:
    /// Throws  `Error` if it cannot be opened
    explicit GzipFile(std::string path)
        : path_(std::move(path)), file_(path_), packed_(std::size_t{1} << 16U, '\0') {
        constexpr int gzip_alone = 16 + MAX_WBITS;
        if (::inflateInit2(&stream_, gzip_alone) != Z_OK) fail(path_, ": zlib does not start");
    }
    GzipFile(const GzipFile&) = delete;
    GzipFile& operator=(const GzipFile&) = delete;
    ~GzipFile() { ::inflateEnd(&stream_); }

    /// Unpacks what comes next into `piece`; its length, 0 at the end.
    ///
    /// Throws  `Error` if the file cannot be read, is no archive, damaged or cut short
    std::size_t read(std::string& piece) {
        stream_.next_out = reinterpret_cast<Bytef*>(piece.data());  // NOLINT: as zlib wants it
        stream_.avail_out = static_cast<uInt>(piece.size());
        while (stream_.avail_out == piece.size()) {
            if (stream_.avail_in == 0 && !refill()) return 0;
            if (is_between_) begin_archive();
            const int result = ::inflate(&stream_, Z_NO_FLUSH);
            if (result == Z_STREAM_END)
                is_between_ = true;
            else if (result != Z_OK && result != Z_BUF_ERROR)
                fail_as_damaged();
        }
        return piece.size() - stream_.avail_out;
    }

private:
    /// False at the end of the file.
    bool refill() {
        const std::size_t size = file_.read(packed_);
        if (size == 0) {
            if (read_bytes_ == 0) fail(path_, ": the file is empty, expected a gzip archive");
            if (!is_between_)
                fail(path_, ": the gzip archive is cut short after ", read_bytes_, " bytes");
            return false;
        }
        stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());  // NOLINT: likewise
        stream_.avail_in = static_cast<uInt>(size);
        read_bytes_ += size;
        return true;
    }

    void begin_archive() {
        is_between_ = false;
        ++archives_;
        if (archives_ > 1) ::inflateReset(&stream_);
    }

    [[noreturn]] void fail_as_damaged() const {
        const std::uint64_t at = read_bytes_ - stream_.avail_in;
        if (archives_ == 1 && stream_.total_out == 0 && at <= 2)
            fail(path_, ": is no gzip archive, as its name says");
        fail(path_, ": the gzip archive is damaged before byte ", at,
             stream_.msg != nullptr ? std::string(": ") + stream_.msg : std::string());
    }

    std::string path_;
    InputFile file_;
    std::string packed_;
    z_stream stream_{};
    std::uint64_t read_bytes_ = 0;
    int archives_ = 0;
    bool is_between_ = true;  ///< no archive has begun that has not ended
};

}  // namespace hat::io
