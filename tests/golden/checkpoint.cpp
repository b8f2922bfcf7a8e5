// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/tape.hpp>
#include <hat/interop/fairseq.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/transformer.hpp>

#include "support/golden.hpp"
#include "support/python_literal.hpp"
#include "support/reference_checkpoint.hpp"
#include "support/reference_model.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using namespace hat::interop;
using namespace hat::io;
using hat::support::Golden;
using hat::support::metadata_json;
using hat::support::PythonLiteral;

namespace {

/// What is expected of "super_zip.pt" stands in "super_expected.safetensors".
SafetensorsFile expected_file(const std::filesystem::path& checkpoint) {
    const std::string name = checkpoint.filename().string();
    const std::string stem = name.substr(0, name.find('_'));
    return SafetensorsFile::open(
        (checkpoint.parent_path() / (stem + "_expected.safetensors")).string());
}

/// A number among the settings, which the metadata has as Python prints them.
int setting(const Json& settings, const char* name) {
    return std::stoi(settings.at(name).get<std::string>());
}

/// The network that the settings describe, all of whose layers are alike.
hat::model::Architecture expected_architecture(const SafetensorsFile& expected) {
    const Json settings = metadata_json(expected, "args");
    const auto number = [&](const char* name) { return setting(settings, name); };
    const auto rows = [&](const char* table) {
        return static_cast<int>(expected.tensor(table).shape.at(0));
    };
    return hat::model::uniform(
        {.encoder_layers = number("encoder_layers"),
         .decoder_layers = number("decoder_layers"),
         .embed_dim = number("encoder_embed_dim"),
         .ffn_dim = number("encoder_ffn_embed_dim"),
         .heads = number("encoder_attention_heads"),
         .qkv_dim = number("qkv_dim"),
         .attended_layers = 3,
         .sharing = settings.at("share_all_embeddings") == "True" ? hat::model::Sharing::all
                                                                  : hat::model::Sharing::none},
        rows("encoder.embed_tokens.weight"), rows("decoder.embed_tokens.weight"));
}

/// Whether `half` is the half nearest to `x`, the even one of two equally near.
bool is_nearest_half(std::uint16_t half, float x) {
    const auto distance = [&](int bits) {
        const auto other = static_cast<std::uint16_t>(bits);
        return std::abs(static_cast<double>(half_to_float(other)) - static_cast<double>(x));
    };
    const double here = distance(half);
    for (const int other : {half - 1, half + 1}) {
        if ((half & 0x7FFF) == 0 && other < half) continue;  // on the other side of zero
        if (distance(other) < here || (distance(other) == here && half % 2 != 0)) return false;
    }
    return true;
}

/// Compares all stored tensors; returns how many numbers they have.
std::size_t compare_tensors(const FairseqCheckpoint& checkpoint, const SafetensorsFile& expected) {
    const Json entries = metadata_json(expected, "model_entries");
    REQUIRE(checkpoint.names().size() == entries.size());
    std::size_t compared = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto name = entries[i].at(0).get<std::string>();
        CAPTURE(name);
        CHECK(checkpoint.names()[i] == name);
        const TorchTensor found = checkpoint.tensor(name);
        CHECK(found.shape == entries[i].at(2).get<std::vector<std::int64_t>>());
        const auto values = expected.floats(name);
        std::vector<float> numbers(static_cast<std::size_t>(found.size()));
        REQUIRE(numbers.size() == values.size());
        copy_floats(found, numbers);
        for (std::size_t k = 0; k < numbers.size(); ++k) {
            if (found.dtype == Dtype::f16) {
                std::uint16_t half = 0;
                std::memcpy(&half, found.bytes.data() + 2 * k, sizeof half);
                CHECK(is_nearest_half(half, values[k]));
                CHECK(numbers[k] == half_to_float(half));
            } else {
                CHECK(found.dtype == Dtype::f32);
                CHECK(std::bit_cast<std::uint32_t>(numbers[k]) ==
                      std::bit_cast<std::uint32_t>(values[k]));
            }
        }
        compared += numbers.size();
    }
    return compared;
}

/// Checks that `value` is what the metadata says that Python prints of it.
std::size_t compare_literal(const PickleValue* value, const Json& expected) {
    std::size_t compared = 0;
    REQUIRE(value != nullptr);
    CAPTURE(expected);
    CHECK(PythonLiteral(expected.get<std::string>()).is(*value, compared));
    return compared;
}

std::size_t compare_arguments(const PickleValue& root, const SafetensorsFile& expected) {
    const Json settings = metadata_json(expected, "args");
    const PickleValue* arguments = root.find("args");
    REQUIRE(arguments != nullptr);
    CHECK(arguments->state->items.size() == 2 * settings.size());
    std::size_t compared = 0;
    for (const auto& [name, value] : settings.items())
        compared += compare_literal(arguments->find(name), value);
    return compared;
}

std::size_t compare_extra_state(const PickleValue& root, const SafetensorsFile& expected) {
    const Json state = metadata_json(expected, "extra_state");
    const PickleValue* extra = root.find("extra_state");
    REQUIRE(extra != nullptr);
    std::size_t compared = 0;
    for (const auto& [name, value] : state.items()) {
        const PickleValue* found = extra->find(name);
        REQUIRE(found != nullptr);
        if (name != "train_meters") {
            compared += compare_literal(found, value);
            continue;
        }
        std::string names = "OrderedDict of fairseq.meters objects: ";
        for (std::size_t i = 0; i < found->items.size(); i += 2) {
            names += (i > 0 ? "," : "") + std::string(found->items[i]->text);
            REQUIRE(found->items[i + 1]->is(PickleKind::object));
            CHECK(found->items[i + 1]->type->module == "fairseq.meters");
        }
        CHECK(names == value.get<std::string>());
        compared += found->items.size() / 2;
    }
    return compared;
}

