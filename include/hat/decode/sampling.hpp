// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/kernels/softmax.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

/// Text drawn at random from a language model.
namespace hat::decode {

/// How tokens are drawn.
struct SamplingOptions {
    float temperature = 1.0F;  ///< that logits are divided by; below 1, likely tokens are likelier
    int top_k = 0;             ///< only the so many likeliest tokens; 0: all
    float top_p = 1.0F;        ///< only the likeliest that have this probability together
    std::uint64_t seed = 1;    ///< of all draws; who is given keys has no need of it
};

/// How a prompt is continued.
struct TextSamplerOptions {
    int tokens = 100;            ///< of each text, at most, behind its prompt
    bool stop_at_eos = false;    ///< whether a text ends with the first end of sentence
    bool unk = true;             ///< whether unk may be drawn
    SamplingOptions sampling{};  ///< temperature, top-k, top-p and seed
};

/// Throws  `Error` naming the first option that is out of range.
inline void validate(const SamplingOptions& options) {
    const auto require = [](bool holds, const char* name, auto value, const char* expected) {
        if (!holds) fail("sampling: ", name, " = ", value, ", expected ", expected);
    };
    // Beyond it, scores need not be finite.
    require(options.temperature >= 1e-6F && options.temperature <= 1e6F, "temperature",
            options.temperature, "10^-6 to 10^6");
    require(options.top_k >= 0, "top k", options.top_k, "0 (all) or more");
    require(options.top_p > 0 && options.top_p <= 1, "top p", options.top_p,
            "more than 0 and at most 1");
}
/// Throws  `Error` naming the first option that is out of range.
inline void validate(const TextSamplerOptions& options) {
    if (options.tokens < 1) fail("sampling: tokens = ", options.tokens, ", expected 1 or more");
    validate(options.sampling);
}

/// Draws tokens from logits: softmax of logits / temperature, cut to the `top_k` likeliest tokens,
/// and of these to the fewest that have `top_p` of the probability (nucleus sampling,
/// arXiv:1904.09751). Of equally likely tokens the smaller one is first.
///
/// An object keeps its memory.
class TokenSampler {
public:
    /// `uniform`, a number in [0, 1), decides. Tokens whose logit is −∞ or not a number are never
    /// drawn.
    ///
    /// Throws  `Error` if there are no others
    [[nodiscard]] int draw(std::span<const float> logits, const SamplingOptions& options,
                           double uniform) {
        choose(logits, options);
        const auto n = chosen_.size();
        probabilities_.resize(n);
        float largest = -std::numeric_limits<float>::infinity();
        for (std::size_t i = 0; i < n; ++i) {
            probabilities_[i] = logits[static_cast<std::size_t>(chosen_[i])];
            largest = std::max(largest, probabilities_[i]);
        }
        if (n == 0) fail("sampling: no next token has a finite score");
        const float scale = 1.0F / options.temperature;
        for (float& x : probabilities_) x -= largest;
        kernels::row_exp(probabilities_.data(), static_cast<int>(n), scale, 0.0F,
                         probabilities_.data());
        const double all = std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0, add);
        std::size_t count = n;
        double total = all;
        if (options.top_p < 1) {
            total = 0;
            for (count = 0; count < n && total < static_cast<double>(options.top_p) * all;) {
                total = add(total, probabilities_[count++]);
            }
        }
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            sum = add(sum, probabilities_[i]);
            if (sum > uniform * total) return chosen_[i];
        }
        return chosen_[count - 1];
    }

private:
    static double add(double sum, float x) noexcept { return sum + static_cast<double>(x); }

    /// The tokens that may be drawn; the likeliest first where that matters.
    void choose(std::span<const float> logits, const SamplingOptions& options) {
        chosen_.clear();
        for (std::size_t i = 0; i < logits.size(); ++i) {
            if (std::isfinite(logits[i])) chosen_.push_back(static_cast<int>(i));
        }
        const auto is_likelier = [&](int a, int b) {
            const float x = logits[static_cast<std::size_t>(a)];
            const float y = logits[static_cast<std::size_t>(b)];
            return x != y ? x > y : a < b;
        };
        const auto top_k = static_cast<std::size_t>(options.top_k);
        if (top_k > 0 && top_k < chosen_.size()) {
            std::nth_element(chosen_.begin(), chosen_.begin() + options.top_k, chosen_.end(),
                             is_likelier);
            chosen_.resize(top_k);
        }
        if (top_k > 0 || options.top_p < 1) {
            std::sort(chosen_.begin(), chosen_.end(), is_likelier);
        }
    }

    std::vector<int> chosen_;
    std::vector<float> probabilities_;
};

