// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/kernels/gather_outputs.hpp>
#include <hat/kernels/top_candidates.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hat::decode {

/// How many lists there were, and how many tokens in all of them.
struct ListCounts {
    std::int64_t lists = 0;
    std::int64_t tokens = 0;

    constexpr ListCounts& operator+=(const ListCounts& other) noexcept {
        lists += other.lists;
        tokens += other.tokens;
        return *this;
    }
    friend constexpr ListCounts operator-(const ListCounts& a, const ListCounts& b) noexcept {
        return {a.lists - b.lists, a.tokens - b.tokens};
    }
    friend constexpr bool operator==(const ListCounts&, const ListCounts&) = default;
};

/// The output layer of a batch whose sentences have shortlists. For a few sentences at a time, the
/// outputs of all their lists are gathered, once for all steps that the same sentences make, and
/// computed together; then each row chooses among those of its own sentence, in ascending order,
/// and normalises over them. So what a row gets depends on its own list alone; with one of all
/// tokens, it is what the whole layer gives, bit by bit.
///
/// It keeps its memory: sentences no longer than those before ask for none. It may be given memory
/// instead.
///
/// `Lists` are a `data::Shortlist`, or a view of one.
template <class Weights, class Lists = data::Shortlist>
class ShortlistedOutputs {
    using Format = typename Weights::Format;
    using View = kernels::PackedOf<Format>;

public:
    ShortlistedOutputs() = default;
    /// Works in memory that has `bytes` of the sources to come.
    explicit ShortlistedOutputs(Arena memory) noexcept : memory_(std::move(memory)) {}

    /// Uses `shortlist`, which must outlive this, from the next `start` on; none if it is null.
    void use(const Lists* shortlist) noexcept { shortlist_ = shortlist; }
    [[nodiscard]] bool is_used() const noexcept { return shortlist_ != nullptr; }

    /// Bytes that one sentence takes whose list has up to `listed` tokens, with a layer of so many
    /// outputs and inputs.
    [[nodiscard]] static constexpr std::size_t bytes(int listed, int outputs, int inputs) noexcept {
        return Room(1, listed, 1, listed, outputs, inputs).bytes();
    }
    /// Bytes of scratch that choosing takes in `rows` rows of that sentence.
    [[nodiscard]] static constexpr std::size_t bytes_of_choosing(int rows, int candidates,
                                                                 int listed, int inputs) noexcept {
        return kernels::bytes_of_top_candidates(rows, candidates) +
               Arena::bytes_of<float>(kernels::candidate_block) +
               Arena::bytes_of<float>(outputs_at_once(rows, listed)) +
               Format::bytes_of_rows(rows, inputs);
    }

    /// Makes a place for each of `sources`, and for those that follow them, which are not longer.
    /// `output` is the whole layer.
    void start(const Ragged& sources, int rows_per_sentence, View output) {
        output_ = output;
        const int sentences = sources.sentences();
        const int vocab_size = shortlist_->target_vocab_size();
        // Rows that share a layer share the reading of its weights; more of them would compute more
        // outputs that are in no list of theirs.
        constexpr int rows_per_group = 16;
        sentences_per_group_ = std::max(1, rows_per_group / rows_per_sentence);
        std::ptrdiff_t listed = 0;
        int longest = 0;
        for (int s = 0; s < sentences; ++s) {
            const int most = shortlist_->most(sources.length(s));
            listed += most;
            longest = std::max(longest, most);
        }
        const Room room(sentences, listed, sentences_per_group_, longest, vocab_size,
                        output.inputs());
        most_gathered_ = room.most_gathered;
        memory_.reset(room.bytes());
        places_ = {memory_.allocate<Place>(sentences), index(sentences)};
        for (int s = 0; s < sentences; ++s) {
            const int most = shortlist_->most(sources.length(s));
            at(s) = {.tokens = memory_.allocate<int>(most),
                     .slot_numbers = memory_.allocate<int>(most)};
        }
        layers_ = memory_.allocate<View>(room.groups);
        const std::ptrdiff_t words = data::TokenMarks::words(vocab_size);
        auto* const marks = memory_.allocate<std::uint64_t>(words);
        std::fill_n(marks, words, std::uint64_t{0});
        marks_ = data::TokenMarks({marks, index(static_cast<int>(words))});
        slot_of_ = memory_.allocate<int>(vocab_size);
        gathered_ = memory_.allocate<int>(most_gathered_);
        panels_ = memory_.allocate<typename Format::Element>(room.elements);
        sentences_ = 0;
    }

