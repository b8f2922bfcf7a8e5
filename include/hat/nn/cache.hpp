// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/kernels/attention_step.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hat::nn {

/// The rows of a step that belong to one sentence: its live hypotheses.
struct SentenceRows {
    int sentence;
    int first;
    int count;
};

/// Where the prefixes of all live hypotheses lie in the caches: which of the pages belong to
/// which sentence, and which of their columns make up the prefix of each row. It is shared by all
/// layers; a step rewrites these indices and moves no key or value.
///
/// Prefixes of a sentence share the positions they have in common. A column that no row needs any
/// more is given to a new position, and the pages of a finished sentence to other sentences. Its
/// place may be given to a new sentence, so sentences need not be equally far.
class PrefixTable {
public:
    static constexpr int page_columns = kernels::panel_width;

    /// Prepares for sentences 0 … n − 1 of at most `rows_per_sentence` live hypotheses of at most
    /// `max_lengths[i]` positions, in `bytes(rows_per_sentence, max_lengths)` of `memory`.
    void start(int rows_per_sentence, std::span<const int> max_lengths, Arena& memory) {
        const Extents size = extents(rows_per_sentence, max_lengths);
        rows_per_sentence_ = rows_per_sentence;
        max_length_ = size.max_length;
        page_capacity_ = size.pages;
        for (auto* groups : {&groups_, &old_groups_}) *groups = {size.sentences, memory};
        sentences_ = {size.sentences, memory};
        int pages = 0;
        for (const int max_length : max_lengths) {
            sentences_.push_back({.first_page = pages, .max_length = max_length});
            pages += pages_of(rows_per_sentence * max_length);
        }
        for (Indices& buffer : indices_) {
            buffer.columns = memory.allocate<int>(size.columns());
            buffer.places = memory.allocate<int>(size.positions());
        }
        pages_ = memory.allocate<int>(pages);
        free_pages_ = {static_cast<std::size_t>(pages), memory};
        for (int i = 0; i < pages; ++i) free_pages_.push_back(pages - 1 - i);
        in_use_ = memory.allocate<std::uint8_t>(size.columns_of_sentence());
        added_ = memory.allocate<Added>(size.rows());
    }

    /// Bytes that `start` takes.
    [[nodiscard]] static constexpr std::size_t bytes(int rows_per_sentence,
                                                     std::span<const int> max_lengths) noexcept {
        const Extents size = extents(rows_per_sentence, max_lengths);
        const auto sentences = static_cast<std::ptrdiff_t>(size.sentences);
        return 2 * Arena::bytes_of<SentenceRows>(sentences) + Arena::bytes_of<Sentence>(sentences) +
               2 * (Arena::bytes_of<int>(size.columns()) + Arena::bytes_of<int>(size.positions())) +
               2 * Arena::bytes_of<int>(size.pages) +
               Arena::bytes_of<std::uint8_t>(size.columns_of_sentence()) +
               Arena::bytes_of<Added>(size.rows());
    }

    /// Gives the place of a finished sentence to a new one, which begins in the next step.
    ///
    /// Precondition: `max_length` is not more than that of the sentence it was made for.
    void restart(int sentence, int max_length) noexcept {
        HAT_ASSERT(max_length <= at(sentence).max_length);
        static_cast<void>(max_length);
        release(at(sentence));
    }

    /// Makes room for the next position of every row. `rows` are the hypotheses that live on,
    /// those of a sentence side by side; each has a `sentence` and a `parent`, the row of the step
    /// before that it continues (any, in the first step of its sentence).
    template <class Rows>
    void advance(const Rows& rows) noexcept {
        std::swap(groups_, old_groups_);
        group(rows);
        release_finished();
        const bool is_single = rows_per_sentence_ == 1;
        if (!is_single) std::swap(indices_[0], indices_[1]);
        for (const SentenceRows& rows_of : groups_) {
            if (!is_single) inherit(rows, rows_of);
            extend(rows_of);
            ++at(rows_of.sentence).length;
        }
    }

    /// Positions of the prefixes of a sentence, the one that `advance` added included.
    [[nodiscard]] int length(int sentence) const noexcept { return at(sentence).length; }
    /// The sentences that have rows.
    [[nodiscard]] const BoundedVector<SentenceRows>& groups() const noexcept { return groups_; }
    /// Pages that the caches must have.
    [[nodiscard]] int page_capacity() const noexcept { return page_capacity_; }

    /// The position that `advance` added to a row: its place, and whether it is the first ever of a
    /// page that its sentence got just now.
    struct Added {
        int place;
        bool opens_page;
    };
    [[nodiscard]] Added added(int row) const noexcept { return added_[row]; }

    /// Pages that the caches must have for these sentences.
    [[nodiscard]] static constexpr int page_capacity(int rows_per_sentence,
                                                     std::span<const int> max_lengths) noexcept {
        return extents(rows_per_sentence, max_lengths).pages;
    }

