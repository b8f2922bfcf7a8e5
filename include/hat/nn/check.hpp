// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>

#include <string>

/// No shape goes wrong in silence: what a layer checks of its own sizes, once when it is bound or
/// packed (a walk calls `check_sizes`), and with every call, where it may have been put together by
/// hand. Kernels check nothing.
namespace hat::nn {

/// A kind of weights: it says what a matrix, a table and a vector are.
template <class T>
concept KindOfWeights = requires {
    typename T::template Matrix<int, int>;
    typename T::template Words<int, int>;
    typename T::template Table<int, int>;
    typename T::template Vector<int>;
};

/// A kind that layers compute with; others tell sizes or places only.
template <class T>
concept ComputingWeights = KindOfWeights<T> && requires {
    T::has_gradients;
};

namespace detail {

/// What every layer asks of the context it runs in.
template <class Context, class Weights>
constexpr void check_context() noexcept {
    static_assert(ComputingWeights<Weights>,
                  "a layer computes with Trainable, Packed or another kind of weights that "
                  "multiplies; Sizes and Places only tell of them");
    static_assert(!Context::records || Weights::has_gradients,
                  "a layer of packed weights has no gradients: it runs in Eval, and on a Tape runs "
                  "one of Trainable weights");
}

/// Numbers of a vector, whatever its kind.
template <class Vector>
[[nodiscard]] constexpr int length_of(const Vector& vector) noexcept {
    if constexpr (requires { vector.size(); })
        return vector.size();
    else
        return vector.inputs();
}

/// Rows of a table.
template <class Table>
[[nodiscard]] constexpr int height_of(const Table& table) noexcept {
    if constexpr (requires { table.rows(); })
        return table.rows();
    else
        return table.outputs();
}

/// Columns of a table.
template <class Table>
[[nodiscard]] constexpr int width_of(const Table& table) noexcept {
    if constexpr (requires { table.cols(); })
        return table.cols();
    else
        return table.inputs();
}

/// "[2, 3]"
[[nodiscard]] HAT_COLD inline MessageText shape_text(int rows, int cols) {
#if HAT_HEAP
    return '[' + std::to_string(rows) + ", " + std::to_string(cols) + ']';
#else
    static_cast<void>(rows), static_cast<void>(cols);
    return {};
#endif
}
template <class Weight>
[[nodiscard]] HAT_COLD MessageText shape_text(const Weight& weight) {
    return shape_text(weight.outputs(), weight.inputs());
}

/// Where in a network a layer is, for messages; nothing if it stands alone.
[[nodiscard]] HAT_COLD inline MessageText place_text(const Path& path) {
    MessageText text = path.text();
#if HAT_HEAP
    if (!text.empty()) return text + ": ";
#endif
    return text;
}

/// That a vector has as many numbers as the weights beside it want.
constexpr void check_length(const Path& path, const char* layer, const char* name,
                            const auto& vector, int expected) {
    if (!vector.empty() && length_of(vector) != expected)
        fail(place_text(path), layer, ": the ", name, " has ", length_of(vector),
             " numbers, expected ", expected);
}
/// That sentences lie one behind the other, the first one at row 0.
inline void check_sentences(const char* layer, const Ragged& sentences) {
    const int count = sentences.sentences();
    if (count < 0) fail(layer, ": ", count, " sentences, expected 0 or more");
    if (count > 0 && sentences.begin(0) != 0)
        fail(layer, ": the sentences begin at row ", sentences.begin(0), ", expected 0");
    for (int i = 0; i < count; ++i)
        if (sentences.length(i) < 0)
            fail(layer, ": sentence ", i, " has ", sentences.length(i),
                 " tokens, expected offsets that do not fall");
}
/// That there is a row for every token.
inline void check_rows(const char* layer, int rows, const Ragged& sentences) {
    check_sentences(layer, sentences);
    if (rows != sentences.tokens())
        fail(layer, ": ", rows, " rows, but sentences of ", sentences.tokens(), " tokens in all");
}
/// That what comes in is as wide as a layer wants.
constexpr void check_width(const char* layer, int found, int expected) {
    if (found != expected) fail(layer, ": the input is ", found, " wide, expected ", expected);
}

}  // namespace detail

}  // namespace hat::nn
