// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/placeholders.hpp>
#include <hat/data/split_long.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/unknown_text.hpp>
#include <hat/data/white_space.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// What a translation shows where the network says unk, and for a line of which nothing is known:
/// the unknown text of the source, nothing, or a mark (⁇).
enum class UnknownPolicy { copy, drop, mark };

/// How lines become tokens of a network, and its tokens lines.
struct LineCodecOptions {
    int most_tokens = 1023;  ///< that the network reads, its eos not counted
    int split_over = 0;      ///< a line with more is cut into parts; 0: only what is unreadable
    int part_tokens = 100;   ///< of such parts, at most
    UnknownPolicy unknown = UnknownPolicy::copy;  ///< of what the vocabulary lacks
    LostStrings lost = LostStrings::append;       ///< of protected strings that a translation lacks
};

/// A part of a line, as the network reads it.
struct SourcePart {
    std::vector<int> tokens;  ///< with eos; none where the network is not asked
    std::vector<UnknownText> unknown;
    std::string as_it_is{};     ///< what stands for the part where the network is not asked
    std::string between{};      ///< white space between it and the next part
    bool ends_in_word = false;  ///< the next part goes on with its last word
    std::vector<ProtectedString> strings{};  ///< that stand as symbols in it
    int first_word = 0;  ///< of the line, as white space tells words apart, that it begins in
};

/// A line as the network reads it: one part, none if it is blank, or several if it is long.
struct SourceLine {
    std::vector<SourcePart> parts;
    int tokens = 0;  ///< without eos
    int unknown_tokens = 0;
    bool is_unreadable = false;  ///< in one piece: the network has no positions for it
};

/// A source and a target as the network reads them, both with eos.
struct TokenPair {
    std::vector<int> source;
    std::vector<int> target;
};

/// From lines of text to what a network reads, and from what it says to lines of text: the only
/// place where `hat translate` does so. Strings that text.json protects are symbols in between.
///
///     const LineCodec codec(text, {});
///     const SourceLine line = codec.encode("A sentence.");
///     // translate each of line.parts that has tokens: target(i) are the tokens of the i-th
///     const std::string translation = codec.decode(line, target);
class LineCodec {
public:
    /// `text` must outlive this.
    LineCodec(const TextCodec& text, const LineCodecOptions& options)
        : text_(&text), options_(options) {
        int room = options.most_tokens;
        if (options.split_over < 1 || options.split_over > room) options_.split_over = room;
        if (!text.rules().protect.empty()) {
            placeholders_.emplace(text.rules().protect);
            room =
                std::max(room - 2, 1);  // a part goes on to the end of a symbol that it is cut in
        }
        options_.part_tokens =
            std::clamp(options.part_tokens, 1, std::min(room, options_.split_over));
    }

    /// Tokens of a line that is read in one piece, at most.
    [[nodiscard]] int whole_tokens() const noexcept { return options_.split_over; }

    /// Precondition: `line` is UTF-8.
    [[nodiscard]] SourceLine encode(std::string_view line) const {
        SourceLine encoded;
        MaskedLine masked = mask(line);
        std::vector<int> ids = text_->encode(masked.text);
        encoded.is_unreadable = std::ssize(ids) > options_.most_tokens;
        if (std::ssize(ids) <= options_.split_over)
            add(encoded, {.text = masked.text, .between = {}}, std::move(ids),
                std::move(masked.strings));
        else
            add_parts(encoded, masked);
        return encoded;
    }

    /// A line and a translation of it that is given, each in one piece, as in training: strings
    /// that both have are symbols.
    ///
    /// Precondition: both are UTF-8.
    [[nodiscard]] TokenPair encode_pair(std::string source, std::string target) const {
        if (placeholders_) placeholders_->mask(source, target);
        TokenPair pair{.source = text_->encode(source), .target = text_->encode_target(target)};
        pair.source.push_back(text_->special().eos);
        pair.target.push_back(text_->special().eos);
        return pair;
    }

    /// The tokens of what a translation is to begin with, without eos.
    ///
    /// Precondition: it is UTF-8.
    ///
    /// Throws  `Error` if the vocabulary lacks some of it, or it has strings that are protected
    [[nodiscard]] std::vector<int> encode_prefix(std::string_view prefix) const {
        if (placeholders_ && !placeholders_->mask(prefix).strings.empty())
            fail("what a translation begins with has ",
                 in_quotes(placeholders_->mask(prefix).strings.front().text),
                 ", which is protected: expected text without such strings");
        if (is_blank(prefix)) return {};
        std::vector<int> ids = text_->encode_target(prefix);
        if (std::find(ids.begin(), ids.end(), text_->special().unk) != ids.end())
            fail("what a translation begins with, ", in_quotes(prefix),
                 ", has text that the vocabulary lacks");
        return ids;
    }

