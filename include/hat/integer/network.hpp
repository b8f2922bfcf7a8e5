// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/integer/attention.hpp>
#include <hat/integer/embedding.hpp>
#include <hat/integer/exponential.hpp>
#include <hat/integer/transformer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hat::integer {

/// The most that is asked for, which decides what memory is taken.
struct Limits {
    int source_tokens = 32;  ///< eos among them
    int target_tokens = 32;  ///< eos among them
    int beam = 1;            ///< widest; 1 is greedy
};

/// Tokens that all hypotheses may have together: their places in caches are numbers of 16 bits.
inline constexpr int most_places = 65536;
[[nodiscard]] constexpr bool has_places(const Limits& limits) noexcept {
    return std::int64_t{limits.beam} * limits.target_tokens <= most_places;
}

/// A token that may be next, and the logarithm of its probability: of base 2, with `log_bits`
/// behind the point.
struct Candidate {
    int token = -1;
    std::int32_t value = 0;
};

/// A hypothesis that goes on: the row of the step before that it continues, and with what.
struct Continuation {
    int parent = 0;
    int token = 0;
};

/// Which tokens may be next.
struct Allowed {
    int only = -1;  ///< if not negative, nothing else
    int forbidden[3]{-1, -1, -1};

    [[nodiscard]] constexpr bool operator()(int token) const noexcept {
        if (only >= 0) return token == only;
        const auto& [a, b, c] = forbidden;
        return token != a && token != b && token != c;
    }
};

namespace detail {

/// The largest sizes of a network.
template <class Weights>
struct Widths {
    int residual = 0;  ///< of both sides
    int query = 0;
    int product = 0;  ///< of what any product takes
    int cached = 0;   ///< of a position, in all layers of the decoder
    int memory = 0;   ///< of a source token, in all layers of the decoder
    int attended = 1;
    int ffn = 0;

    constexpr explicit Widths(const Transformer<Weights>& model) noexcept
        : residual(std::max(model.source_dim, model.target_dim)) {
        for (const auto& layer : model.encoder_layers) {
            add(layer.self_attn);
            add(layer.feed_forward);
        }
        for (const auto& layer : model.decoder_layers) {
            add(layer.self_attn);
            add(layer.encoder_attn);
            add(layer.feed_forward);
            cached += width(layer.self_attn.key.bias);
            memory += layer.attended_layers * width(layer.encoder_attn.key.bias);
            attended = std::max(attended, layer.attended_layers);
        }
        product = std::max({residual, query, ffn});
    }

private:
    static constexpr int width(const auto& vector) noexcept {
        if constexpr (requires { vector.cols; })
            return vector.cols;
        else
            return vector.size();
    }
    constexpr void add(const Attention<Weights>& layer) noexcept {
        query = std::max(query, width(layer.query.bias));
    }
    constexpr void add(const FeedForward<Weights>& layer) noexcept {
        ffn = std::max(ffn, width(layer.first.bias));
    }
};

}  // namespace detail

/// Reads a source and then, step by step, the targets that a search makes of it.
///
///     Network network(model, limits, arena);
///     network.start(source);
///     network.step(continuations, allowed, 10);   // the first has eos as its token
///     network.candidates(row)
class Network {
public:
    /// Takes `bytes(model, limits)` of `memory`. `model` must outlive it, where it is.
    /// Precondition: limits are 1 or more, and `has_places(limits)`.
    Network(const Transformer<Constants>& model, const Limits& limits, Arena& memory)
        : model_(&model), limits_(limits) {
        HAT_ASSERT(limits.source_tokens >= 1 && limits.target_tokens >= 1 && limits.beam >= 1);
        HAT_ASSERT(has_places(limits));
        const Counts n(detail::Widths<Constants>(model), limits);
        for_each_buffer(n, [&]<class T>(T* Network::*buffer, std::ptrdiff_t count) {
            this->*buffer = memory.allocate<T>(count);
        });
    }

    /// Bytes of memory that the constructor takes.
    template <class Weights>
    [[nodiscard]] static constexpr std::size_t bytes(const Transformer<Weights>& model,
                                                     const Limits& limits) noexcept {
        std::size_t sum = 0;
        for_each_buffer(Counts(detail::Widths<Weights>(model), limits),
                        [&]<class T>(T* Network::* /*buffer*/, std::ptrdiff_t count) {
                            sum += Arena::bytes_of<T>(count);
                        });
        return sum;
    }

