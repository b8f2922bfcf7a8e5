// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/corpus.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/mapped_file.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// An encoded corpus as a file, little-endian:
///
///     "hat.corpus" and six zero bytes
///     u64 version, u64 checksum of all that follows
///     hash of the vocabulary, as text filled up with zeros to 48 bytes; all zeros: unknown
///     twice (source, target): u64 vocab_size, eos, sentences, tokens
///     twice: i64 offsets [sentences + 1], i32 ids [tokens], filled up with zeros to whole words
///
/// A text without source has zeros for the first four numbers. So all lies where it can be read
/// without being copied: a corpus that is loaded is a view of its file, read once to check it, and
/// then page by page where it is used. Earlier versions are read too: in version 2 ids are not
/// filled up, version 1 does not name the vocabulary either.
namespace hat::data {

namespace detail {

static_assert(std::endian::native == std::endian::little, "corpus files are little-endian");

inline constexpr std::array<char, 16> corpus_magic{"hat.corpus"};
inline constexpr std::uint64_t corpus_version = 3;
/// Since when ids are filled up to whole words.
inline constexpr std::uint64_t aligned_version = 3;
using VocabularyField = std::array<char, 48>;

/// FNV-1a over 64-bit words, the last one filled up with zeros.
class Checksum {
public:
    void add(std::span<const std::byte> bytes) noexcept {
        for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t)))
            add_word(bytes, sizeof(std::uint64_t));
        if (!bytes.empty()) add_word(bytes, bytes.size());
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

private:
    void add_word(std::span<const std::byte> bytes, std::size_t size) noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), size);
        value_ = (value_ ^ word) * 0x100000001b3U;
        value_ ^= value_ >> 32U;
    }
    std::uint64_t value_ = 0xcbf29ce484222325U;
};

struct SideHeader {
    std::uint64_t vocab_size = 0;
    std::uint64_t eos = 0;
    std::uint64_t sentences = 0;
    std::uint64_t tokens = 0;

    friend bool operator==(const SideHeader&, const SideHeader&) = default;
};

/// Takes values from the front of a file, which may be shorter than it should be.
class ValueReader {
public:
    ValueReader(std::span<const std::byte> bytes, const std::string& path)
        : bytes_(bytes), path_(path) {}

    template <class Value>
    [[nodiscard]] Value take() {
        return take<Value>(1).front();
    }
    template <class Value>
    [[nodiscard]] std::vector<Value> take(std::uint64_t count) {
        static_assert(std::is_trivially_copyable_v<Value>);
        const auto bytes = take_bytes(count, sizeof(Value));
        std::vector<Value> values(static_cast<std::size_t>(count));
        if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    /// The bytes of so many values, where they lie.
    [[nodiscard]] std::span<const std::byte> take_bytes(std::uint64_t count, std::size_t size) {
        if (count > bytes_.size() / size)
            fail(path_, ": the file is truncated, expected ", count, " more values of ", size,
                 " bytes, found ", bytes_.size(), " bytes");
        const auto taken = bytes_.first(static_cast<std::size_t>(count) * size);
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }
    [[nodiscard]] std::span<const std::byte> rest() const noexcept { return bytes_; }

private:
    std::span<const std::byte> bytes_;
    const std::string& path_;
};

inline void check_header(const SideHeader& header, const std::string& path) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (header.vocab_size == 0 || header.vocab_size > most || header.eos >= header.vocab_size ||
        header.sentences >= most)
        fail(path, ": found ", header.sentences, " sentences, ", header.vocab_size,
             " pieces and end of sentence ", header.eos, ", which no corpus has");
}

/// Checks the offsets of sentences, piece by piece, each seen by `also`.
///
/// Throws  `Error` unless they span the tokens and no sentence is empty
template <class Also>
void check_offsets(const Sentences& sentences, const std::string& path, const Also& also) {
    const auto& offsets = sentences.offsets;
    const auto tokens = static_cast<std::int64_t>(sentences.tokens.size());
    constexpr auto longest = std::numeric_limits<int>::max();
    if (offsets.front() != 0 || offsets.back() != tokens)
        fail(path, ": the offsets do not span the tokens");
    std::int64_t before = -1;
    std::int64_t number = 0;
    offsets.visit_pieces([&](std::span<const std::int64_t> piece) {
        also(std::as_bytes(piece));
        for (const std::int64_t offset : piece) {
            if (number > 0 && (offset <= before || offset - before > longest || offset > tokens))
                fail(path, ": sentence ", number, " has no valid length");
            before = offset;
            ++number;
        }
    });
}

