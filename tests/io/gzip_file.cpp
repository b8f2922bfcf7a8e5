// SPDX-License-Identifier: Apache-2.0
#include <hat/io/gzip_file.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using hat::io::GzipFile;
using hat::support::overwrite;

namespace {

std::string pack(const std::string& text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(text.size() + 1000, '\0');
    std::string copy = text;
    stream.next_in = reinterpret_cast<Bytef*>(copy.data());
    stream.avail_in = static_cast<uInt>(copy.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packed.resize(packed.size() - stream.avail_out);
    deflateEnd(&stream);
    return packed;
}

std::string unpack(const std::string& path, std::size_t piece_bytes = 1000) {
    GzipFile file(path);
    std::string text;
    std::string piece(piece_bytes, '\0');
    while (const std::size_t size = file.read(piece)) text += piece.substr(0, size);
    CHECK(file.read(piece) == 0);
    return text;
}

std::string error_of(const std::string& path) {
    try {
        static_cast<void>(unpack(path));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

/// Different lines, so that it has many blocks.
std::string long_text() {
    std::string text;
    for (int i = 0; i < 60'000; ++i) text += std::to_string(i * 7919 % 100'003) + '\n';
    return text;
}

}  // namespace

TEST_SUITE("io/gzip_file") {
    TEST_CASE("an archive is unpacked, by pieces of any size") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.gz";
        const std::string text = long_text();
        overwrite(path, pack(text));
        CHECK(unpack(path) == text);
        CHECK(unpack(path, 7) == text);
        CHECK(unpack(path, 1'000'000) == text);
        overwrite(path, pack(""));
        CHECK(unpack(path).empty());
    }
    TEST_CASE("archives one behind the other are one") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.gz";
        overwrite(path, pack("one\n") + pack("") + pack("two\n") + pack(long_text()));
        CHECK(unpack(path) == "one\ntwo\n" + long_text());
        CHECK(unpack(path, 1) == "one\ntwo\n" + long_text());
    }
    TEST_CASE("an archive that is cut short anywhere is an error") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.gz";
        const std::string packed = pack("one two three\n");
        for (std::size_t size = 1; size < packed.size(); ++size) {
            overwrite(path, packed.substr(0, size));
            CHECK(error_of(path) == path + ": the gzip archive is cut short after " +
                                        std::to_string(size) + " bytes");
        }
        overwrite(path, "");
        CHECK(error_of(path) == path + ": the file is empty, expected a gzip archive");
    }
    TEST_CASE("a damaged archive is an error, and so is what follows one") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.gz";
        std::string packed = pack(long_text());
        packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);  // checksum
        overwrite(path, packed);
        CHECK(error_of(path).starts_with(path + ": the gzip archive is damaged before byte "));
        CHECK(error_of(path).ends_with(": incorrect data check"));
        overwrite(path, pack("one\n") + "more");
        CHECK(error_of(path).ends_with(": incorrect header check"));
    }
    TEST_CASE("what is no archive is an error") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.gz";
        overwrite(path, "some text that is not packed\n");
        CHECK(error_of(path) == path + ": is no gzip archive, as its name says");
        CHECK(error_of(folder / "none.gz").starts_with(folder / "none.gz: cannot open"));
    }
}
