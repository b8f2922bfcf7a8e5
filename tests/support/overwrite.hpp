// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hat::support {

/// Makes `bytes` all there is in the file at `path`. Unlike `io::write_file`, it does not wait for
/// the disk, so a test can damage a file thousands of times.
inline void overwrite(const std::string& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace hat::support
