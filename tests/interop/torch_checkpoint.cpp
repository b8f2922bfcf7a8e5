// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/torch_checkpoint.hpp>
#include <hat/io/text_file.hpp>

#include "support/overwrite.hpp"
#include "support/rejected.hpp"
#include "support/temporary_directory.hpp"
#include "support/torch_file.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

using namespace hat::interop;
using namespace hat::io;
using hat::support::overwrite;
using hat::support::TemporaryDirectory;
using hat::support::TorchContainer;
using hat::support::TorchFile;

namespace {

constexpr std::array<float, 6> numbers{1, 2, 3, 4, 5, 6.5F};
constexpr std::array containers{TorchContainer::zip, TorchContainer::legacy};

/// A checkpoint that is one dict, which `fill` writes the items of.
TorchFile dict_file(TorchContainer container, const std::function<void(TorchFile&)>& fill) {
    TorchFile file(container);
    file.pickle().op("}(");
    fill(file);
    file.pickle().op("u");
    return file;
}

std::vector<float> floats_of(const TorchTensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.size()));
    copy_floats(tensor, values);
    return values;
}

/// Writes a checkpoint, reads it, and hands over its tensor "x".
void with_tensor(const TorchFile& file, const std::function<void(const TorchTensor&)>& check) {
    const TemporaryDirectory directory;
    file.write(directory / "c.pt");
    const auto checkpoint = TorchCheckpoint::open(directory / "c.pt");
    const PickleValue* value = checkpoint.root().find("x");
    REQUIRE(value != nullptr);
    check(checkpoint.tensor(*value, "x"));
}

/// Checks that opening `bytes`, or reading tensor "x" of them, gives one line with `part` in it.
void check_rejected(const std::string& bytes, const std::string& part) {
    const TemporaryDirectory directory;
    const std::string path = directory / "c.pt";
    overwrite(path, bytes);
    hat::support::check_rejected_at(path, part, [&] {
        const auto checkpoint = TorchCheckpoint::open(path);
        if (const PickleValue* value = checkpoint.root().find("x"))
            static_cast<void>(checkpoint.tensor(*value, "x"));
    });
}

TorchFile file_with_view(TorchContainer container, std::int64_t offset,
                         const std::vector<std::int64_t>& shape,
                         const std::vector<std::int64_t>& strides,
                         const std::vector<std::int64_t>& view = {}) {
    return dict_file(container, [&](TorchFile& file) {
        const int storage = file.storage<float>("FloatStorage", numbers);
        file.pickle().text("x");
        file.tensor(storage, offset, shape, strides, view);
    });
}

}  // namespace