    /// What attention reads for the rows of a sentence.
    [[nodiscard]] kernels::PagedPrefixes prefixes(const SentenceRows& rows) const noexcept {
        const Sentence& sentence = at(rows.sentence);
        kernels::PagedPrefixes view;
        view.pages = pages_ + sentence.first_page;
        view.page_count = pages_of(sentence.columns);
        view.length = sentence.length;
        const auto first = list(rows.sentence, 0);
        view.places = {indices_[0].places + first, rows.count, sentence.length, max_length_};
        if (rows_per_sentence_ > 1) {
            view.columns = {indices_[0].columns + first, rows.count, sentence.length, max_length_};
        }
        return view;
    }

private:
    struct Sentence {
        int first_page = 0;  ///< of its part of `pages_`
        int max_length = 0;
        int length = 0;
        int columns = 0;    ///< that were ever in use
        int first_row = 0;  ///< in the step before
        bool has_rows = false;
    };
    /// For every hypothesis of every sentence, the columns and places of its positions.
    struct Indices {
        int* columns = nullptr;
        int* places = nullptr;
    };
    /// How large all of these are.
    struct Extents {
        std::size_t sentences;
        int rows_per_sentence;
        int max_length;
        int pages;

        [[nodiscard]] constexpr std::ptrdiff_t rows() const noexcept {
            return static_cast<std::ptrdiff_t>(sentences) * rows_per_sentence;
        }
        [[nodiscard]] constexpr std::ptrdiff_t positions() const noexcept {
            return rows() * max_length;
        }
        /// A single hypothesis has its positions in the order of its columns.
        [[nodiscard]] constexpr std::ptrdiff_t columns() const noexcept {
            return rows_per_sentence == 1 ? 0 : positions();
        }
        [[nodiscard]] constexpr std::ptrdiff_t columns_of_sentence() const noexcept {
            return std::ptrdiff_t{rows_per_sentence} * max_length + page_columns;
        }
    };

    [[nodiscard]] static constexpr int pages_of(int columns) noexcept {
        return (columns + page_columns - 1) / page_columns;
    }
    [[nodiscard]] static constexpr Extents extents(int rows_per_sentence,
                                                   std::span<const int> max_lengths) noexcept {
        Extents size{max_lengths.size(), rows_per_sentence, 0, 0};
        for (const int max_length : max_lengths) {
            size.max_length = std::max(size.max_length, max_length);
            size.pages += pages_of(rows_per_sentence * max_length);
        }
        return size;
    }

    [[nodiscard]] Sentence& at(int sentence) noexcept {
        return sentences_[static_cast<std::size_t>(sentence)];
    }
    [[nodiscard]] const Sentence& at(int sentence) const noexcept {
        return sentences_[static_cast<std::size_t>(sentence)];
    }
    [[nodiscard]] std::ptrdiff_t list(int sentence, int hypothesis) const noexcept {
        return (std::ptrdiff_t{sentence} * rows_per_sentence_ + hypothesis) * max_length_;
    }

    template <class Rows>
    void group(const Rows& rows) noexcept {
        groups_.clear();
        int i = 0;
        for (const auto& row : rows) {
            if (groups_.empty() || groups_.back().sentence != row.sentence) {
                groups_.push_back({row.sentence, i, 0});
            }
            ++groups_.back().count;
            ++i;
        }
    }

    /// Takes the pages of the sentences that have no row any more.
    void release_finished() noexcept {
        for (const SentenceRows& old : old_groups_) {
            at(old.sentence).first_row = old.first;
            at(old.sentence).has_rows = false;
        }
        for (const SentenceRows& live : groups_) at(live.sentence).has_rows = true;
        for (const SentenceRows& old : old_groups_)
            if (!at(old.sentence).has_rows) release(at(old.sentence));
    }
    void release(Sentence& sentence) noexcept {
        for (int i = 0; i < pages_of(sentence.columns); ++i)
            free_pages_.push_back(pages_[sentence.first_page + i]);
        sentence.columns = 0;
        sentence.length = 0;
    }

    /// Copies the parents' indices, and marks the columns that are in use.
    template <class Rows>
    void inherit(const Rows& rows, const SentenceRows& rows_of) noexcept {
        const Sentence& sentence = at(rows_of.sentence);
        const int length = sentence.length;
        std::fill_n(in_use_, sentence.columns, std::uint8_t{0});
        for (int i = 0; length > 0 && i < rows_of.count; ++i) {
            const int parent =
                rows[static_cast<std::size_t>(rows_of.first + i)].parent - sentence.first_row;
            const std::ptrdiff_t from = list(rows_of.sentence, parent);
            const std::ptrdiff_t to = list(rows_of.sentence, i);
            const int* const columns = indices_[1].columns + from;
            std::copy_n(columns, length, indices_[0].columns + to);
            std::copy_n(indices_[1].places + from, length, indices_[0].places + to);
            for (int t = 0; t < length; ++t) in_use_[columns[t]] = 1;
        }
    }

