// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What the text side of an embedded translator works in and answers. It allocates nothing, throws
/// nothing and computes without floating point; all of its memory is its caller's.
namespace hat::deploy {

/// How a text was read or written.
enum class TextStatus : std::uint8_t {
    done,
    as_it_is,         ///< no letter or digit of the line is known: it is its own translation
    too_long,         ///< the text has no room in the memory, or what it becomes in the output
    too_many_tokens,  ///< for the output, or for a network that is to read the line whole
    not_utf8,         ///< the line is no UTF-8
    bad_token,        ///< an id outside the vocabulary
};

/// How a function ended that fills an output, and how much of that it filled.
struct [[nodiscard]] TextResult {
    TextStatus status = TextStatus::done;
    int count = 0;    ///< tokens or bytes; 0 unless the status is `done`
    int unknown = 0;  ///< unknown pieces among the tokens, see `TextCell::Unknown`

    friend constexpr bool operator==(const TextResult&, const TextResult&) = default;
};

/// What is kept for a place in a text, by each of the steps in turn.
union TextCell {
    /// The best way to cut what ends here (unigram): its score in 2⁻³², its last piece.
    struct Path {
        std::uint32_t score_low;
        std::int32_t score_high;
        std::uint16_t start;
        std::uint16_t id;
    } path;
    /// The symbol that begins here (BPE), and a node of the tree that finds the next merge.
    struct Symbol {
        std::uint16_t size;
        std::uint16_t previous;
        std::uint16_t rank;
        std::uint16_t winner;
    } symbol;
    /// A code point on the way to a normal form.
    struct Point {
        char32_t value;
        std::uint8_t combining_class;
    } point;
    /// The k-th unknown piece of a line, in the k-th cell: which bytes of the text it is, or of the
    /// line. Besides, where in the line the byte of the text comes from that has this place.
    struct Unknown {
        std::uint16_t begin;
        std::uint16_t end;
        std::uint16_t origin;
        bool is_word;  ///< of a word of which nothing is known
    } unknown;
};

/// A text of this many bytes and more has no memory: offsets have 16 bits, and sums of scores
/// remain those of double precision.
inline constexpr int longest_text_bytes = 16384;

/// Memory of the caller that text is encoded in.
struct TextMemory {
    char* line = nullptr;       ///< [bytes], the text as the subword model is given it
    char* text = nullptr;       ///< [bytes], the text as it is cut: with one byte for U+2581
    TextCell* cells = nullptr;  ///< [bytes + 1]
    int bytes = 0;
};

/// Memory for lines of up to `Bytes` bytes, counted after every step of normalisation: 14 each.
template <int Bytes>
struct StaticTextMemory {
    static_assert(1 <= Bytes && Bytes <= longest_text_bytes,
                  "StaticTextMemory: bytes are 1 to 16384");

    char line[std::size_t{Bytes}];
    char text[std::size_t{Bytes}];
    TextCell cells[std::size_t{Bytes} + 1];

    constexpr operator TextMemory() noexcept {  // NOLINT(google-explicit-constructor): a view of it
        return {line, text, cells, Bytes};
    }
};

/// What `StaticTextMemory` of so many bytes takes.
[[nodiscard]] constexpr std::size_t text_memory_bytes(int bytes) noexcept {
    const std::size_t texts = std::size_t{2} * static_cast<std::size_t>(bytes);
    const std::size_t before_cells = (texts + alignof(TextCell) - 1) / alignof(TextCell);
    return before_cells * alignof(TextCell) +
           sizeof(TextCell) * (static_cast<std::size_t>(bytes) + 1);
}

namespace detail {

/// The bytes begin … end − 1 of `text`; what `substr` gives, which may throw.
constexpr std::string_view slice(const char* text, int begin, int end) noexcept {
    return {text + begin, static_cast<std::size_t>(end - begin)};
}
constexpr std::string_view slice(std::string_view text, int begin, int end) noexcept {
    return slice(text.data(), begin, end);
}

}  // namespace detail

}  // namespace hat::deploy
