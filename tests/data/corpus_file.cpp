// SPDX-License-Identifier: Apache-2.0
#include <hat/data/corpus_file.hpp>
#include <hat/io/text_file.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>

using hat::data::Corpus;
using hat::data::load_corpus;
using hat::data::save_corpus;
using hat::support::overwrite;

namespace {

const Corpus corpus{.source = {.sentences = {.tokens = {4, 5, 2, 6, 2}, .offsets = {0, 3, 5}},
                               .vocab_size = 10,
                               .eos = 2},
                    .target = {.sentences = {.tokens = {7, 3, 8, 9, 3}, .offsets = {0, 2, 5}},
                               .vocab_size = 12,
                               .eos = 3},
                    .vocabulary = "xxh3:0123456789abcdef0123456789abcdef"};

/// The same as version 1 wrote it, which did not know of vocabularies.
std::string version_1() {
    std::string bytes("hat.corpus\0\0\0\0\0\0", 16);
    const auto number = [&](std::uint64_t value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8U * i));
    };
    for (const std::uint64_t value : {1ULL, 0xce94314ca71cb983ULL, 10ULL, 2ULL, 2ULL, 5ULL, 12ULL,
                                      3ULL, 2ULL, 5ULL, 0ULL, 3ULL, 5ULL})
        number(value, 8);
    for (const unsigned id : {4U, 5U, 2U, 6U, 2U}) number(id, 4);
    for (const std::uint64_t value : {0U, 2U, 5U}) number(value, 8);
    for (const unsigned id : {7U, 3U, 8U, 9U, 3U}) number(id, 4);
    return bytes;
}

std::string error_of_loading(const std::string& path) {
    try {
        static_cast<void>(load_corpus(path));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("data/corpus_file") {
    TEST_CASE("a corpus is saved and loaded") {
        const hat::support::TemporaryDirectory folder;
        save_corpus(corpus, folder / "a.corpus");
        CHECK(load_corpus(folder / "a.corpus") == corpus);
        CHECK(load_corpus(folder / "a.corpus").source.sentences.tokens.is_mapped());
        CHECK(load_corpus(folder / "a.corpus").target.sentences.offsets.is_mapped());
        save_corpus(Corpus{{.vocab_size = 4}, {.vocab_size = 4}}, folder / "a.corpus");
        CHECK(load_corpus(folder / "a.corpus").size() == 0);
    }

    TEST_CASE("a file of version 1 is read; its vocabulary is not known") {
        const hat::support::TemporaryDirectory folder;
        overwrite(folder / "a.corpus", version_1());
        Corpus expected = corpus;
        expected.vocabulary.clear();
        CHECK(load_corpus(folder / "a.corpus") == expected);
    }

    TEST_CASE("what was loaded is saved again as it was, and stays when its file is replaced") {
        const hat::support::TemporaryDirectory folder;
        save_corpus(corpus, folder / "a.corpus");
        const std::string bytes = hat::io::read_file(folder / "a.corpus");
        const Corpus loaded = load_corpus(folder / "a.corpus");
        save_corpus(Corpus{{.vocab_size = 4}, {.vocab_size = 4}}, folder / "a.corpus");
        save_corpus(loaded, folder / "b.corpus");
        CHECK(hat::io::read_file(folder / "b.corpus") == bytes);
    }

    TEST_CASE("a file of version 2, whose ids are not filled up, is read") {
        const hat::support::TemporaryDirectory folder;
        save_corpus(corpus, folder / "a.corpus");
        std::string bytes = hat::io::read_file(folder / "a.corpus");
        bytes[16] = 2;
        for (const std::size_t filler : {std::size_t{236}, std::size_t{188}})
            bytes.erase(filler, 4);
        overwrite(folder / "a.corpus", bytes);
        CHECK(load_corpus(folder / "a.corpus") == corpus);
    }

    TEST_CASE("a file of a later version is an error, which tells the versions") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.corpus";
        std::string bytes = version_1();
        bytes[16] = 4;
        overwrite(path, bytes);
        CHECK(error_of_loading(path) ==
              path + ": found version 4 of encoded corpora, expected 1 to 3");
    }

    TEST_CASE("the name of a vocabulary has less than 48 printable characters") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.corpus";
        Corpus wrong = corpus;
        wrong.vocabulary = std::string(48, 'x');
        CHECK_THROWS_AS(save_corpus(wrong, path), hat::Error);
        wrong.vocabulary = "xxh3:\n";
        save_corpus(wrong, path);
        CHECK(error_of_loading(path) ==
              path + ": does not say which vocabulary it was encoded with");
    }

    TEST_CASE("a file cut off anywhere is an error, and so is one that goes on") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.corpus";
        save_corpus(corpus, path);
        const std::string bytes = hat::io::read_file(path);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            overwrite(path, bytes.substr(0, size));
            CHECK(error_of_loading(path).starts_with(path + ": "));
        }
        overwrite(path, bytes + "x");
        CHECK(error_of_loading(path) == path + ": found 1 bytes after the end of the corpus");
    }

    TEST_CASE("a file with any bit turned is an error") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.corpus";
        save_corpus(corpus, path);
        const std::string bytes = hat::io::read_file(path);
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            CAPTURE(bit);
            std::string damaged = bytes;
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
            overwrite(path, damaged);
            CHECK(error_of_loading(path).starts_with(path + ": "));
        }
    }

    TEST_CASE("where lengths alone are checked, tokens are taken as they are") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.corpus";
        save_corpus(corpus, path);
        std::string bytes = hat::io::read_file(path);
        bytes[bytes.size() - 8] = 77;  // the last token, before what fills up
        overwrite(path, bytes);
        CHECK(error_of_loading(path) != "no error");
        const Corpus loaded = load_corpus(path, hat::data::CorpusCheck::lengths);
        CHECK(loaded.source == corpus.source);
        CHECK(loaded.target.sentences.offsets == corpus.target.sentences.offsets);
        CHECK(loaded.target.sentences.tokens[4] == 77);
        bytes[152] = 100;  // an offset of the source
        overwrite(path, bytes);
        CHECK_THROWS_AS(static_cast<void>(load_corpus(path, hat::data::CorpusCheck::lengths)),
                        hat::Error);
    }

    TEST_CASE("a file that contradicts itself is an error though its checksum fits") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.corpus";
        Corpus wrong = corpus;
        wrong.source.sentences.tokens[0] = 10;
        save_corpus(wrong, path);
        CHECK(error_of_loading(path) == path + ": a sentence has token 10, expected 0 to 9");
        wrong = corpus;
        wrong.target.sentences.tokens[1] = 4;
        save_corpus(wrong, path);
        CHECK(error_of_loading(path) ==
              path + ": sentence 1 does not end with 3, the end of sentence");
        wrong = corpus;
        wrong.target.sentences.offsets[1] = 1'000'000;
        save_corpus(wrong, path);
        CHECK(error_of_loading(path) == path + ": sentence 1 has no valid length");
        wrong = corpus;
        wrong.target.sentences = {};
        save_corpus(wrong, path);
        CHECK(error_of_loading(path) ==
              path + ": found 2 source and 0 target sentences, expected as many");
    }

    TEST_CASE("a file of another kind is an error") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "a.txt";
        overwrite(path, "some text that is no encoded corpus\n");
        CHECK(error_of_loading(path) ==
              path + ": not an encoded corpus, which begins with \"hat.corpus\"");
    }
}
