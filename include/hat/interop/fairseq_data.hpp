// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/io/mapped_file.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Binarised data of fairseq: an index `.idx` of lengths and places, and
/// the ids back to back in `.bin`, both little-endian.
///
///     "MMIDIDX\0\0", u64 version 1, u8 type, u64 sentences, i32 lengths, i64 places in bytes
///     "TNTIDX\0\0",  u64 version 1, type, bytes of an id, sentences, sizes; i64 places of sizes
///                    [sentences + 1], places [sentences + 1], sizes. Ids are stored one higher.
namespace hat::interop {

namespace detail {

static_assert(std::endian::native == std::endian::little, "binarised data is little-endian");

/// Takes values from the front of an index.
class FairseqIndexReader {
public:
    FairseqIndexReader(std::span<const std::byte> bytes, const std::string& path)
        : bytes_(bytes), path_(path) {}

    [[nodiscard]] bool take_magic(std::string_view magic) noexcept {
        if (bytes_.size() < magic.size() ||
            std::memcmp(bytes_.data(), magic.data(), magic.size()) != 0)
            return false;
        at_ = magic.size();
        return true;
    }
    template <class Value>
    [[nodiscard]] Value take() {
        return take<Value>(1).front();
    }
    template <class Value>
    [[nodiscard]] std::vector<Value> take(std::uint64_t count) {
        if (count > (bytes_.size() - at_) / sizeof(Value))
            fail(path_, ": byte ", at_, ": the index is cut short: ", count, " values of ",
                 sizeof(Value), " bytes expected, ", bytes_.size() - at_, " bytes found");
        std::vector<Value> values(static_cast<std::size_t>(count));
        if (count > 0)
            std::memcpy(values.data(), bytes_.data() + at_, values.size() * sizeof(Value));
        at_ += values.size() * sizeof(Value);
        return values;
    }
    void expect_end() const {
        if (at_ != bytes_.size())
            fail(path_, ": byte ", at_, ": found ", bytes_.size() - at_,
                 " bytes after the end of the index");
    }

private:
    std::span<const std::byte> bytes_;
    const std::string& path_;
    std::size_t at_ = 0;
};

/// Where the sentences of a `.bin` file are.
struct FairseqIndex {
    int type = 0;
    int lowest = 0;                      ///< what is stored for id 0
    std::vector<std::int64_t> begins{};  ///< in bytes
    std::vector<std::int64_t> lengths{};
};

inline std::size_t fairseq_id_bytes(int type, const std::string& path) {
    switch (type) {
    case 1:
    case 2:
        return 1;
    case 3:
    case 8:
        return 2;
    case 4:
        return 4;
    case 5:
        return 8;
    default:
        fail(path, ": ids are of type ", type, ", expected 1 to 5 or 8, which are integers");
    }
}

inline FairseqIndex read_fairseq_index(const std::string& path) {
    const io::MappedFile file(path);
    FairseqIndexReader reader(file.bytes(), path);
    FairseqIndex index;
    const bool is_mapped = reader.take_magic(std::string_view("MMIDIDX\0\0", 9));
    if (!is_mapped && !reader.take_magic(std::string_view("TNTIDX\0\0", 8)))
        fail(path, ": is no index of binarised data, which begins with MMIDIDX or TNTIDX");
    if (const auto version = reader.take<std::uint64_t>(); version != 1)
        fail(path, ": has version ", version, ", expected 1");
    if (is_mapped) {
        index.type = reader.take<std::uint8_t>();
        const auto sentences = reader.take<std::uint64_t>();
        for (const std::int32_t length : reader.take<std::int32_t>(sentences))
            index.lengths.push_back(length);
        index.begins = reader.take<std::int64_t>(sentences);
        reader.expect_end();
        return index;
    }
    index.lowest = 1;
    const auto type = reader.take<std::uint64_t>();
    index.type = type < 256 ? static_cast<int>(type) : 255;
    const auto id_bytes = static_cast<std::int64_t>(fairseq_id_bytes(index.type, path));
    if (const auto bytes = reader.take<std::int64_t>(); bytes != id_bytes)
        fail(path, ": ids have ", bytes, " bytes, expected ", id_bytes, " for type ", type);
    const auto sentences = reader.take<std::uint64_t>();
    const auto sizes = reader.take<std::uint64_t>();
    if (sentences == std::numeric_limits<std::uint64_t>::max() || sizes != sentences)
        fail(path, ": has ", sizes, " sizes of ", sentences, " sentences, expected one each");
    const auto dimensions = reader.take<std::int64_t>(sentences + 1);
    index.begins = reader.take<std::int64_t>(sentences + 1);
    index.lengths = reader.take<std::int64_t>(sizes);
    reader.expect_end();
    for (std::size_t i = 0; i < dimensions.size(); ++i)
        if (dimensions[i] != static_cast<std::int64_t>(i))
            fail(path, ": sentence ", i, " is no vector");
    index.begins.pop_back();
    for (std::int64_t& begin : index.begins)
        if (__builtin_mul_overflow(begin, id_bytes, &begin))
            fail(path, ": a sentence begins past the end of the ids");
    return index;
}

/// Appends the ids that stand in `bytes`, as far as they are in a vocabulary.
template <class Stored>
void append_fairseq_ids(std::span<const std::byte> bytes, int lowest, int vocab_size,
                        std::vector<int>& ids, const std::string& path) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Stored)) {
        Stored stored{};
        std::memcpy(&stored, bytes.data() + at, sizeof stored);
        const auto value = static_cast<std::int64_t>(stored);  // NOLINT: bytes are numbers
        if (value < lowest || value - lowest >= vocab_size)
            fail(path, ": found id ", stored, ", expected ", lowest, " to ",
                 lowest + vocab_size - 1);
        ids.push_back(static_cast<int>(value - lowest));
    }
}