    /// The translation of a line; `target(i)` are the tokens that the network said to the i-th part
    /// that has tokens, with eos at the end. What became of protected strings is added to `counts`.
    template <class Target>
    [[nodiscard]] std::string decode(const SourceLine& line, const Target& target,
                                     PlaceholderCounts* counts = nullptr) const {
        PlaceholderCounts found;
        std::string text = join_parts(
            line, target, [](const SourcePart&, const std::string&, bool) {}, &found);
        found.lines = found.strings > 0 ? 1 : 0;
        if (counts != nullptr) *counts += found;
        return text;
    }

    /// In which word of the translation, as white space tells words apart, each token of the
    /// targets is, but for the eos: for each part that has tokens. `target` is as in `decode`.
    template <class Target>
    [[nodiscard]] std::vector<std::vector<int>> words_of_targets(const SourceLine& line,
                                                                 const Target& target) const {
        std::vector<std::vector<int>> words;
        WordCount count;
        join_parts(line, target,
                   [&](const SourcePart& part, const std::string& text, bool goes_on) {
                       const int first = count.add(text, goes_on);
                       if (part.tokens.empty()) return;
                       const std::span<const int> ids = target(words.size());
                       words.push_back(words_of_tokens(
                           first, ids.first(ids.size() - 1), [&](const std::vector<int>& some) {
                               return without_symbols(
                                   text_->decode(some, shown_for_unk(part, some)), part);
                           }));
                   });
        return words;
    }
    /// The same of the line itself.
    [[nodiscard]] std::vector<std::vector<int>> words_of_sources(const SourceLine& line) const {
        std::vector<std::vector<int>> words;
        for (const SourcePart& part : line.parts) {
            if (part.tokens.empty()) continue;
            const std::span<const int> ids = part.tokens;
            words.push_back(words_of_tokens(
                part.first_word, ids.first(ids.size() - 1), [&](const std::vector<int>& some) {
                    return without_symbols(text_->decode_source(some, texts(part.unknown)), part);
                }));
        }
        return words;
    }

private:
    static constexpr const char* mark = "\u2047";

    /// The translation of a line. `visit(part, text, goes_on)` sees what becomes of each part, and
    /// whether that goes on with the last word of what stands before it.
    template <class Target, class Visit>
    std::string join_parts(const SourceLine& line, const Target& target, const Visit& visit,
                           PlaceholderCounts* counts = nullptr) const {
        PlaceholderCounts found;
        std::string all;
        LinePart before{};
        std::size_t asked = 0;
        for (const SourcePart& part : line.parts) {
            const std::string text =
                unmask(part.tokens.empty() ? part.as_it_is : decode_part(part, target(asked++)),
                       part.strings, counts != nullptr ? *counts : found);
            const std::size_t end = all.size();
            join_part(all, before, text);
            const bool is_apart = all.size() > end + text.size();
            visit(part, text, !is_apart && ends_in_word(all, end) && begins_in_word(text));
            before = {.text = {}, .between = part.between, .ends_in_word = part.ends_in_word};
        }
        return all;
    }
    [[nodiscard]] static bool ends_in_word(std::string_view text, std::size_t end) {
        return end > 0 && !is_space(detail::last_code_point(text.substr(0, end)));
    }
    [[nodiscard]] static bool begins_in_word(std::string_view text) {
        return !text.empty() && !is_space(detail::code_point(text, 0).value);
    }

    /// Counts the words of a text that comes part by part.
    class WordCount {
    public:
        /// Adds a part, whose first word goes on with the last one if `goes_on`. Returns the number
        /// of that word.
        int add(std::string_view part, bool goes_on) {
            const int more = count_words(part);
            const int first = words_ - (goes_on ? 1 : 0);
            if (more > 0) words_ = first + more;
            return first;
        }

    private:
        int words_ = 0;
    };

    /// Which word each token is in, the first being in word `first`; `text(ids)` is what the first
    /// few of them say.
    template <class Text>
    [[nodiscard]] static std::vector<int> words_of_tokens(int first, std::span<const int> ids,
                                                          const Text& text) {
        std::vector<int> words;
        words.reserve(ids.size());
        int last = first;
        for (std::size_t i = 1; i <= ids.size(); ++i) {
            const auto some = ids.first(i);
            last = std::max(last, first + count_words(text({some.begin(), some.end()})) - 1);
            words.push_back(last);
        }
        return words;
    }

    [[nodiscard]] std::string without_symbols(std::string text, const SourcePart& part) const {
        if (!placeholders_) return text;
        return data::unmask(text, part.strings, LostStrings::drop).text;
    }

    [[nodiscard]] MaskedLine mask(std::string_view line) const {
        if (placeholders_) return placeholders_->mask(line);
        return {.text = std::string(line), .strings = {}};
    }
    [[nodiscard]] std::string unmask(std::string translation,
                                     std::span<const ProtectedString> strings,
                                     PlaceholderCounts& counts) const {
        if (!placeholders_) return translation;
        UnmaskedLine line = data::unmask(translation, strings, options_.lost);
        counts.strings += std::ssize(strings);
        counts.lost += line.lost;
        counts.invented += line.invented;
        return std::move(line.text);
    }

