// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/vocabulary_hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A shortlist as the bytes of a file, little-endian:
///
///     "hat.shortlist" and three zero bytes
///     u64 version, u64 checksum of all that follows
///     hash of the vocabulary, as text filled up with zeros to 48 bytes; all zeros: unknown
///     u64 source_vocab_size, target_vocab_size, always, tokens
///     i32 always [always], sizes of the lists [source_vocab_size], tokens of the lists [tokens]
namespace hat::data {

namespace detail {

inline constexpr std::array<char, 16> shortlist_magic{"hat.shortlist"};
inline constexpr std::uint64_t shortlist_version = 1;

struct ShortlistHeader {
    VocabularyField vocabulary{};
    std::uint64_t source_vocab_size = 0;
    std::uint64_t target_vocab_size = 0;
    std::uint64_t always = 0;
    std::uint64_t tokens = 0;
};

/// Throws  `Error` unless the tokens ascend in the vocabulary; `what` begins the message.
inline void check_list(std::span<const int> tokens, int vocab_size, const std::string& what) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
        if (tokens[i] < 0 || tokens[i] >= vocab_size || (i > 0 && tokens[i] <= tokens[i - 1]))
            fail(what, ": token ", tokens[i], " at place ", i, ", expected ascending ones below ",
                 vocab_size);
}

}  // namespace detail

/// The bytes of a shortlist: equal ones have equal bytes.
///
/// Throws  `Error` if the name of its vocabulary is too long
[[nodiscard]] inline std::string shortlist_bytes(const Shortlist& shortlist) {
    const auto& [always, offsets, tokens] = shortlist.lists();
    const detail::ShortlistHeader header{
        .vocabulary = detail::vocabulary_field(shortlist.vocabulary(), "shortlist"),
        .source_vocab_size = static_cast<std::uint64_t>(shortlist.source_vocab_size()),
        .target_vocab_size = static_cast<std::uint64_t>(shortlist.target_vocab_size()),
        .always = always.size(),
        .tokens = tokens.size()};
    std::vector<int> numbers = always;
    for (std::size_t s = 1; s < offsets.size(); ++s) numbers.push_back(offsets[s] - offsets[s - 1]);
    numbers.insert(numbers.end(), tokens.begin(), tokens.end());
    detail::Checksum checksum;
    std::string bytes;
    const auto add = [&](std::span<const std::byte> part) {
        bytes.append(reinterpret_cast<const char*>(part.data()), part.size());  // NOLINT: bytes
    };
    const auto content = {std::as_bytes(std::span(&header, 1)), std::as_bytes(std::span(numbers))};
    for (const auto part : content) checksum.add(part);
    const std::array versions{detail::shortlist_version, checksum.value()};
    add(std::as_bytes(std::span(detail::shortlist_magic)));
    add(std::as_bytes(std::span(versions)));
    for (const auto part : content) add(part);
    return bytes;
}

/// The shortlist of such bytes; `path` begins messages.
///
/// Throws  `Error` if they are of another kind or version, truncated or damaged
[[nodiscard]] inline Shortlist shortlist_from_bytes(std::string_view bytes,
                                                    const std::string& path) {
    detail::ValueReader reader(std::as_bytes(std::span(bytes)), path);
    if (bytes.size() < detail::shortlist_magic.size() ||
        reader.take<std::array<char, 16>>() != detail::shortlist_magic)
        fail(path, ": not a shortlist, which begins with \"hat.shortlist\"");
    const auto version = reader.take<std::uint64_t>();
    if (version != detail::shortlist_version)
        fail(path, ": found version ", version, " of shortlists, expected ",
             detail::shortlist_version);
    const auto expected = reader.take<std::uint64_t>();
    detail::Checksum checksum;
    const auto content = reader.rest();
    const auto header = reader.take<detail::ShortlistHeader>();
    checksum.add(content.first(sizeof header));
    checksum.add(reader.rest());
    if (checksum.value() != expected)
        fail(path, ": the file is damaged: its ", content.size(), " bytes do not fit the checksum");

    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (header.source_vocab_size == 0 || header.source_vocab_size > most ||
        header.target_vocab_size == 0 || header.target_vocab_size > most || header.tokens > most)
        fail(path, ": found vocabularies of ", header.source_vocab_size, " and ",
             header.target_vocab_size, " pieces, and ", header.tokens,
             " tokens, which no shortlist has");
    const int vocab_size = static_cast<int>(header.target_vocab_size);
    Shortlist::Lists lists{.always = reader.take<int>(header.always)};
    detail::check_list(lists.always, vocab_size, path + ": those always allowed");
    const auto sizes = reader.take<int>(header.source_vocab_size);
    lists.tokens = reader.take<int>(header.tokens);
    if (!reader.rest().empty())
        fail(path, ": found ", reader.rest().size(), " bytes after the end of the shortlist");
    for (std::size_t s = 0; s < sizes.size(); ++s) {
        const int begin = lists.offsets.back();
        if (sizes[s] < 0 || sizes[s] > std::ssize(lists.tokens) - begin)
            fail(path, ": the list of source token ", s, " has ", sizes[s],
                 " tokens, more than there are");
        lists.offsets.push_back(begin + sizes[s]);
        detail::check_list(
            std::span(lists.tokens)
                .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(sizes[s])),
            vocab_size, path + ": source token " + std::to_string(s));
    }
    if (lists.offsets.back() != std::ssize(lists.tokens))
        fail(path, ": has ", lists.tokens.size(), " tokens, but lists of ", lists.offsets.back());
    return {std::move(lists), vocab_size, detail::vocabulary_of(header.vocabulary, path)};
}

/// The shortlist among the files of the directory at `path`, of a model or of data; nothing if it
/// has none.
///
/// Throws  `Error` if it is damaged, or was made with another vocabulary than the one beside it
[[nodiscard]] inline std::optional<Shortlist> find_shortlist(const io::TextFiles& files,
                                                             const std::string& path) {
    const auto found = files.find(io::shortlist_file_name);
    if (found == files.end()) return {};
    const std::string name = path + '/' + found->first;
    Shortlist shortlist = shortlist_from_bytes(found->second, name);
    if (shortlist.vocabulary() != io::vocabulary_hash(files))
        fail(name, ": was made with another vocabulary than that of ", path);
    return shortlist;
}

}  // namespace hat::data
