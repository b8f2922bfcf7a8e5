// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// What a SentencePiece model looks like from outside: a message in the wire format of protocol
/// buffers, which is read so far that a truncated or foreign file is told from a whole one.
namespace hat::data::detail {

inline constexpr std::size_t max_subword_model_bytes = std::size_t{1} << 30U;

/// Takes a number of 7 bits a byte, lowest first, from the front of `bytes`.
constexpr std::optional<std::uint64_t> take_varint(std::string_view& bytes) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

/// Takes one field with a length (wire type 2) and returns its number, or nothing if there is none.
constexpr std::optional<std::uint64_t> take_field(std::string_view& bytes) noexcept {
    const auto key = take_varint(bytes);
    if (!key || (*key & 7U) != 2) return std::nullopt;
    const auto size = take_varint(bytes);
    if (!size || *size > bytes.size()) return std::nullopt;
    bytes.remove_prefix(static_cast<std::size_t>(*size));
    return *key >> 3U;
}

/// Throws  `Error` unless `bytes` is a sequence of whole fields that has pieces (field 1), the
///         options of the trainer (2) and the normaliser (3), in this order
inline void check_subword_model(std::string_view bytes, std::string_view name) {
    constexpr std::uint64_t pieces = 1;
    constexpr std::uint64_t trainer = 2;
    constexpr std::uint64_t normalizer = 3;
    if (bytes.empty()) fail(name, ": the file is empty, expected a SentencePiece model");
    const std::size_t size = bytes.size();
    std::array<bool, 4> seen{};
    while (!bytes.empty()) {
        const std::size_t at = size - bytes.size();
        const auto field = take_field(bytes);
        if (!field) fail(name, ": not a SentencePiece model, or a truncated one, at byte ", at);
        if (*field < seen.size()) seen[static_cast<std::size_t>(*field)] = true;
    }
    if (!seen[pieces] || !seen[trainer] || !seen[normalizer])
        fail(name, ": not a SentencePiece model, or a truncated one: it has no ",
             !seen[pieces]    ? "pieces"
             : !seen[trainer] ? "training options"
                              : "normaliser");
}

}  // namespace hat::data::detail
