// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/decode/hypothesis.hpp>
#include <hat/decode/step_model.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace hat::decode {

/// Forbids every row the tokens with which it would say an n-gram for the second time; what all
/// targets begin with counts as their first token. That also ends them, and is never forbidden.
///
/// An object keeps its memory.
class RepetitionRule {
public:
    /// `ends` are the nodes of `rows` in `history`. What rows forbid is valid until the next call.
    void apply(const History& history, std::span<const int> ends, int n, std::vector<Row>& rows) {
        if (n == 0) return;
        forbidden_.clear();
        begins_.clear();
        for (const int end : ends) {
            begins_.push_back(forbidden_.size());
            path_.clear();
            for (int node = end; node >= 0; node = history.parent(node))
                path_.push_back(history.token(node));
            std::reverse(path_.begin(), path_.end());
            add_repeated(static_cast<std::size_t>(n) - 1);
        }
        begins_.push_back(forbidden_.size());
        for (std::size_t i = 0; i < rows.size(); ++i)
            rows[i].forbidden = {forbidden_.data() + begins_[i], begins_[i + 1] - begins_[i]};
    }

private:
    /// What has followed the last `context` tokens of the path before.
    void add_repeated(std::size_t context) {
        if (path_.size() < context) return;
        const auto last = path_.end() - static_cast<std::ptrdiff_t>(context);
        for (auto begin = path_.begin(); begin != last; ++begin)
            if (const int next = *(begin + static_cast<std::ptrdiff_t>(context));
                next != path_.front() && std::equal(last, path_.end(), begin))
                forbidden_.push_back(next);
    }

    std::vector<int> path_;
    std::vector<int> forbidden_;
    std::vector<std::size_t> begins_;
};

}  // namespace hat::decode
