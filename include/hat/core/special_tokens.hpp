// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hat {

/// The ids with a meaning of their own; −1 where a vocabulary has no such token. The defaults are
/// those of the subword models that hat trains.
struct SpecialTokens {
    int unk = 0;  ///< what the vocabulary does not know
    int bos = 1;  ///< begin of sentence
    int eos = 2;  ///< end of sentence
    int pad = 3;  ///< fills up batches elsewhere; ours have no padding

    friend constexpr bool operator==(const SpecialTokens&, const SpecialTokens&) = default;
};

/// The order of fairseq, and so of the reference implementation's checkpoints.
inline constexpr SpecialTokens fairseq_special_tokens{.unk = 3, .bos = 0, .eos = 2, .pad = 1};

}  // namespace hat
