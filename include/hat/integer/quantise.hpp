// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/position.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/ranges.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/kernels/layer_norm.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

/// Floats become integers: the only place where both are.
namespace hat::integer {

/// The scale that is nearest to a number.
/// Throws  `Error` if it is so large or small that it has none.
[[nodiscard]] inline Scale to_scale(double x) {
    if (x == 0) return {};
    int exponent = 0;
    constexpr int bits = 23;
    auto mantissa =
        static_cast<std::int32_t>(std::llround(std::ldexp(std::frexp(x, &exponent), bits)));
    if (std::abs(mantissa) == 1 << bits) {
        mantissa /= 2;
        ++exponent;
    }
    const int shift = bits - exponent;
    if (!std::isfinite(x) || shift < -Scale::shift_offset || shift > 255 - Scale::shift_offset)
        fail("integers: a scale of ", x, " is out of range");
    return {mantissa, shift};
}

namespace detail {

/// What is left above the largest number that was seen, for those that were not.
inline constexpr double margin = 1.25;

/// The unit of numbers of 16 bits that were seen up to `largest`.
[[nodiscard]] inline double unit_of(float largest) noexcept {
    const double most = std::max(static_cast<double>(largest), 1e-6) * margin;
    return most / std::numeric_limits<std::int16_t>::max();
}
[[nodiscard]] inline std::int32_t rounded(double x) noexcept {
    return saturate<std::int32_t>(
        static_cast<std::int64_t>(std::clamp(std::nearbyint(x), -4e9, 4e9)));
}

/// Rows of 8 bits, each with the scale of its largest number; `scales[i]` are these times
/// `factor(i)`. `unit_rows` are what decide the scales: as the rows, or wider.
template <class Factor>
void quantise_rows(ConstMatrix from, MatrixView<std::int8_t> to, VectorView<std::int32_t> scales,
                   const Factor& factor) {
    for (int i = 0; i < from.rows(); ++i) {
        const float scale = int8_scale(largest_magnitude(from.row_data(i), from.cols()));
        scales[i] = to_scale(static_cast<double>(scale) * factor(i)).word();
        if (to.empty()) continue;
        for (int j = 0; j < from.cols(); ++j) to(i, j) = to_int8(from(i, j), scale);
    }
}

/// A layer whose inputs have the unit `in`, and output i `out(i)`.
template <class Out>
void quantise(const nn::Linear<nn::Trainable>& from, double in, const Out& out,
              const Linear<Variables>& to) {
    quantise_rows(from.weight.value, to.weight, to.scales,
                  [&](int i) { return in / 127 / out(i); });
    for (int i = 0; i < to.bias.size(); ++i)
        to.bias[i] = from.bias.empty() ? 0 : rounded(from.bias.value(0, i) / out(i));
}
inline void quantise(const nn::LayerNorm<nn::Trainable>& from, double unit,
                     const LayerNorm<Variables>& to) {
    if (to.scales.empty()) return;
    for (int i = 0; i < to.scales.size(); ++i) {
        to.scales[i] = to_scale(from.gain.value(0, i) / unit).word();
        to.bias[i] = rounded(from.bias.value(0, i) / unit);
    }
    const double steps = std::ldexp(1.0, LayerNorm<Variables>::difference_bits) / unit;
    to.epsilon[0] = std::max<std::int32_t>(rounded(kernels::layer_norm_epsilon * steps * steps), 1);
}
template <class AttentionOfFloats>
void quantise(const AttentionOfFloats& from, double in, double memory, double out,
              const Ranges& ranges, const Attention<Variables>& to) {
    const int size = from.query.weight.outputs() / to.heads;
    const auto of_head = [&](const auto& layer) {
        return [&, size](int i) {
            return unit_of(ranges.of_outputs(layer.weight.value, i / size * size, size));
        };
    };
    const auto query = of_head(from.query);
    const auto key = of_head(from.key);
    const double value = unit_of(ranges.of_outputs(from.value.weight.value));
    quantise(from.query, in, query, to.query);
    quantise(from.key, memory, key, to.key);
    quantise(
        from.value, memory, [&](int) { return value; }, to.value);
    quantise(
        from.out_proj, value, [&](int) { return out; }, to.out_proj);
    for (int head = 0; head < to.heads; ++head)
        to.scores[head] = to_scale(query(head * size) * std::ldexp(key(head * size), cache_shift) /
                                   std::sqrt(static_cast<double>(size)) * std::numbers::log2e *
                                   std::ldexp(1.0, log_bits))
                              .word();
}
/// The table of an activation of numbers with the unit `in`, which has the unit `out`.
inline void quantise(Activation activation, double in, double out,
                     const VectorView<std::int16_t>& to) {
    if (to.empty()) return;
    std::array<float, activation_points> points{};
    for (int i = 0; i < activation_points; ++i)
        points[static_cast<std::size_t>(i)] = static_cast<float>((i * 256 - 32768) * in);
    const Matrix all(points.data(), 1, activation_points);
    kernels::activation(activation, all, all);
    for (int i = 0; i < activation_points; ++i)
        to[i] = saturate<std::int16_t>(rounded(points[static_cast<std::size_t>(i)] / out));
}
/// relu leaves numbers in the unit of what it takes: of that, what is below 0 does not matter.
inline void quantise(const nn::FeedForward<nn::Trainable>& from, double unit, const Ranges& ranges,
                     const FeedForward<Variables>& to) {
    const double after = unit_of(ranges.of_input(from.second.weight.value));
    const double before =
        to.activation.empty() ? after : unit_of(ranges.of_outputs(from.first.weight.value));
    quantise(
        from.first, unit, [&](int) { return before; }, to.first);
    quantise(from.activation, before, after, to.activation);
    quantise(
        from.second, after, [&](int) { return unit; }, to.second);
}
/// `words` is the table that is stored, of which the side reads the first columns.
inline void quantise(ConstMatrix words, ConstMatrix positions, double scale, double unit,
                     const Embedding<Variables>& to) {
    quantise_rows(words, to.words, to.scales, [&](int) { return scale / unit; });
    if (to.positions.empty()) return;
    const ConstMatrix used = positions.middle_rows(first_position, to.positions.rows());
    float largest = 0;
    for (int i = 0; i < used.rows(); ++i)
        largest = std::max(largest, largest_magnitude(used.row_data(i), used.cols()));
    const double step = unit_of(largest) / margin;
    to.position_scale[0] = to_scale(step / unit).word();
    for (int i = 0; i < used.rows(); ++i)
        for (int j = 0; j < used.cols(); ++j)
            to.positions(i, j) = saturate<std::int16_t>(rounded(used(i, j) / step));
}

/// The largest numbers that have the unit of the residual stream: of what layers read and make, and
/// of what is added.
template <class Layers>
[[nodiscard]] float largest_of(const Layers& layers, bool pre_norm, float states,
                               const Ranges& ranges) {
    float inputs = 0;  // with pre-norm what norms make, otherwise the stream
    float branch = 0;
    const auto note = [&](const auto& in, const auto& out) {
        inputs = std::max(inputs, ranges.of_input(in.weight.value));
        branch = std::max(branch, ranges.of_outputs(out.weight.value));
    };
    for (const auto& layer : layers) {
        note(layer.self_attn.query, layer.self_attn.out_proj);
        if constexpr (requires { layer.encoder_attn; })
            note(layer.encoder_attn.query, layer.encoder_attn.out_proj);
        note(layer.feed_forward.first, layer.feed_forward.second);
    }
    return std::max(inputs, pre_norm ? states + branch : std::max(states, branch));
}

}  // namespace detail

/// A network of integers that does as nearly as it can what one of floats does, whose numbers were
/// observed on sentences such as it is for: it itself, as ranges are known by where weights are.
///
/// Throws  `Error` if the architecture has none, nothing of the network was observed, or a number
/// is
///         out of range
[[nodiscard]] inline Model quantise(const model::Transformer<nn::Trainable>& from,
                                    const Ranges& ranges) {
    const model::Architecture& a = from.architecture;
    Model model(a);
    if (!ranges.know(from.encoder_layers[0].self_attn.query.weight.value))
        fail("integers: no numbers of this network were observed, expected those of sentences that "
             "it read where it is");
    const Transformer<Variables>& to = model.variables();
    const double source = detail::unit_of(
        detail::largest_of(from.encoder_layers, to.pre_norm, ranges.of_source(), ranges));
    const double target = detail::unit_of(
        detail::largest_of(from.decoder_layers, to.pre_norm, ranges.of_target(), ranges));
    const ConstMatrix shared = model::detail::shared_table(from.source_embedding.weight.value,
                                                           from.target_embedding.weight.value);
    const auto table = [&](ConstMatrix own) { return shared.empty() ? own : shared; };
    detail::quantise(table(from.source_embedding.weight.value), from.source_positions.value,
                     model::source_embedding_scale(a), source, to.source);
    detail::quantise(table(from.target_embedding.weight.value), from.target_positions.value,
                     model::target_embedding_scale(a), target, to.target);
    for (std::size_t i = 0; i < to.encoder_layers.size(); ++i) {
        const auto& layer = from.encoder_layers[i];
        const auto& result = to.encoder_layers[i];
        detail::quantise(layer.self_attn, source, source, source, ranges, result.self_attn);
        detail::quantise(layer.self_attn_layer_norm, source, result.self_attn_layer_norm);
        detail::quantise(layer.feed_forward, source, ranges, result.feed_forward);
        detail::quantise(layer.final_layer_norm, source, result.final_layer_norm);
    }
    for (std::size_t i = 0; i < to.decoder_layers.size(); ++i) {
        const auto& layer = from.decoder_layers[i];
        const auto& result = to.decoder_layers[i];
        detail::quantise(layer.self_attn, target, target, target, ranges, result.self_attn);
        detail::quantise(layer.self_attn_layer_norm, target, result.self_attn_layer_norm);
        detail::quantise(layer.encoder_attn, target, source, target, ranges, result.encoder_attn);
        detail::quantise(layer.encoder_attn_layer_norm, target, result.encoder_attn_layer_norm);
        detail::quantise(layer.feed_forward, target, ranges, result.feed_forward);
        detail::quantise(layer.final_layer_norm, target, result.final_layer_norm);
    }
    detail::quantise(from.encoder_layer_norm, source, to.encoder_layer_norm);
    detail::quantise(from.decoder_layer_norm, target, to.decoder_layer_norm);
    const double logarithm = std::numbers::log2e * std::ldexp(1.0, log_bits);
    const ConstMatrix output = to.shares_output ? table(from.target_embedding.weight.value)
                                                : ConstMatrix(from.output.value);
    detail::quantise_rows(output, to.shares_output ? MatrixView<std::int8_t>() : to.output.weight,
                          to.output.scales, [&](int) { return target / 127 * logarithm; });
    return model;
}

}  // namespace hat::integer