/// Checks the tokens of sentences, likewise.
///
/// Throws  `Error` unless every sentence ends with `eos` and has ids in range
template <class Also>
void check_tokens(const Side& side, const std::string& path, const Also& also) {
    const std::span<const std::int64_t> offsets = side.sentences.offsets.view();
    std::size_t sentence = 1;  // the next one to end
    std::int64_t begin = 0;    // of the piece
    side.sentences.tokens.visit_pieces([&](std::span<const int> piece) {
        also(std::as_bytes(piece));
        const std::int64_t end = begin + std::ssize(piece);
        for (; sentence < offsets.size() && offsets[sentence] <= end; ++sentence)
            if (piece[static_cast<std::size_t>(offsets[sentence] - 1 - begin)] != side.eos)
                fail(path, ": sentence ", sentence, " does not end with ", side.eos,
                     ", the end of sentence");
        check_token_ids(piece, side.vocab_size, path, ": a sentence");
        begin = end;
    });
}

/// Values of a file as a column: where they lie, or a copy if they cannot be read there.
template <class Value>
Column<Value> take_column(ValueReader& reader, const std::shared_ptr<const io::MappedFile>& file,
                          std::uint64_t count) {
    const auto bytes = reader.take_bytes(count, sizeof(Value));
    if (std::bit_cast<std::uintptr_t>(bytes.data()) % alignof(Value) != 0) {
        std::vector<Value> values(static_cast<std::size_t>(count));
        std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    const auto* const values = reinterpret_cast<const Value*>(bytes.data());  // NOLINT: of a file
    return {file, std::span(values, static_cast<std::size_t>(count))};
}

inline Side take_side(ValueReader& reader, const std::shared_ptr<const io::MappedFile>& file,
                      const SideHeader& header, std::uint64_t version, const std::string& path) {
    Side side{.vocab_size = static_cast<int>(header.vocab_size),
              .eos = static_cast<int>(header.eos)};
    side.sentences.offsets = take_column<std::int64_t>(reader, file, header.sentences + 1);
    side.sentences.tokens = take_column<int>(reader, file, header.tokens);
    if (version >= aligned_version && header.tokens % 2 != 0 && reader.take<int>() != 0)
        fail(path, ": the file is damaged: ids are not filled up with zeros");
    return side;
}

inline SideHeader header_of(const Side& side) {
    return {.vocab_size = static_cast<std::uint64_t>(side.vocab_size),
            .eos = static_cast<std::uint64_t>(side.eos),
            .sentences = static_cast<std::uint64_t>(side.sentences.size()),
            .tokens = side.sentences.tokens.size()};
}

/// Throws  `Error` if the text does not fit the field.
inline VocabularyField vocabulary_field(const std::string& vocabulary, const std::string& path) {
    VocabularyField field{};
    if (vocabulary.size() >= field.size())
        fail(path, ": the name of the vocabulary has ", vocabulary.size(),
             " bytes, expected less than ", field.size());
    std::copy(vocabulary.begin(), vocabulary.end(), field.begin());
    return field;
}

/// Throws  `Error` if the field holds anything but printable characters and zeros after them.
inline std::string vocabulary_of(const VocabularyField& field, const std::string& path) {
    const auto* const end = std::find(field.begin(), field.end(), '\0');
    const bool printable =
        std::all_of(field.begin(), end, [](char c) { return '!' <= c && c <= '~'; });
    if (end == field.end() || !printable || std::count(end, field.end(), '\0') != field.end() - end)
        fail(path, ": does not say which vocabulary it was encoded with");
    return {field.begin(), end};
}

/// Calls `visit` with the bytes of the sentences of `corpus`, piece by piece, in the order of the
/// file, without what fills up ids. All pieces of a column but the last are whole words.
template <class Visit>
void visit_corpus(const Corpus& corpus, Visit visit) {
    const std::array headers{header_of(corpus.source), header_of(corpus.target)};
    visit(std::as_bytes(std::span(headers)));
    const auto visit_piece = [&](const auto& piece) { visit(std::as_bytes(piece)); };
    for (const Side* side : {&corpus.source, &corpus.target}) {
        side->sentences.offsets.visit_pieces(visit_piece);
        side->sentences.tokens.visit_pieces(visit_piece);
    }
}

}  // namespace detail

