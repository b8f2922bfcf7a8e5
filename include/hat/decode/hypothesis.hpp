// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/core/error.hpp>
#include <hat/decode/step_model.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace hat::decode {

/// How a search goes. The ranges of penalties and temperature are those that leave scores finite.
struct SearchOptions {
    int beam = 5;                 ///< hypotheses per sentence; 1 is greedy
    bool normalize = true;        ///< scores are divided by length^length_penalty
    float length_penalty = 1.0F;  ///< −10 … 10
    /// A target may have ⌊max_length_a · source length + max_length_b⌋ tokens before its eos; the
    /// source length counts eos.
    float max_length_a = 0.0F;
    int max_length_b = 200;  ///< see `max_length_a`
    /// If not 0, the source length that the limits of all sentences are computed from: the
    /// reference takes the width of the padded batch.
    int padded_length = 0;
    int min_length = 1;        ///< tokens before eos, at least
    int no_repeat_ngram = 0;   ///< no n-gram of so many tokens twice in a target; 0: any
    bool unk = true;           ///< whether unk may be chosen
    float unk_penalty = 0.0F;  ///< that its score is lowered by; 0 … 10^9
    float temperature = 1.0F;  ///< that logits are divided by; 10^-6 … 10^6
    /// The beam is divided into so many groups, each of which searches for itself; at each step,
    /// one after the other, each avoids what those before it chose (arXiv:1610.02424, with their
    /// Hamming diversity): a token's log-probability counts as lower by `diversity` for each time.
    int groups = 1;
    float diversity = 0.5F;  ///< 0 … 10^9
    bool scores = true;      ///< greedy search: whether scores are wanted, which cost a softmax
};

