// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/corpus.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace hat::data {

/// The text of a language model as training reads it: one stream of tokens, each line ending with
/// eos, cut into blocks of `block` tokens wherever lines end; the last block may be shorter. The
/// "sentences" of the result are the blocks. What the model reads of a block begins with the last
/// token of the block before, and of the first with eos (see `Batch`).
///
/// Throws  `Error` if `block` is not positive
///
/// See  DeLighT's reference implementation, which cuts WikiText-103 into blocks of 512
[[nodiscard]] inline Corpus cut_into_blocks(Side text, int block) {
    if (block < 1) fail("text: found blocks of ", block, " tokens, expected at least 1");
    const auto tokens = std::ssize(text.sentences.tokens);
    text.sentences.offsets.assign(1, 0);
    for (std::int64_t end = 0; end < tokens;) {
        end = std::min<std::int64_t>(end + block, tokens);
        text.sentences.offsets.push_back(end);
    }
    return {{}, std::move(text)};
}

}  // namespace hat::data
