// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/threads.hpp>
#include <hat/io/spool.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat::data {

/// A text on the disk that is gone through several times: lines, or pairs of lines, some of which
/// are left out. Memory holds a block of it, and a bit for each line once one is left out.
///
///     SpooledText text("data", SpooledText::pairs);
///     text.push_back("one", "eins");
///     text.visit([](const SpooledText::Entry& pair) { … pair.lines[0] … });
class SpooledText {
public:
    static constexpr int lines = 1;
    static constexpr int pairs = 2;

    /// A line, or a pair; what it views stays as long as its visit.
    struct Entry {
        std::int64_t number = 0;  ///< among all that were ever in the text
        std::array<std::string_view, 2> lines{};
    };

    /// Lies beside `target`. Results do not depend on the size of a block.
    ///
    /// Throws  `Error` if its directory takes no file
    SpooledText(std::string target, int sides, std::size_t block_bytes = std::size_t{1} << 20U)
        : spool_(std::move(target)), sides_(sides), block_bytes_(block_bytes) {
        HAT_ASSERT(sides == lines || sides == pairs);
    }

    /// Appends a pair, or a line. Precondition: they hold no LF.
    ///
    /// Throws  `Error` if the disk is full
    void push_back(std::string_view source, std::string_view target = {}) {
        spool_.write(source);
        spool_.write("\n");
        if (sides_ == pairs) {
            spool_.write(target);
            spool_.write("\n");
        }
        ++count_;
    }
    /// Precondition: the number is one of an entry that is still there.
    void leave_out(std::int64_t number) {
        HAT_ASSERT(0 <= number && number < count_);
        const auto at = static_cast<std::size_t>(number);
        if (at >= is_out_.size()) is_out_.resize(static_cast<std::size_t>(count_));
        is_out_[at] = true;
        ++left_out_;
    }

    /// Entries that are not left out.
    [[nodiscard]] std::int64_t size() const noexcept { return count_ - left_out_; }
    [[nodiscard]] int sides() const noexcept { return sides_; }

    /// visit(entry) for all that are not left out, in their order. It may leave out its own.
    ///
    /// Throws  `Error` if the disk is full or cannot be read
    template <class Visit>
    void visit(const Visit& visit) {
        visit_blocks([&](const std::vector<Entry>& entries) {
            for (const Entry& entry : entries) visit(entry);
        });
    }

    /// Likewise take(entry, result), where results are what `compute(entry)` made on all threads of
    /// the pool.
    template <class Compute, class Take>
    void process(ThreadPool& pool, const Compute& compute, const Take& take) {
        std::vector<std::invoke_result_t<Compute, const Entry&>> results;
        visit_blocks([&](const std::vector<Entry>& entries) {
            constexpr std::size_t at_once = 16;
            results.clear();
            results.resize(entries.size());
            const auto parts = static_cast<int>((entries.size() + at_once - 1) / at_once);
            pool.run(parts, [&](int part, int /*thread*/) {
                const std::size_t begin = static_cast<std::size_t>(part) * at_once;
                for (std::size_t i = begin; i < std::min(begin + at_once, entries.size()); ++i)
                    results[i] = compute(entries[i]);
            });
            for (std::size_t i = 0; i < entries.size(); ++i) take(entries[i], results[i]);
        });
    }

private:
    template <class VisitEntries>
    void visit_blocks(const VisitEntries& visit_entries) {
        spool_.flush();
        io::SpoolReader reader(spool_, 0, spool_.size());
        std::string block;
        std::vector<Entry> entries;
        std::int64_t number = 0;
        for (bool is_whole = false; !is_whole;) {
            const std::string_view piece = reader.next();
            is_whole = piece.empty();
            block += piece;
            if (block.size() < block_bytes_ && !is_whole) continue;
            std::string_view rest = block;
            entries.clear();
            for (Entry entry; take_entry(rest, entry);) {
                entry.number = number++;
                if (!is_left_out(entry.number)) entries.push_back(entry);
            }
            if (!entries.empty()) visit_entries(std::as_const(entries));
            block.erase(0, block.size() - rest.size());
        }
    }

    /// False if `text` holds no whole one.
    [[nodiscard]] bool take_entry(std::string_view& text, Entry& entry) const {
        std::string_view rest = text;
        for (int side = 0; side < sides_; ++side) {
            const std::size_t end = rest.find('\n');
            if (end == std::string_view::npos) return false;
            entry.lines[static_cast<std::size_t>(side)] = rest.substr(0, end);
            rest.remove_prefix(end + 1);
        }
        text = rest;
        return true;
    }

    [[nodiscard]] bool is_left_out(std::int64_t number) const {
        const auto at = static_cast<std::size_t>(number);
        return at < is_out_.size() && is_out_[at];
    }

    io::Spool spool_;
    int sides_;
    std::size_t block_bytes_;
    std::int64_t count_ = 0;
    std::int64_t left_out_ = 0;
    std::vector<bool> is_out_;
};

}  // namespace hat::data
