// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/repetition.hpp>
#include <hat/decode/sentence_queue.hpp>
#include <hat/decode/step_model.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace hat::decode {

/// The sentences that a search is at, each in a place of its own: how far they are, their
/// hypotheses so far, and the rows of the next step. When some are finished, others take their
/// places, so that steps keep their many rows.
class RunningBatch {
public:
    /// A sentence on its way.
    struct Place {
        int number = -1;                ///< of its result; −1: the place is free
        int positions = 0;              ///< that its target may have
        int length = 0;                 ///< tokens that its hypotheses have
        std::span<const int> prefix{};  ///< what its target begins with
        History history;                ///< a root, and what the search adds
    };

    /// How large a search gets.
    struct Extents {
        int places;
        int rows_per_place;
        int positions;      ///< of the longest target, eos in front
        std::size_t nodes;  ///< of the history of a place
        int no_repeat_ngram = 0;
        int groups = 1;  ///< of rows, each of which begins with one

        [[nodiscard]] constexpr std::size_t rows() const noexcept {
            return static_cast<std::size_t>(places) * static_cast<std::size_t>(rows_per_place);
        }
    };

    /// Bytes that `start` takes.
    [[nodiscard]] static constexpr std::size_t bytes(const Extents& size) noexcept {
        const auto rows = static_cast<std::ptrdiff_t>(size.rows());
        return 2 * Arena::bytes_of<int>(size.places) + Arena::bytes_of<Place>(size.places) +
               Arena::bytes_of<Row>(rows) + Arena::bytes_of<int>(rows) +
               static_cast<std::size_t>(size.places) * History::bytes(size.nodes) +
               RepetitionRule::bytes(size.no_repeat_ngram, size.rows(), index(size.positions));
    }

    /// Makes a place for each of `entrants`, and lets them in. `size` is what those need.
    template <StepModel Model>
    void start(Model& model, const Entrants& entrants, const Extents& size,
               const SearchOptions& options, int eos, Arena& memory) {
        limits_ = {index(size.places), memory};
        entered_ = {index(size.places), memory};
        places_ = {index(size.places), memory};
        rows_ = {size.rows(), memory};
        ends_ = {size.rows(), memory};
        places_.resize(index(size.places));
        for (Place& place : places_) place.history.start(size.nodes, memory);
        repetition_.start(options.no_repeat_ngram, size.rows(), index(size.positions), memory);
        free_ = size.places;
        groups_ = size.groups;
        enter(entrants, options, model.max_length(), eos);
        model.start(entrants.sources, size.rows_per_place, limits_);
    }

    /// Lets new sentences in, if enough places are free that the encoder has some at once.
    template <class Model, SentenceSupply Supply>
    void refill(Model& model, Supply& supply, const SearchOptions& options, int eos) {
        if constexpr (Supply::refills) {
            static_assert(RefillableStepModel<Model>);
            if (free_ < std::max(1, static_cast<int>(places_.size()) / refilled_part)) return;
            const Entrants entrants = supply.take(free_);
            if (entrants.count() == 0) return;
            enter(entrants, options, model.max_length(), eos);
            model.admit(entrants.sources, entered_, limits_);
        }
    }

    /// Says of every row what it may be continued with.
    void apply_rules(const SearchOptions& options) noexcept {
        for (Row& row : rows_) {
            const Place& place = at(row.sentence);
            row.allowed = allowed(place.length, place.positions - 1, options.min_length);
        }
        repetition_.apply(rows_, ends_,
                          [&](int place) -> const History& { return at(place).history; });
        for (Row& row : rows_) {
            const Place& place = at(row.sentence);
            if (index(place.length) >= place.prefix.size()) continue;
            row.only = place.prefix[index(place.length)];
            row.allowed = Allowed::any;
            row.forbidden = {};
        }
    }

    /// Frees a place.
    void leave(int place) noexcept {
        at(place).number = -1;
        ++free_;
    }

    [[nodiscard]] Place& at(int place) noexcept { return places_[index(place)]; }
    [[nodiscard]] const Place& at(int place) const noexcept { return places_[index(place)]; }

    /// The rows of the next step, whose `sentence` is a place; a search replaces them by those that
    /// live on.
    [[nodiscard]] BoundedVector<Row>& rows() noexcept { return rows_; }
    [[nodiscard]] const BoundedVector<Row>& rows() const noexcept { return rows_; }
    /// Their last nodes, in the histories of their places.
    [[nodiscard]] BoundedVector<int>& ends() noexcept { return ends_; }

private:
    /// Places are refilled when one in so many is free.
    static constexpr int refilled_part = 4;

    static constexpr std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    void enter(const Entrants& entrants, const SearchOptions& options, int max_length, int eos) {
        limits_.clear();
        entered_.clear();
        int place = 0;
        for (int i = 0; i < entrants.count(); ++i, ++place) {
            while (at(place).number >= 0) ++place;
            limits_.push_back(target_positions(options, entrants.sources, i, max_length));
            entered_.push_back(place);
            History& history = at(place).history;
            history.clear();
            const int root = history.add(-1, eos, 0.0F);
            for (int group = 0; group < groups_; ++group) {
                rows_.push_back({.sentence = place, .parent = 0, .token = eos, .group = group});
                ends_.push_back(root);
            }
            at(place) = {.number = entrants.number(i),
                         .positions = limits_.back(),
                         .prefix = entrants.prefix(i),
                         .history = history};
        }
        free_ -= entrants.count();
    }

    BoundedVector<Row> rows_;
    BoundedVector<int> ends_;
    BoundedVector<Place> places_;
    int free_ = 0;
    int groups_ = 1;
    BoundedVector<int> entered_;  ///< places of those that entered last,
    BoundedVector<int> limits_;   ///< and positions of their targets
    RepetitionRule repetition_;
};

}  // namespace hat::decode
