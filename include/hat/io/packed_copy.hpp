// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/nn/pack.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace hat::io {

/// The weights of a model as they are served, in a file of its directory: mapped, they need not be
/// read and packed at each start, and all processes that serve them share their memory.
///
/// packed.<kind>.safetensors has one tensor of bytes, and in its metadata what that is:
///
/// kind     fp32, bf16 or int8
/// layout   `nn::packed_layout`, the same for every processor
/// model    the hash of the model's config.json, which has that of the weights in it
/// content  the hash of the bytes
///
/// Where weights lie among the bytes follows from the architecture; the file does not say it. Every
/// byte is hashed when it is opened: 1 ms for 10 MB, which also brings it into memory.
///
///     PackedCopy::write(directory, "int8", packed.bytes());
///     if (auto copy = PackedCopy::find(directory, "int8")) …  // copy->bytes()
class PackedCopy {
public:
    /// The name of the file in a model directory.
    [[nodiscard]] static std::string file_name(std::string_view kind) {
        return std::string("packed.").append(kind).append(".safetensors");
    }

    /// Writes the copy of a kind of weights, or replaces it; returns its path.
    ///
    /// Throws  `Error` if the model was saved without hashes, or the disk is full
    static std::string write(const ModelDirectory& model, std::string_view kind,
                             std::span<const std::byte> weights) {
        if (!model.has_hashes())
            fail(model.path(), ": was saved without the hashes of its files, so that nothing would "
                               "tell whether a copy of its weights is still theirs");
        std::string path = model.file_path(file_name(kind));
        const TensorView tensor{.name = tensor_name,
                                .dtype = Dtype::u8,
                                .shape = {static_cast<std::int64_t>(weights.size())},
                                .bytes = weights};
        write_safetensors(path, std::span(&tensor, 1), metadata(model, kind, weights));
        return path;
    }

    /// The copy of a kind of weights, if the model has one.
    ///
    /// Throws  `Error` that says why it is not one of this model, for this program, undamaged
    [[nodiscard]] static std::optional<PackedCopy> find(const ModelDirectory& model,
                                                        std::string_view kind) {
        const std::string path = model.file_path(file_name(kind));
        if (!exists(path)) return std::nullopt;
        PackedCopy copy(SafetensorsFile::open(path));
        for (const auto& [key, expected] : metadata(model, kind, copy.bytes()))
            if (const std::string& found = copy.file_.metadata(key); found != expected)
                fail(path, ": ", key, ": found ", in_quotes(found), ", expected ",
                     in_quotes(expected));
        return copy;
    }

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

private:
    static constexpr const char* tensor_name = "packed";

    explicit PackedCopy(SafetensorsFile file)
        : file_(std::move(file)), bytes_(std::as_bytes(file_.values<std::uint8_t>(tensor_name))) {}

    /// What the file of a copy says of it.
    [[nodiscard]] static Metadata metadata(const ModelDirectory& model, std::string_view kind,
                                           std::span<const std::byte> weights) {
        return {{"format", "hat packed weights"},
                {"kind", std::string(kind)},
                {"layout", nn::packed_layout},
                {"model", model.hash("config.json")},
                {"content", content_hash(weights)}};
    }

    SafetensorsFile file_;
    std::span<const std::byte> bytes_;
};

}  // namespace hat::io
