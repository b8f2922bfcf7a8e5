// SPDX-License-Identifier: Apache-2.0
#include <hat/io/vocabulary_hash.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using hat::io::TextFiles;
using hat::io::vocabulary_difference;
using hat::io::vocabulary_hash;

TEST_SUITE("io/vocabulary_hash") {
    TEST_CASE("the same files have one hash, others another, however they are cut") {
        const TextFiles files{{"bpe.codes", "a b\n"}, {"source.dict.txt", "a 1\n"}};
        CHECK(vocabulary_hash(files) == vocabulary_hash(TextFiles(files)));
        const std::set<std::string> hashes{
            vocabulary_hash({}),
            vocabulary_hash(files),
            vocabulary_hash({{"bpe.codes", "a b\n"}}),
            vocabulary_hash({{"source.dict.txt", "a b\n"}}),
            vocabulary_hash({{"bpe.codes", ""}, {"source.dict.txt", "a b\na 1\n"}}),
            vocabulary_hash({{"bpe.codes", "a b\na 1\n"}, {"source.dict.txt", ""}}),
            vocabulary_hash({{"bpe.codes", "a b\n"}, {"source.dict.txt", "a 2\n"}})};
        CHECK(hashes.size() == 7);
    }

    TEST_CASE("the hash is the same in every version") {
        CHECK(vocabulary_hash({{"subword.model", "pieces"}}) ==
              hat::io::content_hash("subword.model\n6\npieces"));
    }

    TEST_CASE("the files of a vocabulary are those of its directory that say how text is read") {
        const hat::support::TemporaryDirectory folder;
        hat::support::overwrite(folder / "subword.model", "pieces");
        hat::support::overwrite(folder / "train.corpus", "no vocabulary");
        CHECK(hat::io::read_text_files(folder.path()) == TextFiles{{"subword.model", "pieces"}});
    }

    TEST_CASE("what differs is named") {
        const TextFiles pieces{{"subword.model", "pieces"}};
        const TextFiles words{{"target.dict.txt", "word 1\n"}};
        CHECK(vocabulary_difference(pieces, pieces).empty());
        CHECK(vocabulary_difference(pieces, {{"subword.model", "others"}}) == "subword model");
        CHECK(vocabulary_difference(words, {{"target.dict.txt", "word 2\n"}}) == "target.dict.txt");
        CHECK(vocabulary_difference(words, {}) == "target.dict.txt");
    }
}
