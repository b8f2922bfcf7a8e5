// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/position.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/static_transformer.hpp>
#include <hat/nn/pack.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hat::model {

namespace detail {

/// Sizes are copied as they are.
struct CopySizes {
    constexpr void operator()(const Leaf& /*leaf*/, nn::Sizes::Size& to,
                              const nn::Sizes::Size& from) const noexcept {
        to = from;
    }
};

/// Which tables of sinusoids a network reads.
struct SinusoidTables {
    bool has_source;
    bool has_target;
    bool are_one;  ///< equal widths have equal sinusoids

    explicit constexpr SinusoidTables(const Architecture& a) noexcept
        : has_source(a.has_encoder() && a.encoder.positions == Positions::sinusoidal),
          has_target(a.decoder.positions == Positions::sinusoidal),
          are_one(has_source && has_target &&
                  a.encoder_position_dim() == a.decoder_position_dim()) {}

    [[nodiscard]] constexpr int source_rows(int source_tokens, int target_tokens) const noexcept {
        return first_position + (are_one ? std::max(source_tokens, target_tokens) : source_tokens);
    }
};

}  // namespace detail

/// Bytes of the sinusoids of sources and targets of up to so many tokens.
[[nodiscard]] constexpr std::size_t position_bytes(const Architecture& a, int source_tokens,
                                                   int target_tokens) noexcept {
    const detail::SinusoidTables tables(a);
    const auto bytes = [](int rows, int dim) {
        return Arena::bytes_of<float>(std::ptrdiff_t{rows} * dim);
    };
    std::size_t sum = 0;
    if (tables.has_source)
        sum += bytes(tables.source_rows(source_tokens, target_tokens), a.encoder_position_dim());
    if (tables.has_target && !tables.are_one)
        sum += bytes(target_tokens + first_position, a.decoder_position_dim());
    return sum;
}

/// The sizes of all weights of a network of fixed sizes; those of sinusoids are not among them.
template <Architecture A>
inline constexpr StaticTransformer<A, nn::Sizes> static_sizes = [] {
    validate(A);
    const Transformer<nn::Sizes> all = sizes_of(A);
    StaticTransformer<A, nn::Sizes> sizes{};
    walk(detail::CopySizes{}, sizes, all);
    return sizes;
}();

/// Bytes of its packed weights.
template <Architecture A, class Weights = nn::Packed>
inline constexpr std::size_t static_weight_bytes =
    static_cast<std::size_t>(nn::packed_bytes<StaticTransformer<A, Weights>>(static_sizes<A>));
/// The floats that these are.
template <Architecture A>
inline constexpr auto static_weight_count = static_cast<std::ptrdiff_t>(static_weight_bytes<A> /
                                                                        sizeof(float));

/// Writes the weights of `from` as `StaticModel<A, Weights>` reads them, for a file, or a source
/// that holds them as a constant.
///
/// Shapes  to [static_weight_bytes<A, Weights>], from a cache line on
/// Throws  `Error` if `from` is another network, or there is not as much room
template <Architecture A, class Weights = nn::Packed, class Parts>
void pack_weights(const Transformer<nn::Trainable, Parts>& from, std::span<std::byte> to) {
    if (!(from.architecture == A))
        fail("pack_weights: the network has another architecture than the static one");
    if (to.size() != static_weight_bytes<A, Weights>)
        fail("pack_weights: room for ", to.size(), " bytes, expected ",
             static_weight_bytes<A, Weights>);
    std::fill(to.begin(), to.end(), std::byte{});
    StaticTransformer<A, Weights> packed;
    const ConstMatrix shared = detail::shared_table(from.source_embedding.weight.value,
                                                    from.target_embedding.weight.value);
    walk(nn::detail::Pack(to.data(), shared), packed, from, static_sizes<A>);
}
/// The same bytes for a network whose sizes are known at run time alone.
template <class Weights>
[[nodiscard]] AlignedArray<std::byte> static_weights(const Network& from) {
    const auto& view = from.view();
    const Transformer<nn::Sizes> sizes = sizes_of(from.architecture());
    AlignedArray<std::byte> bytes(nn::packed_bytes<Transformer<Weights>>(sizes));
    Transformer<Weights> packed;
    const ConstMatrix shared = detail::shared_table(view.source_embedding.weight.value,
                                                    view.target_embedding.weight.value);
    walk(nn::detail::Pack(bytes.data(), shared), packed, view, sizes);
    return bytes;
}

