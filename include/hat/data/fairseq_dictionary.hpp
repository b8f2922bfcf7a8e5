// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/utf8.hpp>
#include <hat/data/white_space.hpp>
#include <hat/io/atomic_file.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::data {

/// How a dictionary is made of counted words.
struct FairseqDictionaryOptions {
    int most_words = 0;          ///< the four special ones among them; 0: no limit
    std::int64_t threshold = 0;  ///< words that are rarer are left out
    int padding_factor = 8;      ///< made-up words fill up to a multiple of it
};

/// The words of a fairseq model by number: four special ones, then those
/// of `dict.txt`, which has a word and its count a line.
///
/// Unlike a `Vocabulary` it may name a word twice: the later one is its number.
class FairseqDictionary {
public:
    /// The four special words alone.
    FairseqDictionary() {
        for (const char* word : {"<s>", "<pad>", "</s>", "<unk>"}) add(word, 1);
    }

    /// Reads the lines of a `dict.txt`; `name` says in errors where they are from.
    ///
    /// Throws  `Error` with the number of the first line that is not a word, a space and a count
    [[nodiscard]] static FairseqDictionary from_text(std::string_view text, std::string_view name) {
        FairseqDictionary dictionary;
        const std::vector<std::string> lines = split_lines(text, name);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string_view line = lines[i];
            const std::size_t space = line.rfind(' ');
            const std::string_view number =
                space == std::string_view::npos ? "" : line.substr(space + 1);
            std::int64_t count = 0;
            const auto [end, error] =
                std::from_chars(number.data(), number.data() + number.size(), count);
            if (number.empty() || error != std::errc() || end != number.data() + number.size())
                fail(name, ":", i + 1, ": expected a word, a space and its count");
            dictionary.add(std::string(line.substr(0, space)), count);
        }
        return dictionary;
    }
    /// Throws  `Error` as `from_text`, or if the file cannot be read
    [[nodiscard]] static FairseqDictionary load(const std::string& path) {
        return from_text(io::read_file(path), path);
    }

    /// Makes a dictionary of counted words: the most frequent first, equally frequent ones by code
    /// point.
    [[nodiscard]] static FairseqDictionary build(const std::map<std::string, std::int64_t>& counts,
                                                 const FairseqDictionaryOptions& options) {
        FairseqDictionary dictionary;
        std::vector<std::pair<std::string_view, std::int64_t>> words;
        for (const auto& [word, count] : counts)
            if (!dictionary.ids_.contains(word)) words.emplace_back(word, count);
        // Bytes of UTF-8 are in the order of code points, and so are the keys of the map.
        std::stable_sort(words.begin(), words.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; });
        for (const auto& [word, count] : words) {
            const bool is_full = options.most_words > 0 && dictionary.size() >= options.most_words;
            if (is_full || count < options.threshold) break;
            dictionary.add(std::string(word), count);
        }
        for (int i = 0; dictionary.size() % std::max(options.padding_factor, 1) != 0; ++i) {
            const std::string number = std::to_string(i);
            const std::size_t zeros = number.size() < 4 ? 4 - number.size() : 0;
            dictionary.add("madeupword" + std::string(zeros, '0') + number, 0);
        }
        return dictionary;
    }

    /// The text of its `dict.txt`.
    [[nodiscard]] std::string text() const {
        std::string text;
        for (std::size_t i = special_words; i < words_.size(); ++i)
            text += words_[i] + ' ' + std::to_string(counts_[i]) + '\n';
        return text;
    }
    void save(const std::string& path) const { io::write_file(path, text()); }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(words_.size()); }
    /// The ids that fairseq gives special tokens.
    [[nodiscard]] static constexpr SpecialTokens special() noexcept {
        return fairseq_special_tokens;
    }

    /// Precondition: 0 <= id < size().
    [[nodiscard]] const std::string& word(int id) const noexcept {
        HAT_ASSERT(0 <= id && id < size());
        return words_[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] std::int64_t count(int id) const noexcept {
        HAT_ASSERT(0 <= id && id < size());
        return counts_[static_cast<std::size_t>(id)];
    }
    /// The number of `word`, or that of the unknown one.
    [[nodiscard]] int id(const std::string& word) const {
        const auto found = ids_.find(word);
        return found == ids_.end() ? special().unk : found->second;
    }

    /// The numbers of the words of `line`, without an end of sentence.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<int> encode(std::string_view line) const {
        std::vector<int> ids;
        const std::u32string text = decode_utf8(line);
        for (const std::u32string_view word : split_words(text))
            ids.push_back(id(encode_utf8(word)));
        return ids;
    }
    /// The words of `line` that it does not know.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::vector<std::string> unknown_parts(std::string_view line) const {
        std::vector<std::string> words;
        const std::u32string text = decode_utf8(line);
        for (const std::u32string_view word : split_words(text))
            if (std::string w = encode_utf8(word); id(w) == special().unk)
                words.push_back(std::move(w));
        return words;
    }
    /// The words that `ids` stand for, with spaces between; ends of sentence stand for nothing.
    ///
    /// Throws  `Error` if an id is not in the dictionary
    [[nodiscard]] std::string decode(const std::vector<int>& ids) const {
        const std::vector<std::string> as_they_are(ids.size(), word(special().unk));
        return decode(ids, as_they_are);
    }
    /// The same with `unknown[k]`, or nothing where there is none, for the k-th unknown word.
    ///
    /// Throws  `Error` if an id is not in the dictionary
    [[nodiscard]] std::string decode(const std::vector<int>& ids,
                                     const std::vector<std::string>& unknown) const {
        check_token_ids(ids, size(), "dictionary: the text");
        std::string text;
        std::size_t k = 0;
        bool is_first = true;
        for (const int id : ids) {
            if (id == special().eos) continue;
            const bool is_unknown = id == special().unk;
            if (is_unknown && k >= unknown.size()) continue;
            if (!is_first) text += ' ';
            text += is_unknown ? unknown[k++] : word(id);
            is_first = false;
        }
        return text;
    }

private:
    static constexpr std::size_t special_words = 4;

    void add(std::string word, std::int64_t count) {
        ids_[word] = size();
        words_.push_back(std::move(word));
        counts_.push_back(count);
    }

    std::vector<std::string> words_;
    std::vector<std::int64_t> counts_;
    std::unordered_map<std::string, int> ids_;
};

/// Counts the words of `lines`.
///
/// Throws  `Error` if a line is not UTF-8
inline void count_words(const std::vector<std::string>& lines,
                        std::map<std::string, std::int64_t>& counts) {
    for (const std::string& line : lines) {
        const std::u32string text = decode_utf8(line);
        for (const std::u32string_view word : split_words(text)) ++counts[encode_utf8(word)];
    }
}

}  // namespace hat::data