/// What sampling needs of a language model: `logits` of all tokens behind each row.
template <class Model>
concept LogitModel = requires(Model& model, const Model& constant, const Sources& sources,
                              std::span<const int> max_lengths, std::span<const Row> rows) {
    { constant.vocab_size() } -> std::same_as<int>;
    { constant.max_length() } -> std::same_as<int>;
    model.start(sources, 1, max_lengths);
    { model.logits(rows) } -> std::convertible_to<Matrix>;
};

/// Continues prompts at random. What is drawn for a prompt follows from the seed and its number
/// alone: it is the same in any batch.
///
///     hat::decode::CachedTransformer model(packed);
///     hat::decode::TextSampler sampler;
///     const auto texts =
///         sampler.run(model, prompts, special, {.tokens = 50, .sampling = {.top_p = 0.9F}});
class TextSampler {
public:
    /// The tokens drawn for each prompt; the model reads eos in front of a prompt, which may be
    /// empty. pad and bos are never drawn.
    ///
    /// Throws  `Error` if an option is out of range, a prompt and what is to follow it have more
    ///         tokens than the model has positions for, a token is not in its vocabulary, or the
    ///         model's output is not a number
    template <LogitModel Model>
    [[nodiscard]] std::vector<std::vector<int>>
    run(Model& model, std::span<const std::vector<int>> prompts, const SpecialTokens& special,
        const TextSamplerOptions& options) {
        validate(options);
        const auto sentences = prompts.size();
        check_token_ids(std::span(&special.eos, 1), model.vocab_size(), "sampling: a prompt");
        std::vector<std::vector<int>> results(sentences);
        std::vector<int> lengths;
        std::vector<Row> rows;
        for (std::size_t s = 0; s < sentences; ++s) {
            const std::size_t length = prompts[s].size() + static_cast<std::size_t>(options.tokens);
            if (length > static_cast<std::size_t>(model.max_length()))
                fail("sampling: a prompt of ", prompts[s].size(), " tokens and ", options.tokens,
                     " more, expected at most ", model.max_length(),
                     " in all, as the model has positions for");
            check_token_ids(prompts[s], model.vocab_size(), "sampling: a prompt");
            lengths.push_back(static_cast<int>(length));
            rows.push_back({.sentence = static_cast<int>(s),
                            .parent = static_cast<int>(s),
                            .token = special.eos});
        }
        const std::vector<int> no_sources(sentences + 1);
        model.start({{}, Ragged(no_sources.data(), static_cast<int>(sentences))}, 1, lengths);
        const RandomKey key(options.sampling.seed);
        for (std::size_t step = 0; !rows.empty(); ++step) {
            const Matrix logits = model.logits(rows);
            std::size_t live = 0;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const auto s = static_cast<std::size_t>(rows[i].sentence);
                Row next{.sentence = rows[i].sentence, .parent = static_cast<int>(i), .token = 0};
                if (step < prompts[s].size()) {
                    next.token = prompts[s][step];
                } else {
                    Random random(key.split(s).split(step));
                    next.token = draw(logits.row(static_cast<int>(i)), special, options, random);
                    results[s].push_back(next.token);
                    if (std::ssize(results[s]) == options.tokens) continue;
                    if (options.stop_at_eos && next.token == special.eos) continue;
                }
                rows[live++] = next;
            }
            rows.resize(live);
        }
        return results;
    }

private:
    int draw(Vector logits, const SpecialTokens& special, const TextSamplerOptions& options,
             Random& random) {
        const auto forbid = [&](int token) {
            if (token >= 0 && token < logits.size())
                logits[token] = -std::numeric_limits<float>::infinity();
        };
        forbid(special.pad);
        forbid(special.bos);
        if (!options.unk) forbid(special.unk);
        return sampler_.draw({logits.data(), static_cast<std::size_t>(logits.size())},
                             options.sampling, random.uniform());
    }

    TokenSampler sampler_;
};

}  // namespace hat::decode
