// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/exponential.hpp>
#include <hat/integer/transformer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace hat::support {

/// A network of integers as one would write it down: whole sequences in vectors of 64 bits, no
/// caches, every prefix anew.
class IntegerReference {
public:
    using Numbers = std::vector<std::int64_t>;
    using Rows = std::vector<Numbers>;
    using Model = integer::Transformer<integer::Constants>;

    explicit IntegerReference(const Model& model) : model_(model) {}

    /// Logarithms of base 2, not normalised, of what may come behind a prefix.
    [[nodiscard]] Numbers logits(std::span<const int> source, std::span<const int> prefix) const {
        const Numbers last = decode(source, prefix).back();
        const auto [x, factor] = rounded(last);
        Numbers y;
        for (int o = 0; o < model_.vocab_size(); ++o)
            y.push_back(output(model_.output, x, factor, o));
        return y;
    }

private:
    static std::int64_t clamped(std::int64_t x, std::int64_t most) {
        return std::min(std::max(x, -most), most);
    }
    /// ⌊x · m / 2^s + ½⌋.
    static std::int64_t scaled(std::int64_t x, integer::Scale scale) {
        const double exact = static_cast<double>(x) * scale.mantissa;
        if (std::abs(exact) >= 9e15) std::abort();  // below it all integers are doubles
        return clamped(static_cast<std::int64_t>(std::floor(std::ldexp(exact, -scale.shift) + 0.5)),
                       2147483647);
    }
    struct Rounded {
        Numbers x;
        integer::Factor factor;
    };
    static Rounded rounded(const Numbers& x) {
        std::int64_t largest = 0;
        for (const auto v : x) largest = std::max(largest, std::abs(v));
        Numbers y;
        const std::int64_t inverse = largest == 0 ? 0 : 127 * 16777216 / largest;
        for (const auto v : x)
            y.push_back(static_cast<std::int64_t>(
                std::floor(static_cast<double>(v * inverse) / 16777216.0 + 0.5)));
        return {y, integer::Factor::of(static_cast<std::uint32_t>(largest))};
    }
    static std::int64_t output(const integer::Linear<integer::Constants>& layer, const Numbers& x,
                               integer::Factor factor, int o) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            sum += layer.weight(o, static_cast<int>(i)) * x[i];
        return scaled(sum, integer::Scale::from_word(layer.scales[o]) * factor);
    }
    static Numbers linear(const integer::Linear<integer::Constants>& layer, const Numbers& in) {
        const auto [x, factor] = rounded(in);
        Numbers y;
        for (int o = 0; o < layer.weight.rows(); ++o)
            y.push_back(clamped(output(layer, x, factor, o) + layer.bias[o], 32767));
        return y;
    }
    static Numbers of_8_bits(const Numbers& x) {
        Numbers y;
        for (const auto v : x)
            y.push_back(clamped(
                static_cast<std::int64_t>(std::floor(static_cast<double>(v) / 256 + 0.5)), 127));
        return y;
    }
    static Numbers norm(const integer::LayerNorm<integer::Constants>& layer, const Numbers& x) {
        const auto n = static_cast<std::int64_t>(x.size());
        std::int64_t sum = 0;
        for (const auto v : x) sum += v;
        const std::int64_t mean = sum * 64 / n;
        std::int64_t squares = 0;
        for (const auto v : x) squares += (v * 64 - mean) * (v * 64 - mean);
        const auto variance = static_cast<std::uint64_t>(squares / n + layer.epsilon[0]);
        const integer::Factor inverse = integer::inverse_square_root(variance);
        Numbers y;
        for (std::int64_t i = 0; i < n; ++i) {
            const int j = static_cast<int>(i);
            const auto d = x[static_cast<std::size_t>(i)] * 64 - mean;
            y.push_back(clamped(scaled(d, integer::Scale::from_word(layer.scales[j]) * inverse) +
                                    layer.bias[j],
                                32767));
        }
        return y;
    }
    static Numbers sum_of(const Numbers& a, const Numbers& b) {
        Numbers y;
        for (std::size_t i = 0; i < a.size(); ++i) y.push_back(a[i] + b[i]);
        return y;
    }

    static Numbers softmax(const Numbers& x) {
        const std::int64_t largest = *std::max_element(x.begin(), x.end());
        Numbers y;
        std::int64_t sum = 0;
        for (const auto v : x) {
            const auto power = integer::power(
                static_cast<std::int32_t>(std::max<std::int64_t>(v - largest, -4000000)));
            y.push_back((power + 2048) / 4096);
            sum += y.back();
        }
        int shift = 0;
        while (sum >> shift >= 65536) ++shift;
        const std::int64_t inverse = 2147483648 / (sum >> shift);
        for (auto& v : y) v = (v * inverse + (32768LL << shift)) / (65536LL << shift);
        return y;
    }
    /// Query i sees the first `seen(i)` rows of the memory.
    template <class Seen>
    static Rows attention(const integer::Attention<integer::Constants>& layer, const Rows& in,
                          const Rows& memory, const Seen& seen) {
        Rows keys;
        Rows values;
        for (const Numbers& x : memory) {
            keys.push_back(of_8_bits(linear(layer.key, x)));
            values.push_back(of_8_bits(linear(layer.value, x)));
        }
        Rows y;
        for (std::size_t i = 0; i < in.size(); ++i) {
            const Numbers query = linear(layer.query, in[i]);
            Numbers all(query.size());
            const std::size_t size = query.size() / static_cast<std::size_t>(layer.heads);
            for (std::size_t head = 0; head < static_cast<std::size_t>(layer.heads); ++head) {
                Numbers scores;
                for (std::size_t k = 0; k < seen(i); ++k) {
                    std::int64_t dot = 0;
                    for (std::size_t j = head * size; j < (head + 1) * size; ++j)
                        dot += query[j] * keys[k][j];
                    scores.push_back(scaled(
                        dot, integer::Scale::from_word(layer.scores[static_cast<int>(head)])));
                }
                const Numbers weights = softmax(scores);
                for (std::size_t j = head * size; j < (head + 1) * size; ++j) {
                    std::int64_t sum = 0;
                    for (std::size_t k = 0; k < weights.size(); ++k)
                        sum += weights[k] * values[k][j];
                    all[j] = clamped(
                        static_cast<std::int64_t>(std::floor(static_cast<double>(sum) / 128 + 0.5)),
                        32767);
                }
            }
            y.push_back(linear(layer.out_proj, all));
        }
        return y;
    }
    static Numbers feed_forward(const integer::FeedForward<integer::Constants>& layer,
                                const Numbers& x) {
        Numbers hidden = linear(layer.first, x);
        for (auto& v : hidden) {
            if (layer.activation.empty()) {
                v = std::max<std::int64_t>(v, 0);
            } else {
                const double at = static_cast<double>(v + 32768) / 256;
                const int point = static_cast<int>(at);
                const int step = layer.activation[point + 1] - layer.activation[point];
                v = layer.activation[point] +
                    static_cast<std::int64_t>(std::floor(step * (at - point) + 0.5));
            }
        }
        return linear(layer.second, hidden);
    }

    template <class Sublayer>
    void residual(const integer::LayerNorm<integer::Constants>& layer, Rows& x,
                  const Sublayer& sublayer) const {
        Rows in = x;
        if (model_.pre_norm)
            for (Numbers& row : in) row = norm(layer, row);
        const Rows branch = sublayer(in);
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = sum_of(x[i], branch[i]);
            if (!model_.pre_norm) x[i] = norm(layer, x[i]);
            for (auto& v : x[i]) v = clamped(v, 32767);
        }
    }
    template <class Layer>
    void feed(const Layer& layer, Rows& x) const {
        residual(layer.final_layer_norm, x, [&](const Rows& in) {
            Rows y;
            for (const Numbers& row : in) y.push_back(feed_forward(layer.feed_forward, row));
            return y;
        });
    }
    static Rows embed(const integer::Embedding<integer::Constants>& table,
                      std::span<const int> tokens, int dim) {
        Rows x;
        for (std::size_t t = 0; t < tokens.size(); ++t) {
            Numbers row;
            for (int j = 0; j < dim; ++j) {
                std::int64_t sum = scaled(table.words(tokens[t], j),
                                          integer::Scale::from_word(table.scales[tokens[t]]));
                if (!table.positions.empty())
                    sum += scaled(table.positions(static_cast<int>(t), j),
                                  integer::Scale::from_word(table.position_scale[0]));
                row.push_back(clamped(sum, 32767));
            }
            x.push_back(row);
        }
        return x;
    }

    /// The states of the layers, and the output last.
    [[nodiscard]] std::vector<Rows> encode(std::span<const int> source) const {
        std::vector<Rows> states;
        Rows x = embed(model_.source, source, model_.source_dim);
        for (const auto& layer : model_.encoder_layers) {
            residual(layer.self_attn_layer_norm, x, [&](const Rows& in) {
                return attention(layer.self_attn, in, in, [&](std::size_t) { return in.size(); });
            });
            feed(layer, x);
            states.push_back(x);
        }
        if (!model_.encoder_layer_norm.scales.empty())
            for (Numbers& row : x) row = norm(model_.encoder_layer_norm, row);
        states.push_back(x);
        return states;
    }
    [[nodiscard]] Rows decode(std::span<const int> source, std::span<const int> prefix) const {
        const std::vector<Rows> states = encode(source);
        const auto layers = static_cast<int>(model_.encoder_layers.size());
        Rows x = embed(model_.target, prefix, model_.target_dim);
        for (const auto& layer : model_.decoder_layers) {
            residual(layer.self_attn_layer_norm, x, [&](const Rows& in) {
                return attention(layer.self_attn, in, in, [](std::size_t i) { return i + 1; });
            });
            Rows memory = states.back();
            for (int k = 1; k < layer.attended_layers; ++k) {
                const int listed = layers + model_.identity_layers - 1 - k;
                const Rows& more = states[static_cast<std::size_t>(std::min(listed, layers - 1))];
                memory.insert(memory.end(), more.begin(), more.end());
            }
            residual(layer.encoder_attn_layer_norm, x, [&](const Rows& in) {
                return attention(layer.encoder_attn, in, memory,
                                 [&](std::size_t) { return memory.size(); });
            });
            feed(layer, x);
        }
        if (!model_.decoder_layer_norm.scales.empty())
            for (Numbers& row : x) row = norm(model_.decoder_layer_norm, row);
        return x;
    }

    const Model& model_;
};

}  // namespace hat::support
