// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace hat::interop {

static_assert(std::endian::native == std::endian::little, "zip archives are little-endian");

namespace detail {

/// tables[k][b]: the checksum of byte b and k zeros behind it.
[[nodiscard]] constexpr std::array<std::array<std::uint32_t, 256>, 8> crc32_tables() noexcept {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB8'8320U : 0U);
        tables[0][byte] = crc;
    }
    for (std::size_t k = 1; k < tables.size(); ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 0xFF];
    return tables;
}
inline constexpr auto crc32_table = crc32_tables();

}  // namespace detail

/// The checksum that zip archives have of their files (CRC-32 of ISO 3309), eight bytes a step.
[[nodiscard]] constexpr std::uint32_t crc32(std::span<const std::byte> bytes) noexcept {
    constexpr const auto& tables = detail::crc32_table;
    std::uint32_t crc = 0xFFFF'FFFFU;
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        crc = tables[7][(crc ^ byte(i)) & 0xFF] ^ tables[6][(crc >> 8 ^ byte(i + 1)) & 0xFF] ^
              tables[5][(crc >> 16 ^ byte(i + 2)) & 0xFF] ^ tables[4][crc >> 24 ^ byte(i + 3)] ^
              tables[3][byte(i + 4)] ^ tables[2][byte(i + 5)] ^ tables[1][byte(i + 6)] ^
              tables[0][byte(i + 7)];
    }
    for (; i < bytes.size(); ++i) crc = tables[0][(crc ^ byte(i)) & 0xFF] ^ crc >> 8;
    return ~crc;
}

/// A zip archive in memory whose files are stored as they are, as `torch.save` writes it; archives
/// and files past 4 GiB (zip64) are read too.
///
/// All is checked at once: headers, sizes, and the checksum of every file.
///
/// See  APPNOTE.TXT 6.3.10 of PKWARE, section 4.3
class ZipArchive {
public:
    /// `bytes` must outlive the archive. Messages name `path` and the offset in it.
    ///
    /// Throws  `Error` if it is no archive, cut short, damaged, compressed, encrypted or in parts.
    ZipArchive(std::span<const std::byte> bytes, std::string path)
        : bytes_(bytes), path_(std::move(path)) {
        const Directory directory = find_directory();
        std::uint64_t at = directory.begin;
        for (std::uint64_t i = 0; i < directory.files; ++i) at = add_file(at, directory.begin);
    }

    /// Whether a file that begins with `bytes` may be a zip archive.
    [[nodiscard]] static bool is_zip(std::span<const std::byte> bytes) noexcept {
        return bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\3\4", 4) == 0;
    }

    /// All files by name.
    [[nodiscard]] const std::map<std::string_view, std::span<const std::byte>>&
    files() const noexcept {
        return files_;
    }

private:
    struct Directory {
        std::uint64_t begin;
        std::uint64_t files;
    };
    /// What stands in a 16- or 32-bit field whose value stands elsewhere, in 64 bits.
    static constexpr std::uint16_t elsewhere16 = 0xFFFF;
    static constexpr std::uint32_t elsewhere32 = 0xFFFF'FFFF;

    template <class... Parts>
    [[noreturn]] void reject(std::uint64_t at, const Parts&... parts) const {
        fail(path_, ": byte ", at, ": ", parts...);
    }
    template <class Value>
    [[nodiscard]] Value read(std::uint64_t at) const {
        Value value{};
        std::memcpy(&value, slice(at, sizeof value).data(), sizeof value);
        return value;
    }
    [[nodiscard]] std::span<const std::byte> slice(std::uint64_t at, std::uint64_t size) const {
        if (at > bytes_.size() || size > bytes_.size() - at)
            reject(at, "the archive is cut short: ", size, " bytes expected");
        return bytes_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
    }
    void expect(std::uint64_t at, std::uint32_t signature, const char* what) const {
        if (read<std::uint32_t>(at) != signature) reject(at, "expected ", what);
    }

