// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword_trainer.hpp>
#include <hat/decode/served_model.hpp>
#include <hat/integer/model_file.hpp>
#include <hat/integer/quantise.hpp>
#include <hat/integer/ranges.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/pack.hpp>

#include "support/rejected.hpp"
#include "support/subword_text.hpp"
#include "support/temporary_directory.hpp"
#include "support/translator_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::io::ModelDirectory;
using hat::support::save_random_translator;
using hat::support::subword_text;
using hat::support::TemporaryDirectory;

namespace {

hat::model::Network network_of(const ModelDirectory& directory) {
    hat::model::Network network(directory.config().architecture);
    directory.load_weights(network.table(), network.values());
    return network;
}

/// What it finds for a sentence of three tokens.
std::vector<Hypotheses> found(ServedModel& model) {
    const std::vector<int> tokens{7, 9, 2};
    const std::vector<int> offsets{0, 3};
    hat::ThreadPool pool(1);
    std::vector<Hypotheses> results;
    model.translator().translate({tokens, hat::Ragged(offsets.data(), 1)}, {.max_length_b = 9},
                                 pool, results);
    return results;
}

/// Writes a random translator whose config says something else.
template <class Change>
void save_changed(const std::string& path, const Change& change) {
    save_random_translator(path);
    auto config = ModelDirectory::open(path).config();
    change(config);
    hat::model::Network network(config.architecture);
    network.initialize(1);
    const auto subword = hat::data::train_subword(subword_text, {.vocab_size = 40});
    hat::io::save_model_directory(path, config, network.table(), network.values(), subword.bytes(),
                                  "# card\n");
}

}  // namespace

TEST_SUITE("decode/served_model") {
    TEST_CASE("a model of integers is served as one") {
        const TemporaryDirectory directory;
        save_random_translator(directory / "floats");
        const auto floats = ModelDirectory::open(directory / "floats");
        const auto network = network_of(floats);
        const std::vector<int> sentence{7, 9, 2};
        const std::vector<hat::integer::Pair> pairs{{sentence, sentence}};
        hat::integer::Ranges ranges;
        hat::integer::observe(network.view(), pairs, ranges);
        const std::string path = directory / "integers";
        hat::integer::save_model_directory(path, floats.config(),
                                           hat::integer::quantise(network.view(), ranges),
                                           floats.text_files(), "# card\n");
        ServedModel served(ModelDirectory::open_to_serve(path), {}, {});
        const auto results = found(served);
        CHECK(results[0].size() == 5);
        CHECK(results[0][0].tokens.back() == 2);
        CHECK_THROWS_WITH_AS(
            ServedModel(ModelDirectory::open_to_serve(path), WeightKind::int8, {}),
            (path + ": is a model of integers, which is served as it is, expected no other kind "
                    "of weights")
                .c_str(),
            hat::Error);
    }

    TEST_CASE("weights are served in what they are stored in, unless told otherwise") {
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        save_random_translator(path);
        CHECK(ServedModel(ModelDirectory::open(path), {}, {}).translator().kind() ==
              WeightKind::fp32);
        CHECK(ServedModel(ModelDirectory::open(path), WeightKind::int8, {}).translator().kind() ==
              WeightKind::int8);
    }

    TEST_CASE("a model is served as its architecture says, unless told otherwise") {
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        save_changed(path, [](hat::io::ModelConfig& config) {
            config.architecture.serving = {.weight_bits = 8, .listed_tokens = 16};
        });
        hat::support::check_rejected_at(path, "has no shortlist; hat prepare",
                                        [&] { ServedModel(ModelDirectory::open(path), {}, {}); });
        const ServedModel of_all(ModelDirectory::open(path), {}, {}, true);
        CHECK(of_all.translator().kind() == WeightKind::int8);
        CHECK(of_all.shortlist() == nullptr);
        CHECK(ServedModel(ModelDirectory::open(path), WeightKind::fp32, {}, true)
                  .translator()
                  .kind() == WeightKind::fp32);
    }

    TEST_CASE(
        "packed weights that lie beside the model are served, and told if they are not its own") {
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        save_random_translator(path);
        // What is found, and of which copies something is said.
        auto check = [&, expected = std::vector<Hypotheses>{}](const char* note) mutable {
            ServedModel served(ModelDirectory::open_to_serve(path), {}, {});
            const auto results = found(served);
            if (expected.empty()) expected = results;
            CHECK(results == expected);
            CHECK((*note == '\0') == served.note().empty());
            CHECK(served.note().find(note) != std::string::npos);
        };
        check("");
        const ModelDirectory model = ModelDirectory::open(path);
        const std::string copy = hat::io::PackedCopy::write(
            model, "fp32", hat::model::PackedModel(network_of(model).view()).bytes());
        check("");
        std::string damaged = hat::io::read_file(copy);
        damaged.back() = static_cast<char>(damaged.back() ^ 1);
        hat::io::write_file(copy, damaged);
        check("packed.fp32.safetensors: content: found");
    }

    TEST_CASE("a model whose vocabulary is another's is rejected") {
        const TemporaryDirectory directory;
        const std::string path = directory / "other";
        save_changed(path, [](hat::io::ModelConfig& config) {
            config.architecture.source_vocab_size = config.architecture.target_vocab_size = 39;
        });
        hat::support::check_rejected_at(
            path, "its text has vocabularies of 40 and 40, but its network of 39 and 39",
            [&] { ServedModel(ModelDirectory::open(path), {}, {}); });
    }

    TEST_CASE("a shortlist that is not there is an error that says how to make one") {
        const TemporaryDirectory directory;
        const std::string path = directory / "model";
        save_random_translator(path);
        hat::support::check_rejected_at(path, "has no shortlist; hat prepare", [&] {
            ServedModel(ModelDirectory::open(path), {}, std::string());
        });
    }
}
