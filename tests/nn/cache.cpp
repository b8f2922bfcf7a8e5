// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/random.hpp>
#include <hat/nn/cache.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

using namespace hat::nn;
using hat::Arena;
using hat::Random;
using hat::RandomKey;

namespace {

struct TestRow {
    int sentence;
    int parent;
};

/// A search that goes anywhere: hypotheses continue random parents, sentences end at random. Each
/// position of a prefix is known by a number of its own, which is written as its key and value.
class RandomSearch {
public:
    RandomSearch(const std::vector<int>& max_lengths, int rows_per_sentence, std::uint64_t seed)
        : max_lengths_(max_lengths), rows_per_sentence_(rows_per_sentence),
          random_(RandomKey(seed)) {
        for (int s = 0; s < static_cast<int>(max_lengths.size()); ++s) rows_.push_back({s, s});
        prefixes_.resize(rows_.size());
    }

    /// The rows of the next step; the prefixes of their parents get one more position.
    const std::vector<TestRow>& next() {
        if (started_) choose_rows();
        started_ = true;
        for (auto& prefix : prefixes_) prefix.push_back(next_position_++);
        return rows_;
    }
    [[nodiscard]] const std::vector<int>& prefix(int row) const {
        return prefixes_[static_cast<std::size_t>(row)];
    }

private:
    int below(int n) { return static_cast<int>(random_.uniform() * n); }

    void choose_rows() {
        std::vector<TestRow> rows;
        std::vector<std::vector<int>> prefixes;
        for (std::size_t first = 0, last = 0; first < rows_.size(); first = last) {
            const int sentence = rows_[first].sentence;
            while (last < rows_.size() && rows_[last].sentence == sentence) ++last;
            const int length = static_cast<int>(prefixes_[first].size());
            const bool is_full = length == max_lengths_[static_cast<std::size_t>(sentence)];
            if (is_full || below(30) == 0) continue;
            const int count = 1 + below(rows_per_sentence_);
            for (int i = 0; i < count; ++i) {
                const int parent = static_cast<int>(first) + below(static_cast<int>(last - first));
                rows.push_back({sentence, parent});
                prefixes.push_back(prefix(parent));
            }
        }
        rows_ = rows;
        prefixes_ = prefixes;
    }

    std::vector<int> max_lengths_;
    int rows_per_sentence_;
    Random random_;
    std::vector<TestRow> rows_;
    std::vector<std::vector<int>> prefixes_;
    int next_position_ = 1;
    bool started_ = false;
};

constexpr int dim = 3;

/// Checks that every row finds its whole prefix in the cache, and nothing else.
void check_prefixes(const PrefixTable& table, const KeyValueCache& cache,
                    const RandomSearch& search) {
    for (const SentenceRows& rows : table.groups()) {
        const auto view = table.prefixes(rows);
        for (int i = 0; i < rows.count; ++i) {
            const auto& expected = search.prefix(rows.first + i);
            REQUIRE(view.length == static_cast<int>(expected.size()));
            for (int t = 0; t < view.length; ++t) {
                const int column = view.columns.empty() ? t : view.columns(i, t);
                REQUIRE(column < view.page_count * PrefixTable::page_columns);
                const int page = view.pages[column / PrefixTable::page_columns];
                const int lane = column % PrefixTable::page_columns;
                const auto value = static_cast<float>(expected[static_cast<std::size_t>(t)]);
                CHECK(view.places(i, t) == page * PrefixTable::page_columns + lane);
                CHECK(cache.keys[(page * dim + 1) * PrefixTable::page_columns + lane] == value);
                CHECK(cache.values[view.places(i, t) * dim + 2] == value);
            }
        }
    }
}

}  // namespace

