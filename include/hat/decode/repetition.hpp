// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/step_model.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace hat::decode {

/// Forbids every row the tokens with which it would say an n-gram for the second time; what all
/// targets begin with counts as their first token. That also ends them, and is never forbidden.
class RepetitionRule {
public:
    /// Prepares for n-grams of `n` tokens, any if that is 0, and for `rows` targets of at most
    /// `positions` tokens, in `bytes(n, rows, positions)` of `memory`.
    void start(int n, std::size_t rows, std::size_t positions, Arena& memory) {
        n_ = n;
        if (n == 0) return;
        path_ = {positions + 1, memory};
        forbidden_ = {rows * positions, memory};
        begins_ = {rows + 1, memory};
    }

    /// Bytes that `start` takes.
    [[nodiscard]] static constexpr std::size_t bytes(int n, std::size_t rows,
                                                     std::size_t positions) noexcept {
        if (n == 0) return 0;
        return Arena::bytes_of<int>(static_cast<std::ptrdiff_t>(positions + 1)) +
               Arena::bytes_of<int>(static_cast<std::ptrdiff_t>(rows * positions)) +
               Arena::bytes_of<std::size_t>(static_cast<std::ptrdiff_t>(rows + 1));
    }

    /// `ends` are the nodes of `rows` in the histories of their sentences, `history_of(sentence)`.
    /// What rows forbid is valid until the next call.
    void apply(std::span<Row> rows, std::span<const int> ends, const auto& history_of) noexcept {
        if (n_ == 0) return;
        forbidden_.clear();
        begins_.clear();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const History& history = history_of(rows[i].sentence);
            begins_.push_back(forbidden_.size());
            path_.clear();
            for (int node = ends[i]; node >= 0; node = history.parent(node))
                path_.push_back(history.token(node));
            std::reverse(path_.begin(), path_.end());
            add_repeated(static_cast<std::size_t>(n_) - 1);
        }
        begins_.push_back(forbidden_.size());
        for (std::size_t i = 0; i < rows.size(); ++i)
            rows[i].forbidden = {forbidden_.data() + begins_[i], begins_[i + 1] - begins_[i]};
    }

private:
    /// What has followed the last `context` tokens of the path before.
    void add_repeated(std::size_t context) noexcept {
        if (path_.size() < context) return;
        const int* const last = path_.end() - context;
        for (const int* begin = path_.begin(); begin != last; ++begin)
            if (const int next = begin[context];
                next != path_.front() &&
                std::equal(last, static_cast<const int*>(path_.end()), begin))
                forbidden_.push_back(next);
    }

    int n_ = 0;
    BoundedVector<int> path_;
    BoundedVector<int> forbidden_;
    BoundedVector<std::size_t> begins_;
};

}  // namespace hat::decode
