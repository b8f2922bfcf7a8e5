// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/special_tokens.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::data {

using hat::fairseq_special_tokens;
using hat::SpecialTokens;

/// The pieces of text that a model reads and writes, numbered from 0.
class Vocabulary {
public:
    /// `name` says in errors where the pieces are from; piece `i` is called line `i + 1` there.
    ///
    /// Throws  `Error` if a piece is empty or appears twice, or a special id is not in the
    ///         vocabulary; `unk` and `eos` may not be missing
    explicit Vocabulary(std::vector<std::string> pieces, SpecialTokens special = {},
                        std::string_view name = "vocabulary")
        : pieces_(std::move(pieces)), special_(special) {
        if (pieces_.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
            fail(name, ": ", pieces_.size(), " pieces are more than an int can number");
        check_special(name);
        ids_.reserve(pieces_.size());
        for (int i = 0; i < size(); ++i) add(i, name);
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(pieces_.size()); }
    /// The ids of the special tokens.
    [[nodiscard]] const SpecialTokens& special() const noexcept { return special_; }

    /// Precondition: 0 <= id < size().
    [[nodiscard]] const std::string& piece(int id) const noexcept {
        HAT_ASSERT(0 <= id && id < size());
        return pieces_[static_cast<std::size_t>(id)];
    }
    /// The id of `piece`, or that of the unknown piece.
    [[nodiscard]] int id(const std::string& piece) const {
        const auto found = ids_.find(piece);
        return found == ids_.end() ? special_.unk : found->second;
    }
    [[nodiscard]] bool contains(const std::string& piece) const { return ids_.contains(piece); }

private:
    void check_special(std::string_view name) const {
        const auto check = [&](const char* what, int id, int lowest) {
            if (id < lowest || id >= size())
                fail(name, ": the id of ", what, " is ", id, ", expected ", lowest, " to ",
                     size() - 1);
        };
        check("unk", special_.unk, 0);
        check("eos", special_.eos, 0);
        check("bos", special_.bos, -1);
        check("pad", special_.pad, -1);
    }
    void add(int i, std::string_view name) {
        if (piece(i).empty()) fail(name, ":", i + 1, ": the piece is empty");
        const auto [entry, is_new] = ids_.emplace(piece(i), i);
        if (!is_new)
            fail(name, ":", i + 1, ": ", in_quotes(piece(i)), " appears twice (first in line ",
                 entry->second + 1, ")");
    }

    std::vector<std::string> pieces_;
    std::unordered_map<std::string, int> ids_;
    SpecialTokens special_;
};

}  // namespace hat::data