inline void append_fairseq_ids(int type, std::span<const std::byte> bytes, int lowest,
                               int vocab_size, std::vector<int>& ids, const std::string& path) {
    const auto append = [&]<class Stored>(Stored) {
        append_fairseq_ids<Stored>(bytes, lowest, vocab_size, ids, path);
    };
    switch (type) {
    case 1:
        return append(std::uint8_t{});
    case 2:
        return append(std::int8_t{});
    case 3:
        return append(std::int16_t{});
    case 4:
        return append(std::int32_t{});
    case 5:
        return append(std::int64_t{});
    default:
        return append(std::uint16_t{});
    }
}

}  // namespace detail

/// The sentences of `<prefix>.idx` and `<prefix>.bin`, in either layout. Each ends with `eos`, 2.
///
/// Throws  `Error` if a file is missing, foreign, cut short, or has an id out of range or a
///         sentence without end
[[nodiscard]] inline data::Sentences read_fairseq_sentences(const std::string& prefix,
                                                            int vocab_size) {
    const std::string index_path = prefix + ".idx";
    const std::string path = prefix + ".bin";
    const detail::FairseqIndex index = detail::read_fairseq_index(index_path);
    const std::size_t id_bytes = detail::fairseq_id_bytes(index.type, index_path);
    const io::MappedFile file(path);
    const std::span<const std::byte> bytes = file.bytes();
    data::Sentences sentences;
    std::vector<int> sentence;
    std::size_t total_bytes = 0;
    for (std::size_t i = 0; i < index.lengths.size(); ++i) {
        const auto begin = static_cast<std::uint64_t>(index.begins[i]);
        const auto length = static_cast<std::uint64_t>(index.lengths[i]);
        if (index.begins[i] < 0 || index.lengths[i] < 1 || begin > bytes.size() ||
            length > (bytes.size() - begin) / id_bytes)
            fail(index_path, ": sentence ", i + 1, " has ", index.lengths[i], " ids from byte ",
                 index.begins[i], " on, which ", path, " of ", bytes.size(), " bytes has not");
        total_bytes += static_cast<std::size_t>(length) * id_bytes;
        if (total_bytes > bytes.size()) fail(index_path, ": sentence ", i + 1, " overlaps another");
        sentence.clear();
        detail::append_fairseq_ids(index.type,
                                   bytes.subspan(static_cast<std::size_t>(begin),
                                                 static_cast<std::size_t>(length) * id_bytes),
                                   index.lowest, vocab_size, sentence, path);
        if (sentence.back() != fairseq_special_tokens.eos)
            fail(path, ": sentence ", i + 1, " does not end with ", fairseq_special_tokens.eos,
                 ", the end of sentence");
        sentences.push_back(sentence);
    }
    return sentences;
}

/// The corpus of two files, whose names are `prefix`, as in "data-bin/train.de-en", and behind a
/// dot `source` or `target`.
///
/// Throws  `Error` as `read_fairseq_sentences`, or if the sides differ in length
[[nodiscard]] inline data::Corpus
read_fairseq_corpus(const std::string& prefix, const std::string& source,
                    const data::FairseqDictionary& source_dictionary, const std::string& target,
                    const data::FairseqDictionary& target_dictionary) {
    const auto side = [&](const std::string& language, const data::FairseqDictionary& dictionary) {
        return data::Side{.sentences =
                              read_fairseq_sentences(prefix + "." + language, dictionary.size()),
                          .vocab_size = dictionary.size(),
                          .eos = fairseq_special_tokens.eos};
    };
    data::Corpus corpus{side(source, source_dictionary), side(target, target_dictionary)};
    if (corpus.source.sentences.size() != corpus.target.sentences.size())
        fail(prefix, ": has ", corpus.source.sentences.size(), " sentences of ", source, " and ",
             corpus.target.sentences.size(), " of ", target, ", expected as many");
    return corpus;
}

}  // namespace hat::interop
