// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/interop/pickle.hpp>
#include <hat/interop/torch_tensor.hpp>
#include <hat/interop/zip.hpp>
#include <hat/io/json.hpp>
#include <hat/io/mapped_file.hpp>
#include <hat/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::interop {

/// What `torch.save` wrote: a tree of values whose leaves may be tensors, read without Python.
///
/// Both containers are read: zip archives (PyTorch 1.6 and later) and the older one, a sequence of
/// pickles and storages, of the published checkpoints of 2020. The file is mapped; tensors and
/// texts stay valid as long as the checkpoint lives.
///
///     const auto checkpoint = TorchCheckpoint::open("checkpoint_best.pt");
///     const PickleValue* model = checkpoint.root().find("model");
///     const TorchTensor bias = checkpoint.tensor(*model->find("encoder.layers.0.fc1.bias"),
///     "bias");
class TorchCheckpoint {
public:
    /// Throws  `Error` with path and byte offset if the file is not a whole, valid one.
    [[nodiscard]] static TorchCheckpoint open(const std::string& path) {
        return TorchCheckpoint(path);
    }

    /// The file, and the value that it holds.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const PickleValue& root() const noexcept { return pickle_.root(); }

    /// Whether a value is a tensor, or a parameter that is one.
    [[nodiscard]] static bool is_tensor(const PickleValue& value) noexcept {
        return value.is_made_by("torch._utils", "_rebuild_tensor_v2") ||
               value.is_made_by("torch._utils", "_rebuild_parameter");
    }

    /// The tensor that `value` is; `name` stands for it in messages.
    ///
    /// Throws  `Error` if it is none, or leaves its storage.
    [[nodiscard]] TorchTensor tensor(const PickleValue& value, std::string_view name) const {
        const std::string where = path_ + ": tensor " + in_quotes(name);
        if (!is_tensor(value) || value.items.empty()) fail(where, ": is no tensor");
        const bool is_parameter = value.is_made_by("torch._utils", "_rebuild_parameter");
        const PickleValue& made = is_parameter ? *value.items[0] : value;
        if (!made.is_made_by("torch._utils", "_rebuild_tensor_v2") || made.items.size() < 4 ||
            !made.items[0]->is(PickleKind::persistent) || !made.items[1]->is(PickleKind::integer))
            fail(where, ": is no tensor");
        const Storage& storage = storages_.at(made.items[0]);
        TorchTensor tensor{.dtype = storage.dtype,
                           .shape = extents(*made.items[2], where),
                           .strides = extents(*made.items[3], where),
                           .bytes = {}};
        tensor.bytes = elements(tensor, storage, made.items[1]->integer, where);
        return tensor;
    }

private:
    /// The elements that one or more tensors are views of.
    struct Storage {
        io::Dtype dtype = io::Dtype::f32;
        std::span<const std::byte> bytes;
    };
    /// What a persistent id says: ("storage", class, key, device, elements, view).
    struct StorageId {
        io::Dtype dtype;
        std::string_view key;
        std::int64_t elements;
        std::int64_t view_begin = 0;  ///< a part of the storage, in elements
        std::int64_t view_elements;

        [[nodiscard]] std::size_t item_bytes() const noexcept {
            return io::dtype_info(dtype).bytes;
        }
        [[nodiscard]] std::size_t bytes() const noexcept {
            return static_cast<std::size_t>(elements) * item_bytes();
        }
    };

    explicit TorchCheckpoint(const std::string& path) : path_(path), file_(path) {
        const std::span<const std::byte> bytes = file_.bytes();
        if (ZipArchive::is_zip(bytes))
            read_zip();
        else if (bytes.size() >= legacy_magic.size() &&
                 std::memcmp(bytes.data(), legacy_magic.data(), legacy_magic.size()) == 0)
            read_legacy();
        else
            fail(path_, ": is no PyTorch checkpoint: it begins neither as a zip archive nor with "
                        "the magic number of the older container");
    }

    // ---- the zip container ----

    void read_zip() {
        const ZipArchive archive(file_.bytes(), path_);
        constexpr std::string_view main = "/data.pkl";
        const auto found = std::ranges::find_if(
            archive.files(), [&](const auto& file) { return file.first.ends_with(main); });
        if (found == archive.files().end())
            fail(path_, ": the archive has no file data.pkl: it is no PyTorch checkpoint");
        std::string folder(found->first.substr(0, found->first.size() - main.size()));
        const auto order = archive.files().find(folder + "/byteorder");
        if (order != archive.files().end() && text_of(order->second) != "little")
            fail(path_, ": is not little-endian");
        pickle_ = Pickle(found->second, path_, offset(found->second));
        for_each_storage([&](const StorageId& id) {
            const auto file = archive.files().find(folder + "/data/" + std::string(id.key));
            if (file == archive.files().end())
                fail(path_, ": storage ", in_quotes(id.key), " is missing");
            if (file->second.size() != id.bytes())
                fail(path_, ": byte ", offset(file->second), ": storage ", in_quotes(id.key),
                     " has ", file->second.size(), " bytes, expected ", id.bytes());
            return file->second;
        });
    }

