// SPDX-License-Identifier: Apache-2.0
#include <hat/io/file_hashes.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using namespace hat::io;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

const Json value = with_hashes({{"layers", 6}, {"text", "ä"}}, {{"weights", "xxh3:1"}}, "it.json");

}  // namespace

TEST_SUITE("io/file_hashes") {
    TEST_CASE("a file's hash is that of its content") {
        const TemporaryDirectory directory;
        overwrite(directory / "file", "hat");
        CHECK(file_hash(directory / "file") == content_hash("hat"));
        CHECK_THROWS_AS(static_cast<void>(file_hash(directory / "missing")), hat::Error);
    }

    TEST_CASE("another hash than the saved one names the file") {
        check_hash("model/weights", "xxh3:1", "xxh3:1", "this model");
        CHECK_THROWS_WITH_AS(check_hash("model/weights", "xxh3:1", "xxh3:2", "this model"),
                             "model/weights: is not the file this model was saved with (its "
                             "content is xxh3:1, was xxh3:2)",
                             hat::Error);
    }

    TEST_CASE("hashes are read as they were kept, with the keeper's own") {
        const FileHashes kept = kept_hashes(value, "it.json", "it.json");
        CHECK(kept == FileHashes{{"weights", "xxh3:1"}, {"it.json", own_hash(value, "it.json")}});
        CHECK(kept_hashes({{"layers", 6}}, "it.json", "it.json").empty());
    }

    TEST_CASE("hashes without the keeper's own, or of another kind, are an error") {
        const auto rejected = [](const Json& json, const char* message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(kept_hashes(json, "it.json", "it.json")),
                                 message, hat::Error);
        };
        rejected({{"files", {{"weights", "xxh3:1"}}}},
                 "it.json: files: key \"it.json\" is missing");
        rejected({{"files", 1}}, "it.json: files: expected an object, found number");
        rejected({{"files", {{"it.json", "xxh3:1"}, {"weights", 1}}}},
                 "it.json: files: \"weights\": expected a string, found number");
    }

    TEST_CASE("a text of any layout has the hash, one with any character changed has not") {
        const std::string hash = own_hash(value, "it.json");
        CHECK(own_hash(Json::parse(value.dump(2)), "it.json") == hash);
        const std::string text = value.dump();
        for (std::size_t at = 0; at < text.size(); ++at) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                std::string changed = text;
                changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1U << bit));
                const Json read = Json::parse(changed, nullptr, false);
                if (read.is_discarded()) continue;
                bool is_same = false;
                try {
                    const FileHashes kept = kept_hashes(read, "it.json", "it.json");
                    is_same = !kept.empty() && kept.at("it.json") == own_hash(read, "it.json");
                } catch (const hat::Error&) {
                }
                CAPTURE(changed);
                CHECK_FALSE(is_same);
            }
        }
    }
}