    /// Reads a source. Precondition: it has 1 … `limits.source_tokens` tokens of the vocabulary, no
    /// more than the table of positions has rows, if there is one.
    void start(std::span<const int> source) noexcept {
        HAT_ASSERT(!source.empty() && std::ssize(source) <= limits_.source_tokens);
        HAT_ASSERT(has_position(model_->source, static_cast<int>(source.size()) - 1));
        source_length_ = static_cast<int>(source.size());
        position_ = 0;
        const auto& layers = model_->encoder_layers;
        const int dim = model_->source_dim;
        for (int i = 0; i < source_length_; ++i)
            look_up(model_->source, source[static_cast<std::size_t>(i)], i, dim, x_ + i * dim);
        const int count = static_cast<int>(layers.size());
        for (int i = 0; i < count; ++i) {
            encode(layers[static_cast<std::size_t>(i)]);
            // The output behind the final norm is the first of what is attended to.
            for (int k = 1; k < max_attended_layers; ++k)
                if (std::min(count + model_->identity_layers - 1 - k, count - 1) == i) remember(k);
        }
        if (!model_->encoder_layer_norm.scales.empty())
            for (int i = 0; i < source_length_; ++i)
                forward(model_->encoder_layer_norm, x_ + i * dim, nullptr, x_ + i * dim);
        remember(0);
    }

    /// Reads one more token of every row and finds the `count` best of those that may be next.
    /// Precondition: 1 … `limits.beam` rows; `count` is 1 to twice as much; no more than
    /// `limits.target_tokens` steps, and rows of the table of positions, since the last `start`.
    void step(std::span<const Continuation> rows, const Allowed& allowed, int count) noexcept {
        HAT_ASSERT(!rows.empty() && std::ssize(rows) <= limits_.beam);
        HAT_ASSERT(count >= 1 && count <= 2 * limits_.beam);
        HAT_ASSERT(position_ < limits_.target_tokens && has_position(model_->target, position_));
        const int beam = limits_.beam;
        const int dim = model_->target_dim;
        const int row_count = static_cast<int>(rows.size());
        std::swap(places_, old_places_);
        for (int i = 0; i < row_count; ++i) {
            const Continuation& row = rows[static_cast<std::size_t>(i)];
            std::uint16_t* const own = places_ + i * limits_.target_tokens;
            std::copy_n(old_places_ + row.parent * limits_.target_tokens, position_, own);
            own[position_] = static_cast<std::uint16_t>(position_ * beam + i);
            decode(row.token, own, x_);
            rows_[i] = quantise_row(x_, dim, last_ + i * dim);
        }
        ++position_;
        choose(row_count, allowed, count);
    }

    /// The best tokens behind row `row` of the last step, best first. Of equal ones the smaller
    /// token is the better.
    [[nodiscard]] std::span<const Candidate> candidates(int row) const noexcept {
        return {candidates_ + std::ptrdiff_t{row} * count_, static_cast<std::size_t>(count_)};
    }
    /// Where there are fewer tokens, the last candidates have this token.
    static constexpr int no_token = -1;

private:
    /// How much there is of everything.
    struct Counts {
        std::ptrdiff_t x, wide, attended, branch, product, last, scores, own, memory, rows, places,
            candidates;

        template <class Weights>
        constexpr Counts(const detail::Widths<Weights>& of, const Limits& limits) noexcept
            : x(std::ptrdiff_t{limits.source_tokens} * of.residual),
              wide(std::max(of.query, of.ffn)), attended(of.query), branch(of.residual),
              product(of.product), last(std::ptrdiff_t{limits.beam} * of.residual),
              scores(std::max(of.attended * limits.source_tokens, limits.target_tokens)),
              own(std::max(std::ptrdiff_t{2} * limits.source_tokens * of.query,
                           std::ptrdiff_t{2} * limits.target_tokens * limits.beam * of.cached)),
              memory(std::ptrdiff_t{2} * limits.source_tokens * of.memory), rows(limits.beam),
              places(std::ptrdiff_t{limits.beam} * limits.target_tokens),
              candidates(std::ptrdiff_t{2} * limits.beam * limits.beam) {}
    };

    /// All memory: `f(buffer, count)` of each buffer, in the order in which they lie.
    static constexpr void for_each_buffer(const Counts& n, const auto& f) {
        f(&Network::x_, n.x);
        f(&Network::wide_, n.wide);
        f(&Network::attended_, n.attended);
        f(&Network::branch_, n.branch);
        f(&Network::product_, n.product);
        f(&Network::last_, n.last);
        f(&Network::scores_, n.scores);
        f(&Network::own_, n.own);
        f(&Network::memory_, n.memory);
        f(&Network::rows_, n.rows);
        f(&Network::sums_, n.rows);
        f(&Network::places_, n.places);
        f(&Network::old_places_, n.places);
        f(&Network::candidates_, n.candidates);
    }

