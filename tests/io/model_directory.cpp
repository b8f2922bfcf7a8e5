// SPDX-License-Identifier: Apache-2.0
#include <hat/io/model_directory.hpp>
#include <hat/model/parameters.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"
#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace hat::io;
using hat::Slab;
using hat::TensorTable;
using hat::support::FileSizeLimit;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

ModelConfig some_config(int ffn_dim = 6) {
    return {.architecture = hat::model::uniform({.encoder_layers = 1,
                                                 .decoder_layers = 1,
                                                 .embed_dim = 4,
                                                 .ffn_dim = ffn_dim,
                                                 .heads = 2},
                                                10, 10),
            .special_tokens = {.unk = 3, .bos = -1, .eos = 2, .pad = 1},
            .provenance = {{"seed", "1"}, {"command", "hat train …"}}};
}

TensorTable some_table() {
    return hat::model::parameter_layout(some_config().architecture).table;
}

Slab some_weights(const TensorTable& table) {
    Slab slab(table);
    for (const auto& entry : table)
        for (std::ptrdiff_t i = 0; i < entry.size(); ++i)
            slab.data()[entry.offset + i] = static_cast<float>(entry.offset + i) + 0.5F;
    return slab;
}

void save(const std::string& path) {
    const TensorTable table = some_table();
    save_model_directory(path, some_config(), table, some_weights(table), "subword bytes",
                         "# card\n");
}

/// Checks the message for a directory that `damage` has been done to.
void check_rejected(const std::function<void(const std::string&)>& damage,
                    const std::string& message) {
    const TemporaryDirectory parent;
    const std::string path = parent / "model";
    save(path);
    damage(path);
    CHECK_THROWS_WITH_AS(static_cast<void>(ModelDirectory::open(path)), (path + message).c_str(),
                         hat::Error);
}

/// Damage that changes a part of config.json.
std::function<void(const std::string&)> changed(const std::string& from, const std::string& to) {
    return [=](const std::string& path) {
        std::string text = read_file(path + "/config.json");
        REQUIRE(text.find(from) != std::string::npos);
        write_file(path + "/config.json", text.replace(text.find(from), from.size(), to));
    };
}

/// Makes it a directory as they were before hashes were kept.
void without_hashes(const std::string& path) {
    Json config = Json::parse(read_file(path + "/config.json"));
    config.erase("files");
    write_file(path + "/config.json", config.dump());
}

}  // namespace

