// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/slab.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/train/adam.hpp>
#include <hat/train/training_state.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

/// The state of a training whose ranks each keep a part of the optimiser's, in one place: a
/// checkpoint says nothing of ranks.
namespace hat::train {

namespace detail {

inline void broadcast(distributed::Communicator& ranks, Slab& slab) {
    ranks.broadcast(distributed::bytes_of(slab.data(), slab.size()));
}

/// Parts of a slab, which lie at `offsets` (see `GradientSum::part_offsets`), between each rank
/// and the first, which has the whole.
template <class OfFirst, class OfOthers>
void exchange_parts(distributed::Communicator& ranks, std::span<const std::ptrdiff_t> offsets,
                    const OfFirst& with_rank, const OfOthers& with_first) {
    if (ranks.is_first()) {
        for (int r = 1; r < ranks.size(); ++r) {
            const auto at = static_cast<std::size_t>(r);
            with_rank(r, offsets[at], offsets[at + 1] - offsets[at]);
        }
    } else {
        with_first();
    }
    ranks.wait();
}

inline void gather(distributed::Communicator& ranks, std::span<const std::ptrdiff_t> offsets,
                   const Slab& part, Slab* whole) {
    if (whole != nullptr) std::copy_n(part.data(), part.size(), whole->data());
    exchange_parts(
        ranks, offsets,
        [&](int rank, std::ptrdiff_t begin, std::ptrdiff_t size) {
            ranks.receive(distributed::bytes_of(whole->data() + begin, size), rank, 0);
        },
        [&] { ranks.send(distributed::bytes_of(part.data(), part.size()), 0, 0); });
}

inline void scatter(distributed::Communicator& ranks, std::span<const std::ptrdiff_t> offsets,
                    Slab* whole, Slab& part) {
    if (whole != nullptr) std::copy_n(whole->data(), part.size(), part.data());
    exchange_parts(
        ranks, offsets,
        [&](int rank, std::ptrdiff_t begin, std::ptrdiff_t size) {
            ranks.send(distributed::bytes_of(std::as_const(*whole).data() + begin, size), rank, 0);
        },
        [&] { ranks.receive(distributed::bytes_of(part.data(), part.size()), 0, 0); });
}

/// Of a position, what ranks behind the first need: no more of them keeps files.
struct SharedPosition {
    std::int64_t update, epoch, batch;
    std::uint64_t seed;
    bool has_best_score;
    double best_score;
    std::int64_t validations_since_best;
};

inline void broadcast(distributed::Communicator& ranks, TrainingPosition& position) {
    SharedPosition shared{position.update,
                          position.epoch,
                          position.batch,
                          position.seed,
                          position.best_score.has_value(),
                          position.best_score.value_or(0),
                          position.validations_since_best};
    distributed::broadcast(ranks, shared);
    position.update = shared.update;
    position.epoch = shared.epoch;
    position.batch = shared.batch;
    position.seed = shared.seed;
    position.best_score = shared.has_best_score ? std::optional(shared.best_score) : std::nullopt;
    position.validations_since_best = shared.validations_since_best;
}

/// An optimiser for the whole table on the first rank, none on the others.
inline std::optional<Adam> whole_adam(distributed::Communicator& ranks, const TrainingState& own) {
    if (!ranks.is_first()) return std::nullopt;
    return Adam(own.table, own.adam.options());
}

}  // namespace detail

/// Calls `use(state)` on the first rank, with the state of all. Collective.
///
/// Memory  both moments once more on the first rank, as long as it lasts, where there are others
template <class Use>
void with_whole_state(distributed::Communicator& ranks, std::span<const std::ptrdiff_t> offsets,
                      const TrainingState& own, const Use& use) {
    if (ranks.size() == 1) {
        use(own);
        return;
    }
    std::optional<Adam> whole = detail::whole_adam(ranks, own);
    detail::gather(ranks, offsets, own.adam.first_moment(),
                   whole ? &whole->first_moment() : nullptr);
    detail::gather(ranks, offsets, own.adam.second_moment(),
                   whole ? &whole->second_moment() : nullptr);
    if (!whole) return;
    std::copy(own.adam.steps().begin(), own.adam.steps().end(), whole->steps().begin());
    use(TrainingState{own.table, own.parameters, *whole, own.average, own.position});
}

/// Calls `load(state)` on the first rank, which may set the state of all; then every rank has its
/// part of it. Returns what `load` does: whether it has set it. Collective.
template <class Load>
bool load_whole_state(distributed::Communicator& ranks, std::span<const std::ptrdiff_t> offsets,
                      const TrainingState& own, const Load& load) {
    if (ranks.size() == 1) return load(own);
    std::optional<Adam> whole = detail::whole_adam(ranks, own);
    bool is_loaded = false;
    if (whole)
        is_loaded =
            load(TrainingState{own.table, own.parameters, *whole, own.average, own.position});
    distributed::broadcast(ranks, is_loaded);
    if (!is_loaded) return false;
    detail::broadcast(ranks, own.parameters);
    if (own.average != nullptr) detail::broadcast(ranks, *own.average);
    detail::broadcast(ranks, own.position);
    if (whole) std::copy(whole->steps().begin(), whole->steps().end(), own.adam.steps().begin());
    ranks.broadcast(std::as_writable_bytes(own.adam.steps()));
    detail::scatter(ranks, offsets, whole ? &whole->first_moment() : nullptr,
                    own.adam.first_moment());
    detail::scatter(ranks, offsets, whole ? &whole->second_moment() : nullptr,
                    own.adam.second_moment());
    return true;
}

}  // namespace hat::train