    // ---- the older container ----

    /// The pickled number 0x1950a86a20f9469cfc6c.
    static constexpr std::array<unsigned char, 15> legacy_magic{
        0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

    void read_legacy() {
        std::size_t at = legacy_magic.size();
        const auto next = [&] {
            Pickle pickle(file_.bytes().subspan(at), path_, at);
            at += pickle.size_bytes();
            return pickle;
        };
        if (const Pickle version = next(); version.root().integer != 1001)
            fail(path_, ": has container version ", version.root().integer, ", expected 1001");
        const Pickle system = next();
        const PickleValue* little = system.root().find("little_endian");
        if (little == nullptr || little->integer != 1) fail(path_, ": is not little-endian");
        pickle_ = next();
        const auto stored = read_legacy_storages(at);
        for_each_storage([&](const StorageId& id) {
            const auto found = stored.find(id.key);
            if (found == stored.end()) fail(path_, ": storage ", in_quotes(id.key), " is missing");
            if (found->second.size() != id.bytes())
                fail(path_, ": byte ", offset(found->second), ": storage ", in_quotes(id.key),
                     " has ", found->second.size(), " bytes, expected ", id.bytes());
            return found->second;
        });
    }

    /// The list of keys at byte `at`, and for each of them: u64 elements, the elements.
    [[nodiscard]] std::map<std::string_view, std::span<const std::byte>>
    read_legacy_storages(std::size_t at) const {
        std::map<std::string_view, std::size_t> item_bytes;
        for (const PickleValue& value : pickle_.values())
            if (value.is(PickleKind::persistent)) {
                const StorageId id = storage_id(value);
                item_bytes[id.key] = id.item_bytes();
            }
        // The keys' texts are in the file and outlive their pickle.
        const Pickle keys(file_.bytes().subspan(at), path_, at);
        if (!keys.root().is(PickleKind::list))
            fail(path_, ": byte ", at, ": is no list of storages");
        at += keys.size_bytes();
        std::map<std::string_view, std::span<const std::byte>> stored;
        for (const PickleValue* key : keys.root().items) {
            const auto bytes = file_.bytes().subspan(at);
            const auto found = item_bytes.find(key->text);
            if (!key->is(PickleKind::text) || found == item_bytes.end())
                fail(path_, ": byte ", at, ": has a storage of which nothing is known");
            std::uint64_t elements = 0;
            std::uint64_t size = 0;
            if (bytes.size() >= sizeof elements)
                std::memcpy(&elements, bytes.data(), sizeof elements);
            if (bytes.size() < sizeof elements ||
                __builtin_mul_overflow(elements, found->second, &size) ||
                size > bytes.size() - sizeof elements)
                fail(path_, ": byte ", at, ": storage ", in_quotes(key->text),
                     " is cut short: ", elements, " elements expected");
            if (!stored.emplace(key->text, bytes.subspan(sizeof elements, size)).second)
                fail(path_, ": byte ", at, ": storage ", in_quotes(key->text), " appears twice");
            at += sizeof elements + static_cast<std::size_t>(size);
        }
        if (at != file_.bytes().size())
            fail(path_, ": byte ", at, ": more follows after the last storage");
        return stored;
    }

    // ---- storages ----

    /// Notes the storage of every persistent value; `find(id)` gives the bytes of all of it.
    template <class Find>
    void for_each_storage(Find find) {
        for (const PickleValue& value : pickle_.values()) {
            if (!value.is(PickleKind::persistent)) continue;
            const StorageId id = storage_id(value);
            const std::span<const std::byte> bytes = find(id);
            storages_[&value] = {
                id.dtype,
                bytes.subspan(static_cast<std::size_t>(id.view_begin) * id.item_bytes(),
                              static_cast<std::size_t>(id.view_elements) * id.item_bytes())};
        }
    }

    [[nodiscard]] StorageId storage_id(const PickleValue& value) const {
        const auto& items = value.items;
        constexpr std::int64_t most = std::int64_t{1} << 48;
        if (items.size() < 5 || !items[0]->is_text("storage") || !items[2]->is(PickleKind::text) ||
            !items[4]->is(PickleKind::integer) || items[4]->integer < 0 || items[4]->integer > most)
            fail(path_, ": a storage lacks its class, key or size");
        StorageId id{.dtype = storage_dtype(*items[1]),
                     .key = items[2]->text,
                     .elements = items[4]->integer,
                     .view_elements = items[4]->integer};
        if (items.size() > 5 && !items[5]->is(PickleKind::none)) {
            const auto& view = items[5]->items;  // (key, begin, elements)
            if (view.size() != 3 || !view[1]->is(PickleKind::integer) ||
                !view[2]->is(PickleKind::integer) || view[1]->integer < 0 || view[2]->integer < 0 ||
                view[1]->integer > id.elements || view[2]->integer > id.elements - view[1]->integer)
                fail(path_, ": a part of storage ", in_quotes(id.key), " leaves it");
            id.view_begin = view[1]->integer;
            id.view_elements = view[2]->integer;
        }
        return id;
    }
    [[nodiscard]] io::Dtype storage_dtype(const PickleValue& type) const {
        constexpr std::array<std::pair<std::string_view, io::Dtype>, 9> classes{
            {{"DoubleStorage", io::Dtype::f64},
             {"FloatStorage", io::Dtype::f32},
             {"HalfStorage", io::Dtype::f16},
             {"BFloat16Storage", io::Dtype::bf16},
             {"LongStorage", io::Dtype::i64},
             {"IntStorage", io::Dtype::i32},
             {"CharStorage", io::Dtype::i8},
             {"ByteStorage", io::Dtype::u8},
             {"BoolStorage", io::Dtype::u8}}};
        for (const auto& [name, dtype] : classes)
            if (type.is_global("torch", name)) return dtype;
        fail(path_, ": a storage is of the class ", in_quotes(type.text),
             ", expected one of torch.FloatStorage, HalfStorage, …");
    }

    // ---- tensors ----

    [[nodiscard]] static std::vector<std::int64_t> extents(const PickleValue& tuple,
                                                           const std::string& where) {
        if (!tuple.is(PickleKind::tuple) || tuple.items.size() > max_tensor_dimensions)
            fail(where, ": its shape or strides are no tuple of at most ", max_tensor_dimensions);
        std::vector<std::int64_t> extents;
        for (const PickleValue* item : tuple.items) {
            if (!item->is(PickleKind::integer) || item->integer < 0)
                fail(where, ": its shape or strides are no natural numbers");
            extents.push_back(item->integer);
        }
        return extents;
    }

    /// The part of `storage` that begins with element `begin`, if `tensor` stays in it.
    [[nodiscard]] static std::span<const std::byte> elements(const TorchTensor& tensor,
                                                             const Storage& storage,
                                                             std::int64_t begin,
                                                             const std::string& where) {
        if (tensor.shape.size() != tensor.strides.size())
            fail(where, ": has ", tensor.shape.size(), " extents, but ", tensor.strides.size(),
                 " strides");
        const std::size_t item_bytes = io::dtype_info(storage.dtype).bytes;
        const auto stored = static_cast<std::int64_t>(storage.bytes.size() / item_bytes);
        std::int64_t count = 1;
        std::int64_t last = begin;
        bool inside = begin >= 0;
        for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
            std::int64_t way = 0;
            inside = inside && !__builtin_mul_overflow(count, tensor.shape[d], &count) &&
                     !__builtin_mul_overflow(std::max<std::int64_t>(tensor.shape[d] - 1, 0),
                                             tensor.strides[d], &way) &&
                     !__builtin_add_overflow(last, way, &last);
        }
        if (!inside || count > stored || (count > 0 && last >= stored))
            fail(where, ": of shape ", io::shape_text(tensor.shape), ", strides ",
                 io::shape_text(tensor.strides), " and offset ", begin, " leaves its storage of ",
                 stored, " elements");
        return count == 0 ? std::span<const std::byte>{}
                          : storage.bytes.subspan(static_cast<std::size_t>(begin) * item_bytes);
    }

    std::string path_;
    io::MappedFile file_;
    Pickle pickle_;
    std::map<const PickleValue*, Storage> storages_;  ///< of every persistent value

    [[nodiscard]] std::size_t offset(std::span<const std::byte> part) const noexcept {
        return static_cast<std::size_t>(part.data() - file_.bytes().data());
    }
    [[nodiscard]] static std::string_view text_of(std::span<const std::byte> bytes) noexcept {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT
    }
};

}  // namespace hat::interop
