// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/member.hpp>

#include <string>
#include <unordered_map>
#include <utility>

namespace hat::search {

/// A set of genomes by their texts. (A map without values: who includes <functional> has that, and
/// <unordered_set> would be half a per cent more for a compiler to read.)
class TextSet {
public:
    /// Whether it holds `text`.
    [[nodiscard]] bool contains(const std::string& text) const { return texts_.contains(text); }
    /// Returns whether `text` is new.
    bool add(std::string text) { return texts_.try_emplace(std::move(text)).second; }

private:
    std::unordered_map<std::string, Absent> texts_{};
};

}  // namespace hat::search
