// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hat::latency {

/// What is being told while a plan is carried out.
struct LatencyProgress {
    int done = 0;      ///< members that have a row, this one included
    int measured = 0;  ///< of them, in this session
    int members = 0;
    const LatencyRow* row = nullptr;  ///< the one just measured
};

/// The first row of `table` whose network is none of `plan`, or is not told; null: there is none.
[[nodiscard]] inline const LatencyRow* find_stranger(const LatencyPlan& plan,
                                                     std::span<const LatencyRow> table) {
    std::vector<std::string> members;
    members.reserve(plan.members.size());
    for (const model::Architecture& member : plan.members)
        members.push_back(elastic::gene_string(member));
    for (const LatencyRow& row : table)
        if (!row.details ||
            std::find(members.begin(), members.end(), row.details->genes) == members.end())
            return &row;
    return nullptr;
}

/// Whether a text begins as a table with details does, or is empty, as one that was not written.
[[nodiscard]] inline bool looks_like_latency_table(std::string_view text) {
    const std::string columns = ',' + std::string(text.substr(0, text.find('\n'))) + ',';
    return text.empty() || columns.find(",genes,") != std::string::npos;
}

/// Removes the table at `path`, so that a session begins anew. Returns whether there was one.
///
/// Throws  `Error` if something else is there, which would be lost
inline bool remove_latency_table(const std::string& path) {
    if (!io::exists(path)) return false;
    if (!io::is_regular_file(path)) fail(path, ": cannot remove: not a regular file");
    if (!looks_like_latency_table(io::read_file(path, latency_table_bytes)))
        fail(path, ": is there already and is not a latency table, so that it would be lost; "
                   "choose another --out, or remove it");
    if (::unlink(path.c_str()) != 0) fail(path, ": cannot remove: ", std::strerror(errno));
    return true;
}

/// A table that grows on the disk: after every network it is there whole, and what ended early goes
/// on where it was. Beside `LATENCY.csv` stands `LATENCY.csv.plan`, which says under what
/// conditions its rows were measured.
///
///     LatencySession session("LATENCY.csv", plan, device, resume);
///     session.run(survey, [](const LatencyProgress& progress) { … });
class LatencySession {
public:
    /// `device` names the machine, for comparison with that of an earlier session.
    ///
    /// A last row that a killed writer has left half is measured again; a line on stderr says so.
    ///
    /// Throws  `Error` if there is a table already and `resume` is false, or it was measured under
    ///         other conditions or has networks that `plan` has not, or a file is damaged, or where
    ///         the plan belongs is something else
    LatencySession(std::string path, LatencyPlan plan, const std::string& device, bool resume)
        : path_(std::move(path)), plan_(std::move(plan)),
          device_line_(std::string(device_prefix) + device) {
        for (const std::string& file : {path_, plan_path()})
            if (io::exists(file) && !io::is_regular_file(file))
                fail(file, ": cannot write: not a regular file");
        if (!io::exists(path_)) {
            check_plan_path();
            return;
        }
        if (!resume) fail(path_, ": there is a latency table already; --resume goes on with it");
        table_ = read_whole_rows();
        if (table_.empty() || !table_.front().details ||
            !table_.front().details->flags.starts_with("sentinel"))
            fail(path_, ": its first row is not a sentinel's: it was not measured by this program");
        if (!io::exists(plan_path()))
            fail(plan_path(), ": is missing: ", path_,
                 " cannot be resumed without the conditions it was measured under");
        const std::string before = io::read_file(plan_path(), std::size_t{1} << 26U);
        static_cast<void>(plan_from_text(before, plan_path()));
        compare(before, device_line_ + '\n' + conditions_text(plan_));
        check_networks();
    }

    /// Measures every member that has no row yet with `survey`, a `LatencySurvey`; then, once more,
    /// those that were not steady, unless most are. `report(LatencyProgress)` is called after each.
    ///
    /// Throws  `Error` if a file cannot be written
    template <class Survey, class Report>
    const LatencyTable& run(Survey& survey, const Report& report) {
        io::write_file(plan_path(), device_line_ + '\n' + plan_to_text(plan_));
        if (was_cut_) write();
        const LatencyRow sentinel = survey.calibrate();
        if (table_.empty())
            keep(sentinel, report);
        else
            baseline_change_ = survey.resume(table_.front());
        for (const model::Architecture& member : plan_.members)
            if (find(elastic::gene_string(member)) == nullptr) keep(survey.measure(member), report);
        if (unsteady() * 2 > static_cast<int>(table_.size())) return table_;
        for (const model::Architecture& member : plan_.members) {
            LatencyRow* const row = find(elastic::gene_string(member));
            if (row == &table_.front() || is_steady(*row)) continue;
            LatencyRow again = survey.measure(member);
            if (!is_steady(again)) continue;
            again.details->flags = "remeasured";
            *row = std::move(again);
            write();
            report(progress(*row));
        }
        return table_;
    }

