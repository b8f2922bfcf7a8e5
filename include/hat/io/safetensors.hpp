// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/bfloat16.hpp>
#include <hat/core/error.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/half.hpp>
#include <hat/io/json.hpp>
#include <hat/io/mapped_file.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::io {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

/// What the elements of a stored tensor are.
enum class Dtype : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8 };

/// The name a file has for a dtype, and the bytes of one element.
struct DtypeInfo {
    const char* name;
    std::size_t bytes;
};

/// The name that files have for a type, and the bytes of an element.
[[nodiscard]] constexpr DtypeInfo dtype_info(Dtype dtype) noexcept {
    constexpr std::array<DtypeInfo, 9> infos{{{"F64", 8},
                                              {"F32", 4},
                                              {"F16", 2},
                                              {"BF16", 2},
                                              {"I64", 8},
                                              {"I32", 4},
                                              {"I16", 2},
                                              {"I8", 1},
                                              {"U8", 1}}};
    return infos[static_cast<std::size_t>(dtype)];
}

/// The dtype whose elements are `T`s.
template <class T>
[[nodiscard]] consteval Dtype dtype_of() {
    if constexpr (std::is_same_v<T, double>)
        return Dtype::f64;
    else if constexpr (std::is_same_v<T, float>)
        return Dtype::f32;
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return Dtype::i64;
    else if constexpr (std::is_same_v<T, std::int32_t>)
        return Dtype::i32;
    else if constexpr (std::is_same_v<T, std::int16_t>)
        return Dtype::i16;
    else if constexpr (std::is_same_v<T, std::int8_t>)
        return Dtype::i8;
    else {
        static_assert(std::is_same_v<T, std::uint8_t>, "safetensors: no dtype has such elements");
        return Dtype::u8;
    }
}

/// A tensor in memory or in a mapped file, row-major without gaps.
struct TensorView {
    std::string name;
    Dtype dtype = Dtype::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;

    [[nodiscard]] std::size_t size() const noexcept {
        return bytes.size() / dtype_info(dtype).bytes;
    }
};

/// The view of `values` as a tensor named `name`; `shape` must have as many elements.
template <class T>
[[nodiscard]] TensorView tensor_view(std::string name, std::vector<std::int64_t> shape,
                                     std::span<const T> values) {
    return {std::move(name), dtype_of<T>(), std::move(shape), std::as_bytes(values)};
}

/// "[2, 3]", for messages.
[[nodiscard]] inline std::string shape_text(std::span<const std::int64_t> shape) {
    std::string text = "[";
    for (const std::int64_t extent : shape) {
        if (text.size() > 1) text += ", ";
        text += std::to_string(extent);
    }
    return text + "]";
}

/// The "__metadata__" of a file.
using Metadata = std::map<std::string, std::string>;