TEST_SUITE("io/model_directory") {
    TEST_CASE("what is saved is loaded, again when saved in the same place") {
        const TemporaryDirectory parent;
        const TensorTable table = some_table();
        for (int i = 0; i < 2; ++i) {
            save(parent / "model");
            const auto directory = ModelDirectory::open(parent / "model");
            CHECK(directory.config() == some_config());
            CHECK(read_file(directory.subword_model_path()) == "subword bytes");
            CHECK(read_file(parent / "model/README.md") == "# card\n");
            Slab loaded(table);
            directory.load_weights(table, loaded);
            const Slab expected = some_weights(table);
            for (std::ptrdiff_t k = 0; k < loaded.size(); ++k)
                CHECK(loaded.data()[k] == expected.data()[k]);
            CHECK(parent.entries() == 1);
        }
    }

    TEST_CASE("weights that are not those of the architecture are named when a model is opened") {
        const auto check_weights = [](const TensorTable& table, const std::string& message) {
            check_rejected(
                [&](const std::string& path) {
                    std::vector<TensorView> tensors;
                    const Slab slab(table);
                    append_tensors(tensors, table, slab);
                    write_safetensors(path + "/weights.safetensors", tensors);
                },
                "/weights.safetensors: tensor \"" + message);
        };
        TensorTable more = some_table();
        more.add_vector("encoder.layers.1.fc2.bias", 4);
        check_weights(more, "encoder.layers.1.fc2.bias\" is not one of the network's parameters");
        TensorTable fewer;
        TensorTable wider;
        for (const auto& entry : some_table()) {
            const bool is_bias = entry.name == "encoder.layers.0.fc1.bias";
            for (TensorTable* table : {&fewer, &wider}) {
                if (is_bias && table == &fewer) continue;
                const int cols = entry.cols + (is_bias ? 1 : 0);
                if (entry.is_vector)
                    table->add_vector(entry.name, cols);
                else
                    table->add_matrix(entry.name, entry.rows, cols);
            }
        }
        check_weights(fewer, "encoder.layers.0.fc1.bias\" is missing");
        check_weights(wider, "encoder.layers.0.fc1.bias\" has shape [7], expected [6]");
    }

    TEST_CASE("a network larger than its weights is found before memory is taken for it") {
        check_rejected(
            [](const std::string& path) {
                without_hashes(path);
                changed("\"encoder_ffn_dims\":[6", "\"encoder_ffn_dims\":[65536")(path);
            },
            "/weights.safetensors: tensor \"encoder.layers.0.fc1.weight\" has shape "
            "[6, 4], expected [65536, 4]");
    }

    TEST_CASE("a model has a subword model, or dictionaries and perhaps codes") {
        const TemporaryDirectory parent;
        const TensorTable table = some_table();
        const auto saved = [&](const TextFiles& files) {
            save_model_directory(parent / "model", some_config(), table, some_weights(table), files,
                                 "# card\n");
            return ModelDirectory::open(parent / "model").text_files();
        };
        for (const TextFiles& files :
             {TextFiles{{"subword.model", "bytes"}},
              TextFiles{{"source.dict.txt", "a 1\n"}, {"target.dict.txt", "b 1\n"}},
              TextFiles{{"source.dict.txt", "a 1\n"},
                        {"target.dict.txt", "b 1\n"},
                        {"bpe.codes", "a b\n"}}})
            CHECK(saved(files) == files);

        const auto check_rejected = [&](const TextFiles& files, const std::string& message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(saved(files)),
                                 ((parent / "model") + ": " + message).c_str(), hat::Error);
            CHECK(ModelDirectory::open(parent / "model").text_files().size() == 3);
        };
        check_rejected({}, "subword.model is missing");
        check_rejected({{"bpe.codes", ""}}, "subword.model is missing");
        check_rejected({{"target.dict.txt", ""}}, "source.dict.txt is missing");
        check_rejected({{"source.dict.txt", ""}, {"bpe.codes", ""}}, "target.dict.txt is missing");
        check_rejected({{"source.dict.txt", ""}, {"target.dict.txt", ""}, {"subword.model", ""}},
                       "has both a subword.model and a dictionary, expected one of them");
        check_rejected({{"subword.model", ""}, {"config.json", ""}},
                       "\"config.json\" is not a text file of models");
    }

    TEST_CASE(
        "a bit that changes anywhere in a file of a model is noticed, and the file is named") {
        const TemporaryDirectory parent;
        save(parent / "model");
        for (const char* name : {"config.json", "weights.safetensors", "subword.model"}) {
            const std::string path = parent / "model/" + name;
            const std::string whole = read_file(path);
            for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 11) {
                std::string damaged = whole;
                damaged[bit / 8] =
                    static_cast<char>(damaged[bit / 8] ^ static_cast<char>(1U << bit % 8));
                overwrite(path, damaged);
                CAPTURE(name);
                CAPTURE(bit);
                try {
                    // What is between the values of config.json changes nothing; nor do its hashes
                    // under another name.
                    const auto directory = ModelDirectory::open(parent / "model");
                    CHECK(path.ends_with("config.json"));
                    CHECK(directory.config() == some_config());
                } catch (const hat::Error& error) {
                    CHECK(std::string_view(error.what()).starts_with(path + ": "));
                }
            }
            overwrite(path, whole);
        }
    }

    TEST_CASE("a file of another model is noticed, also where it would fit") {
        const TemporaryDirectory parent;
        const TensorTable table = some_table();
        save(parent / "model");
        save_model_directory(parent / "other", some_config(), table, Slab(table), "", "");
        const auto changed_to = [](const std::string& content, const std::string& from) {
            return ": is not the file this model was saved with (its content is " +
                   content_hash(content) + ", was " + content_hash(from) + ")";
        };
        const std::string weights = "/weights.safetensors";
        const std::string other = read_file((parent / "other") + weights);
        check_rejected([&](const std::string& path) { overwrite(path + weights, other); },
                       weights + changed_to(other, read_file((parent / "model") + weights)));
        check_rejected([](const std::string& path) { overwrite(path + "/subword.model", "x"); },
                       "/subword.model" + changed_to("x", "subword bytes"));
        check_rejected([](const std::string& path) { overwrite(path + "/bpe.codes", "x"); },
                       "/bpe.codes: is no file that this model was saved with");
    }

    TEST_CASE("weights that are not finite are neither saved nor loaded") {
        const TemporaryDirectory parent;
        const TensorTable table = some_table();
        Slab slab = some_weights(table);
        const auto& entry = table[table.find("encoder.layers.0.fc1.bias")];
        slab.data()[entry.offset + 3] = NAN;
        const std::string message =
            ": tensor \"encoder.layers.0.fc1.bias\": element 3 is not a finite number";
        CHECK_THROWS_WITH_AS(
            save_model_directory(parent / "model", some_config(), table, slab, "", ""),
            ((parent / "model") + message).c_str(), hat::Error);
        CHECK(parent.entries() == 0);

        save(parent / "model");
        without_hashes(parent / "model");
        std::vector<TensorView> tensors;
        append_tensors(tensors, table, slab);
        const std::string weights = parent / "model/weights.safetensors";
        write_safetensors(weights, tensors);
        const auto directory = ModelDirectory::open(parent / "model");
        CHECK_THROWS_WITH_AS(directory.load_weights(table, slab), (weights + message).c_str(),
                             hat::Error);
    }

    TEST_CASE("README.md may be edited") {
        const TemporaryDirectory parent;
        save(parent / "model");
        write_file(parent / "model/README.md", "# My card\n");
        CHECK(ModelDirectory::open(parent / "model").config() == some_config());
    }

    TEST_CASE("a directory from before hashes were kept is opened") {
        const TemporaryDirectory parent;
        save(parent / "model");
        const std::string kept = ModelDirectory::open(parent / "model").hash("subword.model");
        without_hashes(parent / "model");
        const auto directory = ModelDirectory::open(parent / "model");
        CHECK(directory.config() == some_config());
        CHECK(directory.hash("subword.model") == kept);
        CHECK(kept == content_hash("subword bytes"));
    }

    TEST_CASE("an opened model stays whole while another one is saved over it") {
        const TemporaryDirectory parent;
        const TensorTable table = some_table();
        save(parent / "model");
        const auto directory = ModelDirectory::open(parent / "model");
        save_model_directory(parent / "model", some_config(), table, Slab(table), "", "");
        const auto& entry = table[table.find("encoder.layers.0.fc1.weight")];
        CHECK(directory.weights().floats(entry.name)[1] ==
              static_cast<float>(entry.offset + 1) + 0.5F);
    }

    TEST_CASE("every architecture survives config.json") {
        for (const auto& architecture : hat::support::varied_architectures()) {
            const ModelConfig config{
                .architecture = architecture, .special_tokens = {}, .provenance = {}};
            CHECK(model_config_from_json(model_config_to_json(config), "config.json") == config);
        }
    }

    TEST_CASE("a directory that is missing, foreign, damaged or of the future is one line") {
        namespace fs = std::filesystem;
        check_rejected([](const std::string& path) { fs::remove_all(path); },
                       ": there is no such model directory");
        check_rejected([](const std::string& path) { fs::remove(path + "/config.json"); },
                       ": is no model directory: config.json is missing");
        check_rejected([](const std::string& path) { fs::remove(path + "/subword.model"); },
                       ": subword.model is missing");
        check_rejected([](const std::string& path) { fs::remove(path + "/weights.safetensors"); },
                       "/weights.safetensors: cannot open: No such file or directory");
        check_rejected(
            [](const std::string& path) { write_file(path + "/weights.safetensors", "x"); },
            "/weights.safetensors: is 1 bytes long, too short for a safetensors file");
        check_rejected([](const std::string& path) { write_file(path + "/config.json", "{}"); },
                       "/config.json: key \"format\" is missing");
        check_rejected(changed("hat model", "hat data"),
                       ": is no model directory: its config.json says it is hat data");
        check_rejected(changed("hat model", "bert"),
                       "/config.json: format: expected \"hat model\"");
        check_rejected(
            changed("\"format_version\": 1", "\"format_version\": 2"),
            "/config.json: format_version = 2, expected 1: written by another version of "
            "hat");
        check_rejected(changed("\"eos\": 2", "\"eos\": 10"),
                       "/config.json: special_tokens: eos = 10 is not in 0 … 9");
        check_rejected(changed("\"qkv_dim\": 4", "\"qkv_dim\": 3"),
                       "/config.json: architecture: encoder layer 0: heads = 2 does "
                       "not divide qkv_dim = 3");
        check_rejected(changed("\"seed\": \"1\"", "\"seed\": 1"),
                       "/config.json: provenance: \"seed\": expected a string, found number");
    }

    TEST_CASE("a config.json or weights cut anywhere are an error") {
        const TemporaryDirectory parent;
        for (const char* name : {"/config.json", "/weights.safetensors"}) {
            save(parent / "model");
            const std::string path = (parent / "model") + name;
            const std::string whole = read_file(path);
            // The last byte of config.json is the end of its line.
            for (std::size_t size = 0; size + 1 < whole.size(); size += 7) {
                overwrite(path, whole.substr(0, size));
                CHECK_THROWS_AS(static_cast<void>(ModelDirectory::open(parent / "model")),
                                hat::Error);
            }
        }
    }

    TEST_CASE("a full disk leaves the model that was there") {
        const TemporaryDirectory parent;
        save(parent / "model");
        const ModelConfig large = some_config(6000);
        const TensorTable table = hat::model::parameter_layout(large.architecture).table;
        {
            const FileSizeLimit limit(100'000);
            CHECK_THROWS_AS(
                save_model_directory(parent / "model", large, table, Slab(table), "", ""),
                hat::Error);
        }
        CHECK(ModelDirectory::open(parent / "model").config() == some_config());
        CHECK(parent.entries() == 1);
    }

    TEST_CASE("a directory of other files is not written to") {
        const TemporaryDirectory parent;
        write_file(parent / "thesis.tex", "");
        CHECK_THROWS_AS(save(parent.path()), hat::Error);
        CHECK(parent.entries() == 1);
    }
}