    [[nodiscard]] static bool has_position(const Embedding<Constants>& embedding,
                                           int position) noexcept {
        return embedding.positions.empty() || position < embedding.positions.rows();
    }

    [[nodiscard]] Row quantised(const std::int16_t* x, int size) const noexcept {
        return quantise_row(x, size, product_);
    }

    /// x ← norm(x + f(x)), or x + f(norm(x)); `f(in)` writes to `branch_`.
    template <class F>
    void residual(const LayerNorm<Constants>& norm, std::int16_t* x, const F& f) noexcept {
        if (!model_->pre_norm) {
            f(x);
            return forward(norm, x, branch_, x);
        }
        forward(norm, x, nullptr, branch_);
        f(branch_);
        for (int i = 0; i < norm.scales.size(); ++i)
            x[i] = saturate<std::int16_t>(std::int64_t{x[i]} + branch_[i]);
    }
    void feed_forward(const FeedForward<Constants>& layer, const std::int16_t* x) noexcept {
        forward(layer.first, quantised(x, layer.first.weight.cols()), wide_);
        const int ffn = layer.second.weight.cols();
        activate(layer, wide_, ffn);
        forward(layer.second, quantised(wide_, ffn), branch_);
    }
    void attend(const Attention<Constants>& layer, const std::int16_t* query,
                const CachedRows& keys, const CachedRows& values) noexcept {
        integer::attend(layer.heads, layer.scores, query, keys, values, scores_, attended_);
        forward(layer.out_proj, quantised(attended_, keys.width), branch_);
    }

    void encode(const EncoderLayer<Constants>& layer) noexcept {
        const auto& attention = layer.self_attn;
        const int dim = model_->source_dim;
        const int width = attention.query.weight.rows();
        std::int8_t* const values = own_ + std::ptrdiff_t{source_length_} * width;
        for (int i = 0; i < source_length_; ++i) {
            const Row x = attention_input(layer.self_attn_layer_norm, x_ + i * dim, dim);
            forward(attention.key, x, own_ + i * width, cache_shift);
            forward(attention.value, x, values + i * width, cache_shift);
        }
        const CachedRows all_keys{own_, width, nullptr, source_length_};
        const CachedRows all_values{values, width, nullptr, source_length_};
        for (int i = 0; i < source_length_; ++i) {
            std::int16_t* const x = x_ + i * dim;
            residual(layer.self_attn_layer_norm, x, [&](const std::int16_t* in) {
                forward(attention.query, quantised(in, dim), wide_);
                attend(attention, wide_, all_keys, all_values);
            });
            residual(layer.final_layer_norm, x,
                     [&](const std::int16_t* in) { feed_forward(layer.feed_forward, in); });
        }
    }
    /// What keys and values of self-attention are made of.
    Row attention_input(const LayerNorm<Constants>& norm, const std::int16_t* x, int dim) noexcept {
        if (!model_->pre_norm) return quantised(x, dim);
        forward(norm, x, nullptr, branch_);
        return quantised(branch_, dim);
    }

    /// Keys, and behind them values, of the `k`-th last layer for all layers of the decoder that
    /// attend to it.
    void remember(int k) noexcept {
        const int dim = model_->source_dim;
        for (int i = 0; i < source_length_; ++i) {
            const Row x = quantised(x_ + i * dim, dim);
            std::int8_t* place = memory_;
            for (const auto& layer : model_->decoder_layers) {
                const auto& attention = layer.encoder_attn;
                const int width = attention.key.weight.rows();
                const std::ptrdiff_t half =
                    std::ptrdiff_t{layer.attended_layers} * source_length_ * width;
                if (k < layer.attended_layers) {
                    const std::ptrdiff_t row = std::ptrdiff_t{k * source_length_ + i} * width;
                    forward(attention.key, x, place + row, cache_shift);
                    forward(attention.value, x, place + half + row, cache_shift);
                }
                place += 2 * half;
            }
        }
    }