/// The same of floats.  Shapes  to [static_weight_count<A>]
template <Architecture A, class Weights = nn::Packed, class Parts>
requires std::same_as<Weights, nn::Packed>
void pack_weights(const Transformer<nn::Trainable, Parts>& from, std::span<float> to) {
    pack_weights<A, Weights>(from, std::as_writable_bytes(to));
}

/// A network of fixed sizes whose packed weights lie ready: in flash, in a constant, in a file that
/// is mapped. They are served from where they are.
///
///     alignas(hat::alignment) constexpr float weights[] = {…};
///     const hat::model::StaticModel<architecture> model(weights, 32, 32, memory);
///     encode(eval, model.view(), {}, tokens, sentences);
///
/// Those of fewer bits are bytes: `StaticModel<architecture, nn::PackedInt8>`.
template <Architecture A, class PackedWeights = nn::Packed>
class StaticModel {
public:
    using Weights = PackedWeights;

    /// Refers to `weights`, and to sinusoids for sources and targets of so many tokens, which it
    /// makes in `position_bytes` of `memory`. Both must outlive it.
    ///
    /// Throws  `Error` if there are not `static_weight_bytes<A, Weights>`, they do not begin at a
    ///         cache line, or a number of tokens is out of range
    StaticModel(std::span<const std::byte> weights, int source_tokens, int target_tokens,
                Arena& memory) {
        check(weights);
        view_ = nn::view_packed<StaticTransformer<A, Weights>>(weights.data(), static_sizes<A>);
        check_tokens("source", source_tokens, A.encoder.max_positions);
        check_tokens("target", target_tokens, A.decoder.max_positions);
        ConstMatrix table{};
        if (tables.has_source) {
            table = sinusoids(tables.source_rows(source_tokens, target_tokens),
                              A.encoder_position_dim(), memory);
            bind(table, view_.source_positions);
        }
        if (tables.has_target) {
            if (!tables.are_one)
                table = sinusoids(target_tokens + first_position, A.decoder_position_dim(), memory);
            bind(table, view_.target_positions);
        }
    }

    /// The same of floats, `static_weight_count<A>` of them.
    StaticModel(std::span<const float> weights, int source_tokens, int target_tokens, Arena& memory)
        : StaticModel(std::as_bytes(weights), source_tokens, target_tokens, memory) {
        static_assert(std::same_as<Weights, nn::Packed>,
                      "StaticModel: weights of this kind are bytes");
    }

    /// Throws  `Error` unless a side of so many tokens can be had; `learned` are its positions, if
    ///         they are learned.
    static constexpr void check_tokens(const char* side, int tokens, int learned) {
        const int most = learned > 0 ? learned : Network::max_tokens;
        if (tokens < 1 || tokens > most)
            fail("StaticModel: ", side, "s of ", tokens, " tokens, expected 1 to ", most);
    }

    /// Bytes of the sinusoids.
    [[nodiscard]] static constexpr std::size_t position_bytes(int source_tokens,
                                                              int target_tokens) noexcept {
        return model::position_bytes(A, source_tokens, target_tokens);
    }

    /// The network, and what it is.
    [[nodiscard]] const StaticTransformer<A, Weights>& view() const noexcept { return view_; }
    [[nodiscard]] const Architecture& architecture() const noexcept { return view_.architecture; }

private:
    static constexpr detail::SinusoidTables tables{A};

    static void check(std::span<const std::byte> weights) {
        if (weights.size() != static_weight_bytes<A, Weights>)
            fail("StaticModel: found ", weights.size(), " bytes of weights, expected ",
                 static_weight_bytes<A, Weights>);
        if (reinterpret_cast<std::uintptr_t>(weights.data()) % alignment != 0)
            fail("StaticModel: the weights do not begin at a multiple of ", alignment,
                 " bytes: declare them alignas(hat::alignment)");
    }
    static ConstMatrix sinusoids(int rows, int dim, Arena& memory) {
        const Matrix table = memory.matrix(rows, dim);
        kernels::sinusoidal_positions(table);
        return table;
    }
    /// A sub-network has the first columns of its super network's.
    template <class Rows, class Cols>
    static void bind(ConstMatrix table, MatrixView<const float, Rows, Cols>& positions) noexcept {
        positions = {table.data(), Rows(table.rows()), Cols{}, table.stride()};
    }

    StaticTransformer<A, Weights> view_{};
};

}  // namespace hat::model
