// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <doctest/doctest.h>

#include <string>

namespace hat::support {

/// Checks that `read()` throws an error of one line that begins with the path and has `part` in it.
template <class Read>
void check_rejected_at(const std::string& path, const std::string& part, const Read& read) {
    try {
        read();
        FAIL("accepted, expected: " << part);
    } catch (const Error& error) {
        const std::string message = error.what();
        CHECK(message.starts_with(path + ": "));
        CHECK_MESSAGE(message.find(part) != std::string::npos, message);
        CHECK(message.find('\n') == std::string::npos);
    }
}

}  // namespace hat::support
