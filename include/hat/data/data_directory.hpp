// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/io/atomic_directory.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/io/vocabulary_hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// A data directory: what a training reads.
///
/// config.json    what it is ("format": "hat data"), for which task, how it came to be, the hash of
///                its vocabulary and those of all files here: they belong together
/// train.corpus   encoded text, see corpus_file.hpp; each names its vocabulary
/// valid.corpus
///
/// and the files of the vocabulary, and the shortlist if there is one, under the names they have in
/// a model directory.
namespace hat::data {

/// The files that a data directory may hold.
inline constexpr auto data_directory_names = [] {
    std::array<std::string_view, 3 + io::text_file_names.size()> names{
        "config.json", "train.corpus", "valid.corpus"};
    std::copy(io::text_file_names.begin(), io::text_file_names.end(), names.begin() + 3);
    return names;
}();

/// A data directory in memory.
struct PreparedData {
    io::TextFiles text_files{};  ///< the vocabulary of both corpora, and its shortlist
    Corpus train{};
    Corpus validation{};
    io::Json origin = io::Json::object();  ///< how it came to be: texts, options, counts, …

    /// What it is for: "translation", or "language-model" if there is one side alone.
    [[nodiscard]] const char* task() const noexcept {
        return train.has_source() ? "translation" : "language-model";
    }
};

/// Writes a data directory, whole or not at all; one that is there already is replaced. `leftovers`
/// are files besides its own that may be replaced with it. Directories above it are made if need
/// be.
///
/// Throws  `Error` if something else than data is at `path`, or the disk is full; what was there is
///         then what it was.
inline void save_data_directory(const std::string& path, PreparedData data,
                                std::span<const std::string_view> leftovers = {}) {
    std::vector<std::string_view> names(data_directory_names.begin(), data_directory_names.end());
    names.insert(names.end(), leftovers.begin(), leftovers.end());
    const std::string parent = io::detail::parent_directory(path);
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error) fail(parent, ": cannot make the directory: ", error.message());
    io::AtomicDirectory directory(path, names);
    const std::string vocabulary = io::vocabulary_hash(data.text_files);
    io::FileHashes hashes;
    const auto save = [&](Corpus& corpus, const char* name) {
        corpus.vocabulary = vocabulary;
        save_corpus(corpus, directory / name);
        hashes[name] = io::file_hash(directory / name);
    };
    save(data.train, "train.corpus");
    save(data.validation, "valid.corpus");
    for (const auto& [name, content] : data.text_files) {
        io::write_file(directory / name, content);
        hashes[name] = io::content_hash(content);
    }
    io::Json config = {{"format", io::data_format}, {"format_version", 1}, {"task", data.task()}};
    config.update(data.origin);
    config["vocabulary_hash"] = vocabulary;
    io::write_file(directory / "config.json",
                   io::json_text(io::with_hashes(std::move(config), hashes, "config.json"), 2) +
                       '\n');
    directory.commit();
}

namespace detail {

/// Throws  `Error` naming the first file that is not the one the directory was saved with. Those of
///         a directory from before hashes were kept are not looked at.
inline void check_data_files(const std::string& path, const io::Json& config,
                             const io::TextFiles& text_files, CorpusCheck check) {
    const std::string where = path + "/config.json";
    const io::FileHashes hashes = io::kept_hashes(config, "config.json", where);
    if (hashes.empty()) return;
    for (const auto& [name, saved] : hashes) {
        std::string file = path + '/';
        file += name;
        if (std::find(data_directory_names.begin(), data_directory_names.end(), name) ==
            data_directory_names.end())
            fail(where, ": names a file ", io::in_quotes(name), " that this version does not know");
        if (check == CorpusCheck::lengths && name.ends_with(".corpus")) continue;
        const std::string found =
            name == "config.json" ? io::own_hash(config, name) : io::file_hash(file);
        io::check_hash(file, found, saved, "this data");
    }
    for (const auto& [name, content] : text_files)
        if (!hashes.contains(name))
            fail(path, '/', name, ": is no file that this data was saved with");
}

/// The content of config.json; an empty object if there is none, as in some old directory.
inline io::Json data_config(const std::string& path) {
    const std::string file = path + "/config.json";
    if (!io::exists(file)) return io::Json::object();
    constexpr std::size_t limit_bytes = std::size_t{1} << 24;
    io::Json config = io::parse_json(io::read_file(file, limit_bytes), file);
    if (!config.is_object()) fail(file, ": expected an object, found ", config.type_name());
    if (!config.contains("format")) return config;
    if (const auto format = io::json_get<std::string>(config, "format", file);
        format != io::data_format)
        fail(path, ": is no data directory: its config.json says it is a ", io::in_quotes(format));
    if (const auto version = io::json_get<int>(config, "format_version", file); version != 1)
        fail(file, ": format_version = ", version,
             ", expected 1: written by another version of hat");
    return config;
}

}  // namespace detail

/// Reads what `save_data_directory` wrote; directories from before hashes were kept are read too.
/// Of the corpora, what `check` says.
///
/// Throws  `Error` if it is no data directory, a file is missing, damaged or not the one that was
///         saved, or a corpus was encoded with another vocabulary.
[[nodiscard]] inline PreparedData load_data_directory(const std::string& path,
                                                      CorpusCheck check = CorpusCheck::all) {
    if (!io::is_directory(path)) fail(path, ": there is no such data directory");
    PreparedData data;
    data.origin = detail::data_config(path);
    data.text_files = io::read_text_files(path);
    detail::check_data_files(path, data.origin, data.text_files, check);
    data.train = load_corpus(path + "/train.corpus", check);
    data.validation = load_corpus(path + "/valid.corpus", check);
    const std::string vocabulary = io::vocabulary_hash(data.text_files);
    for (const auto& [corpus, name] :
         {std::pair(&data.train, "train.corpus"), std::pair(&data.validation, "valid.corpus")})
        if (!corpus->vocabulary.empty() && corpus->vocabulary != vocabulary)
            fail(path, '/', name, ": was encoded with another vocabulary than that of ", path);
    if (data.train.has_source() != data.validation.has_source())
        fail(path, ": one of its corpora has sentence pairs, the other one side alone");
    for (const char* key : {"format", "format_version", "task", "vocabulary_hash", "files"})
        data.origin.erase(key);
    return data;
}

}  // namespace hat::data
