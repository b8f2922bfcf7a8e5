// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace hat::support {

/// Text enough for a subword model of some forty pieces.
inline const std::vector<std::string> subword_text{
    "the quick brown fox jumps over the lazy dog", "the dog sleeps while the fox runs",
    "a brown dog and a quick fox", "the lazy fox jumps and the quick dog runs over",
    "dogs and foxes sleep over the brown leaves"};

}  // namespace hat::support
