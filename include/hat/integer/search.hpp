// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/integer/exponential.hpp>
#include <hat/integer/network.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hat::integer {

/// How a search goes.
struct SearchOptions {
    int beam = 5;           ///< hypotheses; 1 is greedy
    int max_length = 31;    ///< tokens before eos, at most
    int min_length = 1;     ///< and at least
    bool unk = true;        ///< whether unk may be chosen
    bool normalize = true;  ///< scores are divided by length^length_penalty
    /// With `log_bits` behind the point.
    std::int32_t length_penalty = 1 << log_bits;
};

/// A finished target. Its score is a logarithm of base 2 with `log_bits` behind the point, that of
/// its probability, divided by length^length_penalty if so wished.
struct Hypothesis {
    std::span<const int> tokens;         ///< eos at the end
    std::span<const std::int32_t> sums;  ///< of the logarithms, up to each token
    std::int32_t score = 0;
};

/// sum / length^penalty.
[[nodiscard]] constexpr std::int32_t final_score(std::int32_t sum, int length,
                                                 const SearchOptions& options) noexcept {
    if (!options.normalize) return sum;
    const std::int64_t log =
        std::int64_t{logarithm(static_cast<std::uint64_t>(length))} * options.length_penalty;
    const auto less = saturate<std::int32_t>(round_shift(log, log_bits));
    // A negative penalty multiplies: 2^(−less) as a fraction and whole powers.
    const std::int32_t whole = (-less) >> log_bits;
    const auto fraction = static_cast<std::uint32_t>(-less) & ((1U << log_bits) - 1);
    const std::int64_t product = std::int64_t{sum} * power_of_fraction(fraction);
    const int shift = power_bits - whole;
    return saturate<std::int32_t>(shift >= 0 ? round_shift(product, shift) : product);
}

/// Beam search as `decode::BeamSearch` does it, over a `Network`: a search ends when it has as many
/// finished hypotheses as the beam is wide.
class Search {
public:
    /// Takes `bytes(limits)` of `memory`.
    Search(const Limits& limits, Arena& memory) {
        for_each_buffer(Counts(limits), [&]<class T>(T* Search::*buffer, std::ptrdiff_t count) {
            this->*buffer = memory.allocate<T>(count);
        });
    }

    /// Bytes of memory that the constructor takes.
    [[nodiscard]] static constexpr std::size_t bytes(const Limits& limits) noexcept;

    /// The hypotheses of what `network` has read, best first; valid until the next search.
    /// Precondition: options.beam is at most limits.beam and vocab_size − 1, options.max_length
    /// less than limits.target_tokens.
    std::span<const Hypothesis> run(Network& network, const SpecialTokens& special,
                                    const SearchOptions& options) noexcept {
        begin(special, options);
        while (!is_done()) advance(network);
        return ranked();
    }

    /// The same a step at a time: `begin`, `advance` until the search `is_done`, and `ranked`,
    /// once.
    void begin(const SpecialTokens& special, const SearchOptions& options) noexcept {
        special_ = special;
        options_ = options;
        node_count_ = finished_count_ = length_ = 0;
        row_count_ = 1;
        rows_[0] = {0, special.eos};
        ends_[0] = add({-1, special.eos, 0});
    }
    [[nodiscard]] bool is_done() const noexcept { return row_count_ == 0; }
    void advance(Network& network) noexcept {
        network.step({rows_, static_cast<std::size_t>(row_count_)}, allowed(), 2 * options_.beam);
        ++length_;
        extend(network);
    }
    [[nodiscard]] std::span<const Hypothesis> ranked() noexcept {
        for (int i = 1; i < finished_count_; ++i)
            for (int k = i; k > 0 && finished_[k].score > finished_[k - 1].score; --k)
                std::swap(finished_[k], finished_[k - 1]);
        std::size_t first = 0;
        for (int i = 0; i < finished_count_; ++i) {
            std::size_t length = 0;
            for (int node = finished_[i].end; nodes_[node].parent >= 0; node = nodes_[node].parent)
                ++length;
            std::size_t at = first + length;
            for (int node = finished_[i].end; nodes_[node].parent >= 0;
                 node = nodes_[node].parent) {
                tokens_[--at] = nodes_[node].token;
                sums_[at] = nodes_[node].score;
            }
            results_[i] = {{tokens_ + first, length}, {sums_ + first, length}, finished_[i].score};
            first += length;
        }
        return {results_, static_cast<std::size_t>(finished_count_)};
    }

private:
    struct Node {
        int parent;
        int token;
        std::int32_t score;
    };
    struct Finished {
        int end;
        std::int32_t score;
    };
    struct Counts {
        std::ptrdiff_t nodes, rows, tokens;

