// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The golden files: inputs and outputs of the reference implementations.
///
/// A *kind* of file is a path below the golden folder whose file name has at most one `*`. All
/// files of a kind are run, whatever their number. The folder is HAT_GOLDEN, by default
/// `../shared/golden`; a relative path counts from the source root.
///
/// - HAT_GOLDEN unset and the folder absent: the test says that it is skipped, and passes.
/// - HAT_GOLDEN set (or the folder there): a kind without a file fails, unless it is named in
///   HAT_GOLDEN_WITHOUT, a list of kinds with commas between. A kind may be named in full
///   (`hat/model_*.safetensors`), without what follows the star or dot (`hat/model`), by that name
///   alone (`model`), or with all its folder (`hat`, `hat/databin` or `databin`).

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hat::support {

namespace detail {

struct KindName {
    std::string_view folder;  // "hat" of "hat/model_*.safetensors"
    std::string_view stem;    // "model"
};

/// What identifies a kind: its folder, and its file name up to the first star or dot.
inline KindName kind_name(std::string_view kind) {
    KindName name;
    const auto slash = kind.rfind('/');
    if (slash != std::string_view::npos) name.folder = kind.substr(0, slash);
    name.stem = slash == std::string_view::npos ? kind : kind.substr(slash + 1);
    name.stem = name.stem.substr(0, name.stem.find_first_of("*."));
    while (name.stem.ends_with('_')) name.stem.remove_suffix(1);
    return name;
}

/// Whether `entry` names `folder`: in full ("hat/databin"), by its last part or by its first.
inline bool names_folder(std::string_view entry, std::string_view folder) {
    if (entry.empty() || folder.size() < entry.size()) return false;
    const std::string_view before = folder.substr(0, folder.size() - entry.size());
    const std::string_view behind = folder.substr(entry.size());
    return (folder.ends_with(entry) && (before.empty() || before.ends_with('/'))) ||
           (folder.starts_with(entry) && behind.starts_with('/'));
}

/// Whether `entry` of HAT_GOLDEN_WITHOUT names `kind`.
inline bool names_kind(std::string_view entry, std::string_view kind) {
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ') || entry.ends_with('/')) entry.remove_suffix(1);
    if (entry.empty()) return false;
    const KindName wanted = kind_name(kind);
    if (names_folder(entry, wanted.folder)) return true;
    const KindName found = kind_name(entry);
    return found.stem == wanted.stem && !found.stem.empty() &&
           (found.folder.empty() || found.folder == wanted.folder);
}

inline bool names_kind_in_list(std::string_view list, std::string_view kind) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (names_kind(list.substr(0, comma), kind)) return true;
        list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
    }
    return false;
}

/// Whether `name` is `pattern`, in which one `*` stands for any text.
inline bool matches(std::string_view name, std::string_view pattern) {
    const auto star = pattern.find('*');
    if (star == std::string_view::npos) return name == pattern;
    const auto prefix = pattern.substr(0, star);
    const auto suffix = pattern.substr(star + 1);
    return name.size() >= prefix.size() + suffix.size() && name.starts_with(prefix) &&
           name.ends_with(suffix);
}

}  // namespace detail

/// The golden folder, whether or not it exists.
inline std::filesystem::path golden_folder() {
    const char* set = std::getenv("HAT_GOLDEN");
    const std::filesystem::path folder = set != nullptr ? set : "../shared/golden";
    return (std::filesystem::path(HAT_SOURCE_DIR) / folder).lexically_normal();
}

/// All files of one kind in alphabetical order; empty where the kind is skipped, having said so.
///
/// Throws  `std::runtime_error` if the kind must have a file and has none.
inline std::vector<std::filesystem::path> golden_files(std::string_view kind) {
    namespace fs = std::filesystem;
    const fs::path folder = golden_folder();
    const std::string kind_text(kind);
    std::error_code error;
    if (std::getenv("HAT_GOLDEN") == nullptr && !fs::is_directory(folder, error)) {
        std::printf("golden %s: skipped: no folder %s and HAT_GOLDEN is not set\n",
                    kind_text.c_str(), folder.string().c_str());
        return {};
    }
    const fs::path pattern = folder / kind_text;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(pattern.parent_path(), error)) {
        if (entry.is_regular_file() &&
            detail::matches(entry.path().filename().string(), pattern.filename().string()))
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) {
        const char* without = std::getenv("HAT_GOLDEN_WITHOUT");
        if (!detail::names_kind_in_list(without != nullptr ? without : "", kind))
            throw std::runtime_error("golden " + kind_text + ": no such file in " +
                                     folder.string() + ", and HAT_GOLDEN_WITHOUT does not name it");
        std::printf("golden %s: skipped: named in HAT_GOLDEN_WITHOUT\n", kind_text.c_str());
    }
    return files;
}

}  // namespace hat::support
