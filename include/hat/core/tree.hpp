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
/// optional layers and lists of the first tree, if that is not const, become as in the last one.
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
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_list = false;
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
constexpr bool is_present(const T& /*layer*/) noexcept {
    return !std::same_as<T, Absent>;
}
template <class T>
constexpr bool is_present(const std::optional<T>& layer) noexcept {
    return layer.has_value();
}

template <class T>
constexpr auto& inside(T& layer) noexcept {
    if constexpr (is_optional<std::remove_const_t<T>>)
        return *layer;
    else
        return layer;
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

/// Asks a layer that was made from `Others` others whether it fits together.
template <std::size_t Others, class Layer>
constexpr void check_made(const Layer& layer, const Path& path) {
    if constexpr (Others > 0 && requires { layer.check_sizes(path); }) layer.check_sizes(path);
}

}  // namespace detail

/// What a layer's `members` are told to: the way there, and what is to be done.
template <class F>
class Walker {
public:
    constexpr Walker(const F& f, const Path& path) noexcept : f_(f), path_(path) {}

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
        return {f_, {&path_, name}};
    }
    [[nodiscard]] constexpr Walker at(std::size_t i) const noexcept {
        return {f_, {path_.holder, path_.name, static_cast<int>(i)}};
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
        } else if constexpr ((std::same_as<std::remove_cvref_t<decltype(trees)>, Absent> || ...)) {
            if (detail::is_present(leading(trees...)))
                fail(path.text(), ": has no place in this type of network");
        } else if constexpr (detail::is_layer<Lead>) {
            visit_layer(path, trees...);
        } else {
            if (!leading(trees...).empty()) f_(Leaf{path, storage}, trees...);
        }
    }

    constexpr void visit_layer(const Path& path, auto&... trees) const {
        if (!detail::is_present(leading(trees...))) return;
        make_present(trees...);
        members(path, detail::inside(trees)...);
    }
    template <class First, class... Rest>
    constexpr void members(const Path& path, First& first, Rest&... rest) const {
        std::remove_const_t<First>::members(Walker(f_, path), first, rest...);
        detail::check_made<sizeof...(Rest)>(first, path);
    }
    template <class First, class... Rest>
    static constexpr void make_present(First& first, Rest&... /*rest*/) {
        if constexpr (sizeof...(Rest) > 0 && detail::is_optional<First>) first.emplace();
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
        } else if constexpr (sizeof...(Rest) > 0 && !std::is_const_v<First>) {
            first = {};
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
constexpr void walk(const F& f, First& first, Rest&... rest) {
    std::remove_const_t<First>::members(Walker<F>(f, Path{}), first, rest...);
    detail::check_made<sizeof...(Rest)>(first, Path{});
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