    /// Takes the list of a sentence, which has a place from now on.
    void enter(int place, std::span<const int> source) noexcept {
        at(place).size = shortlist_->select(source, marks_, at(place).tokens);
        at(place).group = -1;
        ++counts_.lists;
        counts_.tokens += at(place).size;
    }

    /// Of all lists that were taken so far.
    [[nodiscard]] const ListCounts& counts() const noexcept { return counts_; }

    /// The best candidates of every row, as `kernels::top_candidates` finds them among all outputs.
    ///
    /// Shapes  states [rows, inputs of the layer]
    [[nodiscard]] kernels::CandidateRows choose(ConstMatrix states, std::span<const Row> rows,
                                                const Selection& selection, Arena& scratch) {
        if (!is_gathered(rows)) gather(rows);
        const int n = states.rows();
        kernels::TopCandidates candidates(n, selection.count, selection.normalize, scratch);
        auto* const block = scratch.allocate<float>(kernels::candidate_block);
        auto* const outputs = scratch.allocate<float>(outputs_at_once(n, most_gathered_));
        for (int first = 0, last = 0; first < n; first = last) {
            const int group = at(rows[index(first)].sentence).group;
            const View layer = layers_[group];
            const int at_once = std::max(1, most_outputs / std::max(1, layer.outputs()));
            while (last < n && last - first < at_once &&
                   at(rows[index(last)].sentence).group == group)
                ++last;
            const ArenaScope scope(scratch);
            const Matrix y(outputs, last - first, layer.outputs());
            Weights::outputs(Weights::prepare(states.middle_rows(first, last - first), scratch),
                             layer, 0, y, scratch);
            for (int i = first; i < last; ++i)
                choose_in_row(candidates, i, rows[index(i)], y.row_data(i - first), selection,
                              block);
        }
        const kernels::CandidateRows best = candidates.finish(n);
        for (int i = 0; i < n; ++i) {
            kernels::Candidate* const of_row = best.data + std::ptrdiff_t{i} * best.count;
            for (int k = 0; k < best.sizes[i]; ++k)
                of_row[k].index = at(rows[index(i)].sentence).tokens[of_row[k].index];
        }
        return best;
    }

private:
    /// The list of a sentence.
    struct Place {
        int* tokens;
        int* slot_numbers;  ///< where they are among the gathered outputs
        int size = 0;
        int group = -1;  ///< whose outputs they are; −1: not gathered yet
    };
    /// What is made room for.
    struct Room {
        int sentences;
        std::ptrdiff_t listed;  ///< tokens of all lists
        int groups;
        int most_gathered;  ///< outputs of a group
        int vocab_size;
        std::ptrdiff_t elements;  ///< of panels

        constexpr Room(int n, std::ptrdiff_t tokens, int sentences_per_group, int longest,
                       int outputs, int inputs) noexcept
            : sentences(n), listed(tokens),
              groups((n + sentences_per_group - 1) / sentences_per_group),
              most_gathered(
                  static_cast<int>(std::min({std::ptrdiff_t{longest} * sentences_per_group, listed,
                                             std::ptrdiff_t{outputs}}))),
              vocab_size(outputs),
              elements((std::min<std::ptrdiff_t>(listed, std::ptrdiff_t{groups} * most_gathered) /
                            kernels::panel_width +
                        groups) *
                       Format::panel_stride(inputs)) {}

