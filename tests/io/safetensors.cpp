// SPDX-License-Identifier: Apache-2.0
#include <hat/io/safetensors.hpp>
#include <hat/io/text_file.hpp>

#include "support/linear_time.hpp"
#include "support/overwrite.hpp"
#include "support/rejected.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace hat::io;
using hat::support::FileSizeLimit;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;

namespace {

constexpr std::array<float, 6> weights{1, -2, 3, 4, 5, 6.5F};
constexpr std::array<std::int64_t, 2> steps{-1, INT64_MAX};
constexpr std::array<std::int8_t, 3> codes{-128, 0, 127};

std::vector<TensorView> some_tensors() {
    return {tensor_view<std::int8_t>("codes", {3}, codes),
            tensor_view<float>("a.weight", {2, 3}, weights),
            tensor_view<float>("nothing", {0, 4}, {}),
            tensor_view<std::int64_t>("steps", {2}, steps)};
}

/// A file with `header` as it stands and `data_bytes` zeros behind it.
std::string file_of(const std::string& header, std::size_t data_bytes) {
    std::string text(8, '\0');
    const std::uint64_t length = header.size();
    std::memcpy(text.data(), &length, 8);
    return text + header + std::string(data_bytes, '\0');
}

/// Checks that opening `content` gives one line that begins with the path and holds `part`.
void check_rejected(const std::string& content, const std::string& part) {
    const TemporaryDirectory directory;
    const std::string path = directory / "file";
    overwrite(path, content);
    hat::support::check_rejected_at(path, part,
                                    [&] { static_cast<void>(SafetensorsFile::open(path)); });
}

}  // namespace