/// Writes `corpus` to `path`, whole or not at all.
inline void save_corpus(const Corpus& corpus, const std::string& path) {
    const detail::VocabularyField vocabulary = detail::vocabulary_field(corpus.vocabulary, path);
    detail::Checksum checksum;
    checksum.add(std::as_bytes(std::span(vocabulary)));
    detail::visit_corpus(corpus, [&](std::span<const std::byte> bytes) { checksum.add(bytes); });
    const std::array numbers{detail::corpus_version, checksum.value()};
    io::AtomicFile file(path);
    file.write(detail::corpus_magic.data(), detail::corpus_magic.size());
    file.write(numbers.data(), sizeof numbers);
    file.write(vocabulary.data(), vocabulary.size());
    detail::visit_corpus(corpus, [&](std::span<const std::byte> bytes) {
        file.write(bytes.data(), bytes.size());
        constexpr std::uint64_t zeros = 0;
        file.write(&zeros, (sizeof zeros - bytes.size() % sizeof zeros) % sizeof zeros);
    });
    file.commit();
}

/// What is read of a corpus when it is loaded.
enum class CorpusCheck {
    all,      ///< everything: it is what was saved
    lengths,  ///< all but tokens, which are checked where they are used (`Batch::read`): for a
              ///< process beside another one that checks all of the same file
};

/// Maps what `save_corpus` wrote.
///
/// Cost    all that is checked is read once; what stays in memory is what is used of it. The
///         offsets of one side of version 2 may have to be copied, 8 bytes a sentence.
/// Throws  `Error` if the file is of another kind or version, truncated or damaged
[[nodiscard]] inline Corpus load_corpus(const std::string& path,
                                        CorpusCheck check = CorpusCheck::all) {
    using Magic = std::array<char, 16>;
    const auto file = std::make_shared<const io::MappedFile>(path);
    detail::ValueReader reader(file->bytes(), path);
    if (file->bytes().size() < sizeof(Magic) || reader.take<Magic>() != detail::corpus_magic)
        fail(path, ": not an encoded corpus, which begins with \"hat.corpus\"");
    const auto version = reader.take<std::uint64_t>();
    if (version < 1 || version > detail::corpus_version)
        fail(path, ": found version ", version, " of encoded corpora, expected 1 to ",
             detail::corpus_version);
    const auto expected = reader.take<std::uint64_t>();
    const std::size_t content_size = reader.rest().size();
    detail::Checksum checksum;
    const auto add = [&](std::span<const std::byte> bytes) { checksum.add(bytes); };
    std::string vocabulary;
    if (version > 1) {
        const auto field = reader.take<detail::VocabularyField>();
        vocabulary = detail::vocabulary_of(field, path);
        add(std::as_bytes(std::span(field)));
    }
    const auto headers = reader.take<detail::SideHeader>(2);
    add(std::as_bytes(std::span(headers)));
    const bool has_source = headers[0] != detail::SideHeader{};
    if (has_source) detail::check_header(headers[0], path);
    detail::check_header(headers[1], path);
    if (has_source && headers[0].sentences != headers[1].sentences)
        fail(path, ": found ", headers[0].sentences, " source and ", headers[1].sentences,
             " target sentences, expected as many");
    Corpus corpus{
        detail::take_side(reader, file, headers[0], version, path), {}, std::move(vocabulary)};
    corpus.target = detail::take_side(reader, file, headers[1], version, path);
    if (!reader.rest().empty())
        fail(path, ": found ", reader.rest().size(), " bytes after the end of the corpus");
    for (const Side* side : {&corpus.source, &corpus.target}) {
        detail::check_offsets(side->sentences, path, add);
        if (check == CorpusCheck::all) detail::check_tokens(*side, path, add);
    }
    if (check == CorpusCheck::all && checksum.value() != expected)
        fail(path, ": the file is damaged: its ", content_size, " bytes do not fit the checksum");
    return corpus;
}

}  // namespace hat::data
