// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/fairseq_data.hpp>
#include <hat/io/atomic_file.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

using namespace hat::interop;
using namespace hat::data;
using hat::io::write_file;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

template <class... Values>
std::string raw(Values... values) {
    std::string bytes;
    const auto append = [&](auto value) {
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    (append(values), ...);
    return bytes;
}

using u64 = std::uint64_t;
using i64 = std::int64_t;
using i32 = std::int32_t;

/// The sentences (4 5 2) and (2) in either layout.
struct Files {
    std::string idx, bin;
};

template <class Id>
Files mapped(std::uint8_t type) {
    return {std::string("MMIDIDX\0\0", 9) +
                raw(u64{1}, type, u64{2}, i32{3}, i32{1}, i64{0}, static_cast<i64>(3 * sizeof(Id))),
            raw(Id{4}, Id{5}, Id{2}, Id{2})};
}

Files older() {
    return {std::string("TNTIDX\0\0", 8) + raw(u64{1}, u64{4}, u64{4}, u64{2}, u64{2}, i64{0},
                                               i64{1}, i64{2}, i64{0}, i64{3}, i64{4}, i64{3},
                                               i64{1}),
            raw(i32{5}, i32{6}, i32{3}, i32{3})};
}

Sentences read(const Files& files) {
    const TemporaryDirectory directory;
    overwrite(directory / "x.idx", files.idx);
    overwrite(directory / "x.bin", files.bin);
    return read_fairseq_sentences(directory / "x", 10);
}

void check_rejected(const Files& files, const std::string& part) {
    CHECK_THROWS_WITH_AS(static_cast<void>(read(files)), doctest::Contains(part.c_str()),
                         hat::Error);
}

/// The index with `value` written at byte `at`.
template <class Value>
Files changed(Files files, std::size_t at, Value value) {
    files.idx.replace(at, sizeof value, raw(value));
    return files;
}

}  // namespace

TEST_SUITE("interop/fairseq_data") {
    TEST_CASE("both layouts are read, with ids of any integer type") {
        Sentences expected;
        expected.push_back(std::vector<int>{4, 5, 2});
        expected.push_back(std::vector<int>{2});
        CHECK(read(mapped<std::uint8_t>(1)) == expected);
        CHECK(read(mapped<std::int8_t>(2)) == expected);
        CHECK(read(mapped<std::int16_t>(3)) == expected);
        CHECK(read(mapped<std::int32_t>(4)) == expected);
        CHECK(read(mapped<std::int64_t>(5)) == expected);
        CHECK(read(mapped<std::uint16_t>(8)) == expected);
        CHECK(read(older()) == expected);
    }

    TEST_CASE("two sides are a corpus if they have as many sentences") {
        const TemporaryDirectory directory;
        const Files files = mapped<std::uint16_t>(8);
        for (const char* name : {"train.de-en.de", "train.de-en.en"}) {
            write_file(directory / (std::string(name) + ".idx"), files.idx);
            write_file(directory / (std::string(name) + ".bin"), files.bin);
        }
        const auto de = FairseqDictionary::from_text("a 1\nb 1\n", "dict.de.txt");
        const auto en = FairseqDictionary::from_text("a 1\nb 1\nc 1\n", "dict.en.txt");
        const Corpus corpus = read_fairseq_corpus(directory / "train.de-en", "de", de, "en", en);
        CHECK(corpus.size() == 2);
        CHECK(corpus.source.vocab_size == 6);
        CHECK(corpus.target.vocab_size == 7);
        CHECK(corpus.target.eos == 2);
        CHECK(corpus.source.sentences.length(0) == 3);

        write_file(directory / "train.de-en.en.idx",
                   std::string("MMIDIDX\0\0", 9) +
                       raw(u64{1}, std::uint8_t{8}, u64{1}, i32{3}, i64{0}));
        CHECK_THROWS_WITH_AS(
            static_cast<void>(read_fairseq_corpus(directory / "train.de-en", "de", de, "en", en)),
            doctest::Contains("has 2 sentences of de and 1 of en"), hat::Error);
    }

    TEST_CASE("an index cut short anywhere is an error, and so are ids that are missing") {
        for (const Files& whole : {mapped<std::int32_t>(4), older()}) {
            for (std::size_t size = 0; size < whole.idx.size(); ++size)
                CHECK_THROWS_AS(static_cast<void>(read({whole.idx.substr(0, size), whole.bin})),
                                hat::Error);
            for (std::size_t size = 0; size < whole.bin.size(); ++size)
                check_rejected({whole.idx, whole.bin.substr(0, size)}, "which ");
            check_rejected({whole.idx + "x", whole.bin}, "1 bytes after the end of the index");
        }
    }

    TEST_CASE("any byte of an index may be damaged: it is read or rejected") {
        for (const Files& whole : {mapped<std::int32_t>(4), older()})
            for (std::size_t at = 0; at < whole.idx.size(); ++at)
                for (const int value : {0, 1, 0x7F, 0x80, 0xFF}) {
                    Files files = whole;
                    files.idx[at] = static_cast<char>(value);
                    try {
                        const Sentences sentences = read(files);
                        CHECK(sentences.size() <= 2);
                    } catch (const hat::Error&) {
                        CHECK(files.idx != whole.idx);
                    }
                }
    }

    TEST_CASE("numbers that make no sense are one line") {
        const Files files = mapped<std::int32_t>(4);
        check_rejected({"something else", ""}, "begins with MMIDIDX or TNTIDX");
        check_rejected(changed(files, 9, u64{2}), "has version 2, expected 1");
        check_rejected(changed(files, 17, std::uint8_t{7}), "ids are of type 7");
        check_rejected(changed(files, 18, UINT64_MAX), "the index is cut short");
        check_rejected(changed(files, 26, i32{-1}), "sentence 1 has -1 ids");
        check_rejected(changed(files, 26, i32{0}), "sentence 1 has 0 ids");
        check_rejected(changed(files, 34, i64{-4}), "from byte -4 on");
        check_rejected(changed(files, 34, INT64_MAX), "sentence 1 has 3 ids from byte");
        check_rejected(changed(files, 26, i32{2}), "sentence 1 does not end with 2");
        check_rejected(changed(changed(files, 30, i32{3}), 42, i64{0}), "overlaps another");
        check_rejected({files.idx, raw(i32{4}, i32{10}, i32{2}, i32{2})},
                       "found id 10, expected 0 to 9");
        check_rejected({files.idx, raw(i32{4}, i32{-1}, i32{2}, i32{2})},
                       "found id -1, expected 0 to 9");
        const Files old = older();
        check_rejected({old.idx, raw(i32{5}, i32{0}, i32{3}, i32{3})},
                       "found id 0, expected 1 to 10");
        check_rejected(changed(old, 16, u64{260}), "ids are of type 255");
        check_rejected(changed(old, 24, u64{8}), "ids have 8 bytes, expected 4");
        check_rejected(changed(old, 32, UINT64_MAX), "expected one each");
        check_rejected(changed(old, 40, u64{3}), "has 3 sizes of 2 sentences");
        check_rejected(changed(old, 56, i64{5}), "sentence 1 is no vector");
        check_rejected(changed(old, 72, INT64_MAX), "begins past the end");
    }
}