TEST_SUITE("io/safetensors") {
    TEST_CASE("what is written is read") {
        const TemporaryDirectory directory;
        write_safetensors(directory / "file", some_tensors(), {{"note", "é\n"}, {"x", ""}});
        const auto file = SafetensorsFile::open(directory / "file");
        CHECK(file.tensors().size() == 4);
        CHECK(file.metadata() == Metadata{{"note", "é\n"}, {"x", ""}});
        CHECK(file.metadata("note") == "é\n");
        CHECK(std::ranges::equal(file.floats("a.weight"), weights));
        CHECK(std::ranges::equal(file.values<std::int64_t>("steps"), steps));
        CHECK(std::ranges::equal(file.values<std::int8_t>("codes"), codes));
        CHECK(file.floats("nothing").empty());
        CHECK(file.tensor("a.weight").shape == std::vector<std::int64_t>{2, 3});
        CHECK(file.contains("steps"));
        CHECK_FALSE(file.contains("step"));
    }

    TEST_CASE("data begins at a multiple of 64 bytes and every tensor is aligned") {
        const TemporaryDirectory directory;
        for (const std::string note : {"", "1", "22", "4444", "7777777"}) {
            write_safetensors(directory / "file", some_tensors(), {{"note", note}});
            const std::string text = read_file(directory / "file");
            std::uint64_t header_bytes = 0;
            std::memcpy(&header_bytes, text.data(), 8);
            CHECK((8 + header_bytes) % 64 == 0);
            CHECK(SafetensorsFile::open(directory / "file").tensors()[0].name == "steps");
        }
    }

    TEST_CASE("an empty file of tensors is a file") {
        const TemporaryDirectory directory;
        write_safetensors(directory / "file", {});
        CHECK(SafetensorsFile::open(directory / "file").tensors().empty());
    }

    TEST_CASE("floats are read from every floating dtype, wherever they begin") {
        const TemporaryDirectory directory;
        std::string content = file_of(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                      R"("f":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},)"
                                      R"("h":{"dtype":"F16","shape":[2],"data_offsets":[5,9]},)"
                                      R"("i":{"dtype":"BF16","shape":[1],"data_offsets":[9,11]},)"
                                      R"("d":{"dtype":"F64","shape":[],"data_offsets":[11,19]}})",
                                      0);
        const auto add = [&](auto value) {
            content.append(reinterpret_cast<const char*>(&value), sizeof value);
        };
        add(std::uint8_t{7});
        add(1.5F);
        add(std::uint16_t{0x3C00});
        add(std::uint16_t{0xC000});
        add(std::uint16_t{0x3F80});
        add(0.1);
        write_file(directory / "file", content);
        const auto file = SafetensorsFile::open(directory / "file");
        const auto copy = [&](const char* name) {
            std::vector<float> values(file.tensor(name).size());
            file.copy_floats(name, values);
            return values;
        };
        CHECK(copy("f") == std::vector{1.5F});
        CHECK(copy("h") == std::vector{1.0F, -2.0F});
        CHECK(copy("i") == std::vector{1.0F});
        CHECK(copy("d") == std::vector{0.1F});
        std::array<float, 1> one{};
        CHECK_THROWS_WITH_AS(
            file.copy_floats("b", one),
            (file.path() + ": tensor \"b\" is U8, expected a floating dtype").c_str(), hat::Error);
        CHECK_THROWS_AS(file.copy_floats("h", one), hat::Error);
    }

    TEST_CASE("a tensor that is missing, of another dtype or not aligned is named") {
        const TemporaryDirectory directory;
        const std::string path = directory / "file";
        write_safetensors(path, some_tensors());
        const auto file = SafetensorsFile::open(path);
        CHECK_THROWS_WITH_AS(static_cast<void>(file.floats("b\n")),
                             (path + R"(: tensor "b\n" is missing)").c_str(), hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(file.floats("codes")),
                             (path + ": tensor \"codes\" is I8, expected F32").c_str(), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(file.metadata("note")), hat::Error);

        const std::string header = R"({"f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
        for (std::size_t spaces = 0; spaces < 4; ++spaces) {
            write_file(path, file_of(header + std::string(spaces, ' '), 4));
            const auto shifted = SafetensorsFile::open(path);
            if ((header.size() + spaces) % 4 == 0)
                CHECK(shifted.floats("f").size() == 1);
            else
                CHECK_THROWS_AS(static_cast<void>(shifted.floats("f")), hat::Error);
        }
    }

    TEST_CASE("a file cut at any byte is an error") {
        const TemporaryDirectory directory;
        write_safetensors(directory / "file", some_tensors(), {{"note", "text"}});
        const std::string whole = read_file(directory / "file");
        for (std::size_t size = 0; size < whole.size(); ++size)
            check_rejected(whole.substr(0, size), "");
        check_rejected(whole + "x", "bytes after the last tensor");
    }

    TEST_CASE("a byte of the header changed at random never breaks more than the file") {
        const TemporaryDirectory directory;
        write_safetensors(directory / "file", some_tensors(), {{"note", "text"}});
        const std::string whole = read_file(directory / "file");
        std::uint64_t state = 1;
        for (int i = 0; i < 2000; ++i) {
            std::string changed = whole;
            state = state * 6364136223846793005U + 1442695040888963407U;
            changed[(state >> 33) % whole.size()] = static_cast<char>(state >> 25);
            overwrite(directory / "changed", changed);
            try {
                const auto file = SafetensorsFile::open(directory / "changed");
                for (const TensorView& tensor : file.tensors()) {
                    std::size_t bytes = dtype_info(tensor.dtype).bytes;
                    for (const auto extent : tensor.shape)
                        bytes *= static_cast<std::size_t>(extent);
                    CHECK(bytes == tensor.bytes.size());
                }
            } catch (const hat::Error& error) {
                CHECK(std::string(error.what()).starts_with(directory / "changed: "));
            }
        }
    }

    TEST_CASE("a hostile header is an error that says what is wrong") {
        const auto tensor = [](const std::string& dtype, const std::string& shape,
                               const std::string& offsets) {
            return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
                   offsets + "}}";
        };
        check_rejected(file_of("", 0), "expected '{'");
        check_rejected(file_of(" {}", 0), "expected '{'");
        check_rejected(file_of("{\"a\"}", 0), "not valid JSON at byte");
        check_rejected(file_of(std::string(100'000, '['), 0), "expected '{'");
        check_rejected(file_of("{\"a\":" + std::string(100'000, '['), 0), "levels of brackets");
        check_rejected(std::string(8, '\xFF') + "{}", "header length 18446744073709551615");
        check_rejected(file_of(R"({"__metadata__":{"a":1}})", 0), "expected a string");
        check_rejected(file_of(R"({"__metadata__":[]})", 0), "not an object");
        check_rejected(file_of(R"({"a":3})", 0), "expected an object");
        check_rejected(file_of(R"({"a":{}})", 0), "\"dtype\" is missing");
        check_rejected(file_of(tensor("F99", "[1]", "[0,4]"), 4), "\"F99\" is not supported");
        check_rejected(file_of(tensor("F32", "[-1]", "[0,4]"), 4), "negative or too large");
        check_rejected(file_of(tensor("F32", "[1.5]", "[0,4]"), 4), "expected an integer");
        check_rejected(file_of(tensor("F32", "[4294967296,4294967296,4]", "[0,4]"), 4),
                       "too large");
        check_rejected(file_of(tensor("F32", "[99999999999999999999]", "[0,4]"), 4),
                       "expected an int");
        check_rejected(file_of(tensor("F32", "7", "[0,4]"), 4), "shape is not an array");
        check_rejected(file_of(tensor("F32", "[1]", "[0]"), 4), "data_offsets is not a pair");
        check_rejected(file_of(tensor("F32", "[1]", "[4,0]"), 4), "leave the 4 bytes");
        check_rejected(file_of(tensor("F32", "[2]", "[0,8]"), 4), "leave the 4 bytes");
        check_rejected(file_of(tensor("F32", "[1]", "[-4,0]"), 4), "out of range");
        check_rejected(file_of(tensor("F32", "[1]", "[0,8]"), 8), "needs 4");
        check_rejected(file_of(tensor("F32", "[1]", "[4,8]"), 8), "with a hole after");
        check_rejected(file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                               R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                               6),
                       "inside the tensor before it");
        check_rejected(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                               R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                               2),
                       "key \"a\" appears twice");
        check_rejected(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":0}})", 1),
                       "keys other than");
        check_rejected(std::string("\x80\x02}q\x00X", 6), "too short for a safetensors file");
    }

    TEST_CASE("tensors that contradict themselves are not written") {
        const TemporaryDirectory directory;
        const std::string path = directory / "file";
        const TensorView tensor = tensor_view<float>("a", {2, 3}, weights);
        CHECK_THROWS_WITH_AS(write_safetensors(path, std::vector{tensor, tensor}),
                             (path + ": two tensors are named \"a\"").c_str(), hat::Error);
        CHECK_THROWS_WITH_AS(
            write_safetensors(path, std::vector{tensor_view<float>("a", {7}, weights)}),
            (path + ": tensor \"a\" of shape [7] needs 28 bytes, but has 24").c_str(), hat::Error);
        CHECK(directory.entries() == 0);
    }

    TEST_CASE("a full disk leaves nothing") {
        const TemporaryDirectory directory;
        const std::vector<float> large(100'000);
        {
            const FileSizeLimit limit(200'000);
            CHECK_THROWS_AS(write_safetensors(directory / "file", std::vector{tensor_view<float>(
                                                                      "a", {100'000}, large)}),
                            hat::Error);
        }
        CHECK(directory.entries() == 0);
    }

    TEST_CASE("a header may name very many tensors, and takes time in proportion") {
        const TemporaryDirectory directory;
        const auto file_with = [&](int tensors) {
            std::string header = "{";
            for (int i = 0; i < tensors; ++i)
                header += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) +
                          R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
            std::string path = directory / std::to_string(tensors);
            overwrite(path, file_of(header + "}", 0));
            return path;
        };
        CHECK(hat::support::growth(2000, file_with, [](const std::string& path) {
                  static_cast<void>(SafetensorsFile::open(path));
              }) < hat::support::linear_growth);
        CHECK(SafetensorsFile::open(file_with(80'000)).tensors().size() == 80'000);
    }

    TEST_CASE("a header that is hostile JSON is an error on one short line") {
        check_rejected(file_of("{\"a\":" + std::string(130'000, '['), 0), "levels of brackets");
        check_rejected(file_of(R"({"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,0]}})", 0),
                       "out of range");
        const std::string name(1'000'000, 'n');
        check_rejected(file_of("{\"" + name + "\":1}", 0),
                       "tensor \"" + name.substr(0, 80) + "…\": expected an object");
    }
}
