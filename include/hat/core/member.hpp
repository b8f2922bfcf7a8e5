// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/core/path.hpp>

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

/// What a member of a layer can be: a setting, a weight, a layer, one that may be absent or lies in
/// a pool, a list of layers; and what the walk (<hat/core/tree.hpp>) does with one of each kind.
namespace hat {

/// Which element of a longer list stands for element `i` of one of `size`: the same, or, with
/// `FromBothEnds`, counted from the nearer end, so that a short list has the first and the last
/// elements of a long one.
struct FromFront {
    /// Where element `i` of one of `size` is in one of `of`.
    static constexpr int slot(int i, int /*size*/, int /*of*/) noexcept { return i; }
};
/// The same, counted from the nearer end.
struct FromBothEnds {
    static constexpr int slot(int i, int size, int of) noexcept {
        return i < (size + 1) / 2 ? i : of - size + i;
    }
};

/// A layer that a type of networks has not.
struct Absent {};

/// The last of several: the layer in the tree that leads.
constexpr auto& leading(auto& only) noexcept {
    return only;
}
constexpr auto& leading(auto& /*first*/, auto&... rest) noexcept {
    return leading(rest...);
}

namespace detail {

template <class T>
inline constexpr bool is_optional = requires(const T& layer) {
    layer.has_value();
    *layer;
};

/// A layer that lies in a pool of the tree, which tells by `at` where.
template <class T>
inline constexpr bool is_pooled = requires {
    T::is_pooled;
};

template <class T>
inline constexpr bool is_list = requires {
    T::is_list;
};
template <class T, std::size_t Capacity>
inline constexpr bool is_list<InplaceVector<T, Capacity>> = true;
template <class... Ts>
inline constexpr bool is_list<std::tuple<Ts...>> = true;

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;

template <class T>
inline constexpr bool is_setting =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || Extent<T> || requires {
    T::is_setting;
};

/// Weights can be empty; layers, and what may hold one, cannot.
template <class T>
inline constexpr bool is_layer = is_optional<T> || !requires(const T& weight) {
    weight.empty();
};

/// Whether a layer is there.
template <class T>
constexpr bool is_present(const T& layer) noexcept {
    static_assert(!is_pooled<T>, "whether a layer is there, the pool tells that it lies in");
    if constexpr (is_optional<T>)
        return layer.has_value();
    else
        return !std::same_as<T, Absent>;
}

template <class T>
constexpr decltype(auto) inside(T& layer) noexcept {
    if constexpr (is_optional<std::remove_const_t<T>>)
        return *layer;
    else
        return (layer);
}

/// The layer itself, or the one in `pool` that it stands for.
template <class Pool, class T>
constexpr decltype(auto) found_in(Pool& pool, T& layer) noexcept {
    if constexpr (is_pooled<std::remove_const_t<T>>)
        return pool.at(layer);
    else
        return (layer);
}

template <class List>
constexpr int size_of(const List& list) noexcept {
    if constexpr (is_tuple<List>)
        return static_cast<int>(std::tuple_size_v<List>);
    else
        return static_cast<int>(list.size());
}

/// Element `i` of `size`, which the compiler knows if `I` is an integral constant.
template <class Slots, class I, class List>
constexpr auto& element(List& list, I i, int size) noexcept {
    if constexpr (is_tuple<std::remove_const_t<List>>)
        return std::get<static_cast<std::size_t>(int{i})>(list);
    else
        return list[static_cast<std::size_t>(Slots::slot(int{i}, size, size_of(list)))];
}

template <class To, class From>
constexpr void set(const Path& path, To& to, const From& from) {
    if constexpr (FixedExtent<To>) {
        if (int{to} != int{from})
            fail(path.text(), " = ", int{from}, ", but here it is fixed at ", int{to});
    } else {
        to = from;
    }
}

constexpr void set_first(const Path& path, auto& first, auto&... rest) {
    if constexpr (sizeof...(rest) > 0 && !std::is_const_v<std::remove_reference_t<decltype(first)>>)
        set(path, first, leading(rest...));
}

/// Asks a layer that was made from `Others` others whether it fits together, and with what of it
/// lies in `pool`.
template <std::size_t Others, class Layer, class Pool>
constexpr void check_made(const Layer& layer, const Path& path, const Pool& pool) {
    if constexpr (Others > 0) {
        if constexpr (requires { layer.check_sizes(path, pool); })
            layer.check_sizes(path, pool);
        else if constexpr (requires { layer.check_sizes(path); })
            layer.check_sizes(path);
    }
}

/// That of the first tree, if there is one.
template <class... Pools>
constexpr const auto& first_of(const std::tuple<Pools&...>& pools) noexcept {
    return std::get<0>(pools);
}
constexpr Absent first_of(const std::tuple<>& /*pools*/) noexcept {
    return {};
}

}  // namespace detail

/// Calls `f(layer, i)` for the layers of a list in order; i is an `int`, or an integral constant.
template <class List, class F>
constexpr void for_each_layer(List& layers, const F& f) {
    if constexpr (detail::is_tuple<std::remove_const_t<List>>) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::get<I>(layers), std::integral_constant<int, static_cast<int>(I)>{}), ...);
        }
        (std::make_index_sequence<std::tuple_size_v<std::remove_const_t<List>>>{});
    } else {
        for (int i = 0; i < static_cast<int>(layers.size()); ++i)
            f(layers[static_cast<std::size_t>(i)], i);
    }
}

}  // namespace hat
