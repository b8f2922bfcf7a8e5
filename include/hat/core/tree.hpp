// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/inplace_vector.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Trees of layers, walked side by side.
///
/// A layer names its members once, and whatever must be done with all weights of a network is a
/// walk: finding places for them, binding views, packing, copying, counting. `self` are that layer
/// in one tree or in several, each with weights of its own kind:
///
///     template <class Weights>
///     struct Linear {
///         typename Weights::template Matrix<int, int> weight{};
///         typename Weights::template Vector<int> bias{};
///
///         static constexpr void members(const auto& f, auto&... self) {
///             f("weight", self.weight...);
///             f("bias", self.bias...);
///         }
///     };
///
///     walk(Pack{buffer}, packed, trainable);  // Pack()(Leaf, PackedMatrix&, const Parameter&)
///
/// The last tree leads: what it lacks (an empty weight, a layer that is not there) is left out, and
/// empty weights, optional layers and lists of the first tree, if that is not const, become as in
/// the last one.
/// Settings (numbers, flags, enumerators) of the first tree become those of the last one, too. A
/// walk of one tree reads. A layer that was made is asked whether it fits together, if it has a
/// `check_sizes(path)`, which throws.
namespace hat {

/// Where in a tree something stands: its name, and what holds it.
struct Path {
    const Path* holder = nullptr;
    std::string_view name{};  ///< empty: its members stand in the holder's place
    int index = -1;           ///< in a list

    /// As checkpoints spell it: "encoder.layers.0.fc1.weight".
    [[nodiscard]] std::string text() const {
        std::string all = holder == nullptr ? std::string() : holder->text();
        const auto add = [&all](std::string_view part) {
            if (part.empty()) return;
            if (!all.empty()) all += '.';
            all += part;
        };
        add(name);
        if (index >= 0) add(std::to_string(index));
        return all;
    }
};

/// Whether a weight is the next rows (`below`) or columns (`beside`) of the tensor of the weight
/// before it, which bears the same name.
enum class Joint : std::uint8_t { no, below, beside };

/// How a weight is stored.
struct Storage {
    Joint joint = Joint::no;
    bool transposed = false;  ///< [inputs, outputs]
    int groups = 1;           ///< blocks of rows that map inputs of their own
};

/// A weight on the way.
struct Leaf {
    const Path& path;
    Storage storage{};
};

/// Which element of a longer list stands for element `i` of one of `size`: the same, or, counted
/// from the nearer end, so that a short list has the first and the last elements of a long one.
struct FromFront {
    static constexpr int slot(int i, int /*size*/, int /*of*/) noexcept { return i; }
};
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

/// What a layer's `members` are told to: the way there, and what is to be done.
template <class F, class... Pools>
class Walker {
public:
    constexpr Walker(const F& f, const Path& path, Pools&... pools) noexcept
        : Walker(f, path, std::tuple<Pools&...>(pools...)) {}
    constexpr Walker(const F& f, const Path& path, std::tuple<Pools&...> pools) noexcept
        : f_(f), path_(path), pools_(std::move(pools)) {}

    /// Goes on with a pool of each tree, which holds what stands elsewhere in it. That of the first
    /// tree, if it may change, is emptied.
    template <class First, class... Rest>
    [[nodiscard]] constexpr Walker<F, First, Rest...> with(First& first,
                                                           Rest&... rest) const noexcept {
        if constexpr (sizeof...(Rest) > 0 && !std::is_const_v<First> && requires { first.clear(); })
            first.clear();
        return {f_, path_, first, rest...};
    }

    /// A member: a weight, a layer, one that may be absent, layers in a list, or a setting.
    constexpr void operator()(std::string_view name, auto&... trees) const {
        visit<FromFront>(name, {}, trees...);
    }
    /// A weight that is stored in its own way.
    constexpr void operator()(std::string_view name, Storage storage, auto&... trees) const {
        visit<FromFront>(name, storage, trees...);
    }
    /// A list of which shorter ones have both ends.
    constexpr void ends(std::string_view name, auto&... lists) const {
        visit<FromBothEnds>(name, {}, lists...);
    }
    /// Where further names are looked for: behind `name`, or the `i`-th that bears this walker's.
    [[nodiscard]] constexpr Walker in(std::string_view name) const noexcept {
        return {f_, {&path_, name}, pools_};
    }
    [[nodiscard]] constexpr Walker at(std::size_t i) const noexcept {
        return {f_, {path_.holder, path_.name, static_cast<int>(i)}, pools_};
    }

private:
    template <class Slots>
    constexpr void visit(std::string_view name, Storage storage, auto&... trees) const {
        const Path path{&path_, name};
        using Lead = std::remove_cvref_t<decltype(leading(trees...))>;
        if constexpr (detail::is_setting<Lead>) {
            detail::set_first(path, trees...);
        } else if constexpr ((detail::is_list<std::remove_cvref_t<decltype(trees)>> || ...)) {
            visit_list<Slots>(path, trees...);
        } else if constexpr ((detail::is_pooled<std::remove_cvref_t<decltype(trees)>> || ...)) {
            visit_pooled(path, std::index_sequence_for<Pools...>{}, trees...);
        } else if constexpr (detail::is_layer<Lead>) {
            visit_layer(path, trees...);
        } else {
            if (leading(trees...).empty())
                make_empty(trees...);
            else
                f_(Leaf{path, storage}, trees...);
        }
    }

