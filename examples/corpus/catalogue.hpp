// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corpus {

/// A text and its translation.
struct Pair {
    std::string source;
    std::string target;

    friend bool operator==(const Pair&, const Pair&) = default;
};

namespace detail {

/// A catalogue: seven numbers (magic, revision, count, where the two tables are, …), then for every
/// message and for every translation its length and its place. Numbers have 32 bits.
class Catalogue {
public:
    Catalogue(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {
        constexpr std::uint32_t magic = 0x950412de;
        if (bytes.size() < header_bytes)
            hat::fail(name, ": not a gettext catalogue: it is too short");
        big_endian_ = number(0) != magic;
        if (number(0) != magic)
            hat::fail(name, ": not a gettext catalogue, which begins with 0x950412de");
        if (number(4) >> 16U > 1)
            hat::fail(name, ": found revision ", number(4) >> 16U,
                      " of gettext catalogues, expected 0 or 1");
    }

    [[nodiscard]] std::uint32_t size() const { return number(8); }
    [[nodiscard]] std::string_view message(std::uint32_t i) { return text(number(12), i); }
    [[nodiscard]] std::string_view translation(std::uint32_t i) { return text(number(16), i); }

private:
    static constexpr std::size_t header_bytes = 28;

    [[nodiscard]] std::uint32_t number(std::uint64_t at) const {
        if (bytes_.size() < 4 || at > bytes_.size() - 4)
            hat::fail(name_, ": the catalogue is truncated or damaged: it has no byte ", at + 3);
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const auto byte = static_cast<unsigned char>(bytes_[static_cast<std::size_t>(at) + i]);
            value |= std::uint32_t{byte} << 8 * (big_endian_ ? 3 - i : i);
        }
        return value;
    }
    [[nodiscard]] std::string_view text(std::uint64_t table, std::uint32_t i) {
        const std::uint64_t size = number(table + 8 * std::uint64_t{i});
        const std::uint64_t at = number(table + 8 * std::uint64_t{i} + 4);
        if (at + size > bytes_.size())
            hat::fail(name_, ": the catalogue is truncated or damaged: message ", i,
                      " ends at byte ", at + size, " of ", bytes_.size());
        // Messages that share their bytes could become any amount of text; no writer makes such.
        text_bytes_ += size;
        if (text_bytes_ > bytes_.size()) hat::fail(name_, ": message ", i, " overlaps another");
        const auto result =
            bytes_.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
        if (hat::data::find_invalid_utf8(result) != std::string_view::npos)
            hat::fail(name_, ": message ", i, " is not valid UTF-8");
        return result;
    }

    std::string_view bytes_;
    std::string_view name_;
    bool big_endian_ = false;
    std::uint64_t text_bytes_ = 0;  // of all that was read
};

/// What stands before the first `separator`, which is removed together with it.
inline std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view first = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return first;
}

}  // namespace detail

/// The messages of a compiled GNU gettext catalogue (`.mo`) with their translations, in the order
/// of the file. Contexts are left out; the plural of a message is a message of its own.
///
/// Throws  `hat::Error` if `bytes` are no such catalogue, or a truncated or damaged one; `name` is
///         the file's
[[nodiscard]] inline std::vector<Pair> read_catalogue(std::string_view bytes,
                                                      std::string_view name) {
    detail::Catalogue catalogue(bytes, name);
    std::vector<Pair> pairs;
    for (std::uint32_t i = 0; i < catalogue.size(); ++i) {
        std::string_view message = catalogue.message(i);
        std::string_view translation = catalogue.translation(i);
        if (const std::size_t context = message.find('\4'); context != std::string_view::npos)
            message.remove_prefix(context + 1);
        while (!message.empty() && !translation.empty()) {  // singular, plural
            const std::string_view source = detail::take_until(message, '\0');
            pairs.push_back(
                {std::string(source), std::string(detail::take_until(translation, '\0'))});
        }
    }
    return pairs;
}

/// `text` without the marks of mnemonics, `~` and `_`.
[[nodiscard]] inline std::string without_mnemonics(std::string text) {
    std::erase_if(text, [](char c) { return c == '~' || c == '_'; });
    return text;
}

}  // namespace corpus