TEST_SUITE("nn/cache") {
    TEST_CASE("every hypothesis finds the keys and values of its own prefix") {
        for (const int rows_per_sentence : {1, 2, 5}) {
            const std::vector<int> max_lengths{40, 17, 40, 33, 16, 1};
            Arena memory;
            PrefixTable table;
            table.start(rows_per_sentence, max_lengths, memory);
            KeyValueCaches caches;
            caches.start(2, dim, table.page_capacity(), memory);
            const KeyValueCache cache = caches.layer(1, dim);
            RandomSearch search(max_lengths, rows_per_sentence, 7);
            for (auto rows = search.next(); !rows.empty(); rows = search.next()) {
                table.advance(rows);
                std::vector<float> k(rows.size() * dim);
                for (std::size_t i = 0; i < k.size(); ++i) {
                    k[i] = static_cast<float>(search.prefix(static_cast<int>(i) / dim).back());
                }
                const hat::ConstMatrix kv(k.data(), static_cast<int>(rows.size()), dim);
                cache.write(table, kv, kv);
                check_prefixes(table, cache, search);
            }
        }
    }

    TEST_CASE("a sentence that takes another's place begins anew, beside one that goes on") {
        for (const int rows_per_sentence : {1, 3}) {
            Arena memory;
            PrefixTable table;
            table.start(rows_per_sentence, std::vector<int>{40, 20}, memory);
            std::vector<TestRow> rows{{0, 0}, {1, 1}};
            for (int step = 0; step < 18; ++step) table.advance(rows);
            CHECK(table.length(1) == 18);
            table.restart(1, 20);
            for (int step = 0; step < 17; ++step) {
                table.advance(rows);
                CHECK(table.length(0) == 19 + step);
                CHECK(table.length(1) == 1 + step);
            }
            CHECK(table.prefixes(table.groups()[0]).page_count == 3);
            CHECK(table.prefixes(table.groups()[1]).page_count == 2);
            // The other way round, after a step in which it had no row.
            rows = {{1, 1}};
            table.advance(rows);
            table.restart(0, 40);
            rows = {{1, 0}, {0, 0}};
            table.advance(rows);
            CHECK(table.length(0) == 1);
            CHECK(table.length(1) == 19);
        }
    }

    TEST_CASE("hypotheses that share their past need little more room than one") {
        constexpr int length = 60;
        Arena memory;
        PrefixTable table;
        table.start(4, std::vector<int>{length}, memory);
        std::vector<TestRow> rows{{0, 0}};
        for (int step = 0; step < length; ++step) {
            table.advance(rows);
            rows.assign(4, {0, 0});  // all continue the first row
        }
        const auto view = table.prefixes(table.groups()[0]);
        CHECK(view.page_count == (length + 3 + 15) / 16);
    }

    TEST_CASE("pages of finished sentences serve the others") {
        // Two sentences whose four hypotheses never meet again fill all the pages there are.
        constexpr int length = 32;
        Arena memory;
        PrefixTable table;
        table.start(4, std::vector<int>{length, length}, memory);
        std::vector<TestRow> rows{{0, 0}, {1, 1}};
        for (int step = 0; step < length; ++step) {
            table.advance(rows);
            rows.clear();
            for (int i = 0; i < 8; ++i) rows.push_back({i / 4, step == 0 ? i / 4 : i});
        }
        CHECK(table.page_capacity() == 2 * 4 * length / 16);
        CHECK(table.prefixes(table.groups()[1]).page_count <= 4 * length / 16);
    }

    TEST_CASE("starting again and stepping asks for no memory") {
        const std::vector<int> max_lengths{20, 20, 20};
        Arena memory;
        PrefixTable table;
        KeyValueCaches caches;
        const auto run = [&] {
            memory.reset();
            table.start(3, max_lengths, memory);
            caches.start(2, dim, table.page_capacity(), memory);
            std::vector<TestRow> rows{{0, 0}, {1, 1}, {2, 2}};
            for (int step = 0; step < 20; ++step) table.advance(rows);
        };
        run();
        CHECK(hat::support::allocations_in(run) == 1);  // the rows of this test
    }

    TEST_CASE("memory of the user is enough if it has the bytes that are told") {
        constexpr std::array max_lengths{20, 7, 33};
        for (const int rows_per_sentence : {1, 3}) {
            const std::size_t bytes =
                PrefixTable::bytes(rows_per_sentence, max_lengths) +
                KeyValueCaches::bytes(2, dim,
                                      PrefixTable::page_capacity(rows_per_sentence, max_lengths));
            hat::AlignedArray<std::byte> given(static_cast<std::ptrdiff_t>(bytes));
            Arena memory(std::span<std::byte>(given.data(), bytes));
            PrefixTable table;
            table.start(rows_per_sentence, max_lengths, memory);
            KeyValueCaches().start(2, dim, table.page_capacity(), memory);
            CHECK(memory.most_used_bytes() == bytes);
        }
    }
}
