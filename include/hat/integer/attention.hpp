// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/dot.hpp>
#include <hat/integer/linear.hpp>
#include <hat/integer/softmax.hpp>
#include <hat/integer/weights.hpp>

#include <cstddef>
#include <cstdint>

namespace hat::integer {

/// Multi-head attention, to a sequence itself or to another. Queries have 16 bits, the keys and
/// values that are kept 8.
///
/// Shapes  query, key, value [qkv_dim, …];  out_proj [dim, qkv_dim];  scores [heads]
template <class Weights>
struct Attention {
    int heads = 1;
    Linear<Weights> query{};
    Linear<Weights> key{};
    Linear<Weights> value{};
    Linear<Weights> out_proj{};
    /// From a product of queries and keys to a logarithm of base 2, words of `Scale`.
    typename Weights::template Vector<std::int32_t> scores{};

    static constexpr void members(const auto& f, auto&... self) {
        f("heads", self.heads...);
        f("query", self.query...);
        f("key", self.key...);
        f("value", self.value...);
        f("out_proj", self.out_proj...);
        f("score.scale", self.scores...);
    }
};

/// A number of 16 bits is so many bits more than one of a cache.
inline constexpr int cache_shift = 8;

/// Rows of 8 bits, of which `count` are read: the first ones, or those that `places` name.
struct CachedRows {
    const std::int8_t* data = nullptr;
    int width = 0;
    const std::uint16_t* places = nullptr;
    int count = 0;

    /// The row that is read as the i-th.
    [[nodiscard]] constexpr const std::int8_t* row(int i) const noexcept {
        return data + std::ptrdiff_t{places == nullptr ? i : places[i]} * width;
    }
};

/// What a query makes of the values, on the scale of those in 16 bits.
///
/// Shapes  query, to [keys.width];  keys, values [count, keys.width];  scratch [count]
constexpr void attend(int heads, VectorView<const std::int32_t> score_scales,
                      const std::int16_t* query, const CachedRows& keys, const CachedRows& values,
                      std::int32_t* scratch, std::int16_t* to) noexcept {
    const int size = keys.width / heads;
    for (int head = 0; head < heads; ++head) {
        const int first = head * size;
        for (int i = 0; i < keys.count; ++i)
            scratch[i] =
                scaled(dot(query + first, keys.row(i) + first, size), score_scales.data()[head]);
        softmax(scratch, keys.count);
        for (int j = first; j < first + size; ++j) {
            std::int32_t sum = 0;
            for (int i = 0; i < values.count; ++i) sum += scratch[i] * values.row(i)[j];
            to[j] = saturate<std::int16_t>(round_shift(sum, softmax_bits - cache_shift));
        }
    }
}

}  // namespace hat::integer