    /// Adds the parts of a line that is too long. None is cut in a symbol, and each has its own
    /// numbers, as a line of its own would have.
    void add_parts(SourceLine& line, const MaskedLine& masked) const {
        const auto fits = [&](std::string_view part) {
            return std::ssize(text_->encode(part)) <= options_.part_tokens;
        };
        const std::string_view text = masked.text;
        std::span<const ProtectedString> strings = masked.strings;
        WordCount count;
        bool goes_on = false;
        for (LinePart& part : parts_around_symbols(text, split_long(text, fits))) {
            const std::string as_read = take_text(part.text, strings);
            const int first_word = count.add(as_read, goes_on);
            goes_on = part.between.empty();
            MaskedLine own = mask(as_read);
            part.text = own.text;
            add(line, part, text_->encode(own.text), std::move(own.strings), first_word);
        }
    }

    /// `parts` of `text` where none ends in a symbol: the part that begins it has it whole, and is
    /// followed by what follows the part that ends it.
    [[nodiscard]] static std::vector<LinePart>
    parts_around_symbols(std::string_view text, const std::vector<LinePart>& parts) {
        std::vector<LinePart> whole;
        std::size_t begin = 0;
        for (const LinePart& part : parts) {
            const auto end =
                static_cast<std::size_t>(part.text.data() - text.data()) + part.text.size();
            if (end < begin) continue;  // in a symbol
            if (end > begin || whole.empty()) whole.emplace_back();
            LinePart& last = whole.back();
            if (end > begin) last.text = text.substr(begin, end_of_symbol(text, end) - begin);
            last.between = part.between;
            last.ends_in_word = part.ends_in_word;
            begin = std::max(begin, end_of_symbol(text, end)) + part.between.size();
        }
        return whole;
    }

    /// A part of a masked line as it was read; its strings are the first of `strings`.
    [[nodiscard]] std::string take_text(std::string_view part,
                                        std::span<const ProtectedString>& strings) const {
        if (!placeholders_) return std::string(part);
        const auto own = strings.first(count_symbols(part));
        strings = strings.subspan(own.size());
        return data::unmask(part, own).text;
    }

    void add(SourceLine& line, const LinePart& part, std::vector<int> ids,
             std::vector<ProtectedString> strings, int first_word = 0) const {
        if (ids.empty() || is_blank(part.text)) return;
        if (std::ssize(ids) > options_.most_tokens)
            fail("a character has ", ids.size(), " tokens, expected at most ",
                 options_.most_tokens);
        SourcePart source{.tokens = {},
                          .unknown = {},
                          .between = std::string(part.between),
                          .ends_in_word = part.ends_in_word,
                          .strings = std::move(strings),
                          .first_word = first_word};
        const int unk = text_->special().unk;
        line.tokens += static_cast<int>(ids.size());
        if (const auto count = std::count(ids.begin(), ids.end(), unk); count > 0) {
            line.unknown_tokens += static_cast<int>(count);
            UnknownTexts unknown = text_->unknown(part.text);
            source.unknown = std::move(unknown.tokens);
            if (unknown.is_all) {
                source.as_it_is = unknown_as_it_is(part.text);
                ids.clear();
            }
        }
        if (!ids.empty()) {
            source.tokens = std::move(ids);
            source.tokens.push_back(text_->special().eos);
        }
        line.parts.push_back(std::move(source));
    }

    [[nodiscard]] std::string unknown_as_it_is(std::string_view text) const {
        if (options_.unknown == UnknownPolicy::copy) return std::string(text);
        return options_.unknown == UnknownPolicy::mark ? mark : "";
    }

    [[nodiscard]] std::string decode_part(const SourcePart& part,
                                          std::span<const int> target) const {
        const std::vector<int> ids(target.begin(), target.end() - 1);  // without eos
        std::string text = text_->decode(ids, shown_for_unk(part, ids));
        if (options_.unknown == UnknownPolicy::drop) return text;
        return with_dropped_words(std::move(text), part.unknown, count_unk(ids),
                                  options_.unknown == UnknownPolicy::mark ? mark : "");
    }

    [[nodiscard]] std::size_t count_unk(const std::vector<int>& ids) const {
        return static_cast<std::size_t>(std::count(ids.begin(), ids.end(), text_->special().unk));
    }
    /// What stands for each unk that the network says.
    [[nodiscard]] std::vector<std::string> shown_for_unk(const SourcePart& part,
                                                         const std::vector<int>& ids) const {
        if (options_.unknown == UnknownPolicy::copy) return texts(part.unknown);
        std::vector<std::string> shown;
        if (options_.unknown == UnknownPolicy::mark) shown.assign(count_unk(ids), mark);
        return shown;
    }
    [[nodiscard]] static std::vector<std::string> texts(const std::vector<UnknownText>& unknown) {
        std::vector<std::string> texts;
        texts.reserve(unknown.size());
        for (const UnknownText& token : unknown) texts.push_back(token.text);
        return texts;
    }

    const TextCodec* text_;
    LineCodecOptions options_;
    std::optional<Placeholders> placeholders_;
};

}  // namespace hat::data
