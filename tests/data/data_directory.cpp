// SPDX-License-Identifier: Apache-2.0
#include <hat/data/data_directory.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace hat::data;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

PreparedData prepared(int token = 4) {
    const Side side{
        .sentences = {.tokens = {token, 2}, .offsets = {0, 2}}, .vocab_size = 8, .eos = 2};
    return {.text_files = {{"subword.model", "pieces"}},
            .train = {side, side},
            .validation = {side, side},
            .origin = {{"source", "train.en"}, {"training_pairs", 1}}};
}

std::string error_of_loading(const std::string& path) {
    try {
        static_cast<void>(load_data_directory(path));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("data/data_directory") {
    TEST_CASE("data is saved and loaded, and each corpus knows its vocabulary") {
        const TemporaryDirectory folder;
        const std::string path = folder / "a/new/folder/data";
        save_data_directory(path, prepared());
        const PreparedData loaded = load_data_directory(path);
        CHECK(loaded.text_files == prepared().text_files);
        CHECK(loaded.origin == prepared().origin);
        CHECK(loaded.task() == std::string("translation"));
        CHECK(loaded.train.target == prepared().train.target);
        CHECK(loaded.train.vocabulary == hat::io::vocabulary_hash(loaded.text_files));
        CHECK(loaded.validation.vocabulary == loaded.train.vocabulary);
    }

    TEST_CASE("config.json says what the directory is, for which task, and of what vocabulary") {
        const TemporaryDirectory folder;
        PreparedData text = prepared();
        text.train.source = {};
        text.validation.source = {};
        save_data_directory(folder / "data", text);
        const auto config = hat::io::Json::parse(hat::io::read_file(folder / "data/config.json"));
        CHECK(config["format"] == "hat data");
        CHECK(config["task"] == "language-model");
        CHECK(config["source"] == "train.en");
        CHECK(config["vocabulary_hash"] == hat::io::vocabulary_hash(text.text_files));
        CHECK(config["files"].size() == 4);
    }

    TEST_CASE("data that is prepared again replaces all of it, with the leftovers that are named") {
        const TemporaryDirectory folder;
        const std::string path = folder / "data";
        save_data_directory(path, prepared());
        overwrite(path + "/unfinished.corpus", "begun");
        CHECK_THROWS_AS(save_data_directory(path, prepared(5)), hat::Error);
        CHECK(load_data_directory(path).train.target == prepared().train.target);
        PreparedData words = prepared(5);
        words.text_files = {{"target.dict.txt", "word 1\n"}};
        save_data_directory(path, words, std::array<std::string_view, 1>{"unfinished.corpus"});
        CHECK(load_data_directory(path).text_files == words.text_files);
        CHECK_FALSE(std::filesystem::exists(path + "/subword.model"));
        CHECK(folder.entries() == 1);
    }

    TEST_CASE("a full disk leaves what was there") {
        const TemporaryDirectory folder;
        const std::string path = folder / "data";
        save_data_directory(path, prepared());
        for (const rlim_t bytes : {rlim_t{0}, rlim_t{100}, rlim_t{300}}) {
            const hat::support::FileSizeLimit limit(bytes);
            CHECK_THROWS_AS(save_data_directory(path, prepared(5)), hat::Error);
        }
        CHECK(load_data_directory(path).train.target == prepared().train.target);
        CHECK(folder.entries() == 1);
    }

    TEST_CASE("a file that was changed, exchanged or added is named") {
        const TemporaryDirectory folder;
        save_data_directory(folder / "data", prepared(4));
        save_data_directory(folder / "other", prepared(5));
        namespace fs = std::filesystem;
        const auto replaced = [&](const std::string& name, const auto& change) {
            fs::remove_all(folder / "broken");
            fs::copy(folder / "data", folder / "broken");
            change(folder / ("broken/" + name));
            return error_of_loading(folder / "broken");
        };
        for (const char* name : {"train.corpus", "valid.corpus", "subword.model"}) {
            CAPTURE(name);
            CHECK(says(replaced(name, [](const std::string& file) { overwrite(file, "else"); }),
                       std::string("/") + name + ": is not the file this data was saved with"));
            CHECK(says(replaced(name, [](const std::string& file) { fs::remove(file); }), name));
        }
        for (const char* name : {"train.corpus", "config.json"}) {
            const auto from = folder / (std::string("other/") + name);
            CHECK(says(replaced(name,
                                [&](const std::string& file) {
                                    fs::copy(from, file, fs::copy_options::overwrite_existing);
                                }),
                       "is not the file this data was saved with"));
        }
        CHECK(says(replaced("bpe.codes", [](const std::string& file) { overwrite(file, "a b"); }),
                   "bpe.codes: is no file that this data was saved with"));
        CHECK(error_of_loading(folder / "data") == "no error");
    }

    TEST_CASE("a directory from before hashes were kept is read; its corpora are still compared") {
        const TemporaryDirectory folder;
        const std::string path = folder / "data";
        save_data_directory(path, prepared());
        overwrite(path + "/config.json", R"({"hat_version": "0.1.0", "vocab_size": 8})");
        CHECK(error_of_loading(path) == "no error");
        CHECK(load_data_directory(path).origin["vocab_size"] == 8);
        overwrite(path + "/subword.model", "other pieces");
        CHECK(error_of_loading(path) ==
              path + "/train.corpus: was encoded with another vocabulary than that of " + path);
        std::filesystem::remove(path + "/config.json");
        for (const char* name : {"/train.corpus", "/valid.corpus"}) {
            Corpus old = load_corpus(path + name);
            old.vocabulary.clear();
            save_corpus(old, path + name);
        }
        CHECK(error_of_loading(path) == "no error");
    }

    TEST_CASE("what is no data is told by what it says it is") {
        const TemporaryDirectory folder;
        const std::string path = folder / "model";
        CHECK(error_of_loading(path) == path + ": there is no such data directory");
        std::filesystem::create_directory(path);
        overwrite(path + "/config.json", R"({"format": "hat model"})");
        CHECK(error_of_loading(path) ==
              path + ": is no data directory: its config.json says it is a \"hat model\"");
        overwrite(path + "/config.json", R"({"format": "hat data", "format_version": 2})");
        CHECK(error_of_loading(path) == path + "/config.json: format_version = 2, expected 1: "
                                               "written by another version of hat");
    }
}
