// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/member.hpp>
#include <hat/core/path.hpp>

#include <concepts>
#include <cstddef>
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

/// What a layer's `members` are told to: the way there, and what is to be done.
template <class F, class... Pools>
class Walker {
public:
    /// At `path`, with a pool for each tree, if they have some.
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

}  // namespace hat
