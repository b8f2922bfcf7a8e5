// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Published data that tests measure themselves against. The folder is HAT_DATA, by default
/// `../shared/data`; a relative path counts from the source root.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace hat::support {

/// The folder `name` of the data, which exists; or an empty path, having said that it is skipped.
///
/// Throws  `std::runtime_error` if HAT_DATA is set and has no such folder.
inline std::filesystem::path data_folder(const std::string& name) {
    const char* set = std::getenv("HAT_DATA");
    const std::filesystem::path root = set != nullptr ? set : "../shared/data";
    const auto folder = (std::filesystem::path(HAT_SOURCE_DIR) / root / name).lexically_normal();
    if (std::filesystem::is_directory(folder)) return folder;
    if (set != nullptr) throw std::runtime_error("data: no folder " + folder.string());
    std::printf("data %s: skipped: no folder %s and HAT_DATA is not set\n", name.c_str(),
                folder.string().c_str());
    return {};
}

}  // namespace hat::support
