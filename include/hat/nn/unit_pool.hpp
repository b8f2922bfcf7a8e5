// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/dextra_shape.hpp>

#include <cstddef>
#include <type_traits>

namespace hat::nn {

/// Where the layers of a DExTra lie in a pool, or that there is none: all that a layer needs to
/// hold of the unit in front of its self-attention.
struct PooledUnit {
    static constexpr bool is_pooled = true;  ///< to walks of trees

    short first = -1;  ///< the input layer; the output layer and the others follow
    short depth = 0;
};

/// The group-linear layers of a unit in a pool, as a list; `Pool` and `Unit` may be constant.
template <class Pool, class Unit>
class PooledLayers {
public:
    static constexpr bool is_list = true;  ///< to walks of trees

    /// The layers of `unit` in `pool`, both of which must outlive it.
    constexpr PooledLayers(Pool& pool, Unit& unit) noexcept : pool_(&pool), unit_(&unit) {}

    [[nodiscard]] constexpr std::size_t size() const noexcept {
        return static_cast<std::size_t>(unit_->depth);
    }
    [[nodiscard]] constexpr auto& operator[](std::size_t i) const noexcept {
        return (*pool_)[static_cast<std::size_t>(unit_->first) + 2 + i];
    }
    /// Precondition: there are none yet.
    constexpr void clear() const noexcept { HAT_ASSERT(size() == 0); }
    /// Precondition: the unit is the last of its pool.
    constexpr auto& emplace_back() const noexcept  // NOLINT: may be left unused
        requires(!std::is_const_v<Unit>) {
        HAT_ASSERT(static_cast<std::size_t>(unit_->first) + 2 + size() == pool_->size());
        ++unit_->depth;
        return pool_->emplace_back();
    }

private:
    Pool* pool_;
    Unit* unit_;
};

/// What the layers of a unit are that lie in a pool, constant or not.
template <class Pool, class Unit>
struct PooledPlan {
    template <class Weights>
    using Layer =
        std::conditional_t<std::is_const_v<Pool>, const GroupLinear<Weights>, GroupLinear<Weights>>;
    template <class Weights>
    using Input = Layer<Weights>&;
    template <class Weights>
    using Layers = PooledLayers<Pool, Unit>;
    template <class Weights>
    using Output = Layer<Weights>&;
};

/// A unit that may be in a pool, to be used as a `std::optional<DExTra>` is.
template <class Weights, class Pool, class Unit>
class UnitSlot {
public:
    using value_type = DExTra<Weights, PooledPlan<Pool, Unit>>;

    /// A unit whose layers are in `pool`, which must outlive it, as must `unit`.
    constexpr UnitSlot(Pool& pool, Unit& unit) noexcept : pool_(&pool), unit_(&unit) {}

    /// Whether there is a unit.
    [[nodiscard]] constexpr bool has_value() const noexcept { return unit_->first >= 0; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }
    /// A view of its layers.
    [[nodiscard]] constexpr value_type operator*() const noexcept {
        HAT_ASSERT(has_value());
        const auto first = static_cast<std::size_t>(unit_->first);
        return {(*pool_)[first], PooledLayers<Pool, Unit>(*pool_, *unit_), (*pool_)[first + 1]};
    }

    /// There is none any more; its layers stay in the pool until that is cleared.
    constexpr void reset() const noexcept requires(!std::is_const_v<Unit>) {
        *unit_ = {};
    }
    /// Begins a unit behind the others of the pool.
    constexpr void emplace() const noexcept requires(!std::is_const_v<Unit>) {
        *unit_ = {static_cast<short>(pool_->size()), 0};
        pool_->emplace_back();
        pool_->emplace_back();
    }
    constexpr void emplace(const DExTra<Weights>& unit) const noexcept {
        emplace();
        const value_type view = **this;
        view.input = unit.input;
        view.output = unit.output;
        for (const auto& layer : unit.layers) view.layers.emplace_back() = layer;
    }

private:
    Pool* pool_;
    Unit* unit_;
};

/// The layers of all units of a network: layers without one need no room for it.
template <class Weights>
class UnitPool {
public:
    using Layers = InplaceVector<GroupLinear<Weights>, max_pooled_layers>;

    /// The unit that `unit` stands for.
    [[nodiscard]] constexpr auto at(PooledUnit& unit) noexcept {
        return UnitSlot<Weights, Layers, PooledUnit>(layers_, unit);
    }
    [[nodiscard]] constexpr auto at(const PooledUnit& unit) const noexcept {
        return UnitSlot<Weights, const Layers, const PooledUnit>(layers_, unit);
    }
    constexpr void clear() noexcept { layers_.clear(); }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return layers_.size(); }

private:
    Layers layers_;
};

}  // namespace hat::nn