        [[nodiscard]] constexpr std::size_t bytes() const noexcept {
            // A list begins at a cache line of its own.
            constexpr std::ptrdiff_t line = alignment / sizeof(int);
            return Arena::bytes_of<Place>(sentences) + Arena::bytes_of<View>(groups) +
                   2 * Arena::bytes_of<int>(listed + line * sentences) +
                   Arena::bytes_of<std::uint64_t>(data::TokenMarks::words(vocab_size)) +
                   Arena::bytes_of<int>(vocab_size) + Arena::bytes_of<int>(most_gathered) +
                   Arena::bytes_of<typename Format::Element>(elements);
        }
    };

    /// As many rows of a group are computed at once as leave the outputs in the second-level cache.
    static constexpr int most_outputs = 1 << 17;
    static constexpr std::ptrdiff_t outputs_at_once(int rows, int gathered) noexcept {
        return std::min(std::ptrdiff_t{rows} * gathered,
                        std::ptrdiff_t{std::max(most_outputs, gathered)});
    }
    static constexpr std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }
    [[nodiscard]] Place& at(int place) noexcept { return places_[index(place)]; }

    /// visit(place) for the sentence of each group of rows.
    template <class Visit>
    void for_sentences(std::span<const Row> rows, const Visit& visit) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (i == 0 || rows[i].sentence != rows[i - 1].sentence) visit(at(rows[i].sentence));
    }

    /// Whether what is gathered has the lists of all sentences, and not many besides.
    [[nodiscard]] bool is_gathered(std::span<const Row> rows) {
        int sentences = 0;
        bool all = true;
        for_sentences(rows, [&](const Place& place) {
            ++sentences;
            all = all && place.group >= 0;
        });
        return all && 2 * sentences > sentences_;
    }

    void gather(std::span<const Row> rows) {
        sentences_ = 0;
        for_sentences(rows,
                      [&](Place& place) { place.group = sentences_++ / sentences_per_group_; });
        auto* panels = panels_;
        for (int group = 0; group * sentences_per_group_ < sentences_; ++group) {
            const auto for_group = [&](const auto& visit) {
                for_sentences(rows, [&](Place& place) {
                    if (place.group == group) visit(place);
                });
            };
            for_group([&](const Place& place) { marks_.add({place.tokens, index(place.size)}); });
            const int count = marks_.take(gathered_);
            for (int slot = 0; slot < count; ++slot) slot_of_[gathered_[slot]] = slot;
            for_group([&](Place& place) {
                for (int k = 0; k < place.size; ++k)
                    place.slot_numbers[k] = slot_of_[place.tokens[k]];
            });
            layers_[group] = kernels::gather_outputs(output_, {gathered_, index(count)}, panels);
            panels += kernels::packed_size<Format>(count, output_.inputs());
        }
    }

    /// Offers a row the outputs of its list in blocks, as they would come without a list.
    void choose_in_row(kernels::TopCandidates& candidates, int i, const Row& row,
                       const float* outputs, const Selection& selection, float* block) noexcept {
        const Place& place = at(row.sentence);
        const float scale = 1.0F / selection.temperature;
        const auto number = [&](int token) {
            int* const end = place.tokens + place.size;
            const int* const found = std::lower_bound(place.tokens, end, token);
            return found != end && *found == token ? static_cast<int>(found - place.tokens) : -1;
        };
        for (int first = 0; first < place.size; first += kernels::candidate_block) {
            const int n = std::min(kernels::candidate_block, place.size - first);
            for (int j = 0; j < n; ++j) block[j] = scale * outputs[place.slot_numbers[first + j]];
            candidates.add(i, first, block, n, [&](float* of_block) {
                apply_rules(row, selection, first, {of_block, index(n)}, number);
            });
        }
    }

    const Lists* shortlist_ = nullptr;
    ListCounts counts_;
    View output_;
    std::span<Place> places_;
    int sentences_ = 0;            ///< whose lists are gathered,
    int sentences_per_group_ = 1;  ///< so many together,
    int most_gathered_ = 0;        ///< into so many outputs at most
    data::TokenMarks marks_;
    int* slot_of_ = nullptr;   ///< by token, where it is gathered
    int* gathered_ = nullptr;  ///< tokens
    typename Format::Element* panels_ = nullptr;
    View* layers_ = nullptr;  ///< of each group, its gathered outputs
    Arena memory_;
};

}  // namespace hat::decode