    /// Runs the decoder for one token of a hypothesis.
    void decode(int token, const std::uint16_t* places, std::int16_t* x) noexcept {
        const int dim = model_->target_dim;
        look_up(model_->target, token, position_, dim, x);
        std::int8_t* own = own_;
        const std::int8_t* memory = memory_;
        for (const auto& layer : model_->decoder_layers) {
            own = attend_to_self(layer, places, x, own);
            memory = attend_to_source(layer, x, memory);
            residual(layer.final_layer_norm, x,
                     [&](const std::int16_t* in) { feed_forward(layer.feed_forward, in); });
        }
        if (!model_->decoder_layer_norm.scales.empty())
            forward(model_->decoder_layer_norm, x, nullptr, x);
    }
    /// Returns where the cache of the next layer begins.
    std::int8_t* attend_to_self(const DecoderLayer<Constants>& layer, const std::uint16_t* places,
                                std::int16_t* x, std::int8_t* own) noexcept {
        const auto& attention = layer.self_attn;
        const int width = attention.query.weight.rows();
        const std::ptrdiff_t half = std::ptrdiff_t{limits_.target_tokens} * limits_.beam * width;
        residual(layer.self_attn_layer_norm, x, [&](const std::int16_t* in) {
            const Row row = quantised(in, model_->target_dim);
            const std::ptrdiff_t place = std::ptrdiff_t{places[position_]} * width;
            forward(attention.key, row, own + place, cache_shift);
            forward(attention.value, row, own + half + place, cache_shift);
            forward(attention.query, row, wide_);
            attend(attention, wide_, {own, width, places, position_ + 1},
                   {own + half, width, places, position_ + 1});
        });
        return own + 2 * half;
    }
    /// Returns where the memory of the next layer begins.
    const std::int8_t* attend_to_source(const DecoderLayer<Constants>& layer, std::int16_t* x,
                                        const std::int8_t* memory) noexcept {
        const auto& attention = layer.encoder_attn;
        const int width = attention.query.weight.rows();
        const int count = layer.attended_layers * source_length_;
        const std::ptrdiff_t half = std::ptrdiff_t{count} * width;
        residual(layer.encoder_attn_layer_norm, x, [&](const std::int16_t* in) {
            forward(attention.query, quantised(in, model_->target_dim), wide_);
            attend(attention, wide_, {memory, width, nullptr, count},
                   {memory + half, width, nullptr, count});
        });
        return memory + 2 * half;
    }

    /// Finds the best tokens of all rows in one pass over the weights of the output.
    void choose(int row_count, const Allowed& allowed, int count) noexcept {
        count_ = count;
        std::fill_n(sums_, row_count, LogSum{});
        std::fill_n(candidates_, std::ptrdiff_t{row_count} * count, Candidate{});
        for (int token = 0; token < model_->vocab_size(); ++token) {
            const bool may_be = allowed(token);
            for (int i = 0; i < row_count; ++i) {
                const std::int32_t value = output_of(model_->output, rows_[i], token);
                sums_[i].add(value);
                if (may_be) keep({token, value}, candidates_ + std::ptrdiff_t{i} * count);
            }
        }
        for (int i = 0; i < row_count; ++i) {
            const std::int32_t sum = sums_[i].value();
            for (int k = 0; k < count; ++k) {
                std::int32_t& value = candidates_[std::ptrdiff_t{i} * count + k].value;
                value = saturate<std::int32_t>(std::int64_t{value} - sum);
            }
        }
    }
    void keep(const Candidate& candidate, Candidate* best) const noexcept {
        const auto is_better = [&](const Candidate& other) {
            return other.token == no_token || candidate.value > other.value;
        };
        int place = count_;
        if (!is_better(best[place - 1])) return;
        for (--place; place > 0 && is_better(best[place - 1]); --place)
            best[place] = best[place - 1];
        best[place] = candidate;
    }

    const Transformer<Constants>* model_;
    Limits limits_;
    int source_length_ = 0;
    int position_ = 0;
    int count_ = 0;
    std::int16_t* x_ = nullptr;         ///< [source tokens][dim], or one row of the decoder
    std::int16_t* wide_ = nullptr;      ///< queries, or what is inside a feed-forward layer
    std::int16_t* attended_ = nullptr;  ///< what attention makes
    std::int16_t* branch_ = nullptr;    ///< what a sublayer adds
    std::int16_t* product_ = nullptr;   ///< what a product takes
    std::int16_t* last_ = nullptr;      ///< what the output takes, of all rows
    std::int32_t* scores_ = nullptr;
    std::int8_t* own_ = nullptr;     ///< keys and values of the encoder's layer, or the decoder's
    std::int8_t* memory_ = nullptr;  ///< those of the source, for all layers of the decoder
    Row* rows_ = nullptr;
    LogSum* sums_ = nullptr;
    std::uint16_t* places_ = nullptr;  ///< [row][position], in the caches
    std::uint16_t* old_places_ = nullptr;
    Candidate* candidates_ = nullptr;
};

}  // namespace hat::integer