    /// Gives each row of a sentence the first free column for its new position.
    void extend(const SentenceRows& rows_of) noexcept {
        Sentence& sentence = at(rows_of.sentence);
        int column = rows_per_sentence_ == 1 ? sentence.columns : 0;
        for (int i = 0; i < rows_of.count; ++i, ++column) {
            while (column < sentence.columns && in_use_[column] != 0) ++column;
            int* const pages = pages_ + sentence.first_page;
            const bool opens_page = column == sentence.columns && column % page_columns == 0;
            if (opens_page) {
                pages[column / page_columns] = free_pages_.back();
                free_pages_.pop_back();
            }
            sentence.columns = std::max(sentence.columns, column + 1);
            const int place = pages[column / page_columns] * page_columns + column % page_columns;
            const std::ptrdiff_t at_end = list(rows_of.sentence, i) + sentence.length;
            indices_[0].places[at_end] = place;
            if (rows_per_sentence_ > 1) indices_[0].columns[at_end] = column;
            added_[rows_of.first + i] = {place, opens_page};
        }
    }

    int rows_per_sentence_ = 1;
    int max_length_ = 0;
    int page_capacity_ = 0;
    BoundedVector<SentenceRows> groups_;
    BoundedVector<SentenceRows> old_groups_;
    BoundedVector<Sentence> sentences_;
    Indices indices_[2];  ///< of this step and of the one before
    int* pages_ = nullptr;
    BoundedVector<int> free_pages_;
    std::uint8_t* in_use_ = nullptr;  ///< by column, of the sentence that is being worked on
    Added* added_ = nullptr;          ///< by row
};

/// The keys and values of one layer for the pages of a `PrefixTable`; written in place, never
/// moved.
///
/// Shapes  keys [page][dim][16],  values [page · 16][dim]
struct KeyValueCache {
    float* keys = nullptr;
    float* values = nullptr;
    int dim = 0;

    /// Writes the keys and values of the position that every row has got.
    /// Shapes  k, v [rows, dim]
    void write(const PrefixTable& table, ConstMatrix k, ConstMatrix v) const noexcept {
        constexpr int lanes = PrefixTable::page_columns;
        for (int row = 0; row < k.rows(); ++row) {
            const auto [place, opens_page] = table.added(row);
            float* const panel = keys + std::ptrdiff_t{place / lanes} * dim * lanes;
            // Scores are made for whole pages: what nobody has written must be a number.
            if (opens_page) std::fill_n(panel, std::ptrdiff_t{dim} * lanes, 0.0F);
            const float* const key = k.row_data(row);
            for (int i = 0; i < dim; ++i) panel[i * lanes + place % lanes] = key[i];
            std::copy_n(v.row_data(row), dim, values + std::ptrdiff_t{place} * dim);
        }
    }
};

/// The caches of all layers of a decoder, for the most that may be needed. Nothing is written to
/// them but what they hold: the system gives memory page by page, as it comes into use.
class KeyValueCaches {
public:
    /// Makes room for `pages` pages in each of `layers` layers, no keys of which are wider than
    /// `dim`, in `bytes(layers, dim, pages)` of `memory`.
    void start(int layers, int dim, int pages, Arena& memory) {
        part_ = part(dim, pages);
        first_ = memory.allocate<float>(size(layers, dim, pages));
        // Kernels may read 16 numbers behind the last value.
        std::fill_n(first_ + 2 * part_ * layers, kernels::panel_width, 0.0F);
    }

    /// Bytes that `start` takes.
    [[nodiscard]] static constexpr std::size_t bytes(int layers, int dim, int pages) noexcept {
        return Arena::bytes_of<float>(size(layers, dim, pages));
    }

    /// That of layer `i`, whose keys are `dim` wide.
    [[nodiscard]] KeyValueCache layer(int i, int dim) const noexcept {
        float* const first = first_ + 2 * part_ * i;
        return {first, first + part_, dim};
    }

private:
    static constexpr std::ptrdiff_t part(int dim, int pages) noexcept {
        return std::ptrdiff_t{pages} * PrefixTable::page_columns * dim;
    }
    static constexpr std::ptrdiff_t size(int layers, int dim, int pages) noexcept {
        return 2 * part(dim, pages) * layers + kernels::panel_width;
    }

    float* first_ = nullptr;
    std::ptrdiff_t part_ = 0;  ///< floats of the keys, or of the values, of one layer
};

/// What cross-attention of one layer reads of one sentence, in a place that has room for it and for
/// longer ones.
///
/// Shapes  keys [positions, qkv_dim] packed,  values [positions, qkv_dim]
struct MemoryKeysValues {
    float* panels = nullptr;  ///< of the keys
    float* rows = nullptr;    ///< of the values
    int dim = 0;
    int room = 0;  ///< positions that there is room for
    int positions = 0;

    /// Of the positions that there are, keys packed as a weight is.
    [[nodiscard]] kernels::PackedView keys() const noexcept {
        return {panels, positions, dim, kernels::Float32::panel_stride(dim)};
    }
    [[nodiscard]] ConstMatrix values() const noexcept { return {rows, positions, dim}; }
};

}  // namespace hat::nn