    /// Where the list of files is: the last record of the archive says it.
    [[nodiscard]] Directory find_directory() const {
        constexpr std::uint64_t record_bytes = 22;
        constexpr std::uint64_t longest_comment = 0xFFFF;
        if (bytes_.size() < record_bytes) fail(path_, ": the archive is cut short");
        std::uint64_t at = bytes_.size() - record_bytes;
        const std::uint64_t first = at > longest_comment ? at - longest_comment : 0;
        while (read<std::uint32_t>(at) != 0x06054b50 ||
               read<std::uint16_t>(at + 20) != bytes_.size() - at - record_bytes) {
            if (at == first) fail(path_, ": the archive is cut short: its end is missing");
            --at;
        }
        const auto parts = read<std::uint16_t>(at + 4);
        const auto files = read<std::uint16_t>(at + 10);
        const auto begin = read<std::uint32_t>(at + 16);
        if (files == elsewhere16 || begin == elsewhere32) return find_directory64(at);
        if (parts != 0) reject(at, "the archive is one part of several");
        return {begin, files};
    }
    [[nodiscard]] Directory find_directory64(std::uint64_t end) const {
        constexpr std::uint64_t locator_bytes = 20;
        if (end < locator_bytes) reject(end, "the archive lacks its 64-bit record");
        const std::uint64_t locator = end - locator_bytes;
        expect(locator, 0x07064b50, "the place of the archive's 64-bit record");
        const auto at = read<std::uint64_t>(locator + 8);
        expect(at, 0x06064b50, "the archive's 64-bit record");
        return {read<std::uint64_t>(at + 48), read<std::uint64_t>(at + 32)};
    }

    /// Reads the entry of one file in the directory, checks the file, returns where the next is.
    std::uint64_t add_file(std::uint64_t at, std::uint64_t directory) {
        constexpr std::uint64_t entry_bytes = 46;
        constexpr std::uint64_t header_bytes = 30;
        expect(at, 0x02014b50, "an entry of the archive's directory");
        const auto flags = read<std::uint16_t>(at + 8);
        const auto method = read<std::uint16_t>(at + 10);
        const auto name_bytes = read<std::uint16_t>(at + 28);
        const auto extra_bytes = read<std::uint16_t>(at + 30);
        const auto comment_bytes = read<std::uint16_t>(at + 32);
        if ((flags & 1U) != 0) reject(at, "the file is encrypted");
        if (method != 0) reject(at, "the file is compressed, expected one that is only stored");

        Sizes64 sizes{read<std::uint32_t>(at + 24), read<std::uint32_t>(at + 20),
                      read<std::uint32_t>(at + 42)};
        read_sizes64(sizes, at + entry_bytes + name_bytes, extra_bytes);
        if (sizes.stored != sizes.real) reject(at, "the file has two sizes");
        const auto name = slice(at + entry_bytes, name_bytes);
        expect(sizes.header, 0x04034b50, "a file of the archive");
        const std::uint64_t begin = sizes.header + header_bytes +
                                    read<std::uint16_t>(sizes.header + 26) +
                                    read<std::uint16_t>(sizes.header + 28);
        const auto content = slice(begin, sizes.stored);
        // Files that share their bytes could take any time to check; no writer makes such.
        total_bytes_ += content.size();
        if (begin + content.size() > directory || total_bytes_ > directory)
            reject(at, "the file overlaps another or the directory");
        if (crc32(content) != read<std::uint32_t>(at + 16))
            reject(begin, "the file is damaged: its checksum differs");
        const std::string_view name_text(reinterpret_cast<const char*>(name.data()),  // NOLINT
                                         name.size());
        if (!files_.emplace(name_text, content).second)
            reject(at, "the archive has two files of this name");
        return at + entry_bytes + name_bytes + extra_bytes + comment_bytes;
    }

    struct Sizes64 {
        std::uint64_t real;
        std::uint64_t stored;
        std::uint64_t header;
    };
    /// Replaces those that stand elsewhere: in the field 1 among the entry's extra fields.
    void read_sizes64(Sizes64& sizes, std::uint64_t at, std::uint64_t extra_bytes) const {
        const std::uint64_t end = at + extra_bytes;
        while (at + 4 <= end && read<std::uint16_t>(at) != 1)
            at += 4U + read<std::uint16_t>(at + 2);
        for (std::uint64_t* size : {&sizes.real, &sizes.stored, &sizes.header}) {
            if (*size != elsewhere32) continue;
            if (at + 12 > end) reject(at, "the file lacks its 64-bit sizes");
            *size = read<std::uint64_t>(at + 4);
            at += 8;
        }
        if (sizes.header > bytes_.size()) reject(at, "the file begins past the archive's end");
    }

    std::span<const std::byte> bytes_;
    std::string path_;
    std::uint64_t total_bytes_ = 0;
    std::map<std::string_view, std::span<const std::byte>> files_;
};

}  // namespace hat::interop
