// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/subword_format.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the serialised form of a SentencePiece model says (sentencepiece_model.proto).
namespace hat::deploy::detail {

/// A field of a message of protocol buffers.
struct WireField {
    std::uint64_t number = 0;
    unsigned type = 0;         ///< 0: a number, 2: bytes, 5: 32 bits; 1: 64 bits, which are skipped
    std::uint64_t value = 0;   ///< the number or the 32 bits
    std::string_view bytes{};  ///< that it has
};

/// Takes a field from the front of `message`; nothing if there is no whole one.
inline std::optional<WireField> take_wire_field(std::string_view& message) noexcept {
    const auto key = data::detail::take_varint(message);
    if (!key) return std::nullopt;
    WireField field{.number = *key >> 3U, .type = static_cast<unsigned>(*key & 7U)};
    std::uint64_t size = field.type == 1 ? 8 : field.type == 5 ? 4 : 0;
    if (field.type == 0 || field.type == 2) {
        const auto value = data::detail::take_varint(message);
        if (!value) return std::nullopt;
        (field.type == 0 ? field.value : size) = *value;
    } else if (size == 0) {
        return std::nullopt;
    }
    if (size > message.size()) return std::nullopt;
    field.bytes = message.substr(0, static_cast<std::size_t>(size));
    message.remove_prefix(static_cast<std::size_t>(size));
    if (field.type == 5)
        for (std::size_t i = 0; i < 4; ++i)
            field.value |= std::uint64_t{static_cast<unsigned char>(field.bytes[i])} << (8 * i);
    return field;
}

/// A piece as the model has it.
struct ModelPiece {
    std::string_view text{};
    float score = 0;
    std::uint64_t type = 1;
};

/// What a model says, as far as it matters here.
struct SubwordModelFields {
    std::vector<ModelPiece> pieces;
    std::uint64_t model_type = 1;
    bool space_is_suffix = false;
    bool byte_fallback = false;
    std::string_view unknown_text = " \u2047 ";
    std::string_view rules{};
    bool adds_space = true;
    bool removes_extra_spaces = true;
    bool escapes_spaces = true;
    bool has_denormalizer = false;
};

/// Reads the fields of a model; `name` begins messages. What it returns are views of the model.
///
/// Throws  `Error` if a message is damaged or a field has another wire type
class SubwordModelReader {
public:
    SubwordModelReader(std::string_view model, std::string_view name) : name_(name) {
        data::detail::check_subword_model(model, name);
        std::array<int, 4> seen{};
        for_each_field(model, "model", [&](const WireField& field) {
            if (field.number < seen.size() && ++seen[field.number] > 1 && field.number > 1)
                fail(name_, ": field ", field.number, " is there twice, expected once");
            if (field.number == 1) read_piece(field.bytes);
            if (field.number == 2) read_trainer(field.bytes);
            if (field.number == 3) read_normalizer(field.bytes);
            if (field.number == 5) read_denormalizer(field.bytes);
        });
    }
    [[nodiscard]] const SubwordModelFields& fields() const noexcept { return fields_; }

private:
    template <class Visit>
    void for_each_field(std::string_view message, std::string_view of, const Visit& visit) const {
        while (!message.empty()) {
            const auto field = take_wire_field(message);
            if (!field) fail(name_, ": the ", of, " is damaged: a field is not whole");
            visit(*field);
        }
    }
    void expect(const WireField& field, unsigned type, std::string_view of) const {
        if (field.type != type)
            fail(name_, ": the ", of, " is damaged: field ", field.number, " has wire type ",
                 field.type, ", expected ", type);
    }

    void read_piece(std::string_view message) {
        const std::string of = "piece " + std::to_string(fields_.pieces.size());
        ModelPiece piece;
        for_each_field(message, of, [&](const WireField& field) {
            if (field.number == 1) {
                expect(field, 2, of);
                piece.text = field.bytes;
            } else if (field.number == 2) {
                expect(field, 5, of);
                piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
            } else if (field.number == 3) {
                expect(field, 0, of);
                piece.type = field.value;
            }
        });
        fields_.pieces.push_back(piece);
    }
    void read_trainer(std::string_view message) {
        const std::string_view of = "trainer's options";
        for_each_field(message, of, [&](const WireField& field) {
            const bool is_text = field.number == 44;
            const bool matters =
                is_text || field.number == 3 || field.number == 24 || field.number == 35;
            if (!matters) return;
            expect(field, is_text ? 2 : 0, of);
            if (field.number == 3) fields_.model_type = field.value;
            if (field.number == 24) fields_.space_is_suffix = field.value != 0;
            if (field.number == 35) fields_.byte_fallback = field.value != 0;
            if (is_text) fields_.unknown_text = field.bytes.substr(0, field.bytes.find('\0'));
        });
    }
    void read_normalizer(std::string_view message) {
        const std::string_view of = "normaliser";
        for_each_field(message, of, [&](const WireField& field) {
            if (field.number < 2 || field.number > 5) return;
            expect(field, field.number == 2 ? 2 : 0, of);
            if (field.number == 2) fields_.rules = field.bytes;
            if (field.number == 3) fields_.adds_space = field.value != 0;
            if (field.number == 4) fields_.removes_extra_spaces = field.value != 0;
            if (field.number == 5) fields_.escapes_spaces = field.value != 0;
        });
    }
    void read_denormalizer(std::string_view message) {
        for_each_field(message, "denormaliser", [&](const WireField& field) {
            if (field.number == 2 && !field.bytes.empty()) fields_.has_denormalizer = true;
        });
    }

    std::string_view name_;
    SubwordModelFields fields_;
};

}  // namespace hat::deploy::detail
