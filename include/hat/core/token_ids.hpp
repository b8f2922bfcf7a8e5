// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <span>

namespace hat {

/// Checks that tokens are in a vocabulary.
///
///     check_token_ids(tokens, vocab_size, path, ": sentence ", 7);
///
/// Throws  `Error` for the first that is not, with the line "<where> has token 30, expected 0 to
///         29"; the parts of `where` are text and numbers, as those of `fail`
template <class... Parts>
void check_token_ids(std::span<const int> tokens, int vocab_size, const Parts&... where) {
    for (const int token : tokens)
        if (token < 0 || token >= vocab_size)
            fail(where..., " has token ", token, ", expected 0 to ", vocab_size - 1);
}

}  // namespace hat