        constexpr explicit Counts(const Limits& limits) noexcept
            // A root, and in every step what lives on and what ends.
            : nodes(1 + std::ptrdiff_t{2} * limits.beam * limits.target_tokens), rows(limits.beam),
              tokens(std::ptrdiff_t{limits.beam} * limits.target_tokens) {}
    };

    /// All memory: `f(buffer, count)` of each buffer, in the order in which they lie.
    static constexpr void for_each_buffer(const Counts& n, const auto& f) {
        f(&Search::nodes_, n.nodes);
        f(&Search::rows_, n.rows);
        f(&Search::ends_, n.rows);
        f(&Search::next_rows_, n.rows);
        f(&Search::next_ends_, n.rows);
        f(&Search::finished_, n.rows);
        f(&Search::heads_, n.rows);
        f(&Search::tokens_, n.tokens);
        f(&Search::sums_, n.tokens);
        f(&Search::results_, n.rows);
    }

    [[nodiscard]] Allowed allowed() const noexcept {
        Allowed rules;
        if (length_ >= options_.max_length) rules.only = special_.eos;
        rules.forbidden[0] = special_.pad;
        if (length_ < options_.min_length) rules.forbidden[1] = special_.eos;
        if (!options_.unk) rules.forbidden[2] = special_.unk;
        return rules;
    }

    int add(const Node& node) noexcept {
        nodes_[node_count_] = node;
        return node_count_++;
    }

    /// Goes on with the best candidates of all rows.
    void extend(const Network& network) noexcept {
        int next_count = 0;
        std::fill_n(heads_, row_count_, 0);
        for (int position = 0; position < 2 * options_.beam; ++position) {
            const Best best = take_best(network);
            if (best.row < 0) break;
            const Node node{ends_[best.row], best.token, best.score};
            if (best.token == special_.eos) {
                if (position < options_.beam && finished_count_ < options_.beam)
                    finished_[finished_count_++] = {add(node),
                                                    final_score(best.score, length_, options_)};
            } else if (next_count < options_.beam) {
                next_rows_[next_count] = {best.row, best.token};
                next_ends_[next_count++] = add(node);
            }
        }
        row_count_ = finished_count_ == options_.beam ? 0 : next_count;
        std::swap(rows_, next_rows_);
        std::swap(ends_, next_ends_);
    }

    struct Best {
        int row = -1;
        int token = -1;
        std::int32_t score = 0;
    };
    /// The best candidate that is left: each row's come best first. Of equals the earlier row's.
    Best take_best(const Network& network) noexcept {
        Best best;
        for (int row = 0; row < row_count_; ++row) {
            const auto of_row = network.candidates(row);
            const auto head = static_cast<std::size_t>(heads_[row]);
            if (head == of_row.size() || of_row[head].token == Network::no_token) continue;
            const auto score =
                saturate<std::int32_t>(std::int64_t{nodes_[ends_[row]].score} + of_row[head].value);
            if (best.row < 0 || score > best.score) best = {row, of_row[head].token, score};
        }
        if (best.row >= 0) ++heads_[best.row];
        return best;
    }

    int node_count_ = 0;
    int row_count_ = 0;
    int finished_count_ = 0;
    int length_ = 0;  ///< of the hypotheses that go on
    SpecialTokens special_{};
    SearchOptions options_{};
    Node* nodes_ = nullptr;
    Continuation* rows_ = nullptr;
    int* ends_ = nullptr;
    Continuation* next_rows_ = nullptr;
    int* next_ends_ = nullptr;
    Finished* finished_ = nullptr;
    int* heads_ = nullptr;
    int* tokens_ = nullptr;
    std::int32_t* sums_ = nullptr;
    Hypothesis* results_ = nullptr;
};

// Here, as Clang 14 makes no constant of what calls a template that stands behind it in the class.
constexpr std::size_t Search::bytes(const Limits& limits) noexcept {
    std::size_t sum = 0;
    for_each_buffer(Counts(limits), [&]<class T>(T* Search::* /*buffer*/, std::ptrdiff_t count) {
        sum += Arena::bytes_of<T>(count);
    });
    return sum;
}

}  // namespace hat::integer
