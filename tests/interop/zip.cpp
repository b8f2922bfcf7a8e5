// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/zip.hpp>

#include "support/rejected.hpp"
#include "support/torch_file.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

using hat::interop::ZipArchive;
using hat::support::raw;
using hat::support::zip_archive;

namespace {

const std::vector<std::pair<std::string, std::string>> files{
    {"a/data.pkl", "some bytes"}, {"a/empty", ""}, {"a/data/0", std::string(100, '\0') + "x"}};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Checks that reading the archive gives one line that has `part` in it.
void check_rejected(const std::string& archive, const std::string& part) {
    hat::support::check_rejected_at(
        "file.pt", part, [&] { static_cast<void>(ZipArchive(bytes_of(archive), "file.pt")); });
}

/// The archive with the bytes `from` replaced by `to`, where they stand for the `nth` time.
std::string changed(const std::string& from, const std::string& to, int nth = 1) {
    std::string archive = zip_archive(files);
    std::size_t at = archive.find(from);
    for (int i = 1; i < nth; ++i) at = archive.find(from, at + 1);
    REQUIRE(at != std::string::npos);
    return archive.replace(at, to.size(), to);
}

}  // namespace

TEST_SUITE("interop/zip") {
    TEST_CASE("the checksum is CRC-32") {
        static_assert(hat::interop::crc32({}) == 0);
        CHECK(hat::interop::crc32(bytes_of("123456789")) == 0xCBF43926U);
        CHECK(hat::interop::crc32(bytes_of("The quick brown fox jumps over the lazy dog")) ==
              0x414FA339U);
    }

    TEST_CASE("the files of an archive are found in place, be their sizes in 32 or 64 bits") {
        for (const bool zip64 : {false, true}) {
            CAPTURE(zip64);
            const std::string text = zip_archive(files, zip64);
            CHECK(ZipArchive::is_zip(bytes_of(text)));
            const ZipArchive archive(bytes_of(text), "file.pt");
            CHECK(archive.files().size() == files.size());
            for (const auto& [name, content] : files) {
                REQUIRE(archive.files().contains(name));
                CHECK(text_of(archive.files().at(name)) == content);
            }
        }
        CHECK_FALSE(ZipArchive::is_zip(bytes_of("PK")));
    }

    TEST_CASE("a comment may follow, with what looks like the end in it") {
        const std::string comment = "PK\5\6 and some more text of a comment";
        std::string text = zip_archive(files);
        text.replace(text.size() - 2, 2, raw(static_cast<std::uint16_t>(comment.size())));
        text += comment;
        CHECK(ZipArchive(bytes_of(text), "file.pt").files().size() == files.size());
    }

    TEST_CASE("an archive cut short or damaged anywhere is an error or has the same files") {
        for (const bool zip64 : {false, true}) {
            const std::string whole = zip_archive(files, zip64);
            for (std::size_t size = 0; size < whole.size(); ++size) {
                CAPTURE(size);
                CHECK_THROWS_AS(static_cast<void>(ZipArchive(bytes_of(whole.substr(0, size)), "f")),
                                hat::Error);
            }
            for (std::size_t at = 0; at < whole.size(); ++at)
                for (const int flip : {1, 0x80, 0xFF}) {
                    std::string damaged = whole;
                    damaged[at] = static_cast<char>(damaged[at] ^ flip);
                    try {
                        const ZipArchive archive(bytes_of(damaged), "f");
                        for (const auto& [name, content] : archive.files())
                            CHECK((content.empty() || text_of(content) == files[0].second ||
                                   text_of(content) == files[2].second));
                    } catch (const hat::Error& error) {
                        CHECK(std::string(error.what()).starts_with("f: "));
                    }
                }
        }
    }

    TEST_CASE("archives that cannot be read are one line") {
        check_rejected("", "the archive is cut short");
        check_rejected(std::string(100'000, 'x'), "its end is missing");
        check_rejected(changed("some bytes", "some Bytes"), "byte 43: the file is damaged");
        const std::string entry = "PK\1\2" + raw(std::uint16_t{20}) + raw(std::uint16_t{20});
        check_rejected(changed(entry, entry + raw(std::uint16_t{1})), "the file is encrypted");
        check_rejected(changed(entry, entry + raw(std::uint32_t{0x0008'0000})),
                       "the file is compressed, expected one that is only stored");
        check_rejected(changed("a/empty", "a/data/0", 2), "expected an entry");
        check_rejected(zip_archive({{"a", "1"}, {"a", "2"}}), "two files of this name");
        std::string parts = zip_archive(files);
        parts[parts.size() - 18] = 1;
        check_rejected(parts, "one part of several");
    }

    TEST_CASE("files that overlap are rejected before they are checked at length") {
        std::string text = zip_archive(files);
        const std::string entry = text.substr(text.find("PK\1\2"), 46 + files[0].first.size());
        std::string directory;
        for (int i = 0; i < 300; ++i) {
            directory += entry;
            directory[directory.size() - 1] = static_cast<char>(i);
            directory[directory.size() - 2] = static_cast<char>(i / 256);
        }
        const std::size_t begin = text.find("PK\1\2");
        text = text.substr(0, begin) + directory + "PK\5\6" + raw(std::uint32_t{0}) +
               raw(std::uint16_t{300}) + raw(std::uint16_t{300}) +
               raw(static_cast<std::uint32_t>(directory.size())) +
               raw(static_cast<std::uint32_t>(begin)) + raw(std::uint16_t{0});
        check_rejected(text, "the file overlaps another");
    }
}