TEST_SUITE("interop/torch_checkpoint") {
    TEST_CASE("values and tensors of both containers are read") {
        for (const TorchContainer container : containers) {
            const TemporaryDirectory directory;
            dict_file(container, [](TorchFile& file) {
                file.pickle().text("updates").integer(7).text("x");
                file.floats({2, 3}, numbers);
                file.pickle().text("empty");
                file.floats({0, 4}, {});
                file.pickle().text("number");
                file.floats({}, std::span(numbers).first(1));
            }).write(directory / "c.pt");
            const auto checkpoint = TorchCheckpoint::open(directory / "c.pt");
            CHECK(checkpoint.path() == directory / "c.pt");
            CHECK(checkpoint.root().find("updates")->integer == 7);
            CHECK_FALSE(TorchCheckpoint::is_tensor(*checkpoint.root().find("updates")));
            CHECK(TorchCheckpoint::is_tensor(*checkpoint.root().find("x")));
            const TorchTensor x = checkpoint.tensor(*checkpoint.root().find("x"), "x");
            CHECK(x.shape == std::vector<std::int64_t>{2, 3});
            CHECK(x.dtype == Dtype::f32);
            CHECK(floats_of(x) == std::vector<float>(numbers.begin(), numbers.end()));
            CHECK(checkpoint.tensor(*checkpoint.root().find("empty"), "empty").size() == 0);
            CHECK(floats_of(checkpoint.tensor(*checkpoint.root().find("number"), "number")) ==
                  std::vector<float>{1});
        }
    }

    TEST_CASE("transposed, strided and offset views have their own elements") {
        for (const TorchContainer container : containers) {
            with_tensor(file_with_view(container, 0, {3, 2}, {1, 3}), [](const TorchTensor& x) {
                CHECK(floats_of(x) == std::vector<float>{1, 4, 2, 5, 3, 6.5F});
            });
            with_tensor(file_with_view(container, 1, {2, 2}, {3, 1}), [](const TorchTensor& x) {
                CHECK(floats_of(x) == std::vector<float>{2, 3, 5, 6.5F});
            });
            with_tensor(file_with_view(container, 2, {2, 1, 2}, {0, 9, 2}),
                        [](const TorchTensor& x) {
                            CHECK(floats_of(x) == std::vector<float>{3, 5, 3, 5});
                        });
        }
        with_tensor(file_with_view(TorchContainer::legacy, 1, {2}, {1}, {3, 3}),
                    [](const TorchTensor& x) {
                        CHECK(floats_of(x) == std::vector<float>{5, 6.5F});
                    });
    }

    TEST_CASE("tensors may share a storage") {
        for (const TorchContainer container : containers) {
            const TemporaryDirectory directory;
            dict_file(container, [](TorchFile& file) {
                const int storage = file.storage<float>("FloatStorage", numbers);
                for (const char* name : {"x", "y"}) {
                    file.pickle().text(name);
                    file.tensor(storage, 0, {6}, {1});
                }
            }).write(directory / "c.pt");
            const auto checkpoint = TorchCheckpoint::open(directory / "c.pt");
            const auto x = checkpoint.tensor(*checkpoint.root().find("x"), "x");
            const auto y = checkpoint.tensor(*checkpoint.root().find("y"), "y");
            CHECK(x.bytes.data() == y.bytes.data());
        }
    }

    TEST_CASE("halves are widened and doubles rounded, and integers stay what they are") {
        constexpr std::array<std::uint16_t, 3> halves{0x3C00, 0xC500, 0x0001};
        constexpr std::array<double, 1> doubles{0.1};
        constexpr std::array<std::int64_t, 2> longs{-1, INT64_MAX};
        for (const TorchContainer container : containers) {
            const auto file_of = [&](auto name, auto& values) {
                return dict_file(container, [&](TorchFile& file) {
                    using Element = typename std::decay_t<decltype(values)>::value_type;
                    const int storage = file.storage<Element>(name, values);
                    file.pickle().text("x");
                    file.tensor(storage, 0, {static_cast<std::int64_t>(values.size())}, {1});
                });
            };
            with_tensor(file_of("HalfStorage", halves), [](const TorchTensor& x) {
                CHECK(floats_of(x) == std::vector<float>{1, -5, 0x1p-24F});
            });
            with_tensor(file_of("BFloat16Storage", halves),
                        [](const TorchTensor& x) { CHECK(floats_of(x)[0] == 0x1p-7F); });
            with_tensor(file_of("DoubleStorage", doubles), [](const TorchTensor& x) {
                CHECK(floats_of(x) == std::vector<float>{0.1F});
            });
            with_tensor(file_of("LongStorage", longs), [](const TorchTensor& x) {
                CHECK(x.dtype == Dtype::i64);
                CHECK_FALSE(x.is_floating());
                CHECK(x.bytes.size() == 16);
            });
        }
    }

    TEST_CASE("a parameter is its tensor") {
        const TorchFile file = dict_file(TorchContainer::zip, [](TorchFile& f) {
            f.pickle().text("x").global("torch._utils", "_rebuild_parameter").op("(");
            f.floats({6}, numbers);
            f.pickle().boolean(true).global("collections", "OrderedDict").op(")RtR");
        });
        with_tensor(file, [](const TorchTensor& x) { CHECK(floats_of(x)[5] == 6.5F); });
    }

    TEST_CASE("a tensor that leaves its storage is an error, whatever its numbers overflow") {
        for (const TorchContainer container : containers) {
            const auto check = [&](std::int64_t offset, const std::vector<std::int64_t>& shape,
                                   const std::vector<std::int64_t>& strides) {
                check_rejected(file_with_view(container, offset, shape, strides).bytes(),
                               "leaves its storage of 6 elements");
            };
            check(1, {6}, {1});
            check(-1, {2}, {1});
            check(0, {3, 2}, {1, 4});
            check(0, {7}, {0});
            check(INT64_MAX, {2}, {1});
            check(0, {2}, {INT64_MAX});
            check(2, {2, 2}, {INT64_MAX, 1});
            check(0, {INT64_MAX, INT64_MAX}, {0, 0});
        }
        check_rejected(file_with_view(TorchContainer::zip, 0, {2, 2}, {1}).bytes(),
                       "has 2 extents, but 1 strides");
        check_rejected(file_with_view(TorchContainer::zip, 0, {-2}, {1}).bytes(),
                       "are no natural numbers");
        check_rejected(file_with_view(TorchContainer::zip, 0, std::vector<std::int64_t>(9, 1),
                                      std::vector<std::int64_t>(9, 1))
                           .bytes(),
                       "no tuple of at most 8");
        check_rejected(file_with_view(TorchContainer::legacy, 0, {1}, {1}, {5, 2}).bytes(),
                       "a part of storage \"0\" leaves it");
    }

    TEST_CASE("what is no checkpoint, or has parts missing, is one line") {
        check_rejected("", "is no PyTorch checkpoint");
        check_rejected("something else", "is no PyTorch checkpoint");
        check_rejected(hat::support::zip_archive({{"a/b", ""}}), "has no file data.pkl");
        const TorchFile zip = file_with_view(TorchContainer::zip, 0, {1}, {1});
        std::string big = zip.bytes();
        big = hat::support::zip_archive(
            {{"a/data.pkl", hat::support::PickleWriter().none().bytes()}, {"a/byteorder", "big"}});
        check_rejected(big, "is not little-endian");
        check_rejected(
            dict_file(TorchContainer::zip, [](TorchFile& f) { f.pickle().text("x").integer(1); })
                .bytes(),
            "tensor \"x\": is no tensor");
        check_rejected(dict_file(TorchContainer::zip,
                                 [](TorchFile& f) {
                                     const int s = f.storage<float>("QInt8Storage", numbers);
                                     f.pickle().text("x");
                                     f.tensor(s, 0, {1}, {1});
                                 })
                           .bytes(),
                       "of the class \"QInt8Storage\"");
        TorchFile storage_only(TorchContainer::zip);
        storage_only.pickle().op("((").text("storage").global("torch", "FloatStorage").text("7");
        storage_only.pickle().text("cpu").integer(1).op("tQt");
        check_rejected(storage_only.bytes(), "storage \"7\" is missing");
        TorchFile huge(TorchContainer::zip);
        huge.pickle().op("((").text("storage").global("torch", "FloatStorage").text("7");
        huge.pickle().text("cpu").integer(INT64_MAX).op("tQt");
        check_rejected(huge.bytes(), "a storage lacks its class, key or size");
        check_rejected(file_with_view(TorchContainer::legacy, 0, {1}, {1}).bytes() + "x",
                       "more follows after the last storage");
    }

    TEST_CASE("a checkpoint cut short or damaged anywhere is an error or is read") {
        const TemporaryDirectory directory;
        const std::string path = directory / "c.pt";
        for (const TorchContainer container : containers) {
            const std::string whole = file_with_view(container, 0, {3, 2}, {1, 3}).bytes();
            for (std::size_t size = 0; size < whole.size(); ++size) {
                CAPTURE(size);
                overwrite(path, whole.substr(0, size));
                CHECK_THROWS_AS(static_cast<void>(TorchCheckpoint::open(path)), hat::Error);
            }
            for (std::size_t at = 0; at < whole.size(); ++at) {
                std::string damaged = whole;
                damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
                overwrite(path, damaged);
                try {
                    const auto checkpoint = TorchCheckpoint::open(path);
                    if (const PickleValue* x = checkpoint.root().find("x"))
                        if (checkpoint.tensor(*x, "x").is_floating())
                            CHECK(floats_of(checkpoint.tensor(*x, "x")).size() <= 6);
                } catch (const hat::Error& error) {
                    CHECK(std::string(error.what()).starts_with(path + ": "));
                }
            }
        }
    }
}