    [[nodiscard]] const LatencyTable& table() const noexcept { return table_; }
    /// Rows of the table that are marked as not to be trusted.
    [[nodiscard]] int unsteady() const {
        return static_cast<int>(std::count_if(
            table_.begin(), table_.end(), [](const LatencyRow& row) { return !is_steady(row); }));
    }
    /// The sentinel's time in this session against that in the first, if it was resumed; else 1.
    [[nodiscard]] double baseline_change() const noexcept { return baseline_change_; }

private:
    [[nodiscard]] std::string plan_path() const { return path_ + ".plan"; }

    /// What stands where the plan will be is one, or would be lost.
    void check_plan_path() const {
        if (io::exists(plan_path()) && !looks_like_plan(io::read_file(plan_path())))
            fail(plan_path(), ": is there already and is not a latency plan, so that it would be ",
                 "lost; choose another --out, or remove it");
    }

    [[nodiscard]] LatencyTable read_whole_rows() {
        std::string text = io::read_file(path_, latency_table_bytes);
        const std::size_t end = text.rfind('\n');
        if (end != std::string::npos && end + 1 < text.size()) {
            const auto line = 1 + std::count(text.begin(), text.end(), '\n');
            std::fprintf(stderr, "%s:%lld: the last row is cut off: it is measured again\n",
                         path_.c_str(), static_cast<long long>(line));
            text.resize(end + 1);
            was_cut_ = true;
        }
        return latency_table_from_csv(text, path_);
    }

    [[nodiscard]] static bool is_steady(const LatencyRow& row) {
        const std::string& flags = row.details->flags;
        return flags.find("throttled") == std::string::npos &&
               flags.find("drifting") == std::string::npos &&
               flags.find("uncertain") == std::string::npos;
    }

    [[nodiscard]] LatencyRow* find(std::string_view genes) {
        for (LatencyRow& row : table_)
            if (row.details->genes == genes) return &row;
        return nullptr;
    }

    /// Names the first line of `now` that `before` has not got.
    void compare(const std::string& before, std::string_view now) const {
        const std::string lines = '\n' + before + '\n';
        while (!now.empty()) {
            const auto end = now.find('\n');
            const std::string line(now.substr(0, end));
            now.remove_prefix(end + 1);
            if (lines.find('\n' + line + '\n') != std::string::npos) continue;
            const std::string name = line.substr(0, line.find(": ") + 2);
            const auto place = lines.find('\n' + name);
            const std::string found =
                place == std::string::npos
                    ? "nothing"
                    : lines.substr(place + 1, lines.find('\n', place + 1) - place - 1);
            fail(path_, ": was measured under other conditions: ", found, "; now ", line);
        }
    }

    /// Rows of other plans would be taken for this one's, and another sentinel's time for its.
    void check_networks() const {
        if (const LatencyRow* const row = find_stranger(plan_, table_))
            fail(path_, ":", row - table_.data() + 2, ": ", row->details->genes,
                 " is no network of this plan, but of another space or a longer plan");
        const std::string sentinel = elastic::gene_string(plan_.members.front());
        if (table_.front().details->genes != sentinel)
            fail(path_, ":2: its sentinel is ", table_.front().details->genes,
                 ", that of this plan ", sentinel);
    }

    [[nodiscard]] LatencyProgress progress(const LatencyRow& row) const noexcept {
        return {static_cast<int>(table_.size()), measured_, static_cast<int>(plan_.members.size()),
                &row};
    }

    template <class Report>
    void keep(LatencyRow row, const Report& report) {
        table_.push_back(std::move(row));
        ++measured_;
        write();
        report(progress(table_.back()));
    }
    void write() const { write_latency_table(path_, table_); }

    std::string path_;
    LatencyPlan plan_;
    std::string device_line_;
    LatencyTable table_;
    bool was_cut_ = false;  ///< the table on the disk has half a row at its end
    int measured_ = 0;
    double baseline_change_ = 1;
};

}  // namespace hat::latency