/// A safetensors file: 8 bytes of header length, a JSON header, raw little-endian data.
///
/// Everything in the file is checked once, in `open`: the header's length and JSON, every dtype and
/// shape, and that the tensors fill the data exactly, without overlap or hole. Data is mapped, not
/// read: views stay valid as long as the `SafetensorsFile` lives.
///
///     const auto file = SafetensorsFile::open("weights.safetensors");
///     for (float x : file.floats("encoder.layers.0.fc1.bias")) …
///
/// See  https://github.com/huggingface/safetensors (format)
class SafetensorsFile {
public:
    /// Throws  `Error` with path and byte offset if the file is not a whole, valid one.
    [[nodiscard]] static SafetensorsFile open(const std::string& path) {
        return SafetensorsFile(path);
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// All there is in the file, header and data.
    [[nodiscard]] std::span<const std::byte> file_bytes() const noexcept { return file_.bytes(); }
    /// The strings of `__metadata__`; empty if there is none.
    [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }
    /// All tensors in the order of their data.
    [[nodiscard]] std::span<const TensorView> tensors() const noexcept { return tensors_; }
    [[nodiscard]] bool contains(std::string_view name) const {
        return index_.find(name) != index_.end();
    }

    /// Throws  `Error` if there is no tensor of that name.
    [[nodiscard]] const TensorView& tensor(std::string_view name) const {
        const auto found = index_.find(name);
        if (found == index_.end()) fail(path_, ": tensor ", in_quotes(name), " is missing");
        return tensors_[found->second];
    }

    /// The string of `key` in the metadata.
    /// Throws  `Error` if it is missing.
    [[nodiscard]] const std::string& metadata(const std::string& key) const {
        const auto found = metadata_.find(key);
        if (found == metadata_.end()) fail(path_, ": metadata ", in_quotes(key), " is missing");
        return found->second;
    }

    /// The elements of a tensor whose dtype is that of `T`, in place.
    ///
    /// Throws  `Error` if it is missing, of another dtype, or not aligned for `T` in the file.
    template <class T>
    [[nodiscard]] std::span<const T> values(std::string_view name) const {
        const TensorView& found = tensor(name);
        if (found.dtype != dtype_of<T>())
            fail(path_, ": tensor ", in_quotes(name), " is ", dtype_info(found.dtype).name,
                 ", expected ", dtype_info(dtype_of<T>()).name);
        if (std::bit_cast<std::uintptr_t>(found.bytes.data()) % alignof(T) != 0)
            fail(path_, ": tensor ", in_quotes(name), " begins at byte ", offset(found),
                 ", not a multiple of ", alignof(T));
        return {reinterpret_cast<const T*>(found.bytes.data()), found.size()};  // NOLINT: checked
    }
    [[nodiscard]] std::span<const float> floats(std::string_view name) const {
        return values<float>(name);
    }

    /// Copies a tensor of any floating dtype to `out`, wherever it begins, rounding F64.
    ///
    /// Throws  `Error` if it is missing, not of a floating dtype, or not of `out.size()` elements.
    void copy_floats(std::string_view name, std::span<float> out) const {
        const TensorView& found = tensor(name);
        if (found.size() != out.size())
            fail(path_, ": tensor ", in_quotes(name), " has ", found.size(), " elements, expected ",
                 out.size());
        const std::byte* bytes = found.bytes.data();
        const auto convert = [&]<class Stored>(Stored, auto to_float) {
            for (std::size_t i = 0; i < out.size(); ++i) {
                Stored stored;
                std::memcpy(&stored, bytes + i * sizeof stored, sizeof stored);
                out[i] = to_float(stored);
            }
        };
        switch (found.dtype) {
        case Dtype::f32:
            if (!out.empty()) std::memcpy(out.data(), bytes, found.bytes.size());
            return;
        case Dtype::f64:
            return convert(double{}, [](double x) { return static_cast<float>(x); });
        case Dtype::f16:
            return convert(std::uint16_t{}, half_to_float);
        case Dtype::bf16:
            return convert(std::uint16_t{}, bfloat16_to_float);
        default:
            fail(path_, ": tensor ", in_quotes(name), " is ", dtype_info(found.dtype).name,
                 ", expected a floating dtype");
        }
    }

private:
    /// Longest header that is read; the reference reader has the same limit.
    static constexpr std::uint64_t max_header_bytes = 100'000'000;

    explicit SafetensorsFile(const std::string& path) : path_(path), file_(path) {
        const std::span<const std::byte> bytes = file_.bytes();
        if (bytes.size() < 8)
            fail(path_, ": is ", bytes.size(), " bytes long, too short for a safetensors file");
        std::uint64_t header_bytes = 0;
        std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
        if (header_bytes > max_header_bytes || header_bytes > bytes.size() - 8)
            fail(path_, ": byte 0: header length ", header_bytes, " exceeds the ", bytes.size() - 8,
                 " bytes that follow: truncated, or not a safetensors file");
        const auto header = bytes.subspan(8, static_cast<std::size_t>(header_bytes));
        data_ = bytes.subspan(8 + header.size());
        parse(std::string_view(reinterpret_cast<const char*>(header.data()),
                               header.size()));  // NOLINT
        check_layout();
        for (std::size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
    }

    void parse(std::string_view text) {
        const std::string where = path_ + ": header";
        if (!text.starts_with('{')) fail(where, ": byte 8: expected '{'");
        const auto header = parse_json<SortedJson>(text, where);
        for (const auto& [name, value] : header.items()) {
            if (name == "__metadata__") {
                if (!value.is_object()) fail(where, ": __metadata__ is not an object");
                for (const auto& [key, string] : value.items())
                    metadata_[key] =
                        json_as<std::string>(string, where + ": __metadata__: " + in_quotes(key));
            } else {
                tensors_.push_back(
                    parse_tensor(name, value, path_ + ": tensor " + in_quotes(name)));
            }
        }
    }

    [[nodiscard]] TensorView parse_tensor(const std::string& name, const SortedJson& value,
                                          const std::string& where) const {
        TensorView tensor{
            .name = name, .dtype = parse_dtype(value, where), .shape = {}, .bytes = {}};
        std::uint64_t size_bytes = dtype_info(tensor.dtype).bytes;
        const SortedJson& shape = json_field(value, "shape", where);
        if (!shape.is_array()) fail(where, ": shape is not an array");
        for (const SortedJson& extent : shape) {
            tensor.shape.push_back(json_as<std::int64_t>(extent, where + ": shape"));
            if (tensor.shape.back() < 0 ||
                __builtin_mul_overflow(size_bytes, static_cast<std::uint64_t>(tensor.shape.back()),
                                       &size_bytes))
                fail(where, ": shape ", shape_text(tensor.shape), " is negative or too large");
        }
        const SortedJson& offsets = json_field(value, "data_offsets", where);
        if (!offsets.is_array() || offsets.size() != 2) fail(where, ": data_offsets is not a pair");
        const auto begin = json_as<std::uint64_t>(offsets[0], where + ": data_offsets");
        const auto end = json_as<std::uint64_t>(offsets[1], where + ": data_offsets");
        if (begin > end || end > data_.size())
            fail(where, ": data_offsets [", begin, ", ", end, "] leave the ", data_.size(),
                 " bytes of data: truncated, or a wrong header");
        if (end - begin != size_bytes)
            fail(where, ": data_offsets hold ", end - begin, " bytes, but ",
                 dtype_info(tensor.dtype).name, " of shape ", shape_text(tensor.shape), " needs ",
                 size_bytes);
        if (value.size() != 3) fail(where, ": has keys other than dtype, shape and data_offsets");
        tensor.bytes =
            data_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size_bytes));
        return tensor;
    }

