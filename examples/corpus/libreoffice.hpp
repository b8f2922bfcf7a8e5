// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/text_file.hpp>

#include "catalogue.hpp"
#include "page.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace corpus {

/// The corpus, cut into three. No text of `valid` and `test` occurs in `train`.
struct Splits {
    std::vector<Pair> train;
    std::vector<Pair> valid;
    std::vector<Pair> test;
};

enum class Part { train, valid, test };

/// The part of the corpus that a help page belongs to, from a hash of its path below `text`, such
/// as "/scalc/01/func_date.html": about 5 % of the pages are for validation, 5 % for the test.
[[nodiscard]] constexpr Part part_of(std::string_view page) noexcept {
    std::uint32_t hash = 0x811c9dc5;  // FNV-1a
    for (const char c : page) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
    const std::uint32_t percentile = hash % 100;
    return percentile < 5 ? Part::test : percentile < 10 ? Part::valid : Part::train;
}

namespace detail {

namespace fs = std::filesystem;

inline int word_count(std::string_view text) {
    return static_cast<int>(hat::data::split_words(hat::data::decode_utf8(text)).size());
}

/// The paths of all files below `folder` that end with `extension`, relative to it, in order.
inline std::vector<std::string> files_below(const fs::path& folder, const char* extension) {
    std::error_code error;
    std::vector<std::string> files;
    for (fs::recursive_directory_iterator i(folder, error), end; !error && i != end;
         i.increment(error))
        if (i->is_regular_file(error) && i->path().extension() == extension)
            files.push_back(i->path().lexically_relative(folder).string());
    if (error) hat::fail(folder.string(), ": cannot read the folder: ", error.message());
    if (files.empty()) hat::fail(folder.string(), ": found no file that ends with ", extension);
    std::sort(files.begin(), files.end());
    return files;
}

inline std::vector<Paragraph> read_page_file(const fs::path& path) {
    return read_page(hat::io::read_file(path.string()), path.string());
}

/// The paragraphs that a page has in both languages.
inline std::vector<Pair> read_page_pairs(const fs::path& source, const fs::path& target) {
    std::unordered_map<std::string, std::string> translations;
    for (Paragraph& p : read_page_file(target))
        translations.emplace(std::move(p.id), std::move(p.text));
    std::vector<Pair> pairs;
    for (Paragraph& p : read_page_file(source))
        if (const auto found = translations.find(p.id); found != translations.end())
            pairs.push_back({std::move(p.text), found->second});
    return pairs;
}

/// All pages that exist in both languages.
inline Splits read_help(const fs::path& help, const std::string& language) {
    const fs::path source = help / "en-US" / "text";
    const fs::path target = help / language / "text";
    const std::vector<std::string> translated = files_below(target, ".html");
    Splits splits;
    for (const std::string& page : files_below(source, ".html")) {
        if (!std::binary_search(translated.begin(), translated.end(), page)) continue;
        const Part part = part_of("/" + page);
        auto& pairs = part == Part::train   ? splits.train
                      : part == Part::valid ? splits.valid
                                            : splits.test;
        for (Pair& pair : read_page_pairs(source / page, target / page))
            pairs.push_back(std::move(pair));
    }
    return splits;
}

/// All messages of all catalogues in a folder.
inline std::vector<Pair> read_interface(const fs::path& folder) {
    std::vector<Pair> pairs;
    for (const std::string& file : files_below(folder, ".mo")) {
        const std::string path = (folder / file).string();
        for (Pair& pair : read_catalogue(hat::io::read_file(path), path))
            pairs.push_back({squeeze(without_mnemonics(std::move(pair.source))),
                             squeeze(without_mnemonics(std::move(pair.target)))});
    }
    return pairs;
}

}  // namespace detail

/// The most words of a side.
inline constexpr int most_words = 20;

/// Whether a pair is a translation worth learning from: 2 to 20 words on both sides, at most 2.5
/// times as many on one as on the other, no URL and none of `% < > { } | _ @ \ # $ =`.
[[nodiscard]] inline bool is_good(const Pair& pair) {
    constexpr int least = 2;
    constexpr double max_ratio = 2.5;
    for (const std::string* text : {&pair.source, &pair.target})
        if (text->find_first_of("%<>{}|_@\\#$=") != std::string::npos ||
            text->find("://") != std::string::npos || text->find("www.") != std::string::npos)
            return false;
    const int source = detail::word_count(pair.source);
    const int target = detail::word_count(pair.target);
    const int low = std::min(source, target);
    const int high = std::max(source, target);
    return low >= least && high <= most_words && high <= max_ratio * low;
}

/// Leaves out pairs that are not good, and all but the first of equal ones.
inline void clean(std::vector<Pair>& pairs) {
    std::set<std::pair<std::string, std::string>> seen;
    std::erase_if(pairs, [&](const Pair& pair) {
        return !is_good(pair) || !seen.emplace(pair.source, pair.target).second;
    });
}

/// Leaves out pairs with more than `most` words on a side.
inline void keep_short(Splits& splits, int most) {
    for (auto* pairs : {&splits.train, &splits.valid, &splits.test})
        std::erase_if(*pairs, [most](const Pair& pair) {
            return detail::word_count(pair.source) > most || detail::word_count(pair.target) > most;
        });
}

/// Leaves out pairs of which a side occurs in `known`.
inline void remove_known(std::vector<Pair>& pairs, const std::vector<Pair>& known) {
    std::unordered_set<std::string_view> sources;
    std::unordered_set<std::string_view> targets;
    for (const Pair& pair : known) {
        sources.insert(pair.source);
        targets.insert(pair.target);
    }
    std::erase_if(pairs, [&](const Pair& pair) {
        return sources.contains(pair.source) || targets.contains(pair.target);
    });
}

/// Collects the help pages and the interface text of LibreOffice, English and `language`, below
/// `root`, where packages were unpacked: it contains `usr/share/libreoffice/help/en-US`,
/// `…/help/<language>` and `usr/lib/libreoffice/program/resource/<language>/LC_MESSAGES`. The
/// interface is for training only. No pair appears twice in the pages or twice in the interface.
///
/// Throws  `hat::Error` if a folder is missing, or a file is damaged
[[nodiscard]] inline Splits read_libreoffice(const std::string& root, const std::string& language) {
    const std::filesystem::path usr = std::filesystem::path(root) / "usr";
    Splits splits = detail::read_help(usr / "share/libreoffice/help", language);
    std::vector<Pair> interface =
        detail::read_interface(usr / "lib/libreoffice/program/resource" / language / "LC_MESSAGES");
    for (auto* pairs : {&splits.train, &splits.valid, &splits.test, &interface}) clean(*pairs);
    splits.train.insert(splits.train.end(), interface.begin(), interface.end());
    remove_known(splits.valid, splits.train);
    remove_known(splits.test, splits.train);
    return splits;
}

}  // namespace corpus
