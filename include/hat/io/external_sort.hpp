// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/io/spool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::io {

/// Sorts records of which there may be more than memory holds: sorted runs go to the disk, and are
/// merged. `Record` can be copied byte by byte and has `<`, by which no two records may be equal.
/// The order is the same whatever the memory.
///
///     ExternalSort<Record> sort("data", memory_bytes);
///     for (…) sort.add(record);
///     sort.visit([](const Record& record) { … });  // in ascending order
template <class Record>
class ExternalSort {
    static_assert(std::is_trivially_copyable_v<Record>);

public:
    /// Runs lie beside `target`, if there are any.
    ExternalSort(std::string target, std::size_t memory_bytes)
        : target_(std::move(target)),
          most_(std::max<std::size_t>(memory_bytes / sizeof(Record), 64)) {}

    /// Throws  `Error` if the disk is full
    void add(const Record& record) {
        if (records_.size() == most_) end_run();
        records_.push_back(record);
    }

    /// Sorted runs that lie on the disk.
    [[nodiscard]] std::size_t runs() const noexcept { return ends_.size(); }

    /// visit(record) for all, ascending. Nothing is left of them then.
    ///
    /// Throws  `Error` if the disk is full or cannot be read
    template <class Visit>
    void visit(const Visit& visit) {
        if (ends_.empty()) {
            std::sort(records_.begin(), records_.end());
            for (const Record& record : records_) visit(record);
        } else {
            end_run();
            records_.shrink_to_fit();
            merge(visit);
        }
        records_ = {};
        ends_.clear();
        spool_.reset();
    }

private:
    struct Run {
        std::unique_ptr<SpoolReader> reader;
        Record next;

        /// For a heap with the least record on top.
        friend bool operator<(const Run& a, const Run& b) { return b.next < a.next; }
    };

    void end_run() {
        if (records_.empty()) return;
        std::sort(records_.begin(), records_.end());
        if (!spool_) spool_.emplace(target_);
        spool_->write(records_.data(), records_.size() * sizeof(Record));
        ends_.push_back(spool_->size());
        records_.clear();
    }

    template <class Visit>
    void merge(const Visit& visit) {
        spool_->flush();
        const std::size_t buffer =
            std::clamp<std::size_t>(most_ * sizeof(Record) / ends_.size(), 4096, 1U << 20U);
        std::vector<Run> runs;
        std::uint64_t begin = 0;
        for (const std::uint64_t end : ends_) {
            runs.push_back({std::make_unique<SpoolReader>(*spool_, begin, end, buffer), {}});
            if (!runs.back().reader->read(&runs.back().next, sizeof(Record))) runs.pop_back();
            begin = end;
        }
        std::make_heap(runs.begin(), runs.end());
        while (!runs.empty()) {
            std::pop_heap(runs.begin(), runs.end());
            Run& run = runs.back();
            visit(std::as_const(run.next));
            if (run.reader->read(&run.next, sizeof(Record)))
                std::push_heap(runs.begin(), runs.end());
            else
                runs.pop_back();
        }
    }

    std::string target_;
    std::size_t most_;  ///< records in memory
    std::vector<Record> records_;
    std::optional<Spool> spool_{};
    std::vector<std::uint64_t> ends_;  ///< of the runs, in the spool
};

}  // namespace hat::io