    [[nodiscard]] static Dtype parse_dtype(const SortedJson& value, const std::string& where) {
        const auto name = json_get<std::string>(value, "dtype", where);
        for (const Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::i64,
                                  Dtype::i32, Dtype::i16, Dtype::i8, Dtype::u8})
            if (name == dtype_info(dtype).name) return dtype;
        fail(where, ": dtype ", in_quotes(name), " is not supported");
    }

    /// The tensors, in order, must cover the data.
    void check_layout() {
        std::stable_sort(tensors_.begin(), tensors_.end(), [](const auto& a, const auto& b) {
            return std::pair(a.bytes.data(), a.bytes.size()) <
                   std::pair(b.bytes.data(), b.bytes.size());
        });
        const std::byte* expected = data_.data();
        for (const TensorView& tensor : tensors_) {
            if (tensor.bytes.data() != expected)
                fail(path_, ": tensor ", in_quotes(tensor.name), " begins at byte ", offset(tensor),
                     tensor.bytes.data() < expected ? " inside" : " with a hole after",
                     " the tensor before it");
            expected += tensor.bytes.size();
        }
        if (expected != data_.data() + data_.size())
            fail(path_, ": byte ",
                 file_.bytes().size() - data_.size() +
                     static_cast<std::size_t>(expected - data_.data()),
                 ": bytes after the last tensor");
    }

    [[nodiscard]] std::ptrdiff_t offset(const TensorView& tensor) const noexcept {
        return tensor.bytes.data() - file_.bytes().data();
    }

    std::string path_;
    MappedFile file_;
    std::span<const std::byte> data_;
    Metadata metadata_;
    std::vector<TensorView> tensors_;
    std::map<std::string, std::size_t, std::less<>> index_;
};

/// Writes `tensors` and `metadata` to `path`, whole or not at all. The data begins at a multiple of
/// 64 bytes; tensors with the largest elements come first, so that every one is aligned.
///
/// Throws  `Error` if two tensors have one name, a shape does not fit its bytes, or the disk is
/// full.
inline void write_safetensors(const std::string& path, std::span<const TensorView> tensors,
                              const Metadata& metadata = {}) {
    std::vector<const TensorView*> order;
    for (const TensorView& tensor : tensors) order.push_back(&tensor);
    std::stable_sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
        return dtype_info(a->dtype).bytes > dtype_info(b->dtype).bytes;
    });

    Json header = Json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::size_t begin = 0;
    for (const TensorView* tensor : order) {
        std::size_t bytes = dtype_info(tensor->dtype).bytes;
        for (const std::int64_t extent : tensor->shape) bytes *= static_cast<std::size_t>(extent);
        if (bytes != tensor->bytes.size())
            fail(path, ": tensor ", in_quotes(tensor->name), " of shape ",
                 shape_text(tensor->shape), " needs ", bytes, " bytes, but has ",
                 tensor->bytes.size());
        if (tensor->name == "__metadata__" || header.contains(tensor->name))
            fail(path, ": two tensors are named ", in_quotes(tensor->name));
        header[tensor->name] = {{"dtype", dtype_info(tensor->dtype).name},
                                {"shape", tensor->shape},
                                {"data_offsets", {begin, begin + bytes}}};
        begin += bytes;
    }
    std::string text = json_text(header);
    constexpr std::size_t alignment = 64;
    text.resize((8 + text.size() + alignment - 1) / alignment * alignment - 8, ' ');

    AtomicFile file(path);
    const std::uint64_t header_bytes = text.size();
    file.write(&header_bytes, sizeof header_bytes);
    file.write(text);
    for (const TensorView* tensor : order) file.write(tensor->bytes.data(), tensor->bytes.size());
    file.commit();
}

}  // namespace hat::io