    template <std::size_t... I>
    constexpr void visit_pooled(const Path& path, std::index_sequence<I...> /*trees*/,
                                auto&... trees) const {
        static_assert(sizeof...(I) == sizeof...(trees), "a walk needs the pools of its trees");
        visit_layer(path, detail::found_in(std::get<I>(pools_), trees)...);
    }
    constexpr void visit_layer(const Path& path, auto&&... trees) const {
        if (!detail::is_present(leading(trees...))) return make_absent(trees...);
        if constexpr ((std::same_as<std::remove_cvref_t<decltype(trees)>, Absent> || ...)) {
            fail(path.text(), ": has no place in this type of network");
        } else {
            make_present(trees...);
            members(path, detail::inside(trees)...);
        }
    }
    template <class First, class... Rest>
    constexpr void members(const Path& path, First&& first, Rest&&... rest) const {
        std::remove_cvref_t<First>::members(Walker(f_, path, pools_), first, rest...);
        detail::check_made<sizeof...(Rest)>(first, path, detail::first_of(pools_));
    }
    template <class First, class... Rest>
    static constexpr void make_absent(First&& first, Rest&&... /*rest*/) {
        if constexpr (sizeof...(Rest) > 0 && requires { first.reset(); }) first.reset();
    }
    template <class First, class... Rest>
    static constexpr void make_empty(First& first, Rest&... /*rest*/) {
        if constexpr (sizeof...(Rest) > 0 && requires { first = First{}; }) first = First{};
    }
    template <class First, class... Rest>
    static constexpr void make_present(First& first, Rest&... /*rest*/) {
        if constexpr (sizeof...(Rest) > 0 && requires { first.emplace(); }) first.emplace();
    }

    template <class Slots>
    constexpr void visit_list(const Path& path, auto&... lists) const {
        const int size = detail::size_of(leading(lists...));
        resize(path, size, lists...);
        using Tuple = typename FirstTuple<std::remove_cvref_t<decltype(lists)>...>::type;
        if constexpr (detail::is_tuple<Tuple>) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (visit_element<Slots>(path, std::integral_constant<int, static_cast<int>(I)>{},
                                      size, lists...),
                 ...);
            }
            (std::make_index_sequence<std::tuple_size_v<Tuple>>{});
        } else {
            for (int i = 0; i < size; ++i) visit_element<Slots>(path, i, size, lists...);
        }
    }
    template <class Slots, class I>
    constexpr void visit_element(const Path& path, I i, int size, auto&... lists) const {
        const Path element{path.holder, path.name, int{i}};
        visit_layer(element, detail::element<Slots>(lists, i, size)...);
    }
    /// The first list, if it may change, gets as many elements as the last one.
    template <class First, class... Rest>
    static constexpr void resize(const Path& path, int size, First& first, Rest&... /*rest*/) {
        if constexpr (detail::is_tuple<std::remove_const_t<First>>) {
            if (detail::size_of(first) != size)
                fail(path.text(), ": has ", size, ", but here their number is fixed at ",
                     detail::size_of(first));
        } else if constexpr (sizeof...(Rest) > 0 && requires { first.emplace_back(); }) {
            first.clear();
            for (int i = 0; i < size; ++i) first.emplace_back();
        }
    }

    template <class... Lists>
    struct FirstTuple {
        using type = void;
    };
    template <class List, class... Lists>
    struct FirstTuple<List, Lists...> {
        using type =
            std::conditional_t<detail::is_tuple<List>, List, typename FirstTuple<Lists...>::type>;
    };

    const F& f_;
    Path path_;
    std::tuple<Pools&...> pools_;
};

/// Throws  `Error` naming the weight if it is not [rows, cols], as far as those are fixed.
template <Extent Rows, Extent Cols>
constexpr void check_fixed(const Path& path, int rows, int cols) {
    const bool fits = can_be<Rows>(rows) && can_be<Cols>(cols);
    if (!fits)
        fail(path.text(), ": is [", rows, ", ", cols, "], but here it is fixed at [",
             int{size_or<Rows>(rows)}, ", ", int{size_or<Cols>(cols)}, "]");
}

/// Calls `f(leaf, weights…)` for every weight that the last of `trees` has.
template <class F, class First, class... Rest>
constexpr void walk(const F& f, First&& first, Rest&&... rest) {
    std::remove_cvref_t<First>::members(Walker<F>(f, Path{}), first, rest...);
    detail::check_made<sizeof...(Rest)>(first, Path{}, Absent{});
}

/// The same for a part of one tree, which has `pool`.
template <class Pool, class F, class Part>
constexpr void walk_part(Pool& pool, const F& f, Part& part) {
    std::remove_const_t<Part>::members(Walker<F, Pool>(f, Path{}, pool), part);
}

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