/// Throws  `Error` naming the first option that is out of range.
inline void validate(const SearchOptions& options) {
    const auto require = [](bool holds, const char* name, auto value, const char* expected) {
        if (!holds) fail("search: ", name, " = ", value, ", expected ", expected);
    };
    require(options.beam >= 1 && options.beam <= 10'000, "beam", options.beam, "1 to 10000");
    require(std::abs(options.length_penalty) <= 10, "length penalty", options.length_penalty,
            "-10 to 10");
    require(options.max_length_a >= 0 && options.max_length_a <= 1e4F, "max length factor",
            options.max_length_a, "0 to 10000");
    require(options.max_length_b >= 0, "max length", options.max_length_b, "0 or more");
    require(options.padded_length >= 0, "padded length", options.padded_length, "0 or more");
    require(options.min_length >= 0, "min length", options.min_length, "0 or more");
    require(options.no_repeat_ngram >= 0, "no repeat n-gram", options.no_repeat_ngram,
            "0 (any) or more");
    require(options.unk_penalty >= 0 && options.unk_penalty <= 1e9F, "unk penalty",
            options.unk_penalty, "0 to 10^9");
    require(options.groups >= 1 && options.beam % options.groups == 0, "groups", options.groups,
            "1 or more, of equal shares of the beam");
    require(options.diversity >= 0 && options.diversity <= 1e9F, "diversity", options.diversity,
            "0 to 10^9");
    require(options.temperature >= 1e-6F && options.temperature <= 1e6F, "temperature",
            options.temperature, "10^-6 to 10^6");
}

/// What the logit of unk is lowered by.
[[nodiscard]] inline float effective_unk_penalty(const SearchOptions& options) noexcept {
    return options.unk ? options.unk_penalty : std::numeric_limits<float>::infinity();
}

/// Tokens that a target of this source may have before its eos, if the model has positions for
/// `positions` of them.
[[nodiscard]] inline int max_target_length(const SearchOptions& options, int source_length,
                                           int positions) noexcept {
    const int length = options.padded_length > 0 ? options.padded_length : source_length;
    const double limit = static_cast<double>(options.max_length_a) * length + options.max_length_b;
    return static_cast<int>(std::min(limit, positions - 1.0));
}

/// Whether a target ended because it was as long as it may be. It may have been at its end all the
/// same.
[[nodiscard]] inline bool is_cut(const SearchOptions& options, int source_length,
                                 std::span<const int> target, int positions) noexcept {
    return std::ssize(target) - 1 >= max_target_length(options, source_length, positions);
}

/// Positions that a search makes for the target of sentence `s`: its tokens, and eos in front.
[[nodiscard]] inline int target_positions(const SearchOptions& options, const Sources& sources,
                                          int s, int positions) noexcept {
    return 1 + max_target_length(options, sources.sentences.length(s), positions);
}

/// The most of any sentence; 0 without one.
[[nodiscard]] inline int most_target_positions(const SearchOptions& options, const Sources& sources,
                                               int positions) noexcept {
    int most = 0;
    for (int s = 0; s < sources.sentences.sentences(); ++s)
        most = std::max(most, target_positions(options, sources, s, positions));
    return most;
}

/// Which tokens may come at a step, by the limits of length.
[[nodiscard]] inline Allowed allowed(int step, int max_length, int min_length) noexcept {
    if (step >= max_length) return Allowed::only_eos;
    return step < min_length ? Allowed::no_eos : Allowed::any;
}

/// Ends a search at a sentence whose targets have `length` tokens and no next one. Names the rules
/// that may be why: eos may always be next but where a target is too short.
///
/// Throws  `Error`
[[noreturn]] HAT_COLD inline void fail_without_next(const char* search, int sentence, int length,
                                                    const SearchOptions& options) {
    constexpr const char* none = ": no next token has a finite score";
    const bool few_are_allowed = options.no_repeat_ngram > 0 || !options.unk;
    if (length >= options.min_length || !few_are_allowed)
        fail(search, ": sentence ", sentence, none);
    fail(search, ": sentence ", sentence, none, " of those that min length = ", options.min_length,
         options.unk ? " and " : ", ", "no repeat n-gram = ", options.no_repeat_ngram,
         options.unk ? "" : " and no unk", " allow");
}

/// A finished target: its tokens with eos at the end, the log-probability of each, and their sum,
/// divided by length^length_penalty if so wished. A search without scores leaves them empty and 0.
struct Hypothesis {
    std::vector<int> tokens;
    float score = 0;
    std::vector<float> positional_scores;

    friend bool operator==(const Hypothesis&, const Hypothesis&) = default;
};

/// The score of a finished hypothesis of `length` tokens, eos among them, from the sum of its
/// log-probabilities.
[[nodiscard]] inline float final_score(float sum, std::size_t length,
                                       const SearchOptions& options) noexcept {
    if (!options.normalize) return sum;
    return sum / static_cast<float>(std::pow(static_cast<double>(length),
                                             static_cast<double>(options.length_penalty)));
}

/// The hypotheses of one sentence, best first.
using Hypotheses = std::vector<Hypothesis>;

/// All partial targets of a sentence as one tree: a continuation is one more node, and nothing is
/// copied when hypotheses part.
class History {
public:
    /// Forgets all; makes room for `nodes` in `bytes(nodes)` of `memory`.
    void start(std::size_t nodes, Arena& memory) { nodes_ = {nodes, memory}; }
    /// Forgets all, and keeps the room.
    void clear() noexcept { nodes_.clear(); }

    /// Bytes that `start` takes.
    [[nodiscard]] static constexpr std::size_t bytes(std::size_t nodes) noexcept {
        return Arena::bytes_of<Node>(static_cast<std::ptrdiff_t>(nodes));
    }

    /// Continues `parent` (−1: nothing) with a token; `score` is the sum up to it.
    /// Precondition: there is room for one more node.
    int add(int parent, int token, float score) noexcept {
        nodes_.push_back({parent, token, score});
        return static_cast<int>(nodes_.size()) - 1;
    }

    /// What a node has: its cumulative score, its token, and the node before it.
    [[nodiscard]] float score(int node) const noexcept { return at(node).score; }
    [[nodiscard]] int token(int node) const noexcept { return at(node).token; }
    [[nodiscard]] int parent(int node) const noexcept { return at(node).parent; }

    /// Writes the path from the root, which is left out, to `node` into a `Hypothesis`, or whatever
    /// else has its members.
    void trace(int node, bool with_scores, auto& to) const {
        std::size_t length = 0;
        for (int i = node; at(i).parent >= 0; i = at(i).parent) ++length;
        to.tokens.resize(length);
        to.positional_scores.resize(with_scores ? length : 0);
        for (int i = node; at(i).parent >= 0; i = at(i).parent) {
            to.tokens[--length] = at(i).token;
            if (with_scores) to.positional_scores[length] = at(i).score - score(at(i).parent);
        }
    }

private:
    struct Node {
        int parent;
        int token;
        float score;
    };

    [[nodiscard]] const Node& at(int i) const noexcept {
        return nodes_[static_cast<std::size_t>(i)];
    }

    BoundedVector<Node> nodes_;
};

}  // namespace hat::decode