std::size_t compare_optimizer_state(const FairseqCheckpoint& checkpoint,
                                    const SafetensorsFile& expected) {
    const Json stored = metadata_json(expected, "last_optimizer_state");
    const PickleValue* state = checkpoint.file().root().find("last_optimizer_state");
    REQUIRE(state != nullptr);
    std::size_t compared = compare_literal(state->find("param_groups"), stored.at("param_groups"));
    const PickleValue* parameters = state->find("state");
    REQUIRE(parameters != nullptr);
    CHECK(parameters->items.size() == 2 * stored.at("state").size());
    for (std::size_t i = 0; i < parameters->items.size(); i += 2) {
        const std::string number = std::to_string(parameters->items[i]->integer);
        CAPTURE(number);
        for (const auto& [name, value] : stored.at("state").at(number).items()) {
            const PickleValue* found = parameters->items[i + 1]->find(name);
            REQUIRE(found != nullptr);
            if (value.is_array())
                CHECK(checkpoint.file().tensor(*found, name).shape ==
                      value.get<std::vector<std::int64_t>>());
            else
                CHECK(found->integer == value.get<std::int64_t>());
            ++compared;
        }
    }
    return compared;
}

}  // namespace

TEST_SUITE("golden/checkpoint") {
    TEST_CASE("every tensor and setting of the reference's checkpoints is read exactly") {
        Golden golden("hat/checkpoint/*.pt");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const SafetensorsFile expected = expected_file(path);
            const auto checkpoint = FairseqCheckpoint::open(path.string());
            const PickleValue& root = checkpoint.file().root();
            std::size_t compared = compare_tensors(checkpoint, expected);
            compared += compare_arguments(root, expected);
            compared += compare_literal(root.find("optimizer_history"),
                                        expected.metadata("optimizer_history"));
            compared += compare_extra_state(root, expected);
            for (const Json& key : metadata_json(expected, "keys")) {
                if (root.find(key.get<std::string>()) == nullptr)
                    CHECK(key == "last_optimizer_state");
                else if (key == "last_optimizer_state")
                    compared += compare_optimizer_state(checkpoint, expected);
            }
            golden.add(path, compared);
        }
    }

    TEST_CASE("the network of a checkpoint has its settings and weights") {
        Golden golden("hat/checkpoint/*.pt");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const SafetensorsFile expected = expected_file(path);
            const auto checkpoint = FairseqCheckpoint::open(path.string());
            CHECK(checkpoint.architecture() == expected_architecture(expected));
            CHECK_FALSE(checkpoint.sub_transformer().has_value());
            CHECK(checkpoint.ignored().empty());
            CHECK(checkpoint.updates().has_value());
            hat::model::Network network(checkpoint.architecture());
            checkpoint.load_weights(network.table(), network.values());
            std::size_t compared = 0;
            for (const auto& entry : network.table()) {
                CAPTURE(entry.name);
                const TorchTensor stored = checkpoint.tensor(entry.name);
                const auto values = expected.floats(entry.name);
                const float* found = network.values().data() + entry.offset;
                REQUIRE(values.size() == static_cast<std::size_t>(entry.size()));
                // Halves have eleven bits; the smallest are multiples of 2⁻²⁴.
                const bool exact = stored.dtype == Dtype::f32;
                for (std::size_t i = 0; i < values.size(); ++i)
                    CHECK(std::abs(found[i] - values[i]) <=
                          (exact ? 0.0F : std::abs(values[i]) * 0x1p-11F + 0x1p-25F));
                compared += values.size();
            }
            golden.add(path, compared);
        }
    }

    TEST_CASE("a network that has been through a checkpoint computes the reference's logits") {
        Golden golden("hat/model_*.safetensors");
        const hat::support::TemporaryDirectory directory;
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const auto file = SafetensorsFile::open(path.string());
            const auto written = hat::support::reference_network(file, "param/");
            const Json configs = metadata_json(file, "configs");
            std::size_t compared = 0;
            for (std::size_t i = 0; i < configs.size(); ++i) {
                CAPTURE(i);
                const auto container = i % 2 == 0 ? hat::support::TorchContainer::zip
                                                  : hat::support::TorchContainer::legacy;
                hat::support::write_reference_checkpoint(directory / "c.pt", container, file,
                                                         written, configs[i]);
                const auto checkpoint = FairseqCheckpoint::open(directory / "c.pt");
                hat::model::Network network(checkpoint.architecture());
                checkpoint.load_weights(network.table(), network.values());
                REQUIRE(checkpoint.sub_transformer().has_value());

                hat::Arena memory;
                hat::Arena scratch;
                hat::autograd::Eval eval(memory, scratch);
                const hat::support::ReferenceBatch reference(file, "");
                const auto batch = reference.batch();
                const auto model = network.view(*checkpoint.sub_transformer());
                const auto encoded =
                    hat::model::encode(eval, model, {}, batch.source, batch.source_sentences);
                const auto decoded = hat::model::decode(eval, model, {}, encoded, batch.input,
                                                        batch.target_sentences);
                const auto found = hat::model::logits(eval, model, decoded.output).value;
                const std::string name = "cfg" + std::to_string(i) + "/logits";
                const auto stored = file.floats(name);
                const int length = static_cast<int>(file.tensor(name).shape.at(1));
                hat::support::Difference difference;
                for (int t = 0; t < found.rows(); ++t)
                    difference.add(found.row(t),
                                   stored.subspan(reference.input.in_batch_major(t, length) *
                                                  static_cast<std::size_t>(found.cols())));
                CHECK(difference.worst <= 2e-5);  // as the golden folder states it
                compared += difference.count;
            }
            golden.add(path, compared);
        }
    }
}
