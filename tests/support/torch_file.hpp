// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Writes pickles and both containers of `torch.save`, well or badly formed, for tests.

#include <hat/interop/zip.hpp>
#include <hat/io/atomic_file.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::support {

/// The bytes of a value, lowest first.
template <class Value>
[[nodiscard]] std::string raw(Value value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

/// A pickle of protocol 2, opcode by opcode.
class PickleWriter {
public:
    PickleWriter& op(std::string_view bytes) {
        bytes_ += bytes;
        return *this;
    }
    PickleWriter& none() { return op("N"); }
    PickleWriter& boolean(bool value) { return op(value ? "\x88" : "\x89"); }
    PickleWriter& integer(std::int64_t value) { return op("\x8a\x08").op(raw(value)); }
    PickleWriter& real(double value) {
        return op("G").op(raw(__builtin_bswap64(std::bit_cast<std::uint64_t>(value))));
    }
    PickleWriter& text(std::string_view value) {
        return op("X").op(raw(static_cast<std::uint32_t>(value.size()))).op(value);
    }
    PickleWriter& global(std::string_view module, std::string_view name) {
        return op("c").op(module).op("\n").op(name).op("\n");
    }
    /// A tuple of integers.
    PickleWriter& integers(const std::vector<std::int64_t>& values) {
        op("(");
        for (const std::int64_t value : values) integer(value);
        return op("t");
    }
    /// The whole pickle.
    [[nodiscard]] std::string bytes() const { return "\x80\x02" + bytes_ + "."; }

private:
    std::string bytes_;
};

/// A zip archive of stored files; `zip64` puts its sizes where those of large ones stand.
[[nodiscard]] inline std::string
zip_archive(const std::vector<std::pair<std::string, std::string>>& files, bool zip64 = false) {
    const auto u16 = [](std::size_t x) { return raw(static_cast<std::uint16_t>(x)); };
    const auto u32 = [](std::size_t x) { return raw(static_cast<std::uint32_t>(x)); };
    const auto u64 = [](std::size_t x) { return raw(static_cast<std::uint64_t>(x)); };
    constexpr std::size_t elsewhere = 0xFFFF'FFFF;
    std::string archive;
    std::string directory;
    for (const auto& [name, content] : files) {
        const std::size_t begin = archive.size();
        const auto crc = interop::crc32(std::as_bytes(std::span(content)));
        const std::string about = u16(0) + u16(0) + u16(0) + u16(0) + u32(crc);
        archive += "PK\3\4" + u16(20) + about + u32(content.size()) + u32(content.size()) +
                   u16(name.size()) + u16(3) + name + "pad" + content;
        const std::string sizes =
            u16(1) + u16(24) + u64(content.size()) + u64(content.size()) + u64(begin);
        const std::size_t size = zip64 ? elsewhere : content.size();
        directory += "PK\1\2" + u16(20) + u16(20) + about + u32(size) + u32(size) +
                     u16(name.size()) + u16(zip64 ? 4 + sizes.size() : 0) + u16(0) + u16(0) +
                     u16(0) + u32(0) + u32(zip64 ? elsewhere : begin) + name;
        if (zip64) directory += u16(0x7777) + u16(0) + sizes;
    }
    const std::size_t begin = archive.size();
    archive += directory;
    if (zip64) {
        const std::size_t record = archive.size();
        archive += "PK\6\6" + u64(44) + u16(45) + u16(45) + u32(0) + u32(0) + u64(files.size()) +
                   u64(files.size()) + u64(directory.size()) + u64(begin);
        archive += "PK\6\7" + u32(0) + u64(record) + u32(1);
    }
    const std::size_t count = zip64 ? 0xFFFF : files.size();
    return archive + "PK\5\6" + u16(0) + u16(0) + u16(count) + u16(count) + u32(directory.size()) +
           u32(zip64 ? elsewhere : begin) + u16(0);
}

enum class TorchContainer { zip, legacy };

/// A checkpoint that is written value by value; tensors are views of storages.
class TorchFile {
public:
    explicit TorchFile(TorchContainer container) : container_(container) {}

    [[nodiscard]] PickleWriter& pickle() noexcept { return pickle_; }

    /// A storage of the class `torch.<name>` with these elements; returns its number.
    template <class Element>
    int storage(std::string name, std::span<const Element> elements) {
        const auto bytes = std::as_bytes(elements);
        storages_.push_back(
            {std::move(name),
             std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),  // NOLINT
             elements.size()});
        return static_cast<int>(storages_.size()) - 1;
    }
    /// Puts a tensor into the pickle; `view` is a part of the storage, as its id has it.
    void tensor(int storage, std::int64_t offset, const std::vector<std::int64_t>& shape,
                const std::vector<std::int64_t>& strides,
                const std::vector<std::int64_t>& view = {}) {
        const Storage& s = storages_[static_cast<std::size_t>(storage)];
        pickle_.global("torch._utils", "_rebuild_tensor_v2").op("((").text("storage");
        pickle_.global("torch", s.name).text(std::to_string(storage)).text("cpu");
        pickle_.integer(static_cast<std::int64_t>(s.elements));
        if (container_ == TorchContainer::legacy && view.empty()) pickle_.none();
        if (!view.empty()) pickle_.op("(").text("part").integer(view[0]).integer(view[1]).op("t");
        pickle_.op("tQ").integer(offset).integers(shape).integers(strides).boolean(false);
        pickle_.global("collections", "OrderedDict").op(")RtR");
    }
    /// Puts a whole tensor of floats into the pickle.
    void floats(const std::vector<std::int64_t>& shape, std::span<const float> values) {
        std::vector<std::int64_t> strides(shape.size(), 1);
        for (std::size_t d = shape.size(); d > 1; --d)
            strides[d - 2] = strides[d - 1] * shape[d - 1];
        tensor(storage("FloatStorage", values), 0, shape, strides);
    }

    [[nodiscard]] std::string bytes() const {
        if (container_ == TorchContainer::zip) {
            std::vector<std::pair<std::string, std::string>> files{{"a/data.pkl", pickle_.bytes()},
                                                                   {"a/byteorder", "little"}};
            for (std::size_t i = 0; i < storages_.size(); ++i)
                files.emplace_back("a/data/" + std::to_string(i), storages_[i].bytes);
            files.emplace_back("a/version", "3\n");
            return zip_archive(files);
        }
        std::string bytes =
            std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) +
            PickleWriter().integer(1001).bytes() +
            PickleWriter().op("}").text("little_endian").boolean(true).op("s").bytes() +
            pickle_.bytes();
        PickleWriter keys;
        keys.op("](");
        for (std::size_t i = 0; i < storages_.size(); ++i) keys.text(std::to_string(i));
        bytes += keys.op("e").bytes();
        for (const Storage& s : storages_)
            bytes += raw(static_cast<std::uint64_t>(s.elements)) + s.bytes;
        return bytes;
    }
    void write(const std::string& path) const { io::write_file(path, bytes()); }

private:
    struct Storage {
        std::string name;
        std::string bytes;
        std::size_t elements;
    };

    TorchContainer container_;
    PickleWriter pickle_;
    std::vector<Storage> storages_;
};

}  // namespace hat::support
