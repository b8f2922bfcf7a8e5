// SPDX-License-Identifier: Apache-2.0
#include <hat/io/content_hash.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::io::content_hash;
using hat::io::ContentHash;

TEST_SUITE("io/content_hash") {
    // The values of the library's own program, `xxhsum -H2`.
    TEST_CASE("the hash is XXH3 of 128 bits") {
        CHECK(content_hash("") == "xxh3:99aa06d3014798d86001c324468d497f");
        CHECK(content_hash("hat") == "xxh3:769735be80239fd0ead1aafb9fd4a704");
    }

    TEST_CASE("parts give the hash of the whole") {
        const std::string text(100'000, 'x');
        ContentHash hash;
        for (std::size_t at = 0; at < text.size(); at += 1'234) hash.add(text.substr(at, 1'234));
        CHECK(hash.text() == content_hash(text));
    }

    TEST_CASE("any bit that differs makes another hash") {
        std::string text(1'000, 'x');
        const std::string whole = content_hash(text);
        for (char& c : text) {
            c = static_cast<char>(c ^ 1);
            CHECK(content_hash(text) != whole);
            c = static_cast<char>(c ^ 1);
        }
    }

    TEST_CASE("a key is the hash as a number") {
        CHECK(hat::io::content_key("hat") ==
              hat::io::ContentKey{0x769735be80239fd0, 0xead1aafb9fd4a704});
        CHECK(hat::io::content_key("hat") != hat::io::content_key("hut"));
    }
}
