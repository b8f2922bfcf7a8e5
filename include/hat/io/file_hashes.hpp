// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/json.hpp>
#include <hat/io/mapped_file.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace hat::io {

/// The content hashes of files that belong together: name → hash.
using FileHashes = std::map<std::string, std::string, std::less<>>;

/// The content hash of the file at `path`.
///
/// Throws  `Error` if it cannot be read, is no regular file or larger than `limit_bytes`.
[[nodiscard]] inline std::string file_hash(const std::string& path,
                                           std::size_t limit_bytes = ~std::size_t{0}) {
    const MappedFile file(path);
    if (file.bytes().size() > limit_bytes) fail(path, ": is larger than ", limit_bytes, " bytes");
    ContentHash hash;
    file.visit_pieces([&](std::span<const std::byte> piece) { hash.add(piece); });
    return hash.text();
}

/// Checks that the hash of the file at `path`, `found`, is the one it was `saved` with; `owner`
/// says in the message what it is part of: "this model".
///
/// Throws  `Error` naming the file if it is another one.
inline void check_hash(const std::string& path, std::string_view found, std::string_view saved,
                       std::string_view owner) {
    if (found != saved)
        fail(path, ": is not the file ", owner, " was saved with (its content is ", found, ", was ",
             saved, ")");
}

/// The hash of a JSON value that keeps hashes, its own under `name` among them: of the value
/// without that one. Layout does not change it, a changed character of any key or value does.
[[nodiscard]] inline std::string own_hash(Json json, const std::string& name) {
    if (json.contains("files")) json["files"].erase(name);
    return content_hash(json_text(json));
}

/// `json`, to be written to a file called `name`, with the hashes of the files beside it and its
/// own:
///
///     "files": {"subword.model": "xxh3:…", "weights.safetensors": "xxh3:…", "config.json":
///     "xxh3:…"}
[[nodiscard]] inline Json with_hashes(Json json, const FileHashes& files, const std::string& name) {
    json["files"] = files;
    std::string own = own_hash(json, name);
    json["files"][name] = std::move(own);
    return json;
}

/// The hashes that `json`, read from a file called `name`, keeps: with its own, or none at all if
/// it was written before there were any. `where` begins messages.
///
/// Throws  `Error` if there are hashes without its own, or what should be one is no text.
[[nodiscard]] inline FileHashes kept_hashes(const Json& json, const std::string& name,
                                            const std::string& where) {
    FileHashes hashes;
    if (!json.contains("files")) return hashes;
    const Json& files = json["files"];
    static_cast<void>(json_field(files, name.c_str(), where + ": files"));
    for (const auto& [file, hash] : files.items())
        hashes[file] = json_as<std::string>(hash, where + ": files: " + in_quotes(file));
    return hashes;
}

}  // namespace hat::io
